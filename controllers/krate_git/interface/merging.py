"""What the merge service asks of a host; process A only."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from krate.identity import Caller
from krate_git.interface.names import RepositoryKey
from krate_git.interface.pushing import MergeFacts, RefUpdate, RepositoryFacts, Verdict


@dataclass(frozen=True, slots=True)
class MergeOrder:
    """A merge that was asked for, with the right to it already reviewed."""

    key: RepositoryKey
    caller: Caller
    target: str
    """Branch name."""
    target_sha: str
    """Where the target was when the requirements were judged."""
    source: str
    """Branch name."""
    head_sha: str
    message: str
    author_name: str
    author_email: str
    facts: MergeFacts
    correlation_id: str
    pull_request: str
    delete_source: bool


@dataclass(frozen=True, slots=True)
class MergeOutcome:
    """What became of a merge: a commit, or the reason there is none."""

    verdict: Verdict
    commit: str = ""
    intent: str = ""
    """Open intent, to be closed by the caller's own transaction."""
    source_deleted: bool = False
    deletion_verdict: Verdict = field(default_factory=Verdict)
    moved: tuple[RefUpdate, ...] = ()
    """What moved, the deleted source included: what the caller's transaction closes the intent with."""
    facts: RepositoryFacts | None = None
    """Counts after the merge, for the same transaction."""


class GitMerging(Protocol):
    """The merge service's side of a host; process A only."""

    async def merge(
        self, order: MergeOrder, *, close: Callable[[MergeOutcome], Awaitable[None]] | None = None
    ) -> MergeOutcome:
        """Write the merge commit, judge it with the receive policies (`via = merge`), commit the intent, move the ref.

        Args:
            order: what to merge, with the right to it reviewed and the requirements judged.
            close: closes the intent in the caller's own transaction. It runs under the repository's lock, so that no
                later push can be recorded before this merge. If it raises, the intent stays open, the host closes it
                through `PushSink.finish` before anything else moves in the repository, and the error is passed on.
                Without it the lock is released with the intent open.

        Raises:
            RefMoved: target or source is not where the order says.
            GitError: the merge conflicts or the repository is archived.
        """
        ...
