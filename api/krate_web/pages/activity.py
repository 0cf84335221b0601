"""Who did, or tried to do, what: the audit of an object or of an organisation, each entry a command to replay."""

from dataclasses import dataclass
from typing import ClassVar

from krate import kinds, models
from krate_web import places, queries, repositories
from krate_web.page import Crumb, Fragment, Page, Watch
from krate_web.queries import Ask
from krate_web.visits import Visit

_LIMIT = 100
_COLUMNS = (
    "metadata.resourceVersion",
    "status.actor",
    "status.verb",
    "status.object",
    "status.decision",
    "status.reason",
    "status.command",
    "status.correlationID",
    "status.at",
    "status.count",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityPage(Page):
    """The list, newest first."""

    template: ClassVar[str] = "pages/activity.html"
    namespace: str
    kind: str
    name: str
    entries: tuple[models.Activity, ...]
    total: int
    denied: tuple[str, ...]

    def fragments(self) -> tuple[Fragment, ...]:
        return (Fragment("activity", "fragments/activity.html"),)


async def build(visit: Visit) -> ActivityPage:
    namespace = repositories.namespace_of(visit)
    kind, name = visit.query("kind"), visit.query("name")
    terms = {"status.object.kind": kind, "status.object.name": name}
    fields = ",".join(f"{path}={queries.escaped(value)}" for path, value in terms.items() if value)
    ask = Ask(
        target=kinds.ACTIVITY,
        namespaces=(namespace,),
        fields=fields,
        columns=_COLUMNS,
        sort="-status.at",
        limit=_LIMIT,
    )
    status = await queries.ask(visit.client, ask)
    what = f"{kind}/{name}" if name else ""
    crumbs = (Crumb(namespace, places.organization(namespace)), Crumb("activity", mono=False))
    return ActivityPage(
        frame=visit.frame(f"Activity · {what or namespace}", namespace=namespace, crumbs=crumbs),
        namespace=namespace,
        kind=kind,
        name=name,
        entries=queries.objects(status, models.Activity),
        total=status.total,
        denied=tuple(queries.denied(status)),
        watches=(
            Watch(kinds.ACTIVITY, namespace, fields, version=status.resource_versions.get(kinds.ACTIVITY.name, "")),
        ),
    )
