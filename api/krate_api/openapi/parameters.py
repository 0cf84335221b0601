"""Query and path parameters of operations; kubectl looks for `dryRun` and `fieldValidation` in exactly these places."""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from krate.schema import Schema
from krate_api.openapi import shapes

PRETTY: Final = "pretty"
NAMESPACE: Final = "namespace"
NAME: Final = "name"

GET: Final = ("resourceVersion",)
WRITE: Final = ("dryRun", "fieldManager", "fieldValidation")
PATCH: Final = (*WRITE, "force")
_PAGE: Final = ("continue", "fieldSelector", "labelSelector", "limit", "resourceVersion", "resourceVersionMatch")
_PARTS: Final = ("sendInitialEvents", "shardSelector", "timeoutSeconds")
LIST: Final = ("allowWatchBookmarks", *_PAGE, *_PARTS, "watch")
DELETE: Final = (
    "dryRun",
    "gracePeriodSeconds",
    "ignoreStoreReadErrorWithClusterBreakingPotential",
    "orphanDependents",
    "propagationPolicy",
)
DELETE_COLLECTION: Final = (*_PAGE, *_PARTS, *DELETE)

_QUERY: Final[Mapping[str, tuple[str, str]]] = {
    "allowWatchBookmarks": (
        "boolean",
        "Whether a watch may send events of type BOOKMARK, which carry a version alone.",
    ),
    "continue": ("string", "Token of the page before, which asks for the next one."),
    "dryRun": ("string", "All: do everything but store the result."),
    "fieldManager": ("string", "Name of the program or person that changes the object; for managedFields."),
    "fieldSelector": ("string", "Fields that objects must have, as `metadata.name=x`."),
    "fieldValidation": ("string", "Ignore, Warn or Strict: what becomes of unknown and of repeated fields."),
    "force": ("boolean", "Whether an apply takes fields over from other managers."),
    "gracePeriodSeconds": ("integer", "Seconds the object has to end; zero means at once."),
    "ignoreStoreReadErrorWithClusterBreakingPotential": ("boolean", "Delete even what cannot be read any more."),
    "labelSelector": ("string", "Labels that objects must have, as `app=web,tier!=db`."),
    "limit": ("integer", "How many objects a page has at most."),
    "orphanDependents": ("boolean", "Use propagationPolicy instead: whether dependents stay."),
    PRETTY: ("string", "true: write the answer for people."),
    "propagationPolicy": ("string", "Orphan, Background or Foreground: what becomes of dependents."),
    "resourceVersion": ("string", "Version of the store to read at, or to watch from."),
    "resourceVersionMatch": ("string", "NotOlderThan or Exact: how resourceVersion is meant."),
    "sendInitialEvents": ("boolean", "Whether a watch begins with the objects that exist."),
    "shardSelector": ("string", "Which part of a sharded list to answer."),
    "timeoutSeconds": ("integer", "Seconds after which the server ends the call."),
    "watch": ("boolean", "Whether to send changes as they happen."),
}
_UNSHARED: Final = frozenset({NAME, "dryRun", "fieldValidation"})
"""`name` differs by kind, and older kubectl looks for the others where they stand."""


def path(name: str, kind: str) -> dict[str, Any]:
    """A parameter of the path, in the form of version 3."""
    text = f"name of the {kind}" if name == NAME else "Namespace of the object."
    return {
        "name": name,
        "in": "path",
        "description": text,
        "required": True,
        "schema": {"type": "string", "uniqueItems": True},
    }


def query(name: str) -> dict[str, Any]:
    """A parameter of the query, in the form of version 3."""
    kind, text = _QUERY[name]
    return {"name": name, "in": "query", "description": text, "schema": {"type": kind, "uniqueItems": True}}


def flat(parameter: Mapping[str, Any]) -> Schema:
    """A parameter of version 3 in the form of version 2."""
    return {key: value for key, value in parameter.items() if key != "schema"} | parameter["schema"]


def body(component: str, *, required: bool) -> Schema:
    """A request body, which is a parameter in version 2."""
    schema = {"$ref": f"#/definitions/{component}"}
    return {"name": "body", "in": "body", **({"required": True} if required else {}), "schema": schema}


def used(parameter: Schema) -> Schema:
    """A parameter of version 2 where it is used: a reference, if it is one that operations share (KO/pkg/builder)."""
    name = _name(parameter)
    return {"$ref": f"#/parameters/{name}"} if name in shared() else parameter


@cache
def shared() -> Mapping[str, Schema]:
    """The parameters of version 2 that operations share."""
    own = [flat(query(name)) for name in _QUERY if name not in _UNSHARED]
    bodies = [body(shapes.DELETE_OPTIONS, required=False), body(shapes.PATCH, required=True)]
    return {_name(one): one for one in (*own, flat(path(NAMESPACE, "")), *bodies)}


def _name(parameter: Mapping[str, Any]) -> str:
    text = json.dumps(parameter, sort_keys=True, separators=(",", ":")).encode()
    return f"{parameter['name']}-{base64.urlsafe_b64encode(hashlib.sha256(text).digest()[:6]).decode()}"
