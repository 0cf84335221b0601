"""The wire format of protobuf, as far as expressions need it: no Python classes come with the engine's messages."""

from collections.abc import Iterator
from typing import Final

Field = tuple[int, int | bytes]

_MORE: Final = 0x80
_LOW: Final = 0x7F
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


def fields(message: bytes) -> Iterator[Field]:
    """Field numbers and raw values of a message, in order.

    Raises:
        ValueError: it is not a message.
    """
    position, end = 0, len(message)
    while position < end:
        tag, position = _varint(message, position)
        kind = tag & 7
        if kind == _VARINT:
            number, position = _varint(message, position)
            yield tag >> 3, number
            continue
        if kind == _LENGTH:
            size, position = _varint(message, position)
        elif kind in {_FIXED64, _FIXED32}:
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"unknown wire type: {kind}")
        yield tag >> 3, message[position : position + size]
        position += size


def message(source: bytes, number: int) -> bytes:
    """The first field of that number, as bytes; empty where there is none."""
    return next((as_bytes(value) for found, value in fields(source) if found == number), b"")


def text(source: bytes, number: int) -> str:
    return message(source, number).decode()


def integer(source: bytes, number: int) -> int:
    return next((int(value) for found, value in fields(source) if found == number), 0)


def integers(source: bytes, number: int) -> Iterator[int]:
    """A repeated field of integers, packed or not."""
    for found, value in fields(source):
        if found != number:
            continue
        if isinstance(value, int):
            yield value
            continue
        position = 0
        while position < len(value):
            one, position = _varint(value, position)
            yield one


def as_bytes(value: int | bytes) -> bytes:
    """A value that must be a message or a text."""
    if isinstance(value, int):
        raise TypeError("a number stands where a message belongs")
    return value


def put(number: int, value: int | bytes | str) -> bytes:
    """One encoded field."""
    if isinstance(value, int):
        return _encoded(number << 3 | _VARINT) + _encoded(value)
    data = value.encode() if isinstance(value, str) else value
    return _encoded(number << 3 | _LENGTH) + _encoded(len(data)) + data


def _varint(source: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = source[position]
        position += 1
        result |= (byte & _LOW) << shift
        if not byte & _MORE:
            return result, position
        shift += 7


def _encoded(value: int) -> bytes:
    found = bytearray()
    while value > _LOW:
        found.append(value & _LOW | _MORE)
        value >>= 7
    found.append(value)
    return bytes(found)
