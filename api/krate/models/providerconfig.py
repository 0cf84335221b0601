"""ProviderConfig: how a Git host is reached."""

from enum import StrEnum

from krate.models.meta import ConditionedStatus, Model, Resource


class HostType(StrEnum):
    """Kinds of Git host."""

    EMBEDDED = "Embedded"


class ProviderConfigSpec(Model):
    """Which host, and where."""

    type: HostType = HostType.EMBEDDED
    """Kind of host; Embedded is the one inside `krate up`."""


class ProviderConfig(Resource):
    """A Git host that repositories of the namespace can live on."""

    spec: ProviderConfigSpec = ProviderConfigSpec()
    """Which host, and where."""
    status: ConditionedStatus = ConditionedStatus()
    """Whether the host answers."""
