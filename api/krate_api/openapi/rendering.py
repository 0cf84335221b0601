"""Operations in the words of version 2 and of version 3: what differs between the two is here and in `publishing`."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from krate.schema import Schema
from krate_api.openapi import parameters, shapes
from krate_api.openapi.operations import Operation

_UNAUTHORIZED: Final = {"401": {"description": "Unauthorized"}}
_MEANINGS: Final = {"200": "OK", "201": "Created", "202": "Accepted"}


def words(text: str, *, capital: bool = True) -> str:
    """`ref.example.com` as `RefExampleCom` (AS/pkg/endpoints/openapi ToValidOperationID)."""
    found: list[str] = []
    for number, mark in enumerate(text):
        if mark.isalpha() or mark == "_" or (number and mark.isdigit()):
            found.append(mark.upper() if capital else mark)
            capital = False
        else:
            capital = True
    return "".join(found)


def _place(path: str) -> tuple[str, ...]:
    """Group and version of a path, as identifiers name them: the core group is called so."""
    first, *rest = path.strip("/").split("/")
    if first == "api":
        return ("core", *rest[:1])
    if first == "apis" and rest:
        return (rest[0].removesuffix(".k8s.io"), *rest[1:2])
    return ()


def identifier(operation: Operation) -> str:
    """operationId: verb, group, version, and the rest."""
    return operation.name + "".join(words(part) for part in (*_place(operation.path), operation.noun))


def tag(path: str) -> str:
    """Group and version of a path, or its first word."""
    place = _place(path)
    return "_".join(words(part, capital=False) for part in place) or words(path.strip("/").split("/")[0], capital=False)


def _head(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "tags": [tag(operation.path)],
        "description": operation.description,
        "operationId": identifier(operation),
    }
    if operation.action:
        found["x-kubernetes-action"] = operation.action
        found["x-kubernetes-group-version-kind"] = operation.gvk
    return found


def _parameters(operation: Operation) -> dict[str, dict[str, Any]]:
    found = {name: parameters.query(name) for name in operation.query}
    if operation.action:
        found[parameters.PRETTY] = parameters.query(parameters.PRETTY)
    for name in (parameters.NAMESPACE, parameters.NAME):
        if f"{{{name}}}" in operation.path:
            found[name] = parameters.path(name, operation.kind)
    return found


def paths(operations: Iterable[Operation], *, version: int) -> dict[str, dict[str, Any]]:
    """Path items by path. A parameter that all operations of a path have stands once, at the path."""
    by_path: dict[str, list[Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, []).append(operation)
    return {path: _item(several, version=version) for path, several in by_path.items()}


def _item(operations: Iterable[Operation], *, version: int) -> dict[str, Any]:
    rows = [(operation, _parameters(operation)) for operation in operations]
    shared = set(rows[0][1]).intersection(*(own for _, own in rows))
    spell = _v2_parameter if version == 2 else _same  # noqa: PLR2004 - Swagger 2.0
    found: dict[str, Any] = {}
    for operation, own in rows:
        left = [spell(own[name]) for name in sorted(own) if name not in shared]
        found[operation.method] = _v2(operation, left) if version == 2 else _v3(operation, left)  # noqa: PLR2004
    if shared:
        found["parameters"] = [spell(rows[0][1][name]) for name in sorted(shared)]
    return found


def _v3(operation: Operation, own: list[Schema]) -> dict[str, Any]:
    found = _head(operation)
    if own:
        found["parameters"] = own
    if operation.body:
        content = _content(operation.consumes, operation.body)
        found["requestBody"] = {"content": content, **({} if operation.optional_body else {"required": True})}
    answer: dict[str, Any] = {}
    if operation.answer:
        content = _content(operation.produces, operation.answer)
        answer = {"content": content}
    found["responses"] = {
        status: {"description": _MEANINGS[status], **answer} for status in operation.statuses
    } | _UNAUTHORIZED
    return found


def _content(media: Iterable[str], component: str) -> dict[str, Any]:
    return {one: {"schema": shapes.reference(component)} for one in media}


def _v2(operation: Operation, own: list[Schema]) -> dict[str, Any]:
    body: list[Schema] = []
    if operation.body:
        body = [parameters.used(parameters.body(operation.body, required=not operation.optional_body))]
    answer = {"schema": {"$ref": f"#/definitions/{operation.answer}"}} if operation.answer else {}
    found = {
        **_head(operation),
        "consumes": list(operation.consumes),
        "produces": list(operation.produces),
        "schemes": ["https"],
        "responses": {status: {"description": _MEANINGS[status], **answer} for status in operation.statuses}
        | _UNAUTHORIZED,
    }
    if body or own:
        found["parameters"] = [*body, *own]
    return found


def _v2_parameter(parameter: Mapping[str, Any]) -> Schema:
    return parameters.used(parameters.flat(parameter))


def _same(parameter: Schema) -> Schema:
    return parameter
