"""Pull requests that wait for the reader, across repositories."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from krate import kinds, models
from krate.identity import Attributes
from krate.names import Verb
from krate_kube.interface import Client
from krate_web import access, pullrows, queries
from krate_web.pullrows import PullRow
from krate_web.queries import Ask

_LIMIT: Final = 100
_MOST_REVIEWS: Final = 20
"""Access reviews per page; beyond that a missing approval in yet another repository is not offered."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """What waits, oldest first, and how much there is."""

    rows: tuple[PullRow, ...]
    open: int
    """Open pull requests in all."""
    failing: int | None
    """Those with a failed check; None when not all were looked at."""
    version: str
    denied: tuple[str, ...] = ()


def _ask(namespaces: tuple[str, ...]) -> Ask:
    return Ask(
        target=kinds.PULL_REQUEST,
        namespaces=namespaces,
        fields=queries.OPEN_PULLS,
        columns=queries.PULL_COLUMNS,
        sort="-metadata.creationTimestamp",
        limit=_LIMIT,
    )


async def load(client: Client, me: str, *, namespaces: Sequence[str] = ()) -> Inbox:
    """What waits for `me`, in `namespaces` or everywhere the user may look."""
    ask = _ask(tuple(namespaces))
    newest, asked, own = await asyncio.gather(
        queries.ask(client, ask),
        queries.ask(client, replace(ask, membership=(("spec.reviewers", me),))),
        queries.ask(client, replace(ask, fields=f"{queries.OPEN_PULLS},status.author={queries.escaped(me)}")),
    )
    latest = queries.pull_requests(newest)
    pulls = {
        (pull.metadata.namespace, pull.metadata.name): pull
        for pull in (*queries.pull_requests(own), *queries.pull_requests(asked), *latest)
    }
    writes = await _writable(client, tuple(pulls.values()))
    rows = [
        pullrows.row(pull, me, may_approve=writes.get((pull.metadata.namespace, pull.spec.repository), False))
        for pull in pulls.values()
    ]
    waiting = sorted((row for row in rows if row.turn), key=lambda row: (row.turn.since if row.turn else "", row.name))
    complete = newest.total <= len(latest)
    return Inbox(
        rows=tuple(waiting),
        open=newest.total,
        failing=sum(1 for pull in latest if pull.status.checks.failed) if complete else None,
        version=newest.resource_versions.get(kinds.PULL_REQUEST.name, ""),
        denied=tuple(queries.denied(newest)),
    )


async def _writable(client: Client, pulls: Sequence[models.PullRequest]) -> Mapping[tuple[str, str], bool]:
    """In which repositories the user's approval would count: who may push may approve (kinds.md, "Approvals")."""
    wanted = [pull for pull in pulls if len(pull.status.approvals) < pull.status.required_approvals]
    places = list(dict.fromkeys((pull.metadata.namespace, pull.spec.repository) for pull in wanted))[:_MOST_REVIEWS]
    answers = await access.reviews(client, *(push(namespace, name) for namespace, name in places))
    return {place: answer.allowed for place, answer in zip(places, answers, strict=True)}


def push(namespace: str, repository: str) -> Attributes:
    """The question that makes a Writer."""
    return access.on(
        kinds.REPOSITORY, Verb.UPDATE, namespace=namespace, name=repository, subresource=kinds.GIT_SUBRESOURCE
    )
