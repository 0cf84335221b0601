"""Reads version 2 of OpenAPI from protobuf, by the published openapiv2/OpenAPIv2.proto, into the JSON it stands for."""

import struct
from collections.abc import Callable, Iterator
from typing import Any

import yaml

_VARINT, _DOUBLE = 0, 1
Reader = Callable[[Any], Any]


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field: a number, eight bytes as a float, or bytes."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at, value, shift = at + 1, value | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = varint()
        if tag & 7 == _VARINT:
            yield tag >> 3, varint()
        elif tag & 7 == _DOUBLE:
            yield tag >> 3, struct.unpack("<d", data[at : at + 8])[0]
            at += 8
        else:
            size = varint()
            yield tag >> 3, data[at : at + size]
            at += size


def text(data: bytes) -> str:
    return data.decode()


def message(**members: tuple[int, Reader]) -> Reader:
    """A struct; a member whose name ends with `_s` is repeated, one called `only` stands for the whole."""
    numbers = {number: (name, read) for name, (number, read) in members.items()}

    def read(data: bytes) -> Any:
        found: dict[str, Any] = {}
        for number, value in fields(data):
            name, inner = numbers[number]
            if name.startswith("only"):
                return inner(value)
            if name == "extensions":
                found |= inner(value)
            elif name.endswith("_s"):
                found.setdefault(_word(name[:-2]), []).append(inner(value))
            else:
                found[_word(name)] = inner(value)
        return found

    return read


def _word(name: str) -> str:
    return {"ref": "$ref", "in_": "in", "not_": "not"}.get(name, name)


def named(read: Reader) -> Reader:
    """A member of a map."""

    def inner(data: bytes) -> dict[str, Any]:
        pair = dict(fields(data))
        return {text(pair[1]): read(pair.get(2, b""))}

    return inner


def mapping(number: int, read: Reader) -> Reader:
    """A message that is a map."""

    def inner(data: bytes) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for at, value in fields(data):
            assert at == number
            found |= named(read)(value)
        return found

    return inner


def anything(data: bytes) -> Any:
    return yaml.safe_load(text(dict(fields(data))[2]))


def several(data: bytes) -> list[str]:
    return [text(value) for _, value in fields(data)]


def schema(data: bytes) -> Any:
    return _SCHEMA(data)


_SCHEMA = message(
    ref=(1, text), format=(2, text), title=(3, text), description=(4, text), multipleOf=(6, float),
    maximum=(7, float), exclusiveMaximum=(8, bool), minimum=(9, float), exclusiveMinimum=(10, bool),
    maxLength=(11, int), minLength=(12, int), pattern=(13, text), maxItems=(14, int), minItems=(15, int),
    uniqueItems=(16, bool), maxProperties=(17, int), minProperties=(18, int), required_s=(19, text),
    enum_s=(20, anything), additionalProperties=(21, message(only=(1, schema), only_=(2, bool))),
    type=(22, lambda data: several(data)[0]), items=(23, message(only=(1, schema))), allOf_s=(24, schema),
    properties=(25, mapping(1, schema)), externalDocs=(29, message(description=(1, text), url=(2, text))),
    example=(30, anything), extensions=(31, named(anything)),
)  # fmt: skip
_BODY = message(name=(2, text), in_=(3, text), required=(4, bool), schema=(5, schema))
_QUERY = message(required=(1, bool), in_=(2, text), description=(3, text), name=(4, text), type=(6, text),
                 uniqueItems=(20, bool))  # fmt: skip
_PATH = message(required=(1, bool), in_=(2, text), description=(3, text), name=(4, text), type=(5, text),
                uniqueItems=(19, bool))  # fmt: skip
_PARAMETER = message(only=(1, _BODY), only_=(2, message(only=(3, _QUERY), only_=(4, _PATH))))
_USED = message(only=(1, _PARAMETER), only_=(2, message(ref=(1, text))))
_RESPONSE = message(only=(1, message(description=(1, text), schema=(2, message(only=(1, schema))))))
_OPERATION = message(
    tags_s=(1, text), description=(3, text), operationId=(5, text), produces_s=(6, text), consumes_s=(7, text),
    parameters_s=(8, _USED), responses=(9, mapping(1, _RESPONSE)), schemes_s=(10, text),
    extensions=(13, named(anything)),
)  # fmt: skip
_ITEM = message(
    get=(2, _OPERATION), put=(3, _OPERATION), post=(4, _OPERATION), delete=(5, _OPERATION), patch=(8, _OPERATION),
    parameters_s=(9, _USED),
)  # fmt: skip
_KEY = message(type=(1, text), name=(2, text), in_=(3, text), description=(4, text))
document = message(
    swagger=(1, text), info=(2, message(title=(1, text), version=(2, text))), paths=(8, mapping(2, _ITEM)),
    definitions=(9, mapping(1, schema)), parameters=(10, mapping(1, _PARAMETER)),
    security_s=(12, mapping(1, several)), securityDefinitions=(13, mapping(1, message(only=(2, _KEY)))),
)  # fmt: skip
