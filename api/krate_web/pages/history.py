"""Commits of a ref, and the branches of a repository."""

from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar, Final

from krate import models
from krate.models.content import BranchView, CommitView
from krate_web import contents, places, repositories
from krate_web.contents import Contents
from krate_web.page import Crumb, Page
from krate_web.visits import Visit

_STEP: Final = 50


@dataclass(frozen=True, slots=True)
class Day:
    """Commits of one day."""

    date: str
    commits: tuple[CommitView, ...]


def by_day(commits: tuple[CommitView, ...]) -> tuple[Day, ...]:
    """Runs of commits of one day, in the order of history."""
    return tuple(Day(day, tuple(found)) for day, found in groupby(commits, key=lambda commit: commit.committer.at[:10]))


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitsPage(Page):
    """The history of a ref, or of one path in it."""

    template: ClassVar[str] = "pages/commits.html"
    repository: models.Repository
    ref: str
    path: str
    days: tuple[Day, ...]
    shown: int
    more: str
    """Address of the same page with older commits too."""
    cut: bool
    """Whether there are older ones that only git shows."""


async def commits(visit: Visit) -> CommitsPage:
    repository = await repositories.load(visit)
    namespace, name = repository.metadata.namespace, repository.metadata.name
    ref, path = visit.query("ref") or repository.spec.default_branch, visit.query("path")
    limit = _limit(visit.query("limit"))
    found = await Contents(visit.client, namespace, name).commits(ref, path=path, limit=limit)
    return CommitsPage(
        frame=repositories.frame(visit, repository, "code", *((Crumb(path),) if path else ()), Crumb("commits")),
        repository=repository,
        ref=ref,
        path=path,
        days=by_day(found.items),
        shown=len(found.items),
        more=places.commits(namespace, name, ref=visit.query("ref"), path=path, limit=limit + _STEP)
        if found.more and limit < contents.MAX_COMMITS
        else "",
        cut=found.more and limit >= contents.MAX_COMMITS,
    )


def _limit(text: str) -> int:
    return min(max(int(text), _STEP), contents.MAX_COMMITS) if text.isdecimal() else _STEP


@dataclass(frozen=True, slots=True)
class BranchRow:
    """One branch."""

    branch: BranchView
    href: str
    new_pull: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchesPage(Page):
    """The branches, the default one first."""

    template: ClassVar[str] = "pages/branches.html"
    repository: models.Repository
    rows: tuple[BranchRow, ...]
    tags: tuple[BranchRow, ...]


async def branches(visit: Visit) -> BranchesPage:
    repository = await repositories.load(visit)
    namespace, name = repository.metadata.namespace, repository.metadata.name
    if not await contents.has_content(visit.client, namespace, name):
        heads, tags = (), ()
    else:
        reader = Contents(visit.client, namespace, name)
        heads, tags = (await reader.branches()).items, (await reader.tags()).items

    def row(ref: BranchView, *, branch: bool) -> BranchRow:
        offer = branch and not ref.default
        return BranchRow(
            ref,
            places.tree(namespace, name, ref="" if ref.default else ref.name),
            places.new_pull(namespace, name, source=ref.name) if offer else "",
        )

    return BranchesPage(
        frame=repositories.frame(visit, repository, "code", Crumb("branches")),
        repository=repository,
        rows=tuple(row(ref, branch=True) for ref in heads),
        tags=tuple(row(ref, branch=False) for ref in tags),
    )
