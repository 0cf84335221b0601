"""How upstream's types are written down here: fields with descriptions, in the form of version 3.

A field that is required has its zero value as default, as upstream publishes it; a struct is wrapped in allOf, because
`$ref` takes no siblings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from krate.schema import Schema

META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1"
SCALE: Final = "io.k8s.api.autoscaling.v1.Scale"
OBJECT_META: Final = f"{META}.ObjectMeta"
LIST_META: Final = f"{META}.ListMeta"
STATUS: Final = f"{META}.Status"
DELETE_OPTIONS: Final = f"{META}.DeleteOptions"
PATCH: Final = f"{META}.Patch"
WATCH_EVENT: Final = f"{META}.WatchEvent"
RESOURCE_LIST: Final = f"{META}.APIResourceList"
GROUP: Final = f"{META}.APIGroup"
GROUP_LIST: Final = f"{META}.APIGroupList"
VERSIONS: Final = f"{META}.APIVersions"
RAW: Final = "io.k8s.apimachinery.pkg.runtime.RawExtension"
INFO: Final = "io.k8s.apimachinery.pkg.version.Info"
"""Names of components, which clients know."""

PREFIX: Final = "#/components/schemas/"
API_VERSION: Final[Schema] = {
    "description": "APIVersion defines the versioned schema of this representation of an object.",
    "type": "string",
}
KIND: Final[Schema] = {
    "description": "Kind is a string value representing the REST resource this object represents.",
    "type": "string",
}
ATOMIC: Final[Schema] = {"x-kubernetes-list-type": "atomic"}
STRING: Final[Schema] = {"type": "string"}
INT32: Final[Schema] = {"type": "integer", "format": "int32"}
INT64: Final[Schema] = {"type": "integer", "format": "int64"}
BOOLEAN: Final[Schema] = {"type": "boolean"}
STRINGS: Final[Schema] = {"type": "array", "items": {"type": "string", "default": ""}}
STRING_MAP: Final[Schema] = {"type": "object", "additionalProperties": {"type": "string", "default": ""}}
_ZERO: Final[Mapping[str, Any]] = {"string": "", "integer": 0, "boolean": False}


def reference(name: str) -> Schema:
    return {"$ref": f"{PREFIX}{name}"}


def pointer(name: str) -> Schema:
    """A struct that may be absent."""
    return {"allOf": [reference(name)]}


def value(name: str) -> Schema:
    """A struct that is there even when it is empty."""
    return {"default": {}, **pointer(name)}


def listed(name: str) -> Schema:
    """An array of structs."""
    return {"type": "array", "items": value(name)}


def gvk(group: str, version: str, kind: str) -> Schema:
    """Group, version and kind, as documents name them."""
    return {"group": group, "version": version, "kind": kind}


@dataclass(frozen=True, slots=True)
class Type:
    """One struct: its description, and description and schema of each field."""

    description: str
    fields: Mapping[str, tuple[str, Schema]] = field(default_factory=dict[str, tuple[str, Schema]])
    required: tuple[str, ...] = ()
    kinds: tuple[Schema, ...] = ()
    """As what it is registered."""
    extensions: Mapping[str, Any] = field(default_factory=dict[str, Any])
    bare: bool = False
    """Whether it says no apiVersion and kind, although it is registered."""

    def schema(self) -> Schema:
        """The component."""
        found: Schema = {"description": self.description, "type": "object"}
        properties = {name: self._field(name, *row) for name, row in self.fields.items()}
        if self.kinds:
            properties |= {} if self.bare else {"apiVersion": API_VERSION, "kind": KIND}
            found["x-kubernetes-group-version-kind"] = list(self.kinds)
        if properties:
            found["properties"] = properties
        if self.required:
            found["required"] = list(self.required)
        return {**found, **self.extensions}

    def _field(self, name: str, description: str, schema: Schema) -> Schema:
        found = {"description": description, **schema} if description else dict(schema)
        if name in self.required and found.get("type") in _ZERO:
            found["default"] = _ZERO[found["type"]]
        return found
