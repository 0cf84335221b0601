"""Organization: a tenant, rendered as one namespace with its access and its policies."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from krate.models.branchprotection import Protection
from krate.models.meta import ConditionedStatus, Model, Resource, list_map


class Visibility(StrEnum):
    """Who may see: those with access, members of the organisation, everybody."""

    PRIVATE = "Private"
    INTERNAL = "Internal"
    PUBLIC = "Public"


class DeletionPolicy(StrEnum):
    """What happens to data when the object goes."""

    RETAIN = "Retain"
    DELETE = "Delete"


class MergeMethod(StrEnum):
    """How a pull request is merged."""

    MERGE = "Merge"


class SubjectKind(StrEnum):
    """Who can own an organisation."""

    USER = "User"
    GROUP = "Group"


class Owner(Model):
    """A user or group that administers the organisation."""

    kind: SubjectKind = SubjectKind.USER
    """User or Group."""
    name: Annotated[str, Field(min_length=1)]
    """Authenticated user name or group name."""


class OrganizationDefaults(Model):
    """Settings that repositories of the organisation start from."""

    branch_protection: Protection | None = None
    """Protection of every repository's default branch; rendered as the BranchProtection `organization-default`."""


class OrganizationSpec(Model):
    """What the organisation should be."""

    display_name: Annotated[str, Field(min_length=1, max_length=100)]
    """Name shown to people."""
    namespace: Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")] | None = None
    """Namespace of the organisation; the object's name by default. An existing namespace is adopted only when it
    carries the annotation `krate.a5c.ai/adopt` with the organisation's name."""
    visibility: Visibility = Visibility.PRIVATE
    """Who may see that the organisation exists."""
    owners: Annotated[tuple[Owner, ...], Field(json_schema_extra=list_map("kind", "name"))] = ()
    """Users and groups that administer the organisation."""
    defaults: OrganizationDefaults = OrganizationDefaults()
    """Settings that repositories start from."""
    deletion_policy: DeletionPolicy = DeletionPolicy.RETAIN
    """Retain refuses deletion; Delete removes the namespace and everything in it."""


class OrganizationStatus(ConditionedStatus):
    """What the organisation is."""

    namespace: str = ""
    """Namespace in use."""


class Organization(Resource):
    """An organisation is a tenant: a namespace with its own people, repositories and policies."""

    spec: OrganizationSpec
    """What the organisation should be."""
    status: OrganizationStatus = OrganizationStatus()
    """What the organisation is, written by controllers."""

    @property
    def namespace(self) -> str:
        return self.spec.namespace or self.metadata.name
