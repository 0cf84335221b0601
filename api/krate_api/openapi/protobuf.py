"""Version 2 as protobuf, because client-go's discovery client accepts nothing else.

`kubectl explain --output plaintext-openapiv2` and the parser of Argo CD's gitops-engine are among its callers.
Field numbers are facts of the published openapiv2/OpenAPIv2.proto. Paths and definitions are repeated fields, so that
those of each kind can be written apart and laid one behind the other.
"""

import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

import orjson
import yaml

MEDIA: Final = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
ACCEPTED: Final = (MEDIA, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf")

_WIDE: Final = 1 << 30
"""Characters of a line of YAML: none is broken."""
_VARINT, _DOUBLE, _BYTES = 0, 1, 2
_PATHS, _DEFINITIONS, _PARAMETERS = 8, 9, 10
_METHODS: Final = {"get": 2, "put": 3, "post": 4, "delete": 5, "options": 6, "head": 7, "patch": 8}
_STRINGS: Final = {"$ref": 1, "format": 2, "title": 3, "description": 4, "pattern": 13}
_DOUBLES: Final = {"multipleOf": 6, "maximum": 7, "minimum": 9}
_FLAGS: Final = {"exclusiveMaximum": 8, "exclusiveMinimum": 10, "uniqueItems": 16}
_INTEGERS: Final = {"maxLength": 11, "minLength": 12, "maxItems": 14, "minItems": 15}
_COUNTS: Final = {"maxProperties": 17, "minProperties": 18}
_QUERY: Final = {"in": 2, "description": 3, "name": 4, "type": 6, "uniqueItems": 20}
_PATH: Final = {"in": 2, "description": 3, "name": 4, "type": 5, "uniqueItems": 19}


def _varint(value: int) -> bytes:
    found = bytearray()
    value &= (1 << 64) - 1
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _message(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(body)) + body


def _text(number: int, value: str) -> bytes:
    return _message(number, value.encode()) if value else b""


def _texts(number: int, values: Iterable[str]) -> bytes:
    return b"".join(_message(number, value.encode()) for value in values)


def _integer(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value) if value else b""


def _double(number: int, value: float) -> bytes:
    return _varint(number << 3 | _DOUBLE) + struct.pack("<d", value) if value else b""


def _named(number: int, name: str, body: bytes) -> bytes:
    """A member of a map: a message with a name and a value."""
    return _message(number, _text(1, name) + _message(2, body))


def _any(value: Any) -> bytes:
    """Any value, as YAML in the block style of gnostic, which clients compare as text."""
    return _yaml(orjson.dumps(value))


@lru_cache(maxsize=4096)  # Documents are made of few values, each of them said many times.
def _yaml(packed: bytes) -> bytes:
    text: str = yaml.dump(
        orjson.loads(packed), Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=_WIDE
    )
    return _text(2, text.removesuffix("...\n"))


def _extensions(number: int, value: Mapping[str, Any]) -> bytes:
    return b"".join(_named(number, key, _any(one)) for key, one in value.items() if key.startswith("x-"))


def _schema(value: Mapping[str, Any]) -> bytes:
    found = [_text(number, value.get(key, "")) for key, number in _STRINGS.items()]
    found += [_double(number, value.get(key, 0)) for key, number in _DOUBLES.items()]
    found += [_integer(number, value.get(key, 0)) for key, number in (_FLAGS | _INTEGERS | _COUNTS).items()]
    found.append(_texts(19, value.get("required", ())))
    found += [_message(20, _any(one)) for one in value.get("enum", ())]
    if "additionalProperties" in value:
        inside = value["additionalProperties"]
        either = _message(1, _schema(inside)) if isinstance(inside, Mapping) else _varint(2 << 3) + bytes([inside])
        found.append(_message(21, either))
    if "type" in value:
        found.append(_message(22, _texts(1, (value["type"],))))
    if "items" in value:
        found.append(_message(23, _message(1, _schema(value["items"]))))
    found += [_message(24, _schema(one)) for one in value.get("allOf", ())]
    if "properties" in value:
        properties = (_named(1, name, _schema(one)) for name, one in value["properties"].items())
        found.append(_message(25, b"".join(properties)))
    if "externalDocs" in value:
        docs = value["externalDocs"]
        found.append(_message(29, _text(1, docs.get("description", "")) + _text(2, docs.get("url", ""))))
    if "example" in value:
        found.append(_message(30, _any(value["example"])))
    return b"".join((*found, _extensions(31, value)))


def _parameter(value: Mapping[str, Any]) -> bytes:
    if value["in"] == "body":
        body = _text(2, value["name"]) + _text(3, "body") + _integer(4, value.get("required", False))
        return _message(1, body + _message(5, _schema(value["schema"])))
    fields, kind = (_QUERY, 3) if value["in"] == "query" else (_PATH, 4)
    required = _integer(1, value.get("required", False))
    rest = (
        _integer(number, value[key]) if key == "uniqueItems" else _text(number, value[key])
        for key, number in fields.items()
    )
    return _message(2, _message(kind, required + b"".join(rest)))


def _parameters(number: int, values: Iterable[Mapping[str, Any]]) -> bytes:
    """Parameters, or references to shared ones."""
    return b"".join(
        _message(number, _message(2, _text(1, one["$ref"])) if "$ref" in one else _message(1, _parameter(one)))
        for one in values
    )


def _response(value: Mapping[str, Any]) -> bytes:
    schema = _message(2, _message(1, _schema(value["schema"]))) if "schema" in value else b""
    return _message(1, _text(1, value["description"]) + schema)


def _operation(value: Mapping[str, Any]) -> bytes:
    responses = b"".join(_named(1, code, _response(one)) for code, one in value["responses"].items())
    return b"".join(
        (
            _texts(1, value["tags"]),
            _text(3, value["description"]),
            _text(5, value["operationId"]),
            _texts(6, value.get("produces", ())),
            _texts(7, value.get("consumes", ())),
            _parameters(8, value.get("parameters", ())),
            _message(9, responses),
            _texts(10, value["schemes"]),
            _extensions(13, value),
        )
    )


def _item(value: Mapping[str, Any]) -> bytes:
    operations = (_message(number, _operation(value[key])) for key, number in _METHODS.items() if key in value)
    return b"".join((*operations, _parameters(9, value.get("parameters", ()))))


def paths(value: Mapping[str, Any]) -> bytes:
    """Path items, as they stand among others."""
    return b"".join(_named(2, path, _item(item)) for path, item in value.items())


def definitions(value: Mapping[str, Any]) -> bytes:
    """Definitions, as they stand among others."""
    return b"".join(_named(1, name, _schema(schema)) for name, schema in value.items())


def document(head: Mapping[str, Any], written_paths: Iterable[bytes], written_definitions: Iterable[bytes]) -> bytes:
    """The whole.

    Args:
        head: the document without its paths and definitions.
        written_paths: from `paths`, any number of times.
        written_definitions: from `definitions`, any number of times.
    """
    info = _text(1, head["info"]["title"]) + _text(2, head["info"]["version"])
    shared = (_named(1, name, _parameter(one)) for name, one in head["parameters"].items())
    security = (_named(1, name, _texts(1, scopes)) for one in head["security"] for name, scopes in one.items())
    schemes = (_named(1, name, _message(2, _key(one))) for name, one in head["securityDefinitions"].items())
    return b"".join(
        (
            _text(1, head["swagger"]),
            _message(2, info),
            _message(_PATHS, b"".join(written_paths)),
            _message(_DEFINITIONS, b"".join(written_definitions)),
            _message(_PARAMETERS, b"".join(shared)),
            _message(12, b"".join(security)),
            _message(13, b"".join(schemes)),
        )
    )


def _key(value: Mapping[str, Any]) -> bytes:
    numbers = {"type": 1, "name": 2, "in": 3, "description": 4}
    return b"".join(_text(number, value[key]) for key, number in numbers.items())
