"""Pull requests of a repository: searched, sorted, counted, and why each waits for you."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from krate import kinds, models
from krate.models.pullrequest import PullRequestPhase
from krate.models.query import QueryStatus
from krate_kube.interface import Client
from krate_web import access, inbox, places, pullrows, queries, repositories, search
from krate_web.page import Crumb, Fragment, Page, Watch
from krate_web.pullrows import PullRow
from krate_web.search import Search
from krate_web.visits import Visit

_PAGE: Final = 50
_SCAN: Final = 500
_SCANS: Final = 4
"""Pages of `_SCAN` that are looked through for words the server cannot select."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a switch."""

    text: str
    href: str
    chosen: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found."""

    pulls: tuple[models.PullRequest, ...]
    total: int | None
    """How many match; None when not all were looked at."""
    after: str
    """Where the next page starts; "" on the last."""
    looked_at: int
    version: str
    denied: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PullsPage(Page):
    """The list."""

    template: ClassVar[str] = "pages/pulls.html"
    repository: models.Repository
    asked: Search
    rows: tuple[PullRow, ...]
    states: tuple[Option, ...]
    sorts: tuple[Option, ...]
    found: Found
    next_page: str
    new_pull: str

    @property
    def namespace(self) -> str:
        return self.repository.metadata.namespace

    @property
    def name(self) -> str:
        return self.repository.metadata.name

    def fragments(self) -> tuple[Fragment, ...]:
        return (Fragment("pulls-states", "fragments/pulls-states.html"), Fragment("pulls", "fragments/pulls.html"))


async def build(visit: Visit) -> PullsPage:
    repository = await repositories.load(visit)
    namespace, name = repository.metadata.namespace, repository.metadata.name
    asked = search.parse(visit.query("q"), me=visit.user, sort=visit.query("sort"))
    found, counts, writer = await asyncio.gather(
        _find(visit.client, asked, namespace, name, after=visit.query("after")),
        queries.counts(visit.client, search.Search(state="all").ask(namespace, name, limit=0), by="status.phase"),
        access.review(visit.client, inbox.push(namespace, name)),
    )
    rest = places.pulls(namespace, name, q=asked.text, sort=visit.query("sort"), after=found.after)
    return PullsPage(
        frame=repositories.frame(visit, repository, "pulls", Crumb("pull requests", mono=False)),
        repository=repository,
        asked=asked,
        rows=tuple(pullrows.row(pull, visit.user, may_approve=writer.allowed) for pull in found.pulls),
        states=_states(namespace, name, asked, counts),
        sorts=_sorts(namespace, name, asked),
        found=found,
        next_page=rest if found.after else "",
        new_pull=places.new_pull(namespace, name),
        watches=(Watch(kinds.PULL_REQUEST, namespace, f"spec.repository={name}", version=found.version),),
    )


async def _find(client: Client, asked: Search, namespace: str, name: str, *, after: str) -> Found:
    """One page of matches. What a Query cannot select is looked for in a bounded number of its pages."""
    limit = _SCAN if asked.scans else _PAGE
    pages: list[QueryStatus] = []
    pulls: list[models.PullRequest] = []
    while not pages or (asked.scans and after and len(pulls) < _PAGE and len(pages) < _SCANS):
        pages.append(await queries.ask(client, asked.ask(namespace, name, limit=limit, continue_token=after)))
        pulls.extend(pull for pull in queries.pull_requests(pages[-1]) if asked.matches(pull))
        after = pages[-1].continue_token
    first = pages[0]
    all_looked_at = len(pulls) if not after else None
    return Found(
        pulls=tuple(pulls),
        total=all_looked_at if asked.scans else first.total,
        after=after,
        looked_at=sum(len(page.matches) for page in pages),
        version=first.resource_versions.get(kinds.PULL_REQUEST.name, ""),
        denied=tuple(queries.denied(first)),
    )


def _states(namespace: str, name: str, asked: Search, counts: Mapping[str, int]) -> tuple[Option, ...]:
    """The switch of states; the words of the search line stay."""
    merged, closed = counts.get(PullRequestPhase.MERGED, 0), counts.get(PullRequestPhase.CLOSED, 0)
    numbers = {"open": sum(counts.values()) - merged - closed, "merged": merged, "closed": closed}
    words = " ".join(word for word in asked.text.split() if not word.startswith("is:"))

    def href(state: str) -> str:
        q = f"{words} is:{state}".strip() if state != "open" else words
        return places.pulls(namespace, name, q=q, sort=asked.sort if asked.sort != "newest" else "")

    return tuple(
        Option(state.capitalize(), href(state), asked.state == state, count) for state, count in numbers.items()
    )


def _sorts(namespace: str, name: str, asked: Search) -> tuple[Option, ...]:
    return tuple(
        Option(text, places.pulls(namespace, name, q=asked.text, sort=key), asked.sort == key)
        for key, (text, _) in search.SORTS.items()
    )
