"""A file's change as rows of a table, unified or side by side: pure values that templates only arrange."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Final

from markupsafe import Markup

from krate.models.comment import Side
from krate.models.content import DiffLineView, FileDiffView, HunkView
from krate_web import codelines
from krate_web.emphasis import Range
from krate_web.highlighting import Line

_WORDS: Final = {"+": "added", "-": "removed", " ": "unchanged"}
_CLASSES: Final = {"+": "add", "-": "del", " ": "same"}


class View(StrEnum):
    """How a change is laid out."""

    UNIFIED = "unified"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of one version of the file."""

    number: int
    side: Side
    origin: str
    code: Markup

    @property
    def css(self) -> str:
        return _CLASSES[self.origin]

    @property
    def label(self) -> str:
        """`line 14, added`: what a screen reader says of the row."""
        return f"line {self.number}, {_WORDS[self.origin]}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a hunk's header, or a line. In the unified view `left` and `right` differ in unchanged lines only."""

    header: str = ""
    left: Cell | None = None
    right: Cell | None = None

    @property
    def cell(self) -> Cell | None:
        """The line that a unified row shows."""
        return self.right or self.left

    def positions(self) -> tuple[tuple[Side, int], ...]:
        """Where comments can be anchored, the side that wins first."""
        cells = (cell for cell in (self.right, self.left) if cell)
        return tuple((cell.side, cell.number) for cell in cells)


Colours = Mapping[tuple[Side, int], Line]
"""Coloured lines by side and line number; a line that is missing is shown plain."""


def sides(file: FileDiffView) -> tuple[tuple[Side, tuple[int, ...], str], ...]:
    """The visible lines of each version as one text to colour, with their numbers.

    Colouring what is shown needs no further read of the repository; a hunk that starts inside a long string or comment
    may come out in the wrong colours, never in wrong words.
    """
    lines = [line for hunk in file.hunks for line in hunk.lines]
    old = [line for line in lines if line.origin != "+"]
    new = [line for line in lines if line.origin != "-"]
    return (
        (Side.OLD, tuple(line.old or 0 for line in old), "\n".join(line.text for line in old)),
        (Side.NEW, tuple(line.new or 0 for line in new), "\n".join(line.text for line in new)),
    )


def coloured(view: DiffLineView, side: Side, colours: Colours) -> Line:
    """The coloured line where it is the very text of the diff, else the plain text."""
    text = view.text.rstrip("\r")
    found = colours.get((side, (view.old if side is Side.OLD else view.new) or 0), ())
    if codelines.text_of(found).rstrip("\r") == text:
        return found
    return (("", text),) if text else ()


Marks = Mapping[tuple[str, int], Sequence[Range]]
"""Changed ranges by origin and line number."""


def blocks(lines: Sequence[DiffLineView]) -> Iterable[tuple[list[DiffLineView], list[DiffLineView]]]:
    """Runs of removed lines followed by added ones, in order."""
    removed: list[DiffLineView] = []
    added: list[DiffLineView] = []
    for line in lines:
        if line.origin == "-" and not added:
            removed.append(line)
        elif line.origin == "+":
            added.append(line)
        else:
            if removed or added:
                yield removed, added
            removed, added = ([line], []) if line.origin == "-" else ([], [])
    if removed or added:
        yield removed, added


def pairs(file: FileDiffView) -> tuple[tuple[DiffLineView, DiffLineView], ...]:
    """Removed and added lines that replace each other, first with first."""
    return tuple(
        pair
        for hunk in file.hunks
        for removed, added in blocks(hunk.lines)
        for pair in zip(removed, added, strict=False)
    )


def marks(
    paired: Sequence[tuple[DiffLineView, DiffLineView]],
    ranges: Sequence[tuple[Sequence[Range], Sequence[Range]]],
) -> Marks:
    """Changed ranges as rows look them up."""
    found: dict[tuple[str, int], Sequence[Range]] = {}
    for (old, new), (left, right) in zip(paired, ranges, strict=True):
        found[("-", old.old or 0)] = left
        found[("+", new.new or 0)] = right
    return found


def rows(file: FileDiffView, view: View, colours: Colours, marked: Marks) -> tuple[Row, ...]:
    """All rows of the file."""
    lay = _unified if view is View.UNIFIED else _split
    return tuple(row for hunk in file.hunks for row in (Row(hunk.header), *lay(hunk, colours, marked)))


def _cell(line: DiffLineView, side: Side, colours: Colours, marked: Marks) -> Cell:
    number = (line.old if side is Side.OLD else line.new) or 0
    ranges = marked.get((line.origin, number), ()) if line.origin != " " else ()
    return Cell(number, side, line.origin, codelines.html(coloured(line, side, colours), ranges))


def _unified(hunk: HunkView, colours: Colours, marked: Marks) -> Iterable[Row]:
    for line in hunk.lines:
        left = _cell(line, Side.OLD, colours, marked) if line.origin != "+" else None
        right = _cell(line, Side.NEW, colours, marked) if line.origin != "-" else None
        yield Row("", left, right)


def _split(hunk: HunkView, colours: Colours, marked: Marks) -> Iterable[Row]:
    changed = iter(blocks(hunk.lines))
    lines = iter(hunk.lines)
    for line in lines:
        if line.origin == " ":
            yield Row("", _cell(line, Side.OLD, colours, marked), _cell(line, Side.NEW, colours, marked))
            continue
        removed, added = next(changed)
        for _ in range(len(removed) + len(added) - 1):
            next(lines)
        for place in range(max(len(removed), len(added))):
            left = _cell(removed[place], Side.OLD, colours, marked) if place < len(removed) else None
            right = _cell(added[place], Side.NEW, colours, marked) if place < len(added) else None
            yield Row("", left, right)


def row_id(file: int, row: Row) -> str:
    """Id of a row: its new line where it has one, else its old one."""
    cell = row.right or row.left
    return f"f{file}-{'R' if row.right else 'L'}{cell.number}" if cell else ""


def anchor_row(index: int, file: FileDiffView, side: Side, line: int, view: View) -> str:
    """Id of the row that shows a line; "" when the diff does not show it."""
    for hunk in file.hunks:
        for removed, added in _lines_as_rows(hunk, view):
            if (side is Side.NEW and added and added.new == line) or (
                side is Side.OLD and removed and removed.old == line
            ):
                return f"f{index}-R{added.new}" if added else f"f{index}-L{line}"
    return ""


def _lines_as_rows(hunk: HunkView, view: View) -> Iterable[tuple[DiffLineView | None, DiffLineView | None]]:
    """Old and new line of each row, without rendering anything."""
    if view is View.UNIFIED:
        for line in hunk.lines:
            yield (line if line.origin != "+" else None), (line if line.origin != "-" else None)
        return
    for line in hunk.lines:
        if line.origin == " ":
            yield line, line
    for removed, added in blocks(hunk.lines):
        yield from zip_longest(removed, added)
