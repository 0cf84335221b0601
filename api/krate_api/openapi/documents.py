"""The documents as bytes: one Swagger 2.0 for everything, one OpenAPI 3.0.0 per group and version.

Each kind is written once, and again only when the catalog has another resource in its place; a document is its kinds
laid side by side. So a change costs what it changes, however many kinds there are.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

import orjson

from krate_api.discovery.order import Groups
from krate_api.documents import Document
from krate_api.openapi import components, operations, parameters, protobuf, publishing, rendering, roots, schemas
from krate_api.openapi.operations import Operation
from krate_api.resources import Resource

_INFO: Final = {"title": "Krate", "version": "v1.36.0"}
_SECURITY: Final = {
    "BearerToken": {
        "description": "Bearer Token authentication",
        "type": "apiKey",
        "name": "authorization",
        "in": "header",
    }
}
_SECURED: Final = {"securitySchemes": _SECURITY}
_HEAD: Final = {"swagger": "2.0", "info": _INFO}
Parts = Mapping[str, bytes]
"""Members of a JSON object, each written already."""


@dataclass(frozen=True, slots=True)
class Written:
    """Paths and components of a kind in one version of OpenAPI, and the upstream types they need."""

    paths: Parts
    components: Parts
    needs: frozenset[str]


class Writer:
    """Writes documents, and keeps what is written for each resource as long as the resource is served."""

    def __init__(self) -> None:
        self._v2: WeakKeyDictionary[Resource, Written] = WeakKeyDictionary()
        self._v3: WeakKeyDictionary[Resource, Written] = WeakKeyDictionary()
        self._packed: WeakKeyDictionary[Resource, tuple[bytes, bytes]] = WeakKeyDictionary()

    def v3(self, path: str, resources: Iterable[Resource], made: datetime.datetime) -> Document:
        """The document of one group and version.

        Args:
            path: in the index, as `apis/apps/v1`.
            resources: what the group and version has.
            made: when.
        """
        served = tuple(resources)
        written = [self._written(self._v3, resource, version=3) for resource in served]
        if not roots.is_builtin(served):
            return _v3_document(written, made)
        return _v3_document([*written, _write([roots.resources_of(path)], {}, version=3)], made, _SECURED)

    def root(self, operation: Operation, made: datetime.datetime) -> Document:
        """The document of an operation that is about no kind."""
        return _v3_document([_write([operation], {}, version=3)], made, _SECURED)

    def v2(self, groups: Groups, made: datetime.datetime) -> Document:
        """The document of everything."""
        kinds = [self._written(self._v2, resource, version=2) for resource in _resources(groups)]
        every = [*kinds, _shared(groups, kinds)]
        paths = {path: item for one in every for path, item in one.paths.items()}
        definitions = {name: schema for one in every for name, schema in one.components.items()}
        return Document.of({**_HEAD, "paths": _object(paths), "definitions": _object(definitions), **_foot()}, made)

    def packed(self, groups: Groups, made: datetime.datetime) -> Document:
        """The document of everything as protobuf."""
        kinds = {resource: self._written(self._v2, resource, version=2) for resource in _resources(groups)}
        every = [self._pack(*row) for row in kinds.items()]
        every.append(_packed(_shared(groups, kinds.values())))
        paths, definitions = (part for part in zip(*every, strict=True))
        return Document(protobuf.document({**_HEAD, **_foot()}, paths, definitions), made)

    def _pack(self, resource: Resource, written: Written) -> tuple[bytes, bytes]:
        found = self._packed.get(resource)
        if found is None:
            found = self._packed[resource] = _packed(written)
        return found

    def _written(self, cache: WeakKeyDictionary[Resource, Written], resource: Resource, *, version: int) -> Written:
        found = cache.get(resource)
        if found is None:
            own = schemas.components(resource, version=version)
            found = cache[resource] = _write(operations.operations(resource), own, version=version)
        return found


def _foot() -> Mapping[str, Any]:
    return {"parameters": parameters.shared(), "securityDefinitions": _SECURITY, "security": [{"BearerToken": []}]}


def _resources(groups: Groups) -> Iterator[Resource]:
    for versions in groups.values():
        for several in versions.values():
            yield from several


def _shared(groups: Groups, kinds: Iterable[Written]) -> Written:
    """What version 2 has besides kinds: the operations about none, and the types that all of them need."""
    own = _write(roots.everything(groups), {}, version=2)
    needs = own.needs.union(*(one.needs for one in kinds))
    return Written(own.paths, {name: _lowered(schema) for name, schema in components.needed(needs).items()}, needs)


def _packed(written: Written) -> tuple[bytes, bytes]:
    paths = {path: orjson.loads(item) for path, item in written.paths.items()}
    definitions = {name: orjson.loads(schema) for name, schema in written.components.items()}
    return protobuf.paths(paths), protobuf.definitions(definitions)


def _lowered(schema: Mapping[str, Any]) -> bytes:
    return _bytes(publishing.lowered(schema))


def _bytes(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _object(parts: Parts) -> orjson.Fragment:
    """An object of members that are written already, in order."""
    return orjson.Fragment(_bytes({name: orjson.Fragment(value) for name, value in parts.items()}))


def _write(rows: Iterable[Operation], own: Mapping[str, Any], *, version: int) -> Written:
    several = tuple(rows)
    named = {name for row in several for name in (row.body, row.answer) if name}
    needs = frozenset(named.union(*(components.references(one) for one in own.values()))) - own.keys()
    write = _lowered if version == 2 else _bytes  # noqa: PLR2004 - Swagger 2.0
    return Written(
        {path: _bytes(item) for path, item in rendering.paths(several, version=version).items()},
        {name: write(schema) for name, schema in own.items()},
        needs,
    )


def _v3_document(
    written: Iterable[Written], made: datetime.datetime, more: Mapping[str, Any] | None = None
) -> Document:
    several = tuple(written)
    own = {name: schema for one in several for name, schema in one.components.items()}
    needs = frozenset[str]().union(*(one.needs for one in several)) - own.keys()
    meta = {name: _bytes(schema) for name, schema in components.needed(needs).items()}
    paths = {path: item for one in several for path, item in one.paths.items()}
    body = {
        "openapi": "3.0.0",
        "info": _INFO,
        "paths": _object(paths),
        "components": {"schemas": _object(own | meta), **(more or {})},
    }
    return Document.of(body, made)
