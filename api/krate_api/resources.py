"""What the server knows at run time about a kind: its row, its schema compiled, its columns and its strategy."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from krate import names
from krate.kinds import STATUS, Form, Kind, NameRule
from krate.lazily import lazy
from krate.names import Verb
from krate.schema import Schema, empty, structural
from krate_api import paths
from krate_api.apply import elements
from krate_api.apply.elements import Path
from krate_api.apply.fieldmanager import FieldManager
from krate_api.apply.fieldsets import FieldSet
from krate_api.schemas import nativetypes
from krate_api.schemas.nativetypes import NativeSchema
from krate_api.schemas.structural import StructuralSchema
from krate_api.store.interface import Index, Key
from krate_api.strategies.interface import Shape, Strategy

_UNKNOWN: Final = StructuralSchema({"type": "object"})
"""What objects of a version look like that nobody knows."""


class Resource:
    """One served kind, in one version.

    Args:
        kind: its row.
        strategy: what differs from other kinds.
        schema: its structural schema; without one it follows from the row's model.
    """

    ordered: bool = False
    """Whether a refusal quotes objects in the order of their type, not in that of the alphabet."""

    def __init__(self, kind: Kind, strategy: Strategy, schema: Schema | None = None) -> None:
        self.kind = kind
        self.strategy = strategy
        self.schema: Schema = structural(kind.model) if schema is None else schema
        self._owners: dict[str, FieldManager] = {}

    @lazy
    def shape(self) -> Shape:
        """Compiled on first use, so that start-up does not pay for kinds that nobody writes."""
        if self.strategy.shape is not None:
            return self.strategy.shape
        if self.kind.native:
            return NativeSchema(nativetypes.root(self.kind), self.schema)
        return StructuralSchema(self.schema)

    def shape_of(self, api_version: str) -> Shape | None:
        """What objects of a version look like; None in a group that has nothing to do with the kind."""
        if api_version == self.kind.api_version:
            return self.shape
        return _UNKNOWN if api_version.rpartition("/")[0] == self.kind.group else None

    @property
    def schemas(self) -> Mapping[str, Schema]:
        """The schemas of all versions of the kind, by apiVersion."""
        return {self.kind.api_version: self.schema}

    def owners(self, subresource: str) -> FieldManager:
        """Who owns which field of what this endpoint writes."""
        if subresource not in self._owners:
            self._owners[subresource] = FieldManager(
                self.schemas,
                api_version=self.kind.api_version,
                kind=self.kind.name,
                subresource=subresource,
                nothing=empty(self.kind.model) if self.kind.native else None,
                reset=dict.fromkeys(self.schemas, self._unwritten(subresource)),
            )
        return self._owners[subresource]

    @property
    def replicas(self) -> Mapping[str, Path | None]:
        """Where the versions of the kind have the replicas that their scale shows."""
        if self.kind.scale is None:
            return dict.fromkeys(self.schemas)
        parts = paths.keys(self.kind.scale.spec_replicas)
        return dict.fromkeys(self.schemas, tuple(map(elements.field, parts)))

    def _unwritten(self, subresource: str) -> FieldSet:
        """What an endpoint leaves as it is, so that nobody comes to own it there."""
        if subresource == STATUS.name:
            kept = [("spec",), *([("metadata",)] if self.strategy.status_keeps_metadata else [])]
            return FieldSet.of(*kept)
        return FieldSet.of(("status",)) if self.kind.has_status else FieldSet()

    @property
    def verbs(self) -> tuple[Verb, ...]:
        """What can be asked of the kind; discovery names those of its row."""
        return self.kind.verbs

    @property
    def plain(self) -> bool:
        """Whether nothing reads an object as if it were well formed before it is validated."""
        return type(self.strategy) is Strategy or self.kind.form is Form.CUSTOM

    @property
    def laborious(self) -> bool:
        """Whether to write even a small object may take long."""
        return self.strategy.laborious

    @property
    def stored_as(self) -> str:
        """The apiVersion in which objects are stored, whichever of a kind's versions they were written in."""
        return self.kind.api_version

    @property
    def converts(self) -> bool:
        """Whether objects are stored by another version's schema: its defaults are those of everything that is read."""
        return False

    def stored(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        """An object as it is stored."""
        return {**obj, "apiVersion": self.stored_as}

    def shown(self, body: bytes) -> bytes:
        """A stored body as this version shows it: the stored bytes, unless a kind has several versions or schemas."""
        return body

    def outdated(self, body: bytes) -> bool:  # noqa: ARG002 - of kinds with one version nothing is
        """Whether a stored body is in another version than would be written: a write that changes nothing renews it."""
        return False

    @property
    def store_name(self) -> str:
        """What the store calls the resource."""
        return self.kind.resource

    @property
    def told_group(self) -> str:
        """The group that an Invalid speaks of."""
        return self.kind.group

    def stored_field(self, path: str) -> str:
        """What a selectable field is called in the index."""
        return path

    def key(self, namespace: str, name: str) -> Key:
        return Key(self.store_name, namespace if self.kind.namespaced else "", name)

    def index(self, obj: Mapping[str, Any]) -> Index:
        """What selectors can see of an object."""
        return index_of(obj, self.kind.selectable)

    def name_problems(self, name: str) -> tuple[str, ...]:
        """Why `name` cannot name an object of this kind."""
        match self.kind.name_rule:
            case NameRule.LABEL:
                problems = names.label_problems(name)
            case NameRule.PATH_SEGMENT:
                problems = names.path_segment_problems(name)
            case NameRule.SUBDOMAIN:
                problems = names.subdomain_problems(name)
        if len(name) > self.kind.max_name and not problems:
            problems = (f"must be no more than {self.kind.max_name} characters",)
        return problems


def index_of(obj: Mapping[str, Any], selectable: Iterable[str]) -> Index:
    """The labels of an object, and those of its fields that can be selected."""
    return Index(dict(obj["metadata"].get("labels") or {}), paths.fields_of(obj, selectable))


@dataclass(frozen=True, slots=True)
class Target:
    """A resource of the URL, and its subresource if there is one."""

    resource: Resource
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Everything served at one moment, by whatever one looks for."""

    resources: tuple[Resource, ...]
    by_path: Mapping[tuple[str, str, str], Resource]
    by_kind: Mapping[tuple[str, str], Resource]

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> "_Snapshot":
        served = tuple(resources)
        return cls(
            served,
            {(r.kind.group, r.kind.version, r.kind.plural): r for r in served},
            {(r.kind.api_version, r.kind.name): r for r in served},
        )


class Catalog:
    """All served kinds, by the words of a URL and by apiVersion and kind.

    The rows of the table are always there; custom resources come and go. A change replaces the whole at once, so that
    a request sees one state, and moves `generation`, so that what is derived from the catalog can be made anew.
    """

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._table = tuple(resources)
        self._served = _Snapshot.of(self._table)
        self.generation = 1

    def serve(self, custom: Iterable[Resource]) -> None:
        """Serve these custom resources from now on, besides the table and instead of those served until now."""
        self._served = _Snapshot.of((*self._table, *custom))
        self.generation += 1

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Every kind in every version."""
        return self._served.resources

    @property
    def names(self) -> tuple[str, ...]:
        """Qualified names, each once however many versions it has: what the store knows resources by."""
        return tuple(dict.fromkeys(resource.store_name for resource in self.resources))

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        return self._served.by_path.get((group, version, plural))

    def of(self, kind: Kind) -> Resource:
        return self._served.by_kind[kind.api_version, kind.name]

    def by_kind(self, api_version: str, name: str) -> Resource | None:
        return self._served.by_kind.get((api_version, name))

    def groups(self) -> dict[str, dict[str, list[Resource]]]:
        """Group -> version -> resources, in the order of the table, then of custom resources."""
        found: dict[str, dict[str, list[Resource]]] = {}
        for resource in self.resources:
            found.setdefault(resource.kind.group, {}).setdefault(resource.kind.version, []).append(resource)
        return found


_VERBS: Final = {verb.value: verb for verb in Verb}
_OF_ONE: Final = frozenset({Verb.GET, Verb.UPDATE, Verb.PATCH, Verb.DELETE})
_OF_ONE_NAMESPACE: Final = frozenset({Verb.CREATE, Verb.DELETE_COLLECTION})


def supports(resource: Resource, verb: str, *, namespace: str, name: str, subresource: str) -> bool:
    """Whether the kind has this verb at this address: items are named, creation has a namespace and no name."""
    wanted = _VERBS.get(verb)
    if wanted is None:
        return False
    if subresource:
        sub = resource.kind.subresource(subresource)
        return sub is not None and bool(name) and wanted in sub.verbs
    if wanted in _OF_ONE and not name:
        return False
    if wanted in _OF_ONE_NAMESPACE and (name or (resource.kind.namespaced and not namespace)):
        return False
    return wanted in resource.verbs
