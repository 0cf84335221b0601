r"""Protobuf request bodies of Kubernetes' own kinds, because kubectl's typed clients send nothing else for them.

Only reading: responses are JSON, which every such client lists as its second choice. The envelope is the four bytes
`k8s\0` and a runtime.Unknown; field numbers (`fields`) are facts of the published .proto files.
"""

import base64
import datetime
import functools
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import orjson

from krate_api.protobuf.fields import BARE, ENVELOPE, MESSAGES, TYPE_META, Field, Shape

MEDIA: Final = "application/vnd.kubernetes.protobuf"
MAGIC: Final = b"k8s\x00"
_MAX_DEPTH: Final = 64
_VARINT_BITS: Final = 70
_NANOS: Final = 1_000_000_000


class Malformed(ValueError):
    """the protobuf body is malformed."""


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift >= _VARINT_BITS:
            raise Malformed
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit
            return value, at
        shift += 7


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of every field; lengths are checked against what is there."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        size = {1: 8, 5: 4}.get(wire)
        if wire == 2:  # noqa: PLR2004 - length-delimited
            size, at = _varint(data, at)
        if size is None or at + size > len(data):
            raise Malformed
        yield number, data[at : at + size]
        at += size


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _time(data: bytes, *, micro: bool = False) -> str | None:
    """RFC 3339 text; None for Go's zero time, which is an empty message."""
    parts = dict(_fields(data))
    if not parts:
        return None
    seconds, nanos = parts.get(1, 0), parts.get(2, 0)
    if not isinstance(seconds, int) or not isinstance(nanos, int) or nanos >= _NANOS:
        raise Malformed
    try:
        moment = datetime.datetime.fromtimestamp(_signed(seconds), datetime.UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Malformed from error
    fraction = f".{nanos // 1000:06d}" if nanos or micro else ""
    return moment.replace(tzinfo=None).isoformat() + fraction + "Z"


def _number(shape: Shape, value: int | bytes) -> int | None:
    if not isinstance(value, int):
        raise Malformed
    if shape is Shape.BOOL:
        return bool(value)
    if shape is Shape.FLAG:
        return bool(value) or None
    return _signed(value) or (None if shape is Shape.COUNT else 0)


def _double(data: bytes) -> float:
    """Whole numbers of 64 bits as Go's JSON has them, without a fraction."""
    if len(data) != struct.calcsize("<d"):
        raise Malformed
    (found,) = struct.unpack("<d", data)
    if not math.isfinite(found):
        raise Malformed
    return int(found) if found.is_integer() and abs(found) < 1 << 63 else found


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed from error


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


_READERS: Final[Mapping[Shape, Callable[[bytes], Any]]] = {
    Shape.BYTES: _text,
    Shape.TIME: _time,
    Shape.MICRO_TIME: functools.partial(_time, micro=True),
    Shape.DOUBLE: _double,
    Shape.JSON: _json,
}


def _scalar(field: Field, value: int | bytes, depth: int) -> Any:
    """One value; None when it stands for absence (Go writes empty strings, plain zeros and zero times)."""
    shape = field.shape
    if shape in {Shape.INT, Shape.COUNT, Shape.BOOL, Shape.FLAG}:
        return _number(shape, value)
    if not isinstance(value, bytes):
        raise Malformed
    if shape is Shape.STRING:
        return value.decode() or (None if not field.repeated else "")
    if shape is Shape.MESSAGE:
        return message(field.message, value, depth + 1)
    return _READERS[shape](value)


def _entry(field: Field, data: bytes, depth: int) -> tuple[str, Any]:
    """Key and value of a map entry; absent ones are empty."""
    parts = dict(_fields(data))
    key, value = parts.get(1, b""), parts.get(2, b"")
    if not isinstance(key, bytes):
        raise Malformed
    found = _scalar(field, value, depth)
    return key.decode(), found if found is not None else ""


def message(name: str, data: bytes, depth: int = 0) -> Any:
    """A message as its JSON form; unknown fields are skipped, as a newer client may have them.

    Raises:
        Malformed: the bytes are no such message.
    """
    if depth > _MAX_DEPTH:
        raise Malformed
    known = MESSAGES[name]
    found: dict[str, Any] = {}
    for number, value in _fields(data):
        field = known.get(number)
        if field is None:
            continue
        if field.map:
            if not isinstance(value, bytes):
                raise Malformed
            key, item = _entry(field, value, depth)
            found.setdefault(field.name, {})[key] = item
        elif field.repeated:
            found.setdefault(field.name, []).append(_scalar(field, value, depth))
        elif (one := _scalar(field, value, depth)) is not None:
            found |= {field.name: one} if field.name else one
    if name in BARE:
        return next((found[member] for member in BARE[name] if member in found), None)
    return found


def decode(body: bytes, kind: str) -> dict[str, Any]:
    """The object in a protobuf body.

    Args:
        body: envelope included.
        kind: the message expected.

    Raises:
        Malformed: the body is not one.
    """
    if not body.startswith(MAGIC):
        raise Malformed
    try:
        envelope = message(ENVELOPE, body[len(MAGIC) :])
        raw = base64.b64decode(envelope.get("raw", ""))
        return {**envelope.get(TYPE_META, {}), **message(kind, raw)}
    except UnicodeDecodeError as error:
        raise Malformed from error


def readable(kind: str) -> bool:
    """Whether bodies of this kind can be read."""
    return kind in MESSAGES
