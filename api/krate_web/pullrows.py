"""Rows of pull request lists: what a reader needs to choose the next one."""

from dataclasses import dataclass

from krate import models
from krate.models.pullrequest import CheckCounts
from krate_web import places, standing
from krate_web.standing import State, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRow:
    """One pull request in a list."""

    namespace: str
    repository: str
    name: str
    number: int
    title: str
    href: str
    state: State
    author: str
    created: str
    labels: tuple[str, ...]
    source: str
    target: str
    checks: CheckCounts
    approvals: int
    required: int
    unresolved: int
    turn: Turn | None
    version: str

    @property
    def id(self) -> str:
        return f"row-{self.namespace}-{self.name}"


def row(pull: models.PullRequest, me: str, *, may_approve: bool = False) -> PullRow:
    """The row of `pull` as `me` sees it."""
    metadata, spec, status = pull.metadata, pull.spec, pull.status
    return PullRow(
        namespace=metadata.namespace,
        repository=spec.repository,
        name=metadata.name,
        number=status.number,
        title=spec.title,
        href=places.pull(metadata.namespace, spec.repository, status.number),
        state=standing.state(pull),
        author=status.author,
        created=metadata.creation_timestamp or "",
        labels=tuple(sorted(f"{key}={value}" if value else key for key, value in metadata.labels.items())),
        source=spec.source.branch,
        target=spec.target.branch,
        checks=status.checks,
        approvals=standing.counted(pull),
        required=status.required_approvals,
        unresolved=status.unresolved_threads,
        turn=standing.turn(pull, me, may_approve=may_approve),
        version=metadata.resource_version,
    )
