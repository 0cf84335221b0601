"""From a definition to what is served: one resource per version, over one set of stored objects.

Objects are stored once, in the storage version. Where versions differ in nothing but the word (conversion None),
another version is the same bytes behind another beginning. An object that was written under another schema, an older
one or that of another version, is pruned and given defaults by the schema of the version it is stored in when it is
read, as upstream does with every object.
"""

import contextlib
import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from krate.conditions import Type
from krate.kinds.row import ALL_VERBS, STATUS, Form, Kind, Scale, Scope, Subresource
from krate.lazily import lazy
from krate.models.meta import Resource as Model
from krate.names import Verb
from krate.schema import Schema, strip_descriptions
from krate_api import paths, versions
from krate_api.apply import elements
from krate_api.apply.elements import Path
from krate_api.definitions import conditions, conversions, printing, selecting
from krate_api.definitions.conditions import Definition
from krate_api.resources import Resource
from krate_api.schemas import embedded
from krate_api.schemas.structural import StructuralSchema
from krate_api.store import encoding
from krate_api.store.interface import Index
from krate_api.strategies.definitions import CustomStrategy
from krate_api.strategies.interface import Shape

_WHILE_TERMINATING: Final = (Verb.DELETE, Verb.DELETE_COLLECTION, Verb.GET, Verb.LIST, Verb.WATCH)
_IMPLICIT: Final[Mapping[str, Schema]] = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"type": "object"},
}
LARGE: Final = 32 * 1024
"""Bytes from which on schemas take long to compile."""
_REPEATED: Final = (b'"x-kubernetes-validations"', b'"anyOf"', b'"allOf"', b'"oneOf"', b'"not"')
"""Keywords by which a small schema can take long over a small object."""
SCALE: Final = Subresource("scale", STATUS.verbs, kind="Scale", group="autoscaling", version="v1")


class Shapes:
    """The schemas of all versions by apiVersion, each compiled when it is first asked for."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self.schemas = schemas
        self._compiled: dict[str, StructuralSchema] = {}

    @lazy
    def differ(self) -> bool:
        """Whether what is written by one version may not fit another."""
        first, *others = map(strip_descriptions, self.schemas.values())
        return any(other != first for other in others)

    @lazy
    def laborious(self) -> bool:
        """Whether they are large, or try alternatives and rules again and again."""
        text = orjson.dumps(self.schemas)
        return len(text) > LARGE or any(word in text for word in _REPEATED)

    def of(self, api_version: str) -> StructuralSchema | None:
        """The schema that objects of a version are pruned and defaulted by."""
        if api_version not in self._compiled and api_version in self.schemas:
            self._compiled[api_version] = StructuralSchema(self.schemas[api_version])
        return self._compiled.get(api_version)


@dataclass(frozen=True, slots=True)
class Storage:
    """How the objects of a definition are stored."""

    api_version: str
    """In which version."""
    shapes: "Shapes"
    selectable: tuple[str, ...]
    """The selectable fields of all versions, which the store keeps an index of."""
    replicas: Mapping[str, Path | None]
    """By apiVersion: where the replicas stand that the scale subresource shows."""
    older: int
    """Objects up to this version were written under other schemas."""

    def reads(self, body: bytes) -> bool:
        """Whether an object of these bytes may differ from what is read of it."""
        return self.shapes.differ or 0 < encoding.version(body) <= self.older


class CustomResource(Resource):
    """One version of a definition."""

    def __init__(self, kind: Kind, schema: Schema, storage: Storage, *, terminating: bool) -> None:
        super().__init__(kind, CustomStrategy(kind, terminating=terminating), schema)
        self._storage = storage
        self._head = _head(kind.api_version)

    @lazy
    def shape(self) -> StructuralSchema:
        """Compiled on first use, and shared with the versions that read what this one stored."""
        return self._storage.shapes.of(self.kind.api_version) or StructuralSchema(self.schema)

    def shape_of(self, api_version: str) -> Shape | None:
        return self._storage.shapes.of(api_version) or super().shape_of(api_version)

    @property
    def schemas(self) -> Mapping[str, Schema]:
        return self._storage.shapes.schemas

    @property
    def replicas(self) -> Mapping[str, Path | None]:
        return self._storage.replicas

    @property
    def verbs(self) -> tuple[Verb, ...]:
        """All, also while the definition goes and discovery names fewer: finalizers must come off."""
        return ALL_VERBS

    @property
    def laborious(self) -> bool:
        return self._storage.shapes.laborious

    @property
    def renews(self) -> bool:
        """Whether some objects are brought under today's schema when they are read."""
        return self._storage.older > 0

    @property
    def stored_as(self) -> str:
        return self._storage.api_version

    def shown(self, body: bytes) -> bytes:
        if self._storage.reads(body):
            return self._read(body)
        if body.startswith(self._head):
            return body
        return self._head + body[body.index(b',"kind":') :]

    def _read(self, body: bytes) -> bytes:
        obj = encoding.decode(body)
        written = obj["apiVersion"]
        shape = self._storage.shapes.of(written)
        if shape is not None:
            _prune(shape, obj)
            shape.default(obj)
        if self._storage.shapes.differ and written != self.kind.api_version:
            _prune(self.shape, obj)
        return encoding.body({**obj, "apiVersion": self.kind.api_version}, encoding.version(body))

    @property
    def converts(self) -> bool:
        return self._storage.shapes.differ and self.kind.api_version != self.stored_as

    def stored(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        if not self.converts:
            return super().stored(obj)
        found = copy.deepcopy({**obj, "apiVersion": self.stored_as})
        shape = self._storage.shapes.of(self.stored_as)
        if shape is not None:
            _prune(shape, found)
        return found

    def outdated(self, body: bytes) -> bool:
        return not body.startswith(_head(self.stored_as))

    def index(self, obj: Mapping[str, Any]) -> Index:
        labels = obj["metadata"].get("labels") or {}
        return Index(dict(labels), paths.fields_of(obj, self._storage.selectable))


def _head(api_version: str) -> bytes:
    return b'{"apiVersion":' + orjson.dumps(api_version)


def _prune(shape: StructuralSchema, obj: dict[str, Any]) -> None:
    """Prune what was accepted once, whatever this schema says of metadata in it."""
    with contextlib.suppress(embedded.Malformed):
        shape.prune(obj)


def rooted(version: Mapping[str, Any]) -> Schema:
    """The schema of a version, with what every object has at its root."""
    schema: Schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    return {**schema, "properties": {**_IMPLICIT, **schema.get("properties", {})}}


def resources(obj: Definition, older: int) -> tuple[CustomResource, ...]:
    """What a definition serves, the preferred version first; nothing when its names were not accepted.

    Args:
        obj: the definition, decoded.
        older: version of the last object that was written under another schema.
    """
    if not (conditions.holds(obj, conditions.NAMES_ACCEPTED) or conditions.holds(obj, Type.ESTABLISHED)):
        return ()
    spec = obj["spec"]
    group: str = spec["group"]
    schemas = {f"{group}/{version['name']}": rooted(version) for version in spec["versions"]}
    stored = next(version["name"] for version in spec["versions"] if version["storage"])
    fields = dict.fromkeys(field for version in spec["versions"] for field in selecting.selectable(version))
    replicas = {f"{group}/{version['name']}": _replicas(version) for version in spec["versions"]}
    storage = Storage(f"{group}/{stored}", Shapes(schemas), tuple(fields), replicas, older)
    terminating = conditions.holds(obj, conditions.TERMINATING)
    served = sorted((one for one in spec["versions"] if one["served"]), key=lambda one: versions.order(one["name"]))
    if spec["conversion"]["strategy"] == conversions.WEBHOOK:
        served = [version for version in served if version["storage"]]
    kinds = (kind_of(obj, version) for version in served)
    return tuple(CustomResource(kind, schemas[kind.api_version], storage, terminating=terminating) for kind in kinds)


def kind_of(obj: Definition, version: Mapping[str, Any]) -> Kind:
    """The row that a version of a definition is."""
    spec, accepted = obj["spec"], obj["status"]["acceptedNames"]
    subresources = version.get("subresources") or {}
    scale = subresources.get("scale")
    return Kind(
        name=accepted["kind"],
        plural=accepted["plural"],
        group=spec["group"],
        version=version["name"],
        model=Model,
        form=Form.CUSTOM,
        scope=Scope(spec["scope"]),
        short_names=tuple(accepted.get("shortNames") or ()),
        categories=tuple(accepted.get("categories") or ()),
        columns=printing.columns(version),
        selectable=selecting.selectable(version),
        subresources=((STATUS,) if "status" in subresources else ()) + ((SCALE,) if scale is not None else ()),
        verbs=_WHILE_TERMINATING if conditions.holds(obj, conditions.TERMINATING) else ALL_VERBS,
        scale=_scale(scale) if scale is not None else None,
        singular_name=accepted.get("singular", ""),
        list_name=accepted.get("listKind", ""),
        deprecated=_deprecation(spec, version),
    )


def _replicas(version: Mapping[str, Any]) -> Path | None:
    scale = (version.get("subresources") or {}).get("scale")
    return None if scale is None else tuple(map(elements.field, paths.keys(scale["specReplicasPath"])))


def _scale(scale: Mapping[str, Any]) -> Scale:
    return Scale(scale["specReplicasPath"], scale["statusReplicasPath"], scale.get("labelSelectorPath") or "")


def _deprecation(spec: Mapping[str, Any], version: Mapping[str, Any]) -> str:
    if not version.get("deprecated"):
        return ""
    if "deprecationWarning" in version:
        return version["deprecationWarning"]
    group, kind, mine = spec["group"], spec["names"]["kind"], versions.order(version["name"])
    better = [
        one["name"]
        for one in spec["versions"]
        if one["served"] and not one.get("deprecated") and versions.order(one["name"]) < mine
    ]
    text = f"{group}/{version['name']} {kind} is deprecated"
    return f"{text}; use {group}/{min(better, key=versions.order)} {kind}" if better else text
