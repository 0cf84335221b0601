"""Protobuf by hand, as Go writes it."""

import struct

from krate_api.protobuf import messages


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = b""
    while value > 0x7F:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


class Double(float):
    """A number that is written as eight bytes."""


def field(number: int, value: bytes | str | float) -> bytes:
    """One field, as Go writes it."""
    if isinstance(value, Double):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, int | float):
        return varint(number << 3) + varint(int(value))
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def entry(number: int, key: str, value: str | bytes) -> bytes:
    return field(number, field(1, key) + field(2, value))


def body(kind: str, raw: bytes, api_version: str = "v1") -> bytes:
    """A whole body: magic, and an envelope around `raw`."""
    type_meta = field(1, api_version) + field(2, kind)
    return messages.MAGIC + field(1, type_meta) + field(2, raw) + field(3, "") + field(4, "")


def time(seconds: int, nanos: int = 0) -> bytes:
    return field(1, seconds) + (field(2, nanos) if nanos else b"")
