"""What the receive path judges, and where it records what it lets through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from krate.identity import Attributes, Caller, Decision
from krate_git.interface.names import RepositoryKey


class Via(StrEnum):
    """How a ref update arrives."""

    PUSH = "push"
    MERGE = "merge"
    API = "api"


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """One ref that should move; ZERO stands for absence."""

    ref: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Push:
    """Ref updates asked for together."""

    key: RepositoryKey
    caller: Caller
    via: Via
    updates: tuple[RefUpdate, ...]
    correlation_id: str
    pull_request: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of one ref update."""

    source: str
    """`BranchProtection/main` or `RefPolicy/naming`: the object whose rule it is."""
    rule: str
    ref: str
    message: str
    """One or more sentences: what is wrong and what to do instead."""
    enforced: bool
    """False for Audit: recorded, not refused."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Findings of all rules; the push is refused when any enforced one is there."""

    findings: tuple[Finding, ...] = ()
    bypassed: tuple[str, ...] = ()
    """Sources whose rules the caller bypassed, for the audit."""

    @property
    def allowed(self) -> bool:
        return not any(finding.enforced for finding in self.findings)


@dataclass(frozen=True, slots=True)
class MergeFacts:
    """Facts of a merge that rules about pull requests need; a plain push has none."""

    approvals: int = 0
    approving_teams: int = 0
    checks: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Context -> reporters that report success on the head commit."""
    up_to_date: bool = False


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """Counts after a push."""

    branches: int
    tags: int
    size: int


class PushSink(Protocol):
    """Where the receive path records what it lets through; implemented beside the API's store."""

    async def never_pushed(self, key: RepositoryKey) -> bool:
        """Whether the repository never held a ref (RepositoryContent has no lastPush)."""
        ...

    async def begin(self, push: Push, verdict: Verdict) -> str:
        """Commit an intent, durably, before any ref moves; answers its id."""
        ...

    async def finish(self, intent: str, moved: Sequence[RefUpdate], facts: RepositoryFacts) -> None:
        """Close the intent with what really moved: content, pull requests, outbox and Activity in one transaction.

        Closing an intent that is closed already does nothing: the host may not know that it succeeded before.
        """
        ...

    async def denied(self, push: Push, verdict: Verdict) -> None:
        """Record a refusal."""
        ...

    async def open_intents(self) -> Sequence[tuple[str, Push]]:
        """Intents left open by a crash, to be resolved before their repository serves."""
        ...


class Gatekeeper(Protocol):
    """Authentication and authorization, from whoever wires the host."""

    async def basic(self, username: str, password: str) -> Caller | None:
        """The caller whose token is `password`; None when it is not valid or belongs to another user."""
        ...

    async def bearer(self, token: str) -> Caller | None: ...

    async def review(self, caller: Caller, attributes: Attributes) -> Decision: ...
