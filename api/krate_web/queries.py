"""Sorted, counted and filtered forge data, through the Query kind: what lists cannot do, and no private door needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from krate import kinds, models
from krate.kinds import Kind
from krate.models.meta import Resource
from krate.models.pullrequest import PullRequestPhase
from krate.models.query import QueryStatus
from krate_kube.interface import Client

OPEN_PULLS: Final = f"status.phase!={PullRequestPhase.MERGED},status.phase!={PullRequestPhase.CLOSED}"
"""Field selector of open pull requests; one that no controller has seen yet has no phase, and is open."""

PULL_COLUMNS: Final = (
    "metadata.creationTimestamp",
    "metadata.labels",
    "metadata.resourceVersion",
    "spec.repository",
    "spec.title",
    "spec.source.branch",
    "spec.target.branch",
    "spec.draft",
    "spec.closed",
    "spec.merged",
    "spec.reviewers",
    "spec.assignees",
    "status.number",
    "status.author",
    "status.phase",
    "status.headSHA",
    "status.approvals",
    "status.requiredApprovals",
    "status.checks",
    "status.unresolvedThreads",
    "status.conditions",
    "status.additions",
    "status.deletions",
    "status.changedFiles",
    "status.mergedAt",
)
"""What a row of a pull request list shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One query, in the words of `models.query`."""

    target: Kind
    namespaces: tuple[str, ...] = ()
    fields: str = ""
    labels: str = ""
    any_of: tuple[str, ...] = ()
    membership: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    sort: str = ""
    """A path; `-` before it means largest first."""
    count_by: str = ""
    limit: int = 50
    continue_token: str = ""

    def body(self) -> dict[str, Any]:
        """The Query object; empty members are left out."""
        spec: dict[str, Any] = {
            "targets": [self.target.name],
            "namespaces": list(self.namespaces),
            "fieldSelector": self.fields,
            "labelSelector": self.labels,
            "anyOf": list(self.any_of),
            "membership": [{"field": field, "value": value} for field, value in self.membership],
            "columns": list(self.columns),
            "sort": [{"field": self.sort.lstrip("-"), "descending": self.sort.startswith("-")}] if self.sort else [],
            "countBy": self.count_by,
            "continue": self.continue_token,
        }
        kept = {key: value for key, value in spec.items() if value}
        kind = kinds.QUERY
        return {"apiVersion": kind.api_version, "kind": kind.name, "spec": {**kept, "limit": self.limit}}


def escaped(value: str) -> str:
    """A value as field selectors spell it."""
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")


async def ask(client: Client, question: Ask) -> QueryStatus:
    """The answer, as the signed-in user may see it."""
    answer = await client.create(kinds.QUERY, question.body())
    return models.Query.model_validate(answer).status


async def counts(client: Client, question: Ask, *, by: str) -> Mapping[str, int]:
    """How many objects match, by the value of the path `by`."""
    return (await ask(client, replace(question, count_by=by, limit=0, sort="", columns=(), continue_token=""))).counts


Found = TypeVar("Found", bound=Resource)


def objects(status: QueryStatus, model: type[Found]) -> tuple[Found, ...]:
    """Matches as partial objects: what was no column is absent."""
    return tuple(model.model_validate(_object(match.namespace, match.name, match.columns)) for match in status.matches)


def pull_requests(status: QueryStatus) -> tuple[models.PullRequest, ...]:
    """Matches of a query with `PULL_COLUMNS`."""
    return objects(status, models.PullRequest)


def _object(namespace: str, name: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns by path as the object they were taken from."""
    found: dict[str, Any] = {"metadata": {}, "spec": {}, "status": {}}
    for path, value in columns.items():
        if value is None:
            continue
        *parents, last = path.split(".")
        place = found
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    found["metadata"] |= {"name": name, "namespace": namespace}
    return found


def denied(status: QueryStatus) -> Sequence[str]:
    """Sentences about what was left out because the user may not list it."""
    return tuple(f"you may not list {entry.target} in {entry.namespace or 'this cluster'}" for entry in status.denied)
