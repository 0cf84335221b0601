"""The CustomResourceDefinitions that Crossplane derives from a CompositeResourceDefinition (pkg/xcrd of its runtime).

Of a version's schema Crossplane keeps the root's description and rules, a limit on the name, and of `spec` and `status`
what can be said beside its own fields; it adds its machinery, conditions and columns. Pure: a dictionary in, one out.
"""

import copy
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

Manifest = dict[str, Any]

CRD_API_VERSION: Final = "apiextensions.k8s.io/v1"
GROUP: Final = "apiextensions.crossplane.io"
KIND: Final = "CompositeResourceDefinition"
PLURAL: Final = "compositeresourcedefinitions"
COMPOSITE_CATEGORY: Final = "composite"
CLAIM_CATEGORY: Final = "claim"
MAX_NAME: Final = 63
"""Crossplane uses the names of composites and claims as label values."""


class Scope(StrEnum):
    """Where composites live."""

    NAMESPACED = "Namespaced"
    CLUSTER = "Cluster"
    LEGACY = "LegacyCluster"
    """Cluster, with claims, and with Crossplane's fields directly under spec and status."""


class Underivable(ValueError):
    """Crossplane would derive nothing from this definition; the message says why in its words."""


_TEXT: Final[Manifest] = {"type": "string"}
_TIME: Final[Manifest] = {"type": "string", "format": "date-time"}


def _texts(*names: str, required: tuple[str, ...]) -> Manifest:
    return {"type": "object", "required": list(required), "properties": dict.fromkeys(names, _TEXT)}


_NAMED: Final = _texts("name", required=("name",))
_SELECTOR: Final[Manifest] = {
    "type": "object",
    "required": ["matchLabels"],
    "properties": {"matchLabels": {"type": "object", "additionalProperties": _TEXT}},
}
_POLICY: Final[Manifest] = {"type": "string", "enum": ["Automatic", "Manual"]}
_DELETE_POLICY: Final[Manifest] = {"type": "string", "enum": ["Background", "Foreground"]}
_CHOICE: Final[Mapping[str, Manifest]] = {
    "compositionRef": _NAMED,
    "compositionSelector": _SELECTOR,
    "compositionRevisionRef": _NAMED,
    "compositionRevisionSelector": _SELECTOR,
}
CONDITIONS: Final[Manifest] = {
    "description": "Conditions of the resource.",
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["type"],
    "items": {
        "type": "object",
        "required": ["lastTransitionTime", "reason", "status", "type"],
        "properties": {
            "lastTransitionTime": _TIME,
            "message": _TEXT,
            "observedGeneration": {"type": "integer", "format": "int64"},
            "reason": _TEXT,
            "status": _TEXT,
            "type": _TEXT,
        },
    },
}
_LEGACY_STATUS: Final[Mapping[str, Manifest]] = {
    "connectionDetails": {"type": "object", "properties": {"lastPublishedTime": _TIME}},
    "claimConditionTypes": {"type": "array", "x-kubernetes-list-type": "set", "items": _TEXT},
}


def _column(name: str, path: str, kind: str = "string") -> Manifest:
    return {"name": name, "type": kind, "jsonPath": path}


_SYNCED: Final = _column("SYNCED", ".status.conditions[?(@.type=='Synced')].status")
_READY: Final = _column("READY", ".status.conditions[?(@.type=='Ready')].status")
_AGE: Final = _column("AGE", ".metadata.creationTimestamp", "date")


def composite(xrd: Mapping[str, Any]) -> Manifest:
    """The CustomResourceDefinition of the composites that an XRD defines.

    Raises:
        Underivable: a version has no schema.
    """
    spec = xrd["spec"]
    scope = Scope(spec.get("scope", Scope.LEGACY))
    where = Scope.NAMESPACED if scope is Scope.NAMESPACED else Scope.CLUSTER
    names = {**spec["names"], "categories": [*(spec["names"].get("categories") or ()), COMPOSITE_CATEGORY]}
    machinery = _machinery(scope, spec.get("defaultCompositionUpdatePolicy"))
    status = {"conditions": CONDITIONS, **(_LEGACY_STATUS if scope is Scope.LEGACY else {})}
    parts = _Parts("Composite Resource", machinery, status, _columns(scope))
    return _definition(xrd, f"{names['plural']}.{spec['group']}", str(where), names, parts)


def claim(xrd: Mapping[str, Any]) -> Manifest:
    """The CustomResourceDefinition of the claims that an XRD offers.

    Raises:
        Underivable: it offers none, under names that clash, or a version has no schema.
    """
    spec = xrd["spec"]
    names = _claim_names(spec)
    policy = spec.get("defaultCompositeDeletePolicy")
    machinery = {
        **_CHOICE,
        "compositionUpdatePolicy": _POLICY,
        "compositeDeletePolicy": {**_DELETE_POLICY, **({"default": policy} if policy else {})},
        "resourceRef": _texts("apiVersion", "kind", "name", required=("apiVersion", "kind", "name")),
        "writeConnectionSecretToRef": _NAMED,
    }
    secret = _column("CONNECTION-SECRET", ".spec.writeConnectionSecretToRef.name")
    status = {"conditions": CONDITIONS, **_LEGACY_STATUS}
    parts = _Parts("Composite Resource Claim", machinery, status, [_SYNCED, _READY, secret, _AGE])
    return _definition(xrd, f"{names['plural']}.{spec['group']}", "Namespaced", names, parts)


def _claim_names(spec: Mapping[str, Any]) -> Manifest:
    names = spec.get("claimNames")
    if not names:
        raise Underivable("invalid resource claim names: missing names")
    for word in ("kind", "plural", "singular", "listKind"):
        if names.get(word) and names[word] == spec["names"].get(word):
            raise Underivable(f'invalid resource claim names: "{names[word]}" conflicts with composite resource name')
    return {**names, "categories": [*(names.get("categories") or ()), CLAIM_CATEGORY]}


class _Parts:
    """What Crossplane adds to every version."""

    def __init__(self, what: str, spec: Manifest, status: Manifest, columns: list[Manifest]) -> None:
        self.what = what
        self.spec = spec
        self.status = status
        self.columns = columns


def _definition(xrd: Mapping[str, Any], name: str, scope: str, names: Manifest, parts: _Parts) -> Manifest:
    spec = xrd["spec"]
    found: Manifest = {"group": spec["group"], "names": names, "scope": scope}
    found["versions"] = [_version(xrd, version, parts) for version in spec["versions"]]
    if spec.get("conversion"):
        found["conversion"] = spec["conversion"]
    metadata = {"name": name, **_metadata(xrd), "ownerReferences": [_owner(xrd)]}
    manifest = {"apiVersion": CRD_API_VERSION, "kind": "CustomResourceDefinition", "metadata": metadata, "spec": found}
    return copy.deepcopy(manifest)


def _metadata(xrd: Mapping[str, Any]) -> Manifest:
    """Labels of the XRD and those it names for its definitions; annotations only the latter."""
    asked = xrd["spec"].get("metadata") or {}
    labels = {**(xrd["metadata"].get("labels") or {}), **(asked.get("labels") or {})}
    found = {"labels": labels, "annotations": dict(asked.get("annotations") or {})}
    return {key: value for key, value in found.items() if value}


def _owner(xrd: Mapping[str, Any]) -> Manifest:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": KIND,
        "name": xrd["metadata"]["name"],
        "uid": xrd["metadata"].get("uid", ""),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _version(xrd: Mapping[str, Any], version: Mapping[str, Any], parts: _Parts) -> Manifest:
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    if schema is None:
        why = "custom resource validation cannot be nil"
        raise Underivable(f'cannot generate CRD for "{parts.what}" "{xrd["metadata"]["name"]}": {why}')
    subresources: Manifest = {"status": {}}
    scale = (version.get("subresources") or {}).get("scale")
    if scale:
        subresources["scale"] = scale
    found: Manifest = {"name": version["name"], "served": version["served"], "storage": version["referenceable"]}
    found |= {key: version[key] for key in ("deprecated", "deprecationWarning") if version.get(key)}
    found["subresources"] = subresources
    found["additionalPrinterColumns"] = [*(version.get("additionalPrinterColumns") or ()), *parts.columns]
    found["schema"] = {"openAPIV3Schema": _root(schema, parts)}
    return found


_OF_SPEC: Final = (
    "description",
    "required",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
    "oneOf",
)
_OF_STATUS: Final = ("description", "required", "x-kubernetes-validations", "oneOf")


def _root(schema: Mapping[str, Any], parts: _Parts) -> Manifest:
    properties = schema.get("properties", {})
    name = properties.get("metadata", {}).get("properties", {}).get("name", {})
    longest = min(name.get("maxLength", MAX_NAME), MAX_NAME)
    return {
        "type": "object",
        **_kept(schema, ("description", "x-kubernetes-validations")),
        "required": ["spec"],
        "properties": {
            "apiVersion": _TEXT,
            "kind": _TEXT,
            "metadata": {"type": "object", "properties": {"name": {"type": "string", "maxLength": longest}}},
            "spec": _part(properties.get("spec", {}), _OF_SPEC, parts.spec),
            "status": _part(properties.get("status", {}), _OF_STATUS, parts.status),
        },
    }


def _part(schema: Mapping[str, Any], kept: tuple[str, ...], added: Manifest) -> Manifest:
    properties = {**schema.get("properties", {}), **added}
    return {"type": "object", **_kept(schema, kept), "properties": properties}


def _kept(schema: Mapping[str, Any], keys: tuple[str, ...]) -> Manifest:
    return {key: schema[key] for key in keys if schema.get(key)}


def _machinery(scope: Scope, policy: str | None) -> Manifest:
    """Crossplane's own settings and references of a composite."""
    members = ("apiVersion", "kind", "name", *(() if scope is Scope.NAMESPACED else ("namespace",)))
    references = _texts(*members, required=("apiVersion", "kind"))
    found: Manifest = {
        **_CHOICE,
        "compositionUpdatePolicy": {**_POLICY, **({"default": policy} if policy else {})},
        "resourceRefs": {"type": "array", "x-kubernetes-list-type": "atomic", "items": references},
    }
    if scope is Scope.LEGACY:
        required = ("apiVersion", "kind", "namespace", "name")
        return {
            **found,
            "claimRef": _texts(*required, required=required),
            "writeConnectionSecretToRef": _texts("name", "namespace", required=("name", "namespace")),
        }
    description = "Configures how Crossplane will reconcile this composite resource"
    return {"crossplane": {"type": "object", "description": description, "properties": found}}


def _columns(scope: Scope) -> list[Manifest]:
    root = ".spec" if scope is Scope.LEGACY else ".spec.crossplane"
    revision = {**_column("COMPOSITIONREVISION", f"{root}.compositionRevisionRef.name"), "priority": 1}
    return [_SYNCED, _READY, _column("COMPOSITION", f"{root}.compositionRef.name"), revision, _AGE]
