"""Decoding a definition into its types: unknown fields out, wrong types refused in Go's words."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from krate import errors
from krate.clock import parse
from krate_api.definitions import shapes
from krate_api.definitions.shapes import DEFINITION, JSON_SCHEMA, STATUS, Shape, Struct
from krate_api.schemas import gofmt

MAX_DEPTH: Final = 128
"""Levels of schemas inside schemas. Upstream ends at ten thousand levels of JSON; nobody's API is a hundred deep."""
_KIND: Final = "CustomResourceDefinition"
_INTEGERS: Final = {shapes.INT64: 63, shapes.INT32: 31}


def decode(obj: dict[str, Any]) -> list[str]:
    """Bring `spec` and `status` of a definition into the form of their types, in place; answers unknown fields.

    Raises:
        BadRequest: a value has the wrong type.
    """
    decoder = _Decoder()
    rest = {key: value for key, value in obj.items() if key not in {"apiVersion", "kind", "metadata"}}
    found = decoder.struct(rest, DEFINITION, "", "")
    for key in rest:
        del obj[key]
    obj.update(found)
    return decoder.unknown


def nothing() -> dict[str, Any]:
    """The status of a definition of which nothing is known yet."""
    return _Decoder().struct({}, STATUS, "", "")


class _Decoder:
    """Walks a value along its shape.

    `at` is the path that reports of unknown fields show, with list numbers and map keys; `go` the one of type errors,
    which names fields of structs only.
    """

    def __init__(self) -> None:
        self.unknown: list[str] = []
        self._quiet = 0
        self._depth = 0

    def struct(self, value: Any, shape: Struct, at: str, go: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key in value:
            member = shape.members.get(key)
            if member is None:
                if not self._quiet:
                    self.unknown.append(_join(at, key))
                continue
            if value[key] is None:
                continue
            inner = self.value(value[key], member.shape, _join(at, key), (shape.name, _join(go, key)))
            if member.pointer or member.always or inner not in ("", 0, False, [], {}):
                found[key] = inner
        for key, member in shape.members.items():
            if member.always and key not in found:
                found[key] = self._zero(member.shape)
        return found

    def _zero(self, shape: Shape) -> Any:
        match shape:
            case Struct():
                return self.struct({}, shape, "", "")
            case shapes.STRING:
                return ""
            case shapes.BOOL:
                return False
            case _:
                return None

    def value(self, value: Any, shape: Shape, at: str, where: tuple[str, str]) -> Any:
        found: Any = value
        match shape:
            case shapes.Scalar():
                found = _scalar(value, shape, where)
            case shapes.ListOf() | shapes.MapOf():
                found = self._items(value, shape, at, where)
            case shapes.SchemaOr():
                found = self._either(value, shape, at, where)
            case shapes.Schema():
                found = self._schema(value, at, where)
            case Struct():
                _check(value, dict, where, f"v1.{shape.name}")
                found = self.struct(value, shape, at, where[1])
            case shapes.AnyValue():
                pass
        return found

    def _items(self, value: Any, shape: shapes.ListOf | shapes.MapOf, at: str, where: tuple[str, str]) -> Any:
        if isinstance(shape, shapes.ListOf):
            _check(value, list, where, shape.word)
            return [self._item(item, shape.of, f"{at}[{number}]", where) for number, item in enumerate(value)]
        _check(value, dict, where, shape.word)
        return {key: self._item(item, shape.of, _join(at, key), where) for key, item in value.items()}

    def _item(self, value: Any, shape: Shape, at: str, where: tuple[str, str]) -> Any:
        if value is None and not isinstance(shape, shapes.AnyValue):
            return "" if shape is shapes.STRING else self.struct({}, shape, "", "") if isinstance(shape, Struct) else {}
        return self.value(value, shape, at, where)

    def _schema(self, value: Any, at: str, where: tuple[str, str]) -> dict[str, Any]:
        _check(value, dict, where, f"v1.{JSON_SCHEMA.name}")
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _refusal(f"json: exceeded max depth of {MAX_DEPTH} schemas inside each other")
        found = self.struct(value, JSON_SCHEMA, at, where[1])
        self._depth -= 1
        return found

    def _either(self, value: Any, shape: shapes.SchemaOr, at: str, where: tuple[str, str]) -> Any:
        self._quiet += 1
        try:
            if isinstance(value, dict):
                return self._schema(value, at, where)
            if isinstance(value, bool if shape.other is shapes.BOOL else list):
                return self.value(value, shape.other, at, where)
        finally:
            self._quiet -= 1
        raise _refusal(f"{shape.word} or JSON schema expected")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _check(value: Any, wanted: type, where: tuple[str, str], word: str) -> None:
    if not isinstance(value, wanted):
        raise _mismatch(value, where, word)


def _scalar(value: Any, shape: shapes.Scalar, where: tuple[str, str]) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match shape:
        case shapes.STRING:
            fits = isinstance(value, str)
        case shapes.BOOL:
            fits = isinstance(value, bool)
        case shapes.FLOAT:
            fits = number
        case shapes.INT64 | shapes.INT32:
            fits = number and int(value) == value and -(2 ** _INTEGERS[shape]) <= value < 2 ** _INTEGERS[shape]
        case _:
            return _encoded(value, shape, where)
    if not fits:
        raise _mismatch(value, where, shape.word)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _encoded(value: Any, shape: shapes.Scalar, where: tuple[str, str]) -> str:
    """A value that is text with a form of its own: bytes in base64, a time."""
    if not isinstance(value, str):
        raise _mismatch(value, where, shape.word)
    try:
        if shape is shapes.BYTES:
            base64.b64decode(value, validate=True)
        else:
            parse(value)
    except (binascii.Error, ValueError):
        raise _mismatch(value, where, shape.word) from None
    return value


def _mismatch(value: Any, where: tuple[str, str], word: str) -> errors.BadRequest:
    found = gofmt.word(value)
    struct, path = where
    if found == "number" and not isinstance(value, bool):
        found = f"number {value}" if word.startswith("int") else found
    return _refusal(f"json: cannot unmarshal {found} into Go struct field {struct}.{path} of type {word}")


def _refusal(why: str) -> errors.BadRequest:
    return errors.BadRequest(f'{_KIND} in version "v1" cannot be handled as a {_KIND}: {why}')


def defaults(obj: Mapping[str, Any]) -> None:
    """Fill in what a definition leaves open (AX/pkg/apis/apiextensions/v1/defaults.go), in place."""
    spec, status = obj["spec"], obj["status"]
    names = spec["names"]
    if not names.get("singular") and names["kind"]:
        names["singular"] = names["kind"].lower()
    if not names.get("listKind") and names["kind"]:
        names["listKind"] = f"{names['kind']}List"
    conversion = spec.setdefault("conversion", {"strategy": "None"})
    service = ((conversion.get("webhook") or {}).get("clientConfig") or {}).get("service")
    if service is not None:
        service.setdefault("port", 443)
    if not status["storedVersions"]:
        status["storedVersions"] = stored_version(spec) or None


def stored_version(spec: Mapping[str, Any]) -> list[str]:
    """The version that objects are stored in, as the first of the versions that they were ever stored in."""
    return [version["name"] for version in spec["versions"] or () if version["storage"]][:1]
