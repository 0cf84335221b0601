"""Declared types for the engine's checker: objects as protobuf messages, written by hand in their wire format.

The checker knows the fields of messages only. It asks a pool for the file that declares a message, and reads from it
what protobuf's own pool would give, so no protobuf library is needed.
"""

from collections.abc import Iterator
from typing import Any, Final

from krate_cel import wire
from krate_cel.declared import Declared

ROOT: Final = "Self"
_SCALARS: Final = {"double": 1, "int": 3, "bool": 8, "string": 9, "bytes": 12}
_MESSAGE: Final = 11
_WELL_KNOWN: Final = {
    "dyn": "google.protobuf.Value",
    "timestamp": "google.protobuf.Timestamp",
    "duration": "google.protobuf.Duration",
    "list": "google.protobuf.ListValue",
    "map": "google.protobuf.Struct",
}
"""Types of messages; a list or map inside a list or map loses the type of its elements."""
_FILES: Final = tuple(f"google/protobuf/{name}.proto" for name in ("struct", "timestamp", "duration"))


class _File:
    def __init__(self, serialized: bytes) -> None:
        self.serialized_pb = serialized


class Types:
    """Message types of one declared type; a pool for the engine.

    Args:
        declared: the type.
    """

    def __init__(self, declared: Declared) -> None:
        self._messages: list[bytes] = []
        self._names: set[str] = set()
        self.yaml = self._yaml(declared)
        """The type in the engine's configuration."""
        parts = [wire.put(1, "self.proto"), *(wire.put(3, name) for name in _FILES)]
        parts += [wire.put(4, message) for message in self._messages]
        self._file = _File(b"".join([*parts, wire.put(12, "proto3")]))

    def FindFileContainingSymbol(self, name: str) -> Any:  # noqa: N802 - the engine calls it by this name
        """The file that declares a message."""
        if name not in self._names:
            raise KeyError(name)
        return self._file

    def FindFileByName(self, name: str) -> Any:  # noqa: N802 - the engine calls it by this name
        """No file but ours is asked for by name and not known to the engine."""
        raise KeyError(name)

    def _yaml(self, declared: Declared) -> str:
        if declared.kind == "list" and declared.element:
            return f"{{type_name: list, params: [{self._yaml(declared.element)}]}}"
        if declared.kind == "map" and declared.element:
            return f"{{type_name: map, params: [{{type_name: string}}, {self._yaml(declared.element)}]}}"
        return f"{{type_name: {self._message(declared) if declared.kind == 'object' else declared.kind}}}"

    def _message(self, declared: Declared) -> str:
        """Declare an object; answers the name of its message."""
        name = f"{ROOT}{len(self._names) or ''}"
        self._names.add(name)
        entries: dict[str, bytes] = {}
        fields = [
            wire.put(2, self._field(name, field, number, inside, entries))
            for number, (field, inside) in enumerate(declared.fields.items(), 1)
        ]
        nested = [wire.put(3, entry) for entry in entries.values()]
        self._messages.append(b"".join([wire.put(1, name), *fields, *nested]))
        return name

    def _field(self, owner: str, name: str, number: int, inside: Declared, entries: dict[str, bytes]) -> bytes:
        entry = _entry_name(name)
        if inside.kind == "list" and inside.element:
            return _described(name, number, self._single(inside.element), repeated=True)
        if inside.kind == "map" and inside.element and entry not in entries:
            value = _described("value", 2, self._single(inside.element))
            key = _described("key", 1, (_SCALARS["string"], ""))
            entries[entry] = b"".join(
                [wire.put(1, entry), wire.put(2, key), wire.put(2, value), wire.put(7, wire.put(7, 1))]
            )
            return _described(name, number, (_MESSAGE, f".{owner}.{entry}"), repeated=True)
        return _described(name, number, self._single(inside))

    def _single(self, declared: Declared) -> tuple[int, str]:
        """The type of a field that holds one value."""
        if declared.kind in _SCALARS:
            return _SCALARS[declared.kind], ""
        name = self._message(declared) if declared.kind == "object" else _WELL_KNOWN[declared.kind]
        return _MESSAGE, f".{name}"


def _described(name: str, number: int, kind: tuple[int, str], *, repeated: bool = False) -> bytes:
    """A FieldDescriptorProto."""
    return b"".join(_parts(name, number, kind, repeated=repeated))


def _parts(name: str, number: int, kind: tuple[int, str], *, repeated: bool) -> Iterator[bytes]:
    yield wire.put(1, name)
    yield wire.put(3, number)
    yield wire.put(4, 3 if repeated else 1)
    yield wire.put(5, kind[0])
    if kind[1]:
        yield wire.put(6, kind[1])
    yield wire.put(10, f"j{number}")


def _entry_name(field: str) -> str:
    """The name that protobuf demands of the message of a map's entries."""
    return "".join(part[:1].upper() + part[1:] for part in field.split("_")) + "Entry"
