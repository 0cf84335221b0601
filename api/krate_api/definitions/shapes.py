"""The Go types of a CustomResourceDefinition, as far as its JSON form shows them (AX/pkg/apis/apiextensions/v1).

A definition is decoded as kube-apiserver decodes it, into types: what they do not know goes, zero values that the types
omit go too, and zero values that they do not omit appear.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value of one JSON type."""

    word: str
    """The Go type, as messages spell it."""


@dataclass(frozen=True, slots=True)
class AnyValue:
    """Any JSON value, kept as it is."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array."""

    of: "Shape"
    word: str


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object with free keys."""

    of: "Shape"
    word: str


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a struct.

    A zero value is left out (`omitempty`) unless the field is a pointer, whose zero value means something, or always
    written.
    """

    shape: "Shape"
    pointer: bool = False
    always: bool = False


@dataclass(frozen=True, slots=True)
class Struct:
    """An object with fields."""

    name: str
    members: Mapping[str, Member] = field(default_factory=dict[str, Member])


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON schema: the one type that contains itself."""


@dataclass(frozen=True, slots=True)
class SchemaOr:
    """A JSON schema, or what may stand in its place: a boolean, an array of schemas, an array of strings.

    Go decodes these by hand, which loses sight of unknown fields inside: they go without a word.
    """

    other: "Shape"
    word: str


Shape = Scalar | AnyValue | ListOf | MapOf | Struct | Schema | SchemaOr

STRING: Final = Scalar("string")
BOOL: Final = Scalar("bool")
INT64: Final = Scalar("int64")
INT32: Final = Scalar("int32")
FLOAT: Final = Scalar("float64")
BYTES: Final = Scalar("[]uint8")
TIME: Final = Scalar("v1.Time")
_ANY: Final = AnyValue()
_SCHEMA: Final = Schema()
_STRINGS: Final = ListOf(STRING, "[]string")
_SCHEMAS: Final = ListOf(_SCHEMA, "[]v1.JSONSchemaProps")
_SCHEMA_MAP: Final = MapOf(_SCHEMA, "map[string]v1.JSONSchemaProps")


def _members(shape: Shape, *names: str, pointer: bool = False, always: bool = False) -> dict[str, Member]:
    return {name: Member(shape, pointer, always) for name in names}


_RULE: Final = Struct(
    "ValidationRule",
    {
        **_members(STRING, "rule", always=True),
        **_members(STRING, "message", "messageExpression", "fieldPath"),
        **_members(STRING, "reason", pointer=True),
        **_members(BOOL, "optionalOldSelf", pointer=True),
    },
)
JSON_SCHEMA: Final = Struct(
    "JSONSchemaProps",
    {
        **_members(STRING, "id", "$schema", "description", "type", "format", "title", "pattern"),
        **_members(STRING, "$ref", "x-kubernetes-list-type", "x-kubernetes-map-type", pointer=True),
        **_members(_ANY, "default", "example", pointer=True),
        **_members(FLOAT, "maximum", "minimum", "multipleOf", pointer=True),
        **_members(
            INT64, "maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties", pointer=True
        ),
        **_members(BOOL, "exclusiveMaximum", "exclusiveMinimum", "uniqueItems", "nullable"),
        **_members(BOOL, "x-kubernetes-embedded-resource", "x-kubernetes-int-or-string"),
        **_members(BOOL, "x-kubernetes-preserve-unknown-fields", pointer=True),
        **_members(_STRINGS, "required", "x-kubernetes-list-map-keys"),
        **_members(ListOf(_ANY, "[]v1.JSON"), "enum"),
        **_members(_SCHEMAS, "allOf", "oneOf", "anyOf"),
        **_members(_SCHEMA, "not", pointer=True),
        **_members(_SCHEMA_MAP, "properties", "patternProperties", "definitions"),
        **_members(SchemaOr(BOOL, "boolean"), "additionalProperties", "additionalItems", pointer=True),
        **_members(SchemaOr(_SCHEMAS, "array"), "items", pointer=True),
        **_members(MapOf(SchemaOr(_STRINGS, "array"), "v1.JSONSchemaDependencies"), "dependencies"),
        **_members(
            Struct("ExternalDocumentation", _members(STRING, "description", "url")), "externalDocs", pointer=True
        ),
        **_members(ListOf(_RULE, "v1.ValidationRules"), "x-kubernetes-validations"),
    },
)
_NAMES: Final = Struct(
    "CustomResourceDefinitionNames",
    {
        **_members(STRING, "plural", "kind", always=True),
        **_members(STRING, "singular", "listKind"),
        **_members(_STRINGS, "shortNames", "categories"),
    },
)
_SCALE: Final = Struct(
    "CustomResourceSubresourceScale",
    {
        **_members(STRING, "specReplicasPath", "statusReplicasPath", always=True),
        **_members(STRING, "labelSelectorPath", pointer=True),
    },
)
_SUBRESOURCES: Final = Struct(
    "CustomResourceSubresources",
    {
        **_members(Struct("CustomResourceSubresourceStatus"), "status", pointer=True),
        **_members(_SCALE, "scale", pointer=True),
    },
)
_COLUMN: Final = Struct(
    "CustomResourceColumnDefinition",
    {
        **_members(STRING, "name", "type", "jsonPath", always=True),
        **_members(STRING, "format", "description"),
        **_members(INT32, "priority"),
    },
)
_VERSION: Final = Struct(
    "CustomResourceDefinitionVersion",
    {
        **_members(STRING, "name", always=True),
        **_members(BOOL, "served", "storage", always=True),
        **_members(BOOL, "deprecated"),
        **_members(STRING, "deprecationWarning", pointer=True),
        **_members(
            Struct("CustomResourceValidation", _members(_SCHEMA, "openAPIV3Schema", pointer=True)),
            "schema",
            pointer=True,
        ),
        **_members(_SUBRESOURCES, "subresources", pointer=True),
        **_members(ListOf(_COLUMN, "[]v1.CustomResourceColumnDefinition"), "additionalPrinterColumns"),
        **_members(
            ListOf(Struct("SelectableField", _members(STRING, "jsonPath", always=True)), "[]v1.SelectableField"),
            "selectableFields",
        ),
    },
)
_SERVICE: Final = Struct(
    "ServiceReference",
    {
        **_members(STRING, "namespace", "name", always=True),
        **_members(STRING, "path", pointer=True),
        **_members(INT32, "port", pointer=True),
    },
)
_CLIENT: Final = Struct(
    "WebhookClientConfig",
    {
        **_members(STRING, "url", pointer=True),
        **_members(_SERVICE, "service", pointer=True),
        **_members(BYTES, "caBundle"),
    },
)
_CONVERSION: Final = Struct(
    "CustomResourceConversion",
    {
        **_members(STRING, "strategy", always=True),
        **_members(
            Struct(
                "WebhookConversion",
                {
                    **_members(_CLIENT, "clientConfig", pointer=True),
                    **_members(_STRINGS, "conversionReviewVersions", always=True),
                },
            ),
            "webhook",
            pointer=True,
        ),
    },
)
_SPEC: Final = Struct(
    "CustomResourceDefinitionSpec",
    {
        **_members(STRING, "group", "scope", always=True),
        **_members(_NAMES, "names", always=True),
        **_members(ListOf(_VERSION, "[]v1.CustomResourceDefinitionVersion"), "versions", always=True),
        **_members(_CONVERSION, "conversion", pointer=True),
        **_members(BOOL, "preserveUnknownFields"),
    },
)
_CONDITION: Final = Struct(
    "CustomResourceDefinitionCondition",
    {
        **_members(STRING, "type", "status", always=True),
        **_members(TIME, "lastTransitionTime", pointer=True),
        **_members(STRING, "reason", "message"),
        **_members(INT64, "observedGeneration"),
    },
)
STATUS: Final = Struct(
    "CustomResourceDefinitionStatus",
    {
        **_members(ListOf(_CONDITION, "[]v1.CustomResourceDefinitionCondition"), "conditions", always=True),
        **_members(_NAMES, "acceptedNames", always=True),
        **_members(_STRINGS, "storedVersions", always=True),
        **_members(INT64, "observedGeneration"),
    },
)
DEFINITION: Final = Struct(
    "CustomResourceDefinition", {**_members(_SPEC, "spec", always=True), **_members(STATUS, "status", always=True)}
)
