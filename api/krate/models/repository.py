"""Repository: declared here, hosted by a Git host."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from krate.models.meta import ConditionedStatus, Model, Ref, Resource, StringSet, list_map
from krate.models.organization import DeletionPolicy, MergeMethod, Visibility
from krate.names import RepositoryRole


class GrantKind(StrEnum):
    """Who can be granted access to a repository."""

    USER = "User"
    TEAM = "Team"
    GROUP = "Group"


class Grant(Model):
    """Access of one user, team or group."""

    kind: GrantKind
    """User, Team or Group."""
    name: Annotated[str, Field(min_length=1)]
    """User name, team name in the same namespace, or group name."""
    role: RepositoryRole
    """Reader fetches, Writer also pushes and merges, Admin also changes the repository."""


class MergeSettings(Model):
    """How pull requests are merged."""

    methods: StringSet = Field(default=(MergeMethod.MERGE,), json_schema_extra={"items": {"enum": ["Merge"]}})
    """Methods that may be used."""
    default: MergeMethod = MergeMethod.MERGE
    """Method used when a pull request names none."""
    delete_branch: bool = True
    """Whether the source branch is deleted after a merge."""


class HostSettings(Model):
    """Which Git host holds the repository."""

    provider_config_ref: Ref = Ref(name="default")
    """ProviderConfig of the host."""


class RepositorySpec(Model):
    """What the repository should be."""

    description: Annotated[str, Field(max_length=500)] = ""
    """One line for people."""
    host_name: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] | None = None
    """Name on the Git host and in clone URLs, when it cannot be the object's name."""
    visibility: Visibility = Visibility.PRIVATE
    """Private: those with access. Internal: members of every team of the organisation. Public: everybody may fetch."""
    default_branch: Annotated[str, Field(max_length=200, pattern=r"^[^\s~^:?*\[\\]+$")] = "main"
    """Branch that HEAD names."""
    archived: bool = False
    """An archived repository can be read, and nothing can be pushed or merged."""
    deletion_policy: DeletionPolicy = DeletionPolicy.RETAIN
    """Retain keeps the data on the host for 30 days after the object is deleted; Delete removes it."""
    merge: MergeSettings = MergeSettings()
    """How pull requests are merged."""
    access: Annotated[tuple[Grant, ...], Field(json_schema_extra=list_map("kind", "name"))] = ()
    """Who may do what."""
    host: HostSettings = HostSettings()
    """Which Git host holds the repository."""
    management_policies: StringSet = ("*",)
    """What Krate may do on the host, in Crossplane's words: *, Observe, Create, Update, LateInitialize, Delete."""


class CloneURLs(Model):
    """Addresses for git clone."""

    http: str = ""
    """HTTP address."""


class RepositoryPhase(StrEnum):
    """Where a repository stands, derived from its conditions."""

    PENDING = "Pending"
    READY = "Ready"
    ARCHIVED = "Archived"
    DELETING = "Deleting"
    FAILED = "Failed"


class RepositoryStatus(ConditionedStatus):
    """What the repository is."""

    phase: RepositoryPhase | None = None
    """Where the repository stands."""
    clone_urls: CloneURLs = Field(default=CloneURLs(), alias="cloneURLs")
    """Addresses for git clone."""
    host: str = ""
    """ProviderConfig of the host that holds it."""


class Repository(Resource):
    """A Git repository: declared as an object, served by a Git host, protected by policies."""

    spec: RepositorySpec = RepositorySpec()
    """What the repository should be."""
    status: RepositoryStatus = RepositoryStatus()
    """What the repository is, written by controllers."""

    @property
    def host_name(self) -> str:
        """Name on the Git host and in clone URLs."""
        return self.spec.host_name or self.metadata.name
