"""The Go types of a CustomResourceDefinition, as far as its JSON form shows them (AX/pkg/apis/apiextensions/v1).

A definition is decoded as kube-apiserver decodes it, into types: what they do not know goes, zero values that the types
omit go too, and zero values that they do not omit appear.
"""

from dataclasses import dataclass
from typing import Final

from krate_api.schemas import objectmeta
from krate_api.schemas.gotypes import (
    ANY,
    BOOL,
    BYTES,
    FLOAT,
    INT32,
    INT64,
    STRING,
    STRINGS,
    TIME,
    ListOf,
    MapOf,
    Shape,
    Special,
    Struct,
    members,
)


@dataclass(frozen=True, slots=True)
class Schema(Special):
    """A JSON schema: the one type that contains itself."""

    @property
    def word(self) -> str:
        return JSON_SCHEMA.word


@dataclass(frozen=True, slots=True)
class SchemaOr(Special):
    """A JSON schema, or what may stand in its place: a boolean, an array of schemas, an array of strings.

    Go decodes these by hand, which loses sight of unknown fields inside: they go without a word.
    """

    other: Shape
    word: str


_SCHEMA: Final = Schema()
_SCHEMAS: Final = ListOf(_SCHEMA, "[]v1.JSONSchemaProps")
_SCHEMA_MAP: Final = MapOf(_SCHEMA, "map[string]v1.JSONSchemaProps")
_RULE: Final = Struct(
    "ValidationRule",
    {
        **members(STRING, "rule", always=True),
        **members(STRING, "message", "messageExpression", "fieldPath"),
        **members(STRING, "reason", pointer=True),
        **members(BOOL, "optionalOldSelf", pointer=True),
    },
)
JSON_SCHEMA: Final = Struct(
    "JSONSchemaProps",
    {
        **members(STRING, "id", "$schema", "description", "type", "format", "title", "pattern"),
        **members(STRING, "$ref", "x-kubernetes-list-type", "x-kubernetes-map-type", pointer=True),
        **members(ANY, "default", "example", pointer=True),
        **members(FLOAT, "maximum", "minimum", "multipleOf", pointer=True),
        **members(
            INT64, "maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties", pointer=True
        ),
        **members(BOOL, "exclusiveMaximum", "exclusiveMinimum", "uniqueItems", "nullable"),
        **members(BOOL, "x-kubernetes-embedded-resource", "x-kubernetes-int-or-string"),
        **members(BOOL, "x-kubernetes-preserve-unknown-fields", pointer=True),
        **members(STRINGS, "required", "x-kubernetes-list-map-keys"),
        **members(ListOf(ANY, "[]v1.JSON"), "enum"),
        **members(_SCHEMAS, "allOf", "oneOf", "anyOf"),
        **members(_SCHEMA, "not", pointer=True),
        **members(_SCHEMA_MAP, "properties", "patternProperties", "definitions"),
        **members(SchemaOr(BOOL, "boolean"), "additionalProperties", "additionalItems", pointer=True),
        **members(SchemaOr(_SCHEMAS, "array"), "items", pointer=True),
        **members(MapOf(SchemaOr(STRINGS, "array"), "v1.JSONSchemaDependencies"), "dependencies"),
        **members(Struct("ExternalDocumentation", members(STRING, "description", "url")), "externalDocs", pointer=True),
        **members(ListOf(_RULE, "v1.ValidationRules"), "x-kubernetes-validations"),
    },
)
_NAMES: Final = Struct(
    "CustomResourceDefinitionNames",
    {
        **members(STRING, "plural", "kind", always=True),
        **members(STRING, "singular", "listKind"),
        **members(STRINGS, "shortNames", "categories"),
    },
)
_SCALE: Final = Struct(
    "CustomResourceSubresourceScale",
    {
        **members(STRING, "specReplicasPath", "statusReplicasPath", always=True),
        **members(STRING, "labelSelectorPath", pointer=True),
    },
)
_SUBRESOURCES: Final = Struct(
    "CustomResourceSubresources",
    {
        **members(Struct("CustomResourceSubresourceStatus"), "status", pointer=True),
        **members(_SCALE, "scale", pointer=True),
    },
)
_COLUMN: Final = Struct(
    "CustomResourceColumnDefinition",
    {
        **members(STRING, "name", "type", "jsonPath", always=True),
        **members(STRING, "format", "description"),
        **members(INT32, "priority"),
    },
)
_VERSION: Final = Struct(
    "CustomResourceDefinitionVersion",
    {
        **members(STRING, "name", always=True),
        **members(BOOL, "served", "storage", always=True),
        **members(BOOL, "deprecated"),
        **members(STRING, "deprecationWarning", pointer=True),
        **members(
            Struct("CustomResourceValidation", members(_SCHEMA, "openAPIV3Schema", pointer=True)),
            "schema",
            pointer=True,
        ),
        **members(_SUBRESOURCES, "subresources", pointer=True),
        **members(ListOf(_COLUMN, "[]v1.CustomResourceColumnDefinition"), "additionalPrinterColumns"),
        **members(
            ListOf(Struct("SelectableField", members(STRING, "jsonPath", always=True)), "[]v1.SelectableField"),
            "selectableFields",
        ),
    },
)
_SERVICE: Final = Struct(
    "ServiceReference",
    {
        **members(STRING, "namespace", "name", always=True),
        **members(STRING, "path", pointer=True),
        **members(INT32, "port", pointer=True),
    },
)
_CLIENT: Final = Struct(
    "WebhookClientConfig",
    {
        **members(STRING, "url", pointer=True),
        **members(_SERVICE, "service", pointer=True),
        **members(BYTES, "caBundle"),
    },
)
_CONVERSION: Final = Struct(
    "CustomResourceConversion",
    {
        **members(STRING, "strategy", always=True),
        **members(
            Struct(
                "WebhookConversion",
                {
                    **members(_CLIENT, "clientConfig", pointer=True),
                    **members(STRINGS, "conversionReviewVersions", always=True),
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
        **members(STRING, "group", "scope", always=True),
        **members(_NAMES, "names", always=True),
        **members(ListOf(_VERSION, "[]v1.CustomResourceDefinitionVersion"), "versions", always=True),
        **members(_CONVERSION, "conversion", pointer=True),
        **members(BOOL, "preserveUnknownFields"),
    },
)
_CONDITION: Final = Struct(
    "CustomResourceDefinitionCondition",
    {
        **members(STRING, "type", "status", always=True),
        **members(TIME, "lastTransitionTime", pointer=True),
        **members(STRING, "reason", "message"),
        **members(INT64, "observedGeneration"),
    },
)
STATUS: Final = Struct(
    "CustomResourceDefinitionStatus",
    {
        **members(ListOf(_CONDITION, "[]v1.CustomResourceDefinitionCondition"), "conditions", always=True),
        **members(_NAMES, "acceptedNames", always=True),
        **members(STRINGS, "storedVersions", always=True),
        **members(INT64, "observedGeneration"),
    },
)
DEFINITION: Final = Struct(
    "CustomResourceDefinition",
    {
        **members(STRING, "apiVersion", "kind"),
        **members(objectmeta.META, "metadata", always=True),
        **members(_SPEC, "spec", always=True),
        **members(STATUS, "status", always=True),
    },
)
