"""Paths and operations of a kind, in a form that both versions of OpenAPI are rendered from.

Custom resources and our own kinds are published as AX/pkg/controller/openapi/builder does it; Kubernetes' own kinds
have strategic patches, an operation to discover them and deprecated watch paths besides.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from krate.kinds import Kind, Subresource
from krate.names import Verb
from krate.schema import Schema
from krate_api import patches
from krate_api.openapi import parameters, schemas, shapes
from krate_api.resources import Resource

JSON: Final = "application/json"
YAML: Final = "application/yaml"
WATCHED: Final = f"{JSON};stream=watch"

OK: Final = "200"
CREATED: Final = "201"
ACCEPTED: Final = "202"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path."""

    path: str
    method: str
    name: str
    """Verb of the identifier, such as `replace`."""
    noun: str
    """What follows group and version in the identifier."""
    description: str
    action: str = ""
    """x-kubernetes-action; empty for what is about no kind."""
    gvk: Schema = field(default_factory=dict[str, str])
    kind: str = ""
    """Of the object in the path."""
    query: tuple[str, ...] = ()
    body: str = ""
    """Component of the request body."""
    optional_body: bool = False
    consumes: tuple[str, ...] = (JSON, YAML)
    answer: str = ""
    """Component of the response."""
    produces: tuple[str, ...] = (JSON, YAML)
    statuses: tuple[str, ...] = (OK,)


def article(noun: str) -> str:
    """`a Pull`, `an Organization`; plurals have none (AS/pkg/endpoints GetArticleForNoun)."""
    if noun.endswith("s") and not noun.endswith("ss"):
        return noun
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def operations(resource: Resource) -> Iterator[Operation]:
    """Every operation of a kind, subresources included."""
    kind = resource.kind
    yield from _collection(kind)
    yield from _item(kind)
    for sub in kind.subresources:
        yield from _subresource(kind, sub)
    if kind.native and Verb.WATCH in kind.verbs:
        yield from _watches(kind)


Row = Callable[..., Operation]
"""An operation for which the kind speaks already."""


def _row(kind: Kind) -> Row:
    gvk = shapes.gvk(kind.group, kind.version, kind.name)
    return functools.partial(Operation, noun=_noun(kind), gvk=gvk, kind=kind.name)


def _noun(kind: Kind) -> str:
    return f"{'Namespaced' if kind.namespaced else ''}{kind.name}"


def _objects(kind: Kind) -> str:
    """Path of the collection below group and version."""
    return f"namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else kind.plural


def _collection(kind: Kind) -> Iterator[Operation]:
    row, own, path = _row(kind), schemas.component(kind), f"{kind.base_path}/{_objects(kind)}"
    builtin = kind.native
    if Verb.LIST in kind.verbs:
        yield from _lists(kind, path)
    if Verb.CREATE in kind.verbs:
        yield row(
            path, "post", "create", action="post", description=f"create {article(kind.name)}",
            query=parameters.WRITE, body=own, answer=own, statuses=(OK, CREATED, ACCEPTED),
        )  # fmt: skip
    if Verb.DELETE_COLLECTION in kind.verbs:
        yield row(
            path, "delete", "delete", noun=f"Collection{_noun(kind)}", action="deletecollection",
            description=f"delete collection of {kind.name}", answer=shapes.STATUS, optional_body=True,
            query=parameters.DELETE_COLLECTION if builtin else parameters.LIST,
            body=shapes.DELETE_OPTIONS if builtin else "",
        )  # fmt: skip


def _lists(kind: Kind, path: str) -> Iterator[Operation]:
    builtin = kind.native
    row = functools.partial(
        _row(kind),
        method="get",
        name="list",
        action="list",
        description=f"{'list or watch' if builtin else 'list'} objects of kind {kind.name}",
        query=parameters.LIST,
        answer=schemas.list_component(kind),
        produces=(JSON, WATCHED, YAML) if builtin else (JSON, YAML),
    )
    if kind.namespaced:
        yield row(f"{kind.base_path}/{kind.plural}", noun=f"{kind.name}ForAllNamespaces")
    yield row(path)


def _item(kind: Kind) -> Iterator[Operation]:
    row, own, path = _row(kind), schemas.component(kind), f"{kind.base_path}/{_objects(kind)}/{{name}}"
    yield from _of_one(row, kind, kind, path, own)
    if Verb.DELETE in kind.verbs:
        yield row(
            path, "delete", "delete", action="delete", description=f"delete {article(kind.name)}",
            query=parameters.DELETE, body=shapes.DELETE_OPTIONS, optional_body=True,
            answer=shapes.STATUS, statuses=(OK, ACCEPTED),
        )  # fmt: skip


def _subresource(kind: Kind, sub: Subresource) -> Iterator[Operation]:
    path, body = f"{kind.base_path}/{_objects(kind)}/{{name}}/{sub.name}", schemas.body_component(kind, sub)
    row = functools.partial(_row(kind), noun=f"{_noun(kind)}{sub.name.title()}")
    if sub.version and body != shapes.SCALE:
        row = functools.partial(row, gvk=shapes.gvk(sub.group, sub.version, sub.kind))
    yield from _of_one(row, kind, sub, path, body)
    if Verb.CREATE in sub.verbs:
        yield row(
            path, "post", "create", action="post", description=f"create {sub.name} of {article(kind.name)}",
            query=parameters.WRITE, body=body, answer=body, statuses=(OK, CREATED, ACCEPTED),
        )  # fmt: skip


def _of_one(row: Row, kind: Kind, sub: Kind | Subresource, path: str, body: str) -> Iterator[Operation]:
    """Reading, replacing and patching an object or a part of it."""
    builtin, verbs = kind.native, sub.verbs
    rest = f"the specified {kind.name}" if sub is kind else f"{sub.name} of the specified {kind.name}"
    if Verb.GET in verbs:
        query = () if builtin else parameters.GET
        yield row(path, "get", "read", action="get", description=f"read {rest}", query=query, answer=body)
    if Verb.UPDATE in verbs:
        yield row(
            path, "put", "replace", action="put", description=f"replace {rest}",
            query=parameters.WRITE, body=body, answer=body, statuses=(OK, CREATED),
        )  # fmt: skip
    if Verb.PATCH in verbs:
        yield row(
            path, "patch", "patch", action="patch", description=f"partially update {rest}",
            query=parameters.PATCH, body=shapes.PATCH, consumes=patches.accepted_by(kind), answer=body,
            statuses=(OK, CREATED) if builtin else (OK,),
        )  # fmt: skip


def _watches(kind: Kind) -> Iterator[Operation]:
    """The paths of old clients: a watch of today is a list with a parameter."""
    row = functools.partial(
        _row(kind), method="get", name="watch", query=parameters.LIST, answer=shapes.WATCH_EVENT,
        produces=(JSON, WATCHED, YAML),
    )  # fmt: skip
    base, old = f"{kind.base_path}/watch", "deprecated: use the 'watch' parameter with a list operation instead"
    several = functools.partial(
        row, action="watchlist", description=f"watch individual changes to a list of {kind.name}. {old}."
    )
    yield several(f"{base}/{_objects(kind)}", noun=f"{_noun(kind)}List")
    if kind.namespaced:
        yield several(f"{base}/{kind.plural}", noun=f"{kind.name}ListForAllNamespaces")
    yield row(
        f"{base}/{_objects(kind)}/{{name}}", action="watch",
        description=f"watch changes to an object of kind {kind.name}. {old}.",
    )  # fmt: skip
