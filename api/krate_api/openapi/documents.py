"""The documents: one Swagger 2.0 for everything, one OpenAPI 3.0.0 per group and version, each with its hash.

Made on first use, in a thread, then served from memory. A wrong hash is answered with the current document: a redirect
through the aggregator would become a 502 (api-behaviour A4, O3).
"""

import asyncio
import datetime
import hashlib
from collections.abc import Iterable
from typing import Any, Final

import orjson

from krate.clock import Clock
from krate.schema import Schema
from krate_api.http import Request, Response
from krate_api.openapi import operations, schemas
from krate_api.openapi.operations import Operation
from krate_api.resources import Catalog, Resource

_INFO: Final = {"title": "Krate", "version": "v1.36.0"}
_V2: Final = "#/definitions/"
_V3: Final = "#/components/schemas/"
_BODIES: Final = ("application/json", "application/yaml")
_ANSWERS: Final = ("application/json", "application/yaml")
_V3_ROOT: Final = "/openapi/v3"


def _extensions(operation: Operation) -> dict[str, Any]:
    return {
        "operationId": operation.id,
        "description": operation.description,
        "x-kubernetes-action": operation.action,
        "x-kubernetes-group-version-kind": schemas.gvk(operation.kind, operation.kind_name),
    }


def _statuses(operation: Operation) -> tuple[str, ...]:
    return ("200", "201") if operation.created else ("200",)


def _v3_operation(operation: Operation) -> dict[str, Any]:
    answers: dict[str, Any] = {"description": "OK"}
    if operation.answer:
        schema = schemas.reference(operation.answer, prefix=_V3)
        answers["content"] = {media: {"schema": schema} for media in _ANSWERS}
    found: dict[str, Any] = {
        **_extensions(operation),
        "parameters": [
            {**{k: v for k, v in p.items() if k != "type"}, "schema": {"type": p["type"]}}
            for p in operations.parameters(operation)
        ],
        "responses": dict.fromkeys(_statuses(operation), answers) | {"401": {"description": "Unauthorized"}},
    }
    if operation.body:
        schema = schemas.reference(operation.body, prefix=_V3)
        media = operation.consumes or _BODIES
        found["requestBody"] = {"content": {one: {"schema": schema} for one in media}}
    return found


def _v2_operation(operation: Operation) -> dict[str, Any]:
    parameters = operations.parameters(operation)
    if operation.body:
        schema = schemas.reference(operation.body, prefix=_V2)
        parameters.append({"name": "body", "in": "body", "required": operation.method != "delete", "schema": schema})
    answer: dict[str, Any] = {"description": "OK"}
    if operation.answer:
        answer["schema"] = schemas.reference(operation.answer, prefix=_V2)
    return {
        **_extensions(operation),
        "consumes": list(operation.consumes or _BODIES),
        "produces": list(_ANSWERS),
        "schemes": ["https"],
        "parameters": parameters,
        "responses": dict.fromkeys(_statuses(operation), answer) | {"401": {"description": "Unauthorized"}},
    }


def _paths(resources: Iterable[Resource], *, version: int) -> dict[str, Any]:
    render = _v3_operation if version > 2 else _v2_operation  # noqa: PLR2004 - the two versions
    found: dict[str, Any] = {}
    for resource in resources:
        for operation in operations.operations(resource):
            found.setdefault(operation.path, {})[operation.method] = render(operation)
    return found


def _components(resources: Iterable[Resource], prefix: str) -> dict[str, Schema]:
    found = schemas.meta_components(prefix)
    for resource in resources:
        found |= schemas.kind_components(resource, prefix)
    return found


def v3(resources: list[Resource]) -> bytes:
    """The document of one group and version."""
    body = {
        "openapi": "3.0.0",
        "info": _INFO,
        "paths": _paths(resources, version=3),
        "components": {"schemas": _components(resources, _V3)},
    }
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def v2(catalog: Catalog) -> bytes:
    """The document of everything."""
    body = {
        "swagger": "2.0",
        "info": _INFO,
        "paths": _paths(catalog.resources, version=2),
        "definitions": _components(catalog.resources, _V2),
    }
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def _hash(body: bytes) -> str:
    return hashlib.sha512(body).hexdigest().upper()


class OpenAPI:
    """The documents of a catalog, made once."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._catalog = catalog
        self._clock = clock
        self._lock = asyncio.Lock()
        self._documents: dict[str, bytes] = {}

    async def respond(self, request: Request) -> Response | None:
        """The document at the request's path; None when there is none."""
        if not request.path.startswith("/openapi/"):
            return None
        async with self._lock:
            if not self._documents:
                self._documents = await asyncio.to_thread(self._build)
        path = request.path.rstrip("/")
        body = self._documents.get(path)
        if body is None:
            return None
        return self._answer(request, path, body)

    def _build(self) -> dict[str, bytes]:
        found = {"/openapi/v2": v2(self._catalog)}
        index: dict[str, Any] = {}
        for group, versions in self._catalog.groups().items():
            for version, resources in versions.items():
                path = f"apis/{group}/{version}" if group else f"api/{version}"
                body = v3(resources)
                found[f"{_V3_ROOT}/{path}"] = body
                index[path] = {"serverRelativeURL": f"{_V3_ROOT}/{path}?hash={_hash(body)}"}
        found[_V3_ROOT] = orjson.dumps({"paths": index})
        return found

    def _answer(self, request: Request, path: str, body: bytes) -> Response:
        digest = _hash(body)
        headers = [("etag", f'"{digest}"'), ("vary", "Accept")]
        if path not in {_V3_ROOT, "/openapi/v2"} and request.param("hash") == digest:
            expires = self._clock() + datetime.timedelta(days=365)
            headers += [
                ("cache-control", "public, immutable"),
                ("expires", expires.strftime("%a, %d %b %Y %H:%M:%S GMT")),
            ]
        if digest in request.header("if-none-match"):
            return Response(b"", 304, headers=headers)
        return Response(body, headers=headers)
