"""What controllers ask of a host: organisations, teams, repositories, access, policies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from krate_git.interface.names import RepositoryKey


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
