"""Request bodies: JSON and YAML into plain objects, with duplicate fields found and bombs refused.

The fast parser takes JSON as it comes; only when somebody wants to know about duplicate fields does a slower second
pass look at the pairs (Kubernetes: field validation, Warn and Strict).
"""

import json
from typing import Any, Final

import orjson
import yaml

from krate import errors
from krate.kinds import Form, Kind
from krate_api import protobuf, yaml_bodies
from krate_api.http import Request

ACCEPTED: Final = ("application/json", "application/yaml")
MAX_DEPTH: Final = 64
MAX_REPORTED: Final = 100
"""Unknown and duplicate fields that are told of; a body that has more has them for no good reason."""


def media_type(request: Request) -> str:
    """Media type of the request's body, lower case, without parameters."""
    return request.header("content-type").partition(";")[0].strip().lower()


def check_media_type(request: Request, accepted: tuple[str, ...] = ACCEPTED) -> str:
    """The body's media type; an absent one is JSON.

    Raises:
        UnsupportedMediaType: it is none of `accepted`.
    """
    found = media_type(request) or ACCEPTED[0]
    if found not in accepted:
        raise errors.UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: " + ", ".join(accepted)
        )
    return found


def accepted_for(kind: Kind) -> tuple[str, ...]:
    """Media types of bodies of a kind: protobuf only for Kubernetes' own, as their clients send it."""
    return (*ACCEPTED, protobuf.MEDIA) if kind.form is Form.BUILTIN and protobuf.readable(kind.name) else ACCEPTED


def parse_object(data: bytes, media: str, *, kind: str) -> dict[str, Any]:
    """The object in a body.

    Args:
        data: the body.
        media: its media type.
        kind: the kind expected, for the message.

    Raises:
        BadRequest: it is no object of a known form.
    """
    what = f"the object provided is unrecognized (must be of type {kind}): "
    if media == protobuf.MEDIA:
        try:
            return protobuf.decode(data, kind)
        except protobuf.Malformed:
            raise errors.BadRequest(f"{what}proto: malformed body") from None
    what += "couldn't get version/kind; json parse error: "
    value = parse(data, media, what=what)
    if not isinstance(value, dict):
        raise errors.BadRequest(f"{what}cannot unmarshal {_named(value)} into Go value of type struct")
    return value


def _named(value: Any) -> str:
    return {list: "array", str: "string", int: "number", float: "number", bool: "bool"}.get(type(value), "null")


def parse(data: bytes, media: str, *, what: str = "error decoding patch: ") -> Any:
    """Any value in a body, bounded in depth.

    Args:
        data: the body.
        media: its media type.
        what: how the message begins.

    Raises:
        BadRequest: it does not parse, or is nested too deeply.
    """
    try:
        value = yaml_bodies.load(data) if media.endswith("yaml") else orjson.loads(data)
    except (orjson.JSONDecodeError, yaml.YAMLError, ValueError) as error:
        raise errors.BadRequest(f"{what}{_first_line(error)}") from None
    except RecursionError:
        raise errors.BadRequest(f"{what}exceeded max depth") from None
    if depth(value, MAX_DEPTH) > MAX_DEPTH:
        raise errors.BadRequest(f"{what}exceeded max depth")
    return value


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def depth(value: Any, limit: int) -> int:
    """How deeply `value` is nested; stops counting just beyond `limit`."""
    deepest = 0
    stack = [(value, 1)]
    while stack:
        node, level = stack.pop()
        deepest = max(deepest, level)
        if level > limit:
            return level
        if isinstance(node, dict):
            stack.extend((item, level + 1) for item in node.values() if isinstance(item, dict | list))
        elif isinstance(node, list):
            stack.extend((item, level + 1) for item in node if isinstance(item, dict | list))
    return deepest


def duplicate_fields(data: bytes, media: str) -> list[str]:
    """Paths of fields that stand twice in one object, in the order of the result; at most `MAX_REPORTED`.

    What an overwritten value held is of no interest: it is gone.
    """
    if media == protobuf.MEDIA:
        return []
    if media.endswith("yaml"):
        return yaml_bodies.duplicates(data)
    twice: dict[int, tuple[dict[str, Any], list[str]]] = {}

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            # The object is kept beside its keys, so that no later one can have its id.
            twice[id(found)] = found, _repeated(items)
        return found

    try:
        tree = json.loads(data, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return []
    return _located(tree, twice) if twice else []


def _repeated(items: list[tuple[str, Any]]) -> list[str]:
    seen: set[str] = set()
    repeated: list[str] = []
    for key, _ in items:
        if key in seen:
            repeated.append(key)
        seen.add(key)
    return repeated


def _located(tree: Any, twice: dict[int, tuple[dict[str, Any], list[str]]]) -> list[str]:
    """Paths of the repeated keys: one walk, because a parser's hook does not know where it stands."""
    found: list[str] = []
    stack: list[tuple[Any, str]] = [(tree, "")]
    while stack and len(found) < MAX_REPORTED:
        node, at = stack.pop()
        if isinstance(node, dict):
            found += [f"{at}.{key}" if at else key for key in twice.get(id(node), (node, []))[1]]
            stack.extend((value, f"{at}.{key}" if at else key) for key, value in reversed(node.items()))
        elif isinstance(node, list):
            stack.extend((item, f"{at}[{number}]") for number, item in reversed(list(enumerate(node))))
    return found[:MAX_REPORTED]
