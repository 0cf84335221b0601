"""Request bodies: JSON and YAML into plain objects, with duplicate fields found and bombs refused.

The fast parser takes JSON as it comes; only when somebody wants to know about duplicate fields does a slower second
pass look at the pairs (Kubernetes: field validation, Warn and Strict).
"""

import json
from collections.abc import Hashable
from typing import Any, Final

import orjson
import yaml

from krate import errors
from krate.kinds import Form, Kind
from krate_api import protobuf
from krate_api.http import Request

ACCEPTED: Final = ("application/json", "application/yaml")
MAX_DEPTH: Final = 64
MAX_YAML_NODES: Final = 200_000
"""Nodes that aliases may expand to: a billion laughs ends here."""


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
    what = f"the object provided is unrecognized (must be of type {kind})"
    if media == protobuf.MEDIA:
        try:
            return protobuf.decode(data, kind)
        except protobuf.Malformed:
            raise errors.BadRequest(f"{what}: proto: malformed body") from None
    value = parse(data, media, what=what)
    if not isinstance(value, dict):
        raise errors.BadRequest(
            f"{what}: couldn't get version/kind; json parse error: "
            f"cannot unmarshal {_named(value)} into Go value of type struct"
        )
    return value


def _named(value: Any) -> str:
    return {list: "array", str: "string", int: "number", float: "number", bool: "bool"}.get(type(value), "null")


def parse(data: bytes, media: str, *, what: str = "error decoding patch") -> Any:
    """Any value in a body, bounded in depth.

    Raises:
        BadRequest: it does not parse, or is nested too deeply.
    """
    try:
        value = load_yaml(data) if media.endswith("yaml") else orjson.loads(data)
    except (orjson.JSONDecodeError, yaml.YAMLError, ValueError) as error:
        raise errors.BadRequest(f"{what}: couldn't get version/kind; json parse error: {_first_line(error)}") from None
    except RecursionError:
        raise errors.BadRequest(f"{what}: json parse error: exceeded max depth") from None
    if depth(value, MAX_DEPTH) > MAX_DEPTH:
        raise errors.BadRequest(f"{what}: json parse error: exceeded max depth")
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


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: JSON's types only; timestamps stay strings."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def load_yaml(data: bytes) -> Any:
    """One YAML document.

    Raises:
        ValueError: aliases expand to too many nodes, or a key is no string.
    """
    value = yaml.load(data, _Loader)  # noqa: S506 - a subclass of the safe loader
    _check_size(value)
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))


def _check_size(value: Any) -> None:
    count = 0
    stack = [value]
    while stack:
        node = stack.pop()
        count += 1
        if count > MAX_YAML_NODES:
            raise ValueError("document contains excessive aliasing")
        if isinstance(node, dict):
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)


def duplicate_fields(data: bytes, media: str) -> list[str]:
    """Paths of fields that stand twice in one object, in order."""
    if media == protobuf.MEDIA:
        return []
    if media.endswith("yaml"):
        return _duplicate_yaml(data)
    found: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in items:
            if key in seen:
                found.append(key)
            seen[key] = value
        return seen

    try:
        tree = json.loads(data, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return []
    return _located(tree, found)


def _located(tree: Any, keys: list[str]) -> list[str]:
    """Full paths for duplicated keys: the parser reports only the last part, so the first place it occurs is named."""
    found: list[str] = []
    for key in keys:
        path = _find(tree, key, "")
        found.append(path or key)
    return found


def _find(tree: Any, key: str, at: str) -> str:
    if isinstance(tree, dict):
        if key in tree:
            return f"{at}.{key}" if at else key
        for name, value in tree.items():
            if path := _find(value, key, f"{at}.{name}" if at else name):
                return path
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            if path := _find(value, key, f"{at}[{number}]"):
                return path
    return ""


def _duplicate_yaml(data: bytes) -> list[str]:
    found: list[str] = []
    try:
        root = yaml.compose(data, yaml.CSafeLoader)
    except yaml.YAMLError:
        return []
    stack: list[tuple[Any, str]] = [(root, "")]
    while stack:
        node, at = stack.pop()
        if isinstance(node, yaml.MappingNode):
            seen: set[Hashable] = set()
            for key, value in node.value:
                path = f"{at}.{key.value}" if at else str(key.value)
                if key.value in seen:
                    found.append(path)
                seen.add(key.value)
                stack.append((value, path))
        elif isinstance(node, yaml.SequenceNode):
            stack.extend((item, f"{at}[{number}]") for number, item in enumerate(node.value))
    return found
