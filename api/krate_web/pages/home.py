"""Home: what waits for you anywhere, and the organisations you belong to."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from krate import kinds, models
from krate.conditions import Status
from krate_web import access, inbox, places, queries
from krate_web.inbox import Inbox
from krate_web.page import Crumb, Fragment, Page, Watch
from krate_web.queries import Ask
from krate_web.standing import State, Tone
from krate_web.visits import Visit

_NAMESPACE = "metadata.namespace"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationRow:
    """One organisation in a list."""

    namespace: str
    name: str
    display_name: str
    href: str
    state: State
    repositories: int
    open: int
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage(Page):
    """The signed-in start page."""

    template: ClassVar[str] = "pages/home.html"
    inbox: Inbox
    organizations: tuple[OrganizationRow, ...]

    def fragments(self) -> tuple[Fragment, ...]:
        return (
            Fragment("needs-you", "fragments/needs-you.html", {"inbox": self.inbox, "across": True}),
            Fragment("organizations", "fragments/organizations.html", {"rows": self.organizations}),
        )


async def build(visit: Visit) -> HomePage:
    found, rows = await asyncio.gather(inbox.load(visit.client, visit.user), organizations(visit))
    namespaces = tuple(row.namespace for row in rows)
    return HomePage(
        frame=visit.frame("Krate", crumbs=(Crumb("Home", mono=False),)),
        inbox=found,
        organizations=rows,
        # One watch per organisation: watching all namespaces is a right that few people hold.
        watches=tuple(Watch(kinds.PULL_REQUEST, namespace, version=found.version) for namespace in namespaces[:16]),
    )


async def organizations(visit: Visit) -> tuple[OrganizationRow, ...]:
    """Organisations the user can see: those that may be listed, else those whose repositories may be.

    Organisations are cluster-scoped, so few people may list them; a Query answers for each namespace the user may read.
    """
    contents = Ask(target=kinds.REPOSITORY_CONTENT)
    pulls = Ask(target=kinds.PULL_REQUEST, fields=queries.OPEN_PULLS)
    repositories, opened, listed = await asyncio.gather(
        queries.counts(visit.client, contents, by=_NAMESPACE),
        queries.counts(visit.client, pulls, by=_NAMESPACE),
        _listed(visit),
    )
    namespaces = sorted({*repositories, *opened, *listed})
    return tuple(_row(namespace, listed.get(namespace), repositories, opened) for namespace in namespaces)


async def _listed(visit: Visit) -> Mapping[str, models.Organization]:
    if not await access.may_list(visit.client, kinds.ORGANIZATION):
        return {}
    listing = await visit.client.list(kinds.ORGANIZATION)
    found = [models.Organization.model_validate(item) for item in listing.items]
    return {organization.namespace: organization for organization in found}


def _row(
    namespace: str,
    found: models.Organization | None,
    repositories: Mapping[str, int],
    opened: Mapping[str, int],
) -> OrganizationRow:
    return OrganizationRow(
        namespace=namespace,
        name=found.metadata.name if found else namespace,
        display_name=found.spec.display_name if found else "",
        href=places.organization(namespace),
        state=state(found) if found else State("", "building-2", Tone.QUIET),
        repositories=repositories.get(namespace, 0),
        open=opened.get(namespace, 0),
        version=found.metadata.resource_version if found else "",
    )


def state(found: models.Organization) -> State:
    """Ready when every condition holds."""
    bad = [entry for entry in found.status.conditions if entry.status != Status.TRUE]
    if not found.status.conditions or bad:
        return State("Pending", "circle-dashed", Tone.WARN)
    return State("Ready", "circle-check", Tone.OK)
