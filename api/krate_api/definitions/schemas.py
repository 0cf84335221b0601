"""What the schema of a version must say: at its root, and as any schema of a definition."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from krate.errors import Cause
from krate_api.schemas import definition
from krate_api.schemas.causes import forbidden, invalid

_AT_ROOT: Final = {
    "description": "Description",
    "type": "Type",
    "format": "Format",
    "title": "Title",
    "maximum": "Maximum",
    "exclusiveMaximum": "ExclusiveMaximum",
    "minimum": "Minimum",
    "exclusiveMinimum": "ExclusiveMinimum",
    "maxLength": "MaxLength",
    "minLength": "MinLength",
    "pattern": "Pattern",
    "maxItems": "MaxItems",
    "minItems": "MinItems",
    "uniqueItems": "UniqueItems",
    "multipleOf": "MultipleOf",
    "required": "Required",
    "items": "Items",
    "properties": "Properties",
    "externalDocs": "ExternalDocs",
    "example": "Example",
    "x-kubernetes-preserve-unknown-fields": "XPreserveUnknownFields",
    "x-kubernetes-validations": "XValidations",
}
"""What the root may hold when status is apart: nothing that could say something about status from above."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was accepted before: an update is not judged by what it leaves alone."""

    spec: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The spec as it was, in its internal form; empty for a new definition."""

    @classmethod
    def of(cls, before: Mapping[str, Any] | None) -> "Known":
        return cls(before or {})

    def version(self, name: str) -> Mapping[str, Any]:
        """A version as it was."""
        return next((one for one in self.spec.get("versions", ()) if one["name"] == name), {})


def problems(validation: Mapping[str, Any] | None, path: str, *, status: bool) -> list[Cause]:
    """What is wrong with a schema.

    Args:
        validation: what holds openAPIV3Schema.
        path: where it stands.
        status: whether the status subresource is on.
    """
    schema = (validation or {}).get("openAPIV3Schema")
    if schema is None:
        return []
    at = f"{path}.openAPIV3Schema"
    found = _root(schema, at) if status else []
    if schema.get("nullable"):
        found.append(forbidden(f"{at}.nullable", "nullable cannot be true at the root"))
    return found + definition.problems(dict(schema), at)


def _root(schema: Mapping[str, Any], path: str) -> list[Cause]:
    if schema.get("type", "object") != "object":
        text = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
        return [invalid(f"{path}.type", schema["type"], text)]
    if all(key in _AT_ROOT for key in schema):
        return []
    words = " ".join(_AT_ROOT.values())
    text = f"only [{words}] fields are allowed at the root of the schema if the status subresource is enabled"
    return [invalid(path, schema, text)]
