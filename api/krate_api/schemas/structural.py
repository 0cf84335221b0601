"""Structural schemas at work: unknown fields out, defaults in, problems named in upstream's words.

Pruning and defaulting walk the object once; validation is compiled to Rust (`jsonschema-rs`, linear-time patterns)
when a kind is registered. Texts follow AX/pkg/apiserver/validation and kube-openapi's validators.
"""

import copy
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import jsonschema_rs
import orjson

from krate import errors
from krate.errors import Cause, CauseType
from krate.schema import Schema

_PRESERVE: Final = "x-kubernetes-preserve-unknown-fields"
_LIST_TYPE: Final = "x-kubernetes-list-type"
_LIST_KEYS: Final = "x-kubernetes-list-map-keys"
MAX_PROBLEMS: Final = 100
"""Problems that are told of one object: a body of mistakes must not become an answer a hundred times its size."""
_MORE: Final = Cause(CauseType.INVALID, "Invalid value: there are more problems than are told here")


def child(path: str, part: str | int) -> str:
    """`spec` + `title` -> `spec.title`; + 0 -> `spec[0]`."""
    if isinstance(part, int):
        return f"{path}[{part}]"
    return f"{path}.{part}" if path else part


def prune(value: Any, schema: Schema, path: str = "") -> list[str]:
    """Remove what the schema does not know, in place; answers the paths that went."""
    gone: list[str] = []
    if isinstance(value, dict):
        properties: Mapping[str, Schema] = schema.get("properties", {})
        additional = schema.get("additionalProperties")
        keep = schema.get(_PRESERVE)
        for key in list(value):
            if key in properties:
                gone += prune(value[key], properties[key], child(path, key))
            elif additional is not None:
                gone += prune(value[key], additional, child(path, key))
            elif not keep:
                del value[key]
                gone.append(child(path, key))
    elif isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            gone += prune(item, schema["items"], child(path, number))
    return gone


def default(value: Any, schema: Schema) -> None:
    """Fill in defaults, in place; a null where the schema has a default counts as absent."""
    if isinstance(value, dict):
        for key, sub in schema.get("properties", {}).items():
            if "default" in sub and value.get(key) is None:
                value[key] = copy.deepcopy(sub["default"])
            if key in value:
                default(value[key], sub)
        additional = schema.get("additionalProperties")
        if additional:
            for item in value.values():
                default(item, additional)
    elif isinstance(value, list) and "items" in schema:
        for item in value:
            default(item, schema["items"])


def _plain(schema: Schema) -> Schema:
    """The schema as plain JSON schema: Kubernetes' extensions dropped, dictionaries of additional properties kept."""
    found: Schema = {}
    for key, value in schema.items():
        if key == "properties":
            found[key] = {name: _plain(sub) for name, sub in value.items()}
        elif key in {"items", "additionalProperties"} and isinstance(value, dict):
            found[key] = _plain(value)
        elif key in {"format", "description", "default"} or key.startswith("x-kubernetes-"):
            continue
        else:
            found[key] = value
    return found


class StructuralSchema:
    """A schema compiled once."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._compiled = jsonschema_rs.Draft202012Validator(
            _plain(schema), pattern_options=jsonschema_rs.RegexOptions()
        )
        self._lists = tuple(_keyed(schema, ()))

    def prune(self, obj: dict[str, Any]) -> list[str]:
        """Remove what the schema does not know, in place; answers the paths that went."""
        return prune(obj, self._schema)

    def default(self, obj: dict[str, Any]) -> None:
        """Fill in defaults, in place."""
        default(obj, self._schema)

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None = None) -> list[Cause]:  # noqa: ARG002 - ratcheting needs it
        """The problems of `obj`, by field; of very many the first `MAX_PROBLEMS`, and that there are more."""
        wrong = (_cause(error) for error in self._compiled.iter_errors(obj))
        twice = (cause for path, schema in self._lists for cause in _duplicates(obj, path, schema))
        found = list(itertools.islice(itertools.chain(wrong, twice), MAX_PROBLEMS + 1))
        told = sorted(found[:MAX_PROBLEMS], key=lambda cause: (cause.field, cause.message))
        return [*told, _MORE] if len(found) > MAX_PROBLEMS else told


def _path(parts: Iterable[str | int]) -> str:
    path = ""
    for part in parts:
        path = child(path, part)
    return path


def _quote(value: Any) -> str:
    return orjson.dumps(value).decode() if isinstance(value, str | int | float | bool) else _type(value)


def _type(value: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
    return f'"{names.get(type(value), "null")}"'


def _cause(error: jsonschema_rs.ValidationError) -> Cause:
    field = _path(error.instance_path)
    kind = error.kind.as_dict()
    name, value = error.kind.name, error.instance
    invalid = f"Invalid value: {_quote(value)}: {field} in body"
    match name:
        case "required":
            return Cause(CauseType.REQUIRED, "Required value", child(field, str(kind["property"])))
        case "type":
            want = error.schema_path and _wanted(kind)
            text = f"Invalid value: {_type(value)}: {field} in body must be of type {want}: {_type(value)}"
            return Cause(CauseType.TYPE_INVALID, text, field)
        case "enum":
            return errors.unsupported(field, _quote(value), map(str, kind["options"]))
        case "maxLength":
            return Cause(CauseType.TOO_LONG, f"Too long: may not be more than {kind['limit']} bytes", field)
        case "maxItems":
            count = len(value) if isinstance(value, list) else 0
            return Cause(CauseType.TOO_MANY, f"Too many: {count}: must have at most {kind['limit']} items", field)
        case _:
            return Cause(CauseType.INVALID, f"{invalid} {_rule(name, kind)}", field)


def _wanted(kind: Mapping[str, Any]) -> str:
    types = kind.get("types") or kind.get("type") or "object"
    return types if isinstance(types, str) else "|".join(types)


def _rule(name: str, kind: Mapping[str, Any]) -> str:
    match name:
        case "minLength":
            return f"should be at least {kind['limit']} chars long"
        case "minItems":
            return f"should have at least {kind['limit']} items"
        case "minimum":
            return f"should be greater than or equal to {kind['limit']}"
        case "maximum":
            return f"should be less than or equal to {kind['limit']}"
        case "pattern":
            return f"should match '{kind['pattern']}'"
        case _:
            return f"is not valid ({name})"


_Path = tuple[str, ...]
_ITEMS: Final = "[]"


def _keyed(schema: Schema, path: _Path) -> Iterable[tuple[_Path, Schema]]:
    """Where the schema has lists that are sets or maps."""
    if schema.get(_LIST_TYPE) in {"set", "map"}:
        yield path, schema
    for key, sub in schema.get("properties", {}).items():
        yield from _keyed(sub, (*path, key))
    if isinstance(schema.get("items"), dict):
        yield from _keyed(schema["items"], (*path, _ITEMS))


def _values(value: Any, path: Sequence[str], at: str) -> Iterable[tuple[str, Any]]:
    if not path:
        yield at, value
    elif path[0] == _ITEMS and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _values(item, path[1:], child(at, number))
    elif isinstance(value, dict) and path[0] in value:
        yield from _values(value[path[0]], path[1:], child(at, path[0]))


def _duplicates(obj: Mapping[str, Any], path: _Path, schema: Schema) -> Iterable[Cause]:
    keys: Sequence[str] = schema.get(_LIST_KEYS, ())
    for at, value in _values(obj, path, ""):
        seen: set[bytes] = set()
        items: list[Any] = value if isinstance(value, list) else []
        for number, item in enumerate(items):
            identity: Any = {key: item.get(key) for key in keys} if keys and isinstance(item, dict) else item
            encoded = orjson.dumps(identity, option=orjson.OPT_SORT_KEYS)
            if encoded in seen:
                text = f"Duplicate value: {encoded.decode()}"
                yield Cause(CauseType.DUPLICATE, text, child(at, number))
            seen.add(encoded)
