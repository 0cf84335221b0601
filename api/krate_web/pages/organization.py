"""An organisation: what needs you, and its repositories, newest push first."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from krate import errors, kinds, models
from krate.models.query import QueryMatch
from krate_kube.interface import Client
from krate_web import access, inbox, places, queries, repositories
from krate_web.inbox import Inbox
from krate_web.page import Crumb, Fragment, Page, Watch
from krate_web.queries import Ask
from krate_web.standing import State
from krate_web.visits import Visit

_LIMIT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryRow:
    """One repository in the list."""

    name: str
    href: str
    state: State
    description: str
    visibility: str
    pushed: str
    pushed_by: str
    open: int
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationPage(Page):
    """The organisation's home."""

    template: ClassVar[str] = "pages/organization.html"
    namespace: str
    display_name: str
    inbox: Inbox
    rows: tuple[RepositoryRow, ...]
    more: bool
    """Whether there are repositories beyond those shown."""

    def fragments(self) -> tuple[Fragment, ...]:
        return (
            Fragment("summary", "fragments/organization-summary.html"),
            Fragment("needs-you", "fragments/needs-you.html", {"inbox": self.inbox, "across": False}),
            Fragment("repositories", "fragments/repositories.html"),
        )


async def build(visit: Visit) -> OrganizationPage:
    namespace = repositories.namespace_of(visit)
    listing, pushes, opened, waiting, organization = await asyncio.gather(
        visit.client.list(kinds.REPOSITORY, namespace=namespace, limit=_LIMIT),
        _pushes(visit.client, namespace),
        queries.counts(visit.client, _open_pulls(namespace), by="spec.repository"),
        inbox.load(visit.client, visit.user, namespaces=(namespace,)),
        _organization(visit.client, namespace),
    )
    if organization is None and not listing.items:
        await _exists(visit.client, namespace)
    found = [models.Repository.model_validate(item) for item in listing.items]
    display_name = organization.spec.display_name if organization else ""
    return OrganizationPage(
        frame=visit.frame(
            display_name or namespace,
            namespace=namespace,
            crumbs=(Crumb(namespace),),
            manifest=places.manifest(kinds.ORGANIZATION, "", organization.metadata.name) if organization else "",
        ),
        namespace=namespace,
        display_name=display_name,
        inbox=waiting,
        rows=_rows(found, pushes, opened),
        more=bool(listing.continue_token),
        watches=(
            Watch(kinds.REPOSITORY, namespace, version=listing.resource_version),
            Watch(kinds.REPOSITORY_CONTENT, namespace),
            Watch(kinds.PULL_REQUEST, namespace, version=waiting.version),
        ),
    )


async def _exists(client: Client, namespace: str) -> None:
    """An empty organisation is a page, a namespace that nobody made is not.

    Raises:
        NotFound: there is no such namespace.
    """
    if await access.may_get(client, kinds.NAMESPACE, namespace, namespace):
        await client.get(kinds.NAMESPACE, namespace)


def _open_pulls(namespace: str) -> Ask:
    return Ask(target=kinds.PULL_REQUEST, namespaces=(namespace,), fields=queries.OPEN_PULLS)


async def _pushes(client: Client, namespace: str) -> Sequence[QueryMatch]:
    """Latest pushes, newest first."""
    columns = ("status.lastPush.at", "status.lastPush.by")
    ask = Ask(
        target=kinds.REPOSITORY_CONTENT,
        namespaces=(namespace,),
        columns=columns,
        sort="-status.lastPush.at",
        limit=_LIMIT,
    )
    return (await queries.ask(client, ask)).matches


async def _organization(client: Client, namespace: str) -> models.Organization | None:
    if not await access.may_get(client, kinds.ORGANIZATION, namespace):
        return None
    try:
        return models.Organization.model_validate(await client.get(kinds.ORGANIZATION, namespace))
    except errors.NotFound:  # its namespace may be called differently
        return None


def _rows(
    found: Sequence[models.Repository], pushes: Sequence[QueryMatch], opened: Mapping[str, int]
) -> tuple[RepositoryRow, ...]:
    """Newest push first; those that nothing was pushed to follow by name."""
    order = {match.name: place for place, match in enumerate(pushes)}
    columns = {match.name: match.columns for match in pushes}
    rows = [_row(repository, columns.get(repository.metadata.name, {}), opened) for repository in found]
    return tuple(sorted(rows, key=lambda row: (not row.pushed, order.get(row.name, 0) if row.pushed else 0, row.name)))


def _row(repository: models.Repository, columns: Mapping[str, object], opened: Mapping[str, int]) -> RepositoryRow:
    name = repository.metadata.name
    return RepositoryRow(
        name=name,
        href=places.repository(repository.metadata.namespace, name),
        state=repositories.state(repository),
        description=repository.spec.description,
        visibility=str(repository.spec.visibility),
        pushed=str(columns.get("status.lastPush.at") or ""),
        pushed_by=str(columns.get("status.lastPush.by") or ""),
        open=opened.get(name, 0),
        version=repository.metadata.resource_version,
    )
