"""Component schemas: kinds, their lists, and the upstream meta types that clients know by name."""

from typing import Any, Final

from krate.kinds import Form, Kind
from krate.models.meta import Metadata, OwnerReference
from krate.schema import Schema
from krate_api.resources import Resource

META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1"
OBJECT_META: Final = f"{META}.ObjectMeta"
LIST_META: Final = f"{META}.ListMeta"
STATUS: Final = f"{META}.Status"
DELETE_OPTIONS: Final = f"{META}.DeleteOptions"
PATCH: Final = f"{META}.Patch"

_PACKAGES: Final = {
    "": "io.k8s.api.core",
    "rbac.authorization.k8s.io": "io.k8s.api.rbac",
    "authorization.k8s.io": "io.k8s.api.authorization",
    "authentication.k8s.io": "io.k8s.api.authentication",
    "coordination.k8s.io": "io.k8s.api.coordination",
    "admissionregistration.k8s.io": "io.k8s.api.admissionregistration",
}


def component(kind: Kind, suffix: str = "") -> str:
    """Name of a kind's component: upstream's for built-in groups, the reversed group for others."""
    package = _PACKAGES.get(kind.group) if kind.form is Form.BUILTIN else None
    package = package or ".".join(reversed(kind.group.split(".")))
    return f"{package}.{kind.version}.{kind.name}{suffix}"


def gvk(kind: Kind, name: str = "") -> dict[str, str]:
    return {"group": kind.group, "version": kind.version, "kind": name or kind.name}


def reference(name: str, *, prefix: str) -> Schema:
    return {"$ref": f"{prefix}{name}"}


def described(name: str, description: str, *, prefix: str) -> Schema:
    """A reference with a description of its own: `$ref` takes no siblings except inside allOf."""
    return {"allOf": [reference(name, prefix=prefix)], "description": description, "default": {}}


def _string(description: str, **more: Any) -> Schema:
    return {"type": "string", "description": description, **more}


def meta_components(prefix: str) -> dict[str, Schema]:
    """ObjectMeta, ListMeta, Status, DeleteOptions and Patch."""
    return {
        OBJECT_META: _object_meta(),
        LIST_META: {
            "type": "object",
            "description": "ListMeta describes metadata that synthetic resources must have.",
            "properties": {
                "continue": _string("Where to go on."),
                "remainingItemCount": {"type": "integer", "format": "int64", "description": "Items that follow."},
                "resourceVersion": _string("Version the list was read at."),
            },
        },
        STATUS: _status(prefix),
        DELETE_OPTIONS: _delete_options(),
        PATCH: {"type": "object", "description": "Patch is a patch in one of the accepted forms."},
    }


def _object_meta() -> Schema:
    strings: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
    descriptions = {field.alias or name: field.description or "" for name, field in Metadata.model_fields.items()}
    properties: dict[str, Schema] = {
        "annotations": strings,
        "creationTimestamp": {"type": "string", "format": "date-time"},
        "deletionGracePeriodSeconds": {"type": "integer", "format": "int64"},
        "deletionTimestamp": {"type": "string", "format": "date-time"},
        "finalizers": {
            "type": "array",
            "items": {"type": "string"},
            "x-kubernetes-list-type": "set",
            "x-kubernetes-patch-strategy": "merge",
        },
        "generateName": {"type": "string"},
        "generation": {"type": "integer", "format": "int64"},
        "labels": strings,
        "name": {"type": "string"},
        "namespace": {"type": "string"},
        "ownerReferences": _owner_references(),
        "resourceVersion": {"type": "string"},
        "uid": {"type": "string"},
    }
    for name, schema in properties.items():
        properties[name] = {**schema, "description": descriptions.get(name, "Set by the server.")}
    return {
        "type": "object",
        "description": "ObjectMeta is metadata that all persisted resources must have.",
        "properties": properties,
    }


def _owner_references() -> Schema:
    fields = {
        field.alias or name: {
            "type": "boolean" if "bool" in str(field.annotation) else "string",
            "description": field.description or "",
        }
        for name, field in OwnerReference.model_fields.items()
    }
    return {
        "type": "array",
        "items": {"type": "object", "required": ["apiVersion", "kind", "name", "uid"], "properties": fields},
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["uid"],
        "x-kubernetes-patch-merge-key": "uid",
        "x-kubernetes-patch-strategy": "merge",
    }


def _status(prefix: str) -> Schema:
    return {
        "type": "object",
        "description": "Status is a return value for calls that do not return other objects.",
        "properties": {
            "apiVersion": _string("Version of this representation."),
            "kind": _string("Status."),
            "metadata": described(LIST_META, "Standard list metadata.", prefix=prefix),
            "status": _string("Success or Failure."),
            "message": _string("What happened."),
            "reason": _string("Why, in one word."),
            "code": {"type": "integer", "format": "int32", "description": "HTTP status code."},
            "details": {"type": "object", "description": "What the status is about."},
        },
        "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Status"}],
    }


def _delete_options() -> Schema:
    return {
        "type": "object",
        "description": "DeleteOptions may be provided when deleting an API object.",
        "properties": {
            "apiVersion": _string("Version of this representation."),
            "kind": _string("DeleteOptions."),
            "dryRun": {"type": "array", "items": {"type": "string"}, "description": "All: persist nothing."},
            "gracePeriodSeconds": {"type": "integer", "format": "int64", "description": "Without meaning here."},
            "orphanDependents": {"type": "boolean", "description": "Use propagationPolicy."},
            "preconditions": {"type": "object", "description": "What the object must be."},
            "propagationPolicy": _string("Orphan, Background or Foreground."),
        },
        "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "DeleteOptions"}],
    }


def kind_components(resource: Resource, prefix: str) -> dict[str, Schema]:
    """The kind and its list, with the extensions that clients look for."""
    kind = resource.kind
    properties = dict(resource.schema.get("properties", {}))
    properties["metadata"] = described(OBJECT_META, "Standard object's metadata.", prefix=prefix)
    found: dict[str, Schema] = {
        component(kind): {
            **resource.schema,
            "properties": properties,
            "x-kubernetes-group-version-kind": [gvk(kind)],
        }
    }
    if "list" in kind.verbs:
        found[component(kind, "List")] = _list(kind, prefix)
    return found


def _list(kind: Kind, prefix: str) -> Schema:
    return {
        "type": "object",
        "description": f"{kind.name}List is a list of {kind.name}",
        "required": ["items"],
        "properties": {
            "apiVersion": _string("APIVersion defines the versioned schema of this representation of an object."),
            "kind": _string("Kind is a string value representing the REST resource this object represents."),
            "metadata": described(LIST_META, "Standard list metadata.", prefix=prefix),
            "items": {
                "type": "array",
                "description": f"List of {kind.plural}.",
                "items": reference(component(kind), prefix=prefix),
            },
        },
        "x-kubernetes-group-version-kind": [gvk(kind, f"{kind.name}List")],
    }
