"""How a repository is named, and what can go wrong with it."""

from dataclasses import dataclass

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
