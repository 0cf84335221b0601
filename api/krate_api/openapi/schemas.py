"""The components of a kind: the object, its list, the bodies of its subresources, by the names that clients know."""

from typing import Final

from krate.kinds import Kind, Subresource
from krate.schema import Schema, structural
from krate_api.openapi import publishing, shapes
from krate_api.resources import Resource

GVK: Final = "x-kubernetes-group-version-kind"
_SELECTABLE: Final = "x-kubernetes-selectable-fields"
_PACKAGES: Final = {
    "": "io.k8s.api.core",
    "rbac.authorization.k8s.io": "io.k8s.api.rbac",
    "authorization.k8s.io": "io.k8s.api.authorization",
    "authentication.k8s.io": "io.k8s.api.authentication",
    "autoscaling": "io.k8s.api.autoscaling",
    "coordination.k8s.io": "io.k8s.api.coordination",
    "events.k8s.io": "io.k8s.api.events",
    "admissionregistration.k8s.io": "io.k8s.api.admissionregistration",
    "apiextensions.k8s.io": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
}
"""Go packages, after which upstream names the components of its own kinds."""


def named(group: str, version: str, name: str) -> str:
    """Name of a component: upstream's for Kubernetes' own groups, the reversed group for all others."""
    package = _PACKAGES.get(group) or ".".join(reversed(group.split(".")))
    return f"{package}.{version}.{name}"


def component(kind: Kind) -> str:
    return named(kind.group, kind.version, kind.name)


def list_component(kind: Kind) -> str:
    return named(kind.group, kind.version, kind.list_kind)


def body_component(kind: Kind, sub: Subresource) -> str:
    """What is sent to a subresource and answered by it; empty when that is no object, or one without a schema."""
    if not sub.kind:
        return component(kind) if sub.name in {"status", "finalize"} else ""
    name = named(sub.group, sub.version, sub.kind) if sub.version else named(kind.group, kind.version, sub.kind)
    return name if sub.model is not None or name == shapes.SCALE else ""


def components(resource: Resource, *, version: int) -> dict[str, Schema]:
    """The components of a kind for a document of `version` 2 or 3; references are those of version 3."""
    kind = resource.kind
    found = {component(kind): _object(resource, version=version)}
    if "list" in kind.verbs:
        found[list_component(kind)] = _list(kind)
    for sub in kind.subresources:
        if sub.model is not None and (name := body_component(kind, sub)):
            group, at = (sub.group, sub.version) if sub.version else (kind.group, kind.version)
            body = publishing.published(structural(sub.model), version=version)
            found[name] = _rooted(kind, body, shapes.gvk(group, at, sub.kind))
    return found


def _object(resource: Resource, *, version: int) -> Schema:
    kind, schema = resource.kind, resource.schema
    found: Schema = {"type": "object"}
    if not (version == 2 and schema.get(publishing.PRESERVES)):  # noqa: PLR2004 - Swagger 2.0
        return {**_rooted(kind, publishing.published(schema, version=version), _gvk(kind)), **_selectable(kind)}
    # kubectl would refuse every field beside the ones we named.
    return {**found, GVK: [_gvk(kind)], **_selectable(kind)}


def _gvk(kind: Kind) -> Schema:
    return shapes.gvk(kind.group, kind.version, kind.name)


def _rooted(kind: Kind, found: Schema, gvk: Schema) -> Schema:
    """A published object with the fields of its root, and registered."""
    properties = {**found.get("properties", {}), **publishing.root_properties()}
    if kind.native:
        properties["metadata"] = {**properties["metadata"], "default": {}}
    return {**found, "type": "object", "properties": properties, GVK: [gvk]}


def _selectable(kind: Kind) -> Schema:
    # Only custom resources say so; the fields of built-in kinds are in their code.
    if kind.native or not kind.selectable:
        return {}
    return {_SELECTABLE: [{"fieldPath": path.removeprefix(".")} for path in kind.selectable]}


def _list(kind: Kind) -> Schema:
    builtin = kind.native
    name = component(kind)
    default: Schema = {"default": {}} if builtin else {}
    return {
        "type": "object",
        "description": f"{kind.list_kind} is a list of {kind.name}",
        "required": ["items"],
        "properties": {
            "apiVersion": shapes.API_VERSION,
            "kind": shapes.KIND,
            "metadata": {
                "description": "Standard list metadata.",
                **default,
                **shapes.pointer(shapes.LIST_META),
            },
            "items": {
                "type": "array",
                "description": f"List of {kind.plural}.",
                "items": shapes.value(name) if builtin else shapes.reference(name),
            },
        },
        GVK: [shapes.gvk(kind.group, kind.version, kind.list_kind)],
        **_selectable(kind),
    }
