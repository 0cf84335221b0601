"""The Go types of Kubernetes' own kinds, made of the table of messages, and objects decoded into them.

Upstream decodes such objects before it looks at them, so that what has another type is refused by its decoder (400) and
never by validation.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from krate.kinds import Kind
from krate.schema import Schema
from krate_api.protobuf import fields
from krate_api.protobuf.fields import EVENTS, MESSAGES, Field
from krate_api.schemas import gotypes, objectmeta
from krate_api.schemas.godecoding import Decoder
from krate_api.schemas.gotypes import ListOf, MapOf, Member, Scalar, Struct
from krate_api.schemas.structural import StructuralSchema

_EXTRA: Final = ListOf(gotypes.STRING, "v1.ExtraValue")
_INTEGERS: Final = {"": gotypes.INT64, "int32": gotypes.INT32}
_SCALARS: Final[Mapping[fields.Shape, Scalar]] = {
    fields.Shape.STRING: gotypes.STRING,
    fields.Shape.BYTES: gotypes.BYTES,
    fields.Shape.BOOL: gotypes.BOOL,
    fields.Shape.FLAG: gotypes.BOOL,
    fields.Shape.TIME: gotypes.TIME,
    fields.Shape.MICRO_TIME: gotypes.MICRO_TIME,
}
_POINTERS: Final = frozenset({fields.Shape.INT, fields.Shape.BOOL, fields.Shape.MESSAGE})
"""What is written whatever it holds, if it is there at all."""


def _type(field: Field) -> Scalar | ListOf | Struct:
    match field.shape:
        case fields.Shape.MESSAGE:
            return _EXTRA if field.message == "ExtraValue" else struct(field.message)
        case fields.Shape.INT | fields.Shape.COUNT:
            return _INTEGERS[field.type]
        case fields.Shape.STRING if field.type:
            return Scalar(field.type)
        case _:
            return _SCALARS[field.shape]


def _member(field: Field) -> Member:
    found = _type(field)
    if field.repeated:
        return Member(ListOf(found, f"[]{found.word}"), pointer=field.kept)
    if field.map:
        return Member(MapOf(found, f"map[string]{found.word}"))
    return Member(found, pointer=field.kept or field.shape in _POINTERS)


@cache
def struct(name: str) -> Struct:
    """The type of that name in the table."""
    if name == objectmeta.META.name:
        return objectmeta.META
    members: dict[str, Member] = {}
    for field in MESSAGES[name].values():
        members.update({field.name: _member(field)} if field.name else struct(field.message).members)
    return Struct(name.removeprefix(EVENTS), members)


def name_of(kind: Kind) -> str:
    """What the table calls a kind."""
    return f"{EVENTS}{kind.name}" if kind.group.startswith(EVENTS) else kind.name


def root(kind: Kind) -> Struct:
    """The type of a whole object."""
    found = struct(name_of(kind))
    return Struct(found.name, {**gotypes.members(gotypes.STRING, "apiVersion", "kind"), **found.members})


def decode(obj: dict[str, Any], types: Struct) -> list[str]:
    """Bring a whole object into the form of its types, in place; answers the paths of unknown fields.

    Raises:
        Malformed: a value has the wrong type.
    """
    decoder = Decoder()
    found = decoder.struct(obj, types)
    obj.clear()
    obj.update({"metadata": {}, **found})
    return decoder.unknown


class NativeSchema(StructuralSchema):
    """The schema of one of Kubernetes' own kinds, whose objects are decoded first."""

    typed = True

    def __init__(self, types: Struct, schema: Schema) -> None:
        # Bytes have been decoded, and a refusal must not show them: they may be a secret.
        super().__init__(schema, unchecked={"byte"})
        self._types = types

    def prune(self, obj: dict[str, Any]) -> list[str]:
        """Remove what the types do not know, metadata included, in place; answers the paths that went.

        Raises:
            Malformed: a value has the wrong type.
        """
        return decode(obj, self._types)
