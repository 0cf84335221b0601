"""The change of a pull request: unified or side by side, threads at their lines, loaded as far as one reads."""

import hashlib
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar, Final
from urllib.parse import urlencode

from krate.models.comment import Side
from krate.models.content import DiffView, FileDiffView
from krate_web import contents, diffs, places, pullfacts, threads
from krate_web.diffs import Colours, Row
from krate_web.endpoints import Drafts
from krate_web.highlighting import Line
from krate_web.markdown import Place
from krate_web.page import Fragment
from krate_web.pages.pull import PullPage, base
from krate_web.threads import Thread
from krate_web.visits import Visit
from krate_web.workshop import Workshop

_GROUP_LINES: Final = 1_500
"""Lines of the first paint, and of each group that is loaded on the way down; at least one file."""


@dataclass(frozen=True, slots=True)
class FileHead:
    """One file in the list beside the diff."""

    index: int
    path: str
    old_path: str
    change: str
    additions: int
    deletions: int
    unresolved: int

    @property
    def id(self) -> str:
        return f"f{self.index}"

    @property
    def name(self) -> str:
        return posixpath.basename(self.path)


@dataclass(frozen=True, slots=True)
class Folder:
    """Files of one directory."""

    path: str
    files: tuple[FileHead, ...]


@dataclass(frozen=True, slots=True)
class FileView:
    """One file with its rows."""

    head: FileHead
    binary: bool
    truncated: bool
    rows: tuple[tuple[str, Row], ...]
    """Each row with its id; headers have none."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A thread and where it stands."""

    thread: Thread
    file: int
    after: str
    """Id of the row or thread above it; "" when the diff does not show its line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesPage(PullPage):
    """The diff."""

    template: ClassVar[str] = "pages/files.html"
    view: diffs.View
    diff: DiffView
    folders: tuple[Folder, ...]
    group: tuple[FileView, ...]
    placed: tuple[Placed, ...]
    rest: str
    """Address of the next group; "" when all files are shown."""
    other_view: str

    @property
    def files(self) -> tuple[FileHead, ...]:
        return tuple(file for folder in self.folders for file in folder.files)

    @property
    def columns(self) -> int:
        return 3 if self.view is diffs.View.UNIFIED else 4

    def below(self, row: str) -> tuple[Placed, ...]:
        """Threads that stand below a row, in order."""
        found: list[Placed] = []
        above = row
        for placed in self.placed:
            if placed.after and placed.after == above:
                found.append(placed)
                above = placed.thread.id
        return tuple(found)

    def elsewhere(self, file: int) -> tuple[Placed, ...]:
        """Threads of a file whose line the diff does not show any more."""
        return tuple(placed for placed in self.placed if placed.file == file and not placed.after)

    def fragments(self) -> tuple[Fragment, ...]:
        rows = (
            Fragment(placed.thread.id, "fragments/thread-row.html", {"placed": placed})
            for placed in self.placed
            if placed.after
        )
        return (*PullPage.fragments(self), *rows)


async def show(visit: Visit) -> FilesPage:
    return await build(visit, {})


async def follow(visit: Visit) -> FilesPage:
    """The page for its stream: threads and merge box live, the rows of a diff do not change under one's eyes."""
    return await build(visit, {}, rows=False)


async def build(visit: Visit, drafts: Drafts, *, rows: bool = True) -> FilesPage:
    facts = await pullfacts.load(visit)
    view = diffs.View.SPLIT if visit.query("view") == diffs.View.SPLIT else diffs.View.UNIFIED
    diff = await contents.pull_diff(visit.client, facts.namespace, facts.name)
    place = Place(facts.namespace, facts.pull.spec.repository, facts.pull.spec.source.branch)
    texts = await visit.site.workshop.markdown([comment.spec.body for comment in facts.comments], place)
    found = threads.threads(facts.comments, texts)
    heads = _heads(diff, found)
    start = int(visit.query("from")) if visit.query("from").isdecimal() else 0
    group, following = _group(diff.files, start)
    here = places.pull(facts.namespace, facts.pull.spec.repository, facts.number, "files")
    more = places.pull(facts.namespace, facts.pull.spec.repository, facts.number, "more-files")
    return FilesPage(
        **base(visit, facts, "files", wide=True),
        drafts=drafts,
        view=view,
        diff=diff,
        folders=_folders(heads),
        group=await _views(visit.site.workshop, diff, heads, group, view) if rows else (),
        placed=tuple(_place(found, diff.files, view)),
        rest=_rest(more, view, following) if following < len(diff.files) else "",
        other_view=here if view is diffs.View.SPLIT else f"{here}?view=split",
    )


def _rest(address: str, view: diffs.View, following: int) -> str:
    return f"{address}?{urlencode({'view': str(view), 'from': following})}"


def _heads(diff: DiffView, found: Sequence[Thread]) -> tuple[FileHead, ...]:
    open_threads = [thread.anchor.path for thread in found if thread.anchor and not thread.resolved]
    return tuple(
        FileHead(
            index, file.path, file.old_path, file.change, file.additions, file.deletions, open_threads.count(file.path)
        )
        for index, file in enumerate(diff.files)
    )


def _folders(heads: Sequence[FileHead]) -> tuple[Folder, ...]:
    """Runs of files of one directory, in the order of the diff."""
    grouped = groupby(heads, key=lambda head: posixpath.dirname(head.path))
    return tuple(Folder(path, tuple(files)) for path, files in grouped)


def _group(files: Sequence[FileDiffView], start: int) -> tuple[range, int]:
    """Indexes of the files to show from `start` on, and where the next group starts."""
    lines, index = 0, start
    while index < len(files) and (index == start or lines < _GROUP_LINES):
        lines += sum(len(hunk.lines) for hunk in files[index].hunks)
        index += 1
    return range(start, index), index


async def _views(
    workshop: Workshop, diff: DiffView, heads: Sequence[FileHead], group: range, view: diffs.View
) -> tuple[FileView, ...]:
    files = [diff.files[index] for index in group]
    paired = [diffs.pairs(file) for file in files]
    texts = [(old.text, new.text) for pairs in paired for old, new in pairs]
    ranges = list(await workshop.emphasis(texts))
    views: list[FileView] = []
    for index, file, pairs in zip(group, files, paired, strict=True):
        mine, ranges = ranges[: len(pairs)], ranges[len(pairs) :]
        colours = await _colours(workshop, file)
        rows = diffs.rows(file, view, colours, diffs.marks(pairs, mine))
        named = tuple((diffs.row_id(index, row), row) for row in rows)
        views.append(FileView(heads[index], file.binary, file.truncated, named))
    return tuple(views)


async def _colours(workshop: Workshop, file: FileDiffView) -> Colours:
    """Coloured lines of both versions."""
    found: dict[tuple[Side, int], Line] = {}
    for side, numbers, text in diffs.sides(file):
        key = hashlib.sha256(text.encode()).hexdigest()
        lines = await workshop.lines(text, path=file.path, key=key)
        for number, line in zip(numbers, lines, strict=False):
            found[(side, number)] = line
    return found


def _place(found: Sequence[Thread], files: Sequence[FileDiffView], view: diffs.View) -> list[Placed]:
    """Each thread on a line below the row that shows it, or below the thread before it on that row."""
    indexes: Mapping[str, int] = {file.path: index for index, file in enumerate(files)}
    last: dict[str, str] = {}
    placed: list[Placed] = []
    for thread in found:
        anchor = thread.anchor
        index = indexes.get(anchor.path) if anchor else None
        if anchor is None or index is None:
            continue
        row = "" if thread.outdated else diffs.anchor_row(index, files[index], anchor.side, anchor.line, view)
        placed.append(Placed(thread, index, last.get(row, row) if row else ""))
        if row:
            last[row] = thread.id
    return placed
