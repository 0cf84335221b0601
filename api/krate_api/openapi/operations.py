"""Paths and operations of a kind, in a form that both OpenAPI versions are rendered from."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from krate.kinds import Kind, Subresource
from krate.names import Verb
from krate_api import patches
from krate_api.openapi import schemas
from krate_api.resources import Resource

_WRITE_PARAMETERS: Final = (
    ("dryRun", "string", "All: admit and validate, persist nothing."),
    ("fieldManager", "string", "Name of the actor that makes the change."),
    ("fieldValidation", "string", "Ignore, Warn or Strict: what to do about unknown and duplicate fields."),
)
_FORCE: Final = ("force", "boolean", "Only with apply patches.")
_LIST_PARAMETERS: Final = (
    ("allowWatchBookmarks", "boolean", "Send BOOKMARK events."),
    ("continue", "string", "Where to go on."),
    ("fieldSelector", "string", "Restrict by fields."),
    ("labelSelector", "string", "Restrict by labels."),
    ("limit", "integer", "At most so many items."),
    ("resourceVersion", "string", "Version to read at or to watch from."),
    ("resourceVersionMatch", "string", "Exact or NotOlderThan."),
    ("sendInitialEvents", "boolean", "Start a watch with the current state."),
    ("timeoutSeconds", "integer", "End after so many seconds."),
    ("watch", "boolean", "Watch for changes."),
)
_DELETE_PARAMETERS: Final = (
    ("dryRun", "string", "All: admit and validate, persist nothing."),
    ("gracePeriodSeconds", "integer", "Without meaning here."),
    ("orphanDependents", "boolean", "Use propagationPolicy."),
    ("propagationPolicy", "string", "Orphan, Background or Foreground."),
)

Parameter = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path."""

    path: str
    method: str
    id: str
    action: str
    """x-kubernetes-action."""
    kind: Kind
    kind_name: str
    description: str
    query: tuple[Parameter, ...] = ()
    body: str = ""
    """Component of the request body."""
    consumes: tuple[str, ...] = ()
    answer: str = ""
    """Component of the response."""
    created: bool = False


def _base(kind: Kind, *, everywhere: bool = False) -> str:
    if kind.namespaced and not everywhere:
        return f"{kind.base_path}/namespaces/{{namespace}}/{kind.plural}"
    return f"{kind.base_path}/{kind.plural}"


def _identifier(verb: str, kind: Kind, suffix: str = "") -> str:
    group = "".join(part.capitalize() for part in (kind.group or "core").split("."))
    scope = "Namespaced" if kind.namespaced else ""
    return f"{verb}{group}{kind.version.capitalize()}{scope}{kind.name}{suffix}"


def operations(resource: Resource) -> Iterator[Operation]:
    """Every operation of a kind, subresources included."""
    kind = resource.kind
    yield from _collection(kind)
    yield from _item(kind)
    for sub in kind.subresources:
        yield from _subresource(kind, sub)


def _collection(kind: Kind) -> Iterator[Operation]:
    own, items = schemas.component(kind), schemas.component(kind, "List")
    base, name = _base(kind), kind.name
    if Verb.LIST in kind.verbs:
        text = f"list or watch objects of kind {name}"
        listing = functools.partial(
            Operation, action="list", kind=kind, kind_name=name, description=text, query=_LIST_PARAMETERS, answer=items
        )
        yield listing(base, "get", _identifier("list", kind))
        if kind.namespaced:
            identifier = _identifier("list", kind, "ForAllNamespaces").replace("Namespaced", "", 1)
            yield listing(_base(kind, everywhere=True), "get", identifier)
    if Verb.CREATE in kind.verbs:
        identifier, text = _identifier("create", kind), f"create a {name}"
        yield Operation(
            base, "post", identifier, "post", kind, name, text, _WRITE_PARAMETERS, own, answer=own, created=True
        )
    if Verb.DELETE_COLLECTION in kind.verbs:
        identifier, text = _identifier("deleteCollection", kind), f"delete collection of {name}"
        query = (*_LIST_PARAMETERS[:-1], *_DELETE_PARAMETERS)
        options, status = schemas.DELETE_OPTIONS, schemas.STATUS
        yield Operation(base, "delete", identifier, "deletecollection", kind, name, text, query, options, answer=status)


def _item(kind: Kind) -> Iterator[Operation]:
    own, name = schemas.component(kind), kind.name
    path = f"{_base(kind)}/{{name}}"
    if Verb.GET in kind.verbs:
        identifier, text = _identifier("read", kind), f"read the specified {name}"
        yield Operation(path, "get", identifier, "get", kind, name, text, answer=own)
    if Verb.UPDATE in kind.verbs:
        identifier, text = _identifier("replace", kind), f"replace the specified {name}"
        yield Operation(path, "put", identifier, "put", kind, name, text, _WRITE_PARAMETERS, own, answer=own)
    if Verb.PATCH in kind.verbs:
        identifier, text = _identifier("patch", kind), f"partially update the specified {name}"
        query, types = (*_WRITE_PARAMETERS, _FORCE), patches.accepted_by(kind)
        yield Operation(path, "patch", identifier, "patch", kind, name, text, query, schemas.PATCH, types, own)
    if Verb.DELETE in kind.verbs:
        identifier, text = _identifier("delete", kind), f"delete a {name}"
        options, status = schemas.DELETE_OPTIONS, schemas.STATUS
        yield Operation(
            path, "delete", identifier, "delete", kind, name, text, _DELETE_PARAMETERS, options, answer=status
        )


_METHODS: Final = {Verb.GET: "get", Verb.UPDATE: "put", Verb.PATCH: "patch", Verb.CREATE: "post"}
_ACTIONS: Final = {Verb.GET: "get", Verb.UPDATE: "put", Verb.PATCH: "patch", Verb.CREATE: "post"}


def _subresource(kind: Kind, sub: Subresource) -> Iterator[Operation]:
    own = schemas.component(kind)
    path = f"{_base(kind)}/{{name}}/{sub.name}"
    plain = sub.kind == ""
    for verb in sub.verbs:
        text = f"{verb} {sub.name} of the specified {kind.name}"
        answer = own if plain and (sub.name == "status" or verb is not Verb.GET) else ""
        query: tuple[Parameter, ...] = () if verb is Verb.GET else _WRITE_PARAMETERS
        consumes: tuple[str, ...] = ()
        body = "" if verb is Verb.GET or not plain else own
        if verb is Verb.PATCH:
            query, consumes, body = (*query, _FORCE), patches.accepted_by(kind), schemas.PATCH
        yield Operation(
            path,
            _METHODS[verb],
            _identifier(str(verb), kind, sub.name.capitalize()),
            _ACTIONS[verb],
            kind,
            sub.kind or kind.name,
            text,
            query,
            body,
            consumes,
            answer,
        )


def parameters(operation: Operation) -> list[dict[str, Any]]:
    """Path and query parameters, before the version's own spelling."""
    found = [
        {"name": name, "in": "path", "required": True, "type": "string", "description": f"{name} of the object"}
        for name in ("namespace", "name")
        if f"{{{name}}}" in operation.path
    ]
    found += [
        {"name": name, "in": "query", "required": False, "type": kind, "description": text}
        for name, kind, text in operation.query
    ]
    return found
