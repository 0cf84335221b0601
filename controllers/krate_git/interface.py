"""The ports of the Git room: what a Git host can do, and what it asks of whoever wires it.

`GitHost` is implemented by the embedded host (in process A), by its HTTPS client (process B) and in memory; Gitea joins
later. All pass one contract suite (`tests/contract/git`). Values are frozen dataclasses; SHAs are 40 hex digits,
sizes are bytes, times are UTC-aware.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from krate.identity import Attributes, Caller, Decision

ZERO = "0" * 40


class GitError(Exception):
    """the Git host could not do this."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class RepositoryMissing(GitError):
    """the Git host holds no such repository."""


class RevisionMissing(GitError):
    """the repository holds no such revision or path."""


class RefMoved(GitError):
    """the ref moved in the meantime; look again and decide anew."""


class HostNameTaken(GitError):
    """another repository of the organisation has this name on the Git host."""


class PredecessorExists(GitError):
    """a repository of this name that belongs to another owner is still there."""


class HostForbidden(GitError):
    """the Git host refuses this to the caller."""


class HostUnavailable(GitError):
    """the Git host cannot be reached."""


class PolicyInvalid(GitError):
    """the compiled policy document cannot be loaded."""


@dataclass(frozen=True, slots=True)
class RepositoryKey:
    """A repository as the API names it: the organisation's namespace and the Repository's object name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


# ---------------------------------------------------------------------------------------------- hosting


@dataclass(frozen=True, slots=True)
class HostedRepositorySettings:
    """What the host holds of one repository beside its objects and refs."""

    key: RepositoryKey
    host_name: str
    """Second part of the clone URL, without `.git`; the first is the namespace."""
    uid: str
    """UID of the owning HostedRepository: deletion acts only on the same one."""
    description: str = ""
    private: bool = True
    default_branch: str = "main"
    archived: bool = False
    retired_at: str = ""
    """RFC 3339 time at which it was retired; a retired repository serves nothing and is purged after 30 days."""


@dataclass(frozen=True, slots=True)
class Collaborator:
    """A subject's permission, for messages that name who can help."""

    kind: str
    name: str
    permission: str


@dataclass(frozen=True, slots=True)
class RefPolicyDocument:
    """A compiled policy as handed to the host: canonical JSON and the digest of exactly those bytes."""

    digest: str
    document: str
    sources: tuple[Mapping[str, str | int], ...] = ()


class GitHosting(Protocol):
    """What controllers ask of a host. Every call is idempotent."""

    async def put_organization(self, namespace: str, *, full_name: str, visibility: str) -> None: ...

    async def find_organization(self, namespace: str) -> Mapping[str, str] | None: ...

    async def delete_organization(self, namespace: str) -> None:
        """Remove an organisation that holds no repository; retired ones are purged with it."""
        ...

    async def put_team(self, namespace: str, name: str, members: Sequence[str]) -> None: ...

    async def find_team(self, namespace: str, name: str) -> tuple[str, ...] | None: ...

    async def delete_team(self, namespace: str, name: str) -> None: ...

    async def put_repository(self, settings: HostedRepositorySettings) -> HostedRepositorySettings:
        """Create or update; a retired repository of the same key is restored, and belongs to the new uid then.

        Raises:
            HostNameTaken: the host name is taken by another key, a retired one included; case does not distinguish.
            PredecessorExists: a repository of this key that another uid owns was neither retired nor deleted.
            GitError: a name that no host accepts.
        """
        ...

    async def find_repository(self, key: RepositoryKey) -> HostedRepositorySettings | None: ...

    async def retire_repository(self, key: RepositoryKey, uid: str) -> None:
        """Stop serving and keep the data for 30 days; nothing happens unless `uid` owns it."""
        ...

    async def delete_repository(self, key: RepositoryKey, uid: str) -> None:
        """Remove the data; nothing happens unless `uid` owns it."""
        ...

    async def put_access(self, key: RepositoryKey, collaborators: Sequence[Collaborator]) -> None: ...

    async def find_access(self, key: RepositoryKey) -> tuple[Collaborator, ...] | None: ...

    async def put_ref_policy(self, key: RepositoryKey, policy: RefPolicyDocument) -> str:
        """Store the document beside the repository, load it, and answer the digest that is loaded.

        Raises:
            PolicyInvalid: it cannot be loaded or its digest is wrong; the last good document stays in force.
        """
        ...

    async def find_ref_policy_digest(self, key: RepositoryKey) -> str | None:
        """Digest that the evaluator has loaded; None when the repository never had a document."""
        ...


# ---------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class Refs:
    """All branches and tags, by short name."""

    default_branch: str
    branches: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Signature:
    """Author or committer."""

    name: str
    email: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit."""

    sha: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str

    @property
    def title(self) -> str:
        return self.message.partition("\n")[0]


class EntryKind(StrEnum):
    """What a tree entry is."""

    TREE = "tree"
    BLOB = "blob"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One name in a directory."""

    name: str
    path: str
    kind: EntryKind
    sha: str
    mode: int
    size: int = 0
    last_commit: Commit | None = None
    """Latest commit that touched it, when asked for and found within the walk's bound."""


@dataclass(frozen=True, slots=True)
class Blob:
    """The content of a file."""

    path: str
    sha: str
    size: int
    data: bytes
    """At most the number of bytes asked for."""
    binary: bool
    executable: bool = False


class ChangeKind(StrEnum):
    """What happened to a file."""

    ADDED = "Added"
    MODIFIED = "Modified"
    DELETED = "Deleted"
    RENAMED = "Renamed"
    TYPE_CHANGED = "TypeChanged"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a hunk; `origin` is a space, + or -."""

    origin: str
    old: int | None
    new: int | None
    text: str
    newline: bool = True


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of changed lines with context."""

    header: str
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The change of one file. Hunks are absent where only statistics were asked for, or the file is binary."""

    path: str
    old_path: str
    change: ChangeKind
    additions: int
    deletions: int
    binary: bool
    old_sha: str = ""
    new_sha: str = ""
    hunks: tuple[Hunk, ...] = ()
    truncated: bool = False


class Mergeability(StrEnum):
    """Whether a head merges into a base."""

    CLEAN = "Clean"
    CONFLICTS = "Conflicts"
    UNRELATED = "Unrelated"
    MERGED = "Merged"
    """The head is already contained in the base."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Base and head side by side; files are those of `merge_base..head`."""

    base: str
    head: str
    merge_base: str
    ahead: int
    behind: int
    files: tuple[FileDiff, ...]
    additions: int
    deletions: int
    mergeability: Mergeability
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BlameLine:
    """Which commit wrote a run of lines."""

    start: int
    count: int
    commit: Commit


class GitReading(Protocol):
    """Reads of one host; `rev` is a branch, a tag, a full ref or a SHA.

    Every method raises RepositoryMissing for an unknown or retired repository and RevisionMissing for an unknown
    revision or path.
    """

    async def refs(self, key: RepositoryKey) -> Refs: ...

    async def resolve(self, key: RepositoryKey, rev: str) -> str:
        """The commit that `rev` names."""
        ...

    async def tree(self, key: RepositoryKey, rev: str, path: str, *, with_commits: bool) -> tuple[TreeEntry, ...]:
        """Entries of a directory, directories first, then by name."""
        ...

    async def blob(self, key: RepositoryKey, rev: str, path: str, *, limit: int) -> Blob: ...

    async def commits(self, key: RepositoryKey, rev: str, *, path: str, limit: int, since: str) -> tuple[Commit, ...]:
        """Newest first, at most `limit`; `since` excludes what is reachable from it; `path` keeps what touches it."""
        ...

    async def compare(self, key: RepositoryKey, base: str, head: str) -> Comparison: ...

    async def diff(
        self, key: RepositoryKey, base: str, head: str, *, context: int, max_lines: int
    ) -> tuple[FileDiff, ...]:
        """Files of `merge base..head` with hunks; a file beyond `max_lines` changed lines is marked truncated."""
        ...

    async def blame(self, key: RepositoryKey, rev: str, path: str) -> tuple[BlameLine, ...]: ...

    async def contains(self, key: RepositoryKey, ancestor: str, descendant: str) -> bool: ...


# ---------------------------------------------------------------------------------------------- pushing


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
    deletion_verdict: Verdict = Verdict()
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


class GitHost(GitHosting, GitReading, Protocol):
    """A whole host, as controllers see it."""
