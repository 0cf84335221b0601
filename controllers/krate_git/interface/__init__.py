"""The ports of the Git room: what a Git host can do, and what it asks of whoever wires it.

`GitHost` is implemented by the embedded host (in process A), by its HTTPS client (process B) and in memory; Gitea joins
later. All pass one contract suite (`tests/contract/git`). Values are frozen dataclasses; SHAs are 40 hex digits,
sizes are bytes, times are UTC-aware. Import from here; the modules below are cut by what they speak of.
"""

from typing import Protocol

from krate_git.interface.hosting import (
    Collaborator,
    GitHosting,
    HostedRepositorySettings,
    RefPolicyDocument,
)
from krate_git.interface.merging import (
    GitMerging,
    MergeOrder,
    MergeOutcome,
)
from krate_git.interface.names import (
    ZERO,
    GitError,
    HostForbidden,
    HostNameTaken,
    HostUnavailable,
    PolicyInvalid,
    PredecessorExists,
    RefMoved,
    RepositoryKey,
    RepositoryMissing,
    RevisionMissing,
)
from krate_git.interface.pushing import (
    Finding,
    Gatekeeper,
    MergeFacts,
    Push,
    PushSink,
    RefUpdate,
    RepositoryFacts,
    Verdict,
    Via,
)
from krate_git.interface.reading import (
    BlameLine,
    Blob,
    ChangeKind,
    Commit,
    Comparison,
    DiffLine,
    EntryKind,
    FileDiff,
    GitReading,
    Hunk,
    Mergeability,
    Refs,
    Signature,
    TreeEntry,
)


class GitHost(GitHosting, GitReading, Protocol):
    """A whole host, as controllers see it."""


__all__ = [
    "ZERO",
    "BlameLine",
    "Blob",
    "ChangeKind",
    "Collaborator",
    "Commit",
    "Comparison",
    "DiffLine",
    "EntryKind",
    "FileDiff",
    "Finding",
    "Gatekeeper",
    "GitError",
    "GitHost",
    "GitHosting",
    "GitMerging",
    "GitReading",
    "HostForbidden",
    "HostNameTaken",
    "HostUnavailable",
    "HostedRepositorySettings",
    "Hunk",
    "MergeFacts",
    "MergeOrder",
    "MergeOutcome",
    "Mergeability",
    "PolicyInvalid",
    "PredecessorExists",
    "Push",
    "PushSink",
    "RefMoved",
    "RefPolicyDocument",
    "RefUpdate",
    "Refs",
    "RepositoryFacts",
    "RepositoryKey",
    "RepositoryMissing",
    "RevisionMissing",
    "Signature",
    "TreeEntry",
    "Verdict",
    "Via",
]
