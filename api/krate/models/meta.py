"""What every object has, and how a field is spelled on the wire.

Fields are snake_case here and camelCase there; the docstring under a field is its description in every schema.
A falsy default means "absent"; any other default is written into stored objects by the server.
"""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

_ACRONYMS: Final = {"sha": "SHA", "url": "URL", "urls": "URLs", "id": "ID", "uid": "UID", "api": "API"}


def camel(name: str) -> str:
    """`head_sha` -> `headSHA`, `clone_urls` -> `cloneURLs`, `display_name` -> `displayName`."""
    first, *rest = name.split("_")
    return first + "".join(_ACRONYMS.get(word, word.capitalize()) for word in rest)


class Model(BaseModel):
    """A frozen value; unknown fields of objects are ignored, as a client of an API must."""

    model_config = ConfigDict(
        alias_generator=camel, populate_by_name=True, extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    def dump(self) -> dict[str, Any]:
        """The wire form: camelCase, JSON types, no nulls."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def list_map(*keys: str) -> dict[str, Any]:
    """Schema extension: the list is a map keyed by `keys`."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}


ATOMIC: Final = ConfigDict(json_schema_extra={"x-kubernetes-map-type": "atomic"})
"""Of a type whose values have one owner as a whole."""

LIST_SET: Final[dict[str, Any]] = {"x-kubernetes-list-type": "set"}

StringSet = Annotated[tuple[str, ...], Field(json_schema_extra=LIST_SET)]
FreeForm = Annotated[dict[str, Any], Field(json_schema_extra={"x-kubernetes-preserve-unknown-fields": True})]


class OwnerReference(Model):
    """A reference that makes one object the dependent of another."""

    api_version: Annotated[str, Field(alias="apiVersion")]
    """API version of the referent."""
    kind: str
    """Kind of the referent."""
    name: str
    """Name of the referent."""
    uid: str
    """UID of the referent."""
    controller: bool | None = None
    """Whether the reference points to the managing controller."""
    block_owner_deletion: bool | None = None
    """Whether foreground deletion of the owner waits for this object."""


class Metadata(Model):
    """Standard object metadata."""

    name: str = ""
    """Name, unique in its namespace and kind."""
    generate_name: str = ""
    """Prefix of a name that the server makes unique."""
    namespace: str = ""
    """Namespace; an organisation is a namespace."""
    uid: str = ""
    """Unique in time and space, set by the server."""
    resource_version: str = ""
    """Version of the object, opaque, set by the server."""
    generation: int = 0
    """Sequence number of the desired state."""
    creation_timestamp: str | None = None
    """Time of creation."""
    deletion_timestamp: str | None = None
    """Time at which deletion was asked for."""
    labels: dict[str, str] = {}
    """Labels."""
    annotations: dict[str, str] = {}
    """Annotations."""
    finalizers: tuple[str, ...] = ()
    """What must happen before the object goes."""
    owner_references: tuple[OwnerReference, ...] = ()
    """Objects this one depends on."""


class Resource(Model):
    """Any object of the API."""

    api_version: Annotated[str, Field(alias="apiVersion")] = ""
    """Group and version of this representation."""
    kind: str = ""
    """Kind of this object."""
    metadata: Metadata = Metadata()
    """Standard object metadata."""


class Ref(Model):
    """A reference by name, in the same namespace."""

    name: Annotated[str, Field(min_length=1)]
    """Name of the referent."""


class LabelSelectorRequirement(Model):
    """One expression of a label selector."""

    key: str
    """Label key."""
    operator: Annotated[str, Field(json_schema_extra={"enum": ["In", "NotIn", "Exists", "DoesNotExist"]})]
    """Relation of the key to the values."""
    values: tuple[str, ...] = ()
    """Values of In and NotIn."""


class LabelSelector(Model):
    """Selects by labels; empty selects everything."""

    model_config = ATOMIC

    match_labels: dict[str, str] = {}
    """Labels that must be equal."""
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()
    """Expressions that must hold."""


class ConditionView(Model):
    """One observation of an object's state."""

    type: str
    """Type of the condition, in PascalCase."""
    status: Annotated[str, Field(json_schema_extra={"enum": ["True", "False", "Unknown"]})]
    """True, False or Unknown."""
    reason: str = ""
    """Why, in one PascalCase word."""
    message: str = ""
    """What happened and what to do, for people."""
    last_transition_time: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When the status last changed."""
    observed_generation: int | None = None
    """Generation of the spec that was looked at."""


Conditions = Annotated[tuple[ConditionView, ...], Field(json_schema_extra=list_map("type"))]


class ConditionedStatus(Model):
    """A status with conditions."""

    conditions: Conditions = ()
    """Observations of the object's state."""
    observed_generation: int | None = None
    """Generation of the spec that the status speaks of."""
