"""Hosted kinds: what the Git host must hold, in the conventions of Crossplane's managed resources.

`spec.forProvider` uses the field names of Gitea's API, so that one vocabulary serves every host.
"""

from typing import Annotated, Generic, TypeVar

from pydantic import Field

from krate.models.meta import ConditionedStatus, FreeForm, Model, Resource, StringSet, list_map


class ProviderConfigRef(Model):
    """Which configuration reaches the host."""

    kind: str = "ProviderConfig"
    """Kind of the configuration."""
    name: str = "default"
    """Name of the configuration."""


class HostedOrganizationParameters(Model):
    """An organisation on the host."""

    username: str
    """Name of the organisation on the host: the first part of clone URLs."""
    full_name: Annotated[str, Field(alias="full_name")] = ""
    """Name shown to people."""
    visibility: str = "private"
    """private, limited or public."""


class HostedTeamParameters(Model):
    """A team on the host."""

    organization: str
    """Organisation on the host."""
    name: str
    """Name of the team."""
    members: StringSet = ()
    """User names."""


class HostedRepositoryParameters(Model):
    """A repository on the host."""

    owner: str
    """Organisation on the host."""
    name: str
    """Name of the repository on the host: the second part of clone URLs."""
    repository: str
    """Name of the Repository object."""
    description: str = ""
    """One line for people."""
    private: bool = True
    """Whether only those with access may see it."""
    default_branch: Annotated[str, Field(alias="default_branch")] = "main"
    """Branch that HEAD names."""
    archived: bool = False
    """Whether pushes are refused."""


class Collaborator(Model):
    """One subject's permission on a repository."""

    kind: str
    """User, Team or Group."""
    name: str
    """Name of the subject."""
    permission: str
    """read, write or admin."""


class HostedAccessParameters(Model):
    """Who has which permission on a repository of the host."""

    owner: str
    """Organisation on the host."""
    repository: str
    """Name of the repository on the host."""
    collaborators: Annotated[tuple[Collaborator, ...], Field(json_schema_extra=list_map("kind", "name"))] = ()
    """Permissions; the host names these people when it refuses somebody."""


class PolicySource(Model):
    """An object whose rules stand in the document."""

    kind: str
    """Kind of the object."""
    uid: str
    """UID of the object."""
    generation: int
    """Generation that was compiled."""


class HostedRefPolicyParameters(Model):
    """The compiled rules of one repository."""

    owner: str
    """Organisation on the host."""
    repository: str
    """Name of the repository on the host."""
    digest: str
    """SHA-256 of the document, `sha256:` and 64 hex digits."""
    document: str
    """Canonical JSON that the receive path evaluates."""
    sources: Annotated[tuple[PolicySource, ...], Field(json_schema_extra=list_map("uid"))] = ()
    """Objects whose rules stand in the document."""


P = TypeVar("P", bound=Model)


class HostedSpec(Model, Generic[P]):
    """What the host should hold."""

    for_provider: P
    """The desired state, in the host's words."""
    management_policies: StringSet = ("*",)
    """What the controller may do: *, Observe, Create, Update, LateInitialize, Delete."""
    provider_config_ref: ProviderConfigRef = ProviderConfigRef()
    """Which configuration reaches the host."""


class HostedStatus(ConditionedStatus):
    """What the host holds."""

    at_provider: FreeForm = {}
    """The observed state, in the host's words."""


class HostedOrganization(Resource):
    """An organisation that the Git host must hold."""

    spec: HostedSpec[HostedOrganizationParameters]
    """What the host should hold."""
    status: HostedStatus = HostedStatus()
    """What the host holds."""


class HostedTeam(Resource):
    """A team that the Git host must hold."""

    spec: HostedSpec[HostedTeamParameters]
    """What the host should hold."""
    status: HostedStatus = HostedStatus()
    """What the host holds."""


class HostedRepository(Resource):
    """A repository that the Git host must hold."""

    spec: HostedSpec[HostedRepositoryParameters]
    """What the host should hold."""
    status: HostedStatus = HostedStatus()
    """What the host holds."""


class HostedAccess(Resource):
    """Permissions that the Git host must hold."""

    spec: HostedSpec[HostedAccessParameters]
    """What the host should hold."""
    status: HostedStatus = HostedStatus()
    """What the host holds."""


class HostedRefPolicy(Resource):
    """The compiled rules that the receive path of one repository evaluates."""

    spec: HostedSpec[HostedRefPolicyParameters]
    """What the host should hold."""
    status: HostedStatus = HostedStatus()
    """What the host holds."""
