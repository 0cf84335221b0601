"""From a row of the table of kinds to the manifest that declares it in a cluster. Pure: a row in, a dictionary out.

Composites become Crossplane v2 XRDs, other configuration becomes CRDs. An XRD may say less than a CRD: of its schema
Crossplane keeps the root's description and rules, `metadata.name.maxLength`, and of `spec` and `status` the
description, properties, required, oneOf and rules; it appends its own columns and conditions and knows no selectable
fields. What it makes of an XRD is `krate.crossplane`'s business.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from krate import crossplane, names, schema
from krate.kinds.row import AGE, Column, Form, Kind

Manifest = dict[str, Any]

XRD_API_VERSION: Final = f"{crossplane.GROUP}/v2"

_CROSSPLANE_COLUMNS: Final = frozenset({"Synced", "Ready", AGE.name})
"""Columns that Crossplane appends to every composite."""

_CEL_RESERVED: Final = frozenset(
    {"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import"}
    | {"let", "loop", "package", "namespace", "return"}
)
"""Words that a property must be escaped for (Kubernetes: "Validation rules", escaping)."""


def composition_name(kind: Kind) -> str:
    """Name of the one Composition that a composite uses."""
    return kind.resource


def definition(kind: Kind) -> Manifest:
    """The Crossplane v2 CompositeResourceDefinition of a composite.

    Raises:
        ValueError: the kind is no composite.
    """
    _demand(kind, Form.COMPOSITE)
    version: Manifest = {"name": kind.version, "served": True, "referenceable": True}
    columns = [column(entry) for entry in kind.columns if entry.name not in _CROSSPLANE_COLUMNS]
    if columns:
        version["additionalPrinterColumns"] = columns
    version["schema"] = {"openAPIV3Schema": _composite_schema(kind)}
    spec: Manifest = {"group": kind.group, "scope": str(kind.scope), "names": _names(kind)}
    spec["enforcedCompositionRef"] = {"name": composition_name(kind)}
    spec["versions"] = [version]
    return {
        "apiVersion": XRD_API_VERSION,
        "kind": crossplane.KIND,
        "metadata": {"name": kind.resource},
        "spec": spec,
    }


def crd(kind: Kind) -> Manifest:
    """The CustomResourceDefinition of a configuration kind that is no composite.

    Raises:
        ValueError: the kind is not declared by a CRD of ours.
    """
    _demand(kind, Form.CONFIG)
    root = dict(schema.structural(kind.model))
    root["properties"] = {**root["properties"], "metadata": _metadata(kind.max_name)}
    return _crd(kind, root, [column(entry) for entry in kind.columns])


def _demand(kind: Kind, form: Form) -> None:
    if kind.form is not form:
        raise ValueError(f"{kind.name} is {kind.form}, not {form}")


def _crd(kind: Kind, root: schema.Schema, columns: list[Manifest]) -> Manifest:
    rules = list(immutability(kind))
    if rules:
        root = {**root, "x-kubernetes-validations": rules}
    version: Manifest = {"name": kind.version, "served": True, "storage": True}
    if columns:
        version["additionalPrinterColumns"] = columns
    if kind.has_status:
        version["subresources"] = {"status": {}}
    if kind.selectable:
        version["selectableFields"] = [{"jsonPath": f".{path}"} for path in kind.selectable]
    version["schema"] = {"openAPIV3Schema": root}
    return {
        "apiVersion": crossplane.CRD_API_VERSION,
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.resource},
        "spec": {"group": kind.group, "names": _names(kind), "scope": str(kind.scope), "versions": [version]},
    }


def _names(kind: Kind) -> Manifest:
    found: Manifest = {
        "kind": kind.name,
        "listKind": f"{kind.name}List",
        "plural": kind.plural,
        "singular": kind.singular,
    }
    if kind.short_names:
        found["shortNames"] = list(kind.short_names)
    if kind.categories:
        found["categories"] = list(kind.categories)
    return found


def _metadata(max_name: int) -> Manifest:
    """Metadata of a root schema: nothing but a limit on the name may stand there."""
    if max_name >= names.MAX_SUBDOMAIN:
        return {"type": "object"}
    return {"type": "object", "properties": {"name": {"type": "string", "maxLength": max_name}}}


def _composite_schema(kind: Kind) -> Manifest:
    """What of the structural schema an XRD may carry."""
    full = schema.structural(kind.model)
    properties: Manifest = {}
    if kind.max_name < crossplane.MAX_NAME:
        properties["metadata"] = _metadata(kind.max_name)
    spec = {key: full["properties"]["spec"][key] for key in _KEPT if key in full["properties"]["spec"]}
    properties["spec"] = {"type": "object", **spec}
    status = dict(full["properties"]["status"])
    kept = {name: child for name, child in status["properties"].items() if name != "conditions"}
    properties["status"] = {"type": "object", "description": status["description"], "properties": kept}
    root: Manifest = {"type": "object", "description": full["description"]}
    rules = list(immutability(kind))
    if rules:
        root["x-kubernetes-validations"] = rules
    return {**root, "required": ["spec"], "properties": properties}


_KEPT: Final = ("description", "required", "oneOf", "x-kubernetes-validations", "properties")

_PICK: Final = re.compile(r"\[type=(\w+)\]")


def column(entry: Column) -> Manifest:
    """A printer column; the dotted path becomes a JSONPath (`[type=X]` a filter)."""
    path = _PICK.sub(lambda found: f"[?(@.type=='{found[1]}')]", entry.path)
    found: Manifest = {"name": entry.name, "type": entry.type, "jsonPath": f".{path}"}
    if entry.priority:
        found["priority"] = entry.priority
    if entry.description:
        found["description"] = entry.description
    return found


def immutability(kind: Kind) -> Iterator[Manifest]:
    """One CEL transition rule per immutable path: once set, a value neither changes nor goes."""
    root = schema.structural(kind.model)
    for path in kind.immutable:
        guards = list(_optional(root, path.split(".")))
        old = [f"!has(oldSelf.{guard})" for guard in guards]
        new = [f"has(self.{guard})" for guard in guards]
        field = _cel_path(path.split("."))
        same = " && ".join([*new, f"self.{field} == oldSelf.{field}"])
        rule = " || ".join([*old, f"({same})" if new and old else same])
        yield {"rule": rule, "message": f"{path} is immutable once set", "fieldPath": f".{path}"}


def _optional(root: schema.Schema, path: list[str]) -> Iterator[str]:
    """The prefixes of `path` that an object may lack, as CEL field paths."""
    node = root
    for index, step in enumerate(path):
        if step not in node.get("required", ()):
            yield _cel_path(path[: index + 1])
        node = node["properties"][step]


def _cel_path(path: list[str]) -> str:
    return ".".join(f"__{step}__" if step in _CEL_RESERVED else step for step in path)
