"""A checked expression as the interpreter and the estimator read it: nodes with ids, types and overloads."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from krate_cel import wire

_SIGN: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class Type:
    """A type: its name and its parameters, `list` and `(string,)`."""

    name: str
    parameters: tuple["Type", ...] = ()


DYN: Final = Type("dyn")


@dataclass(frozen=True, slots=True)
class Const:
    """A literal."""

    id: int
    value: Any


@dataclass(frozen=True, slots=True)
class Ident:
    """A variable, a type, or what a loop names."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """A member."""

    id: int
    operand: "Node"
    field: str
    test: bool
    """Whether it asks if the field is there."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function or an operator."""

    id: int
    function: str
    target: "Node | None"
    arguments: tuple["Node", ...]
    overloads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list that is written out."""

    id: int
    elements: tuple["Node", ...]
    optional: frozenset[int]


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map that is written out."""

    id: int
    entries: tuple[tuple["Node", "Node", bool], ...]
    """Key, value, and whether the value is an optional that may be none."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A comprehension: every macro over lists and maps, and `cel.bind`."""

    id: int
    names: tuple[str, ...]
    domain: "Node"
    accumulator: str
    initial: "Node"
    condition: "Node"
    step: "Node"
    result: "Node"


Node = Const | Ident | Select | Call | ListOf | MapOf | Loop


@dataclass(frozen=True, slots=True)
class Tree:
    """A checked expression."""

    root: Node
    types: Mapping[int, Type]
    names: frozenset[str]
    """Variables that are named in it."""
    positions: Mapping[int, int]
    """Where nodes stand in the text."""

    def type_of(self, node: Node) -> Type:
        return self.types.get(node.id, DYN)


def decode(serialized: bytes) -> Tree:
    """The tree of a serialized expression (a `google.protobuf.Any` holding a `cel.expr.CheckedExpr`)."""
    checked = wire.message(serialized, 2)
    names: dict[int, str] = {}
    overloads: dict[int, tuple[str, ...]] = {}
    types: dict[int, Type] = {}
    for number, value in wire.fields(checked):
        if number == 2:  # reference_map  # noqa: PLR2004 - field numbers of CheckedExpr
            entry = wire.as_bytes(value)
            reference = wire.message(entry, 2)
            identity = wire.integer(entry, 1)
            found = tuple(wire.as_bytes(text).decode() for part, text in wire.fields(reference) if part == 3)  # noqa: PLR2004
            overloads[identity] = found
            if not found:
                names[identity] = wire.text(reference, 1)
        elif number == 3:  # type_map  # noqa: PLR2004
            entry = wire.as_bytes(value)
            types[wire.integer(entry, 1)] = _type(wire.message(entry, 2))
    decoder = _Decoder(names, overloads)
    root = decoder.node(wire.message(checked, 4))
    entries = [wire.as_bytes(value) for part, value in wire.fields(wire.message(checked, 5)) if part == 4]  # noqa: PLR2004
    positions = {wire.integer(entry, 1): wire.integer(entry, 2) for entry in entries}
    return Tree(root, types, frozenset(names.values()), positions)


def parts(node: Node) -> list[Node]:
    """The nodes inside a node."""
    match node:
        case Select(operand=operand):
            return [operand]
        case Call(target=target, arguments=arguments):
            return [*([target] if target is not None else []), *arguments]
        case ListOf(elements=elements):
            return list(elements)
        case MapOf(entries=entries):
            return [part for key, value, _ in entries for part in (key, value)]
        case Loop():
            return [node.domain, node.initial, node.condition, node.step, node.result]
        case _:
            return []


_PRIMITIVES: Final = {1: "bool", 2: "int", 3: "uint", 4: "double", 5: "string", 6: "bytes"}
_WELL_KNOWN: Final = {1: "dyn", 2: "timestamp", 3: "duration"}


def _type(message: bytes) -> Type:  # noqa: C901, PLR0911 - one return for each kind of type
    for number, value in wire.fields(message):
        match number:
            case 2:
                return Type("null_type")
            case 3:
                return Type(_PRIMITIVES.get(int(value), "dyn"))
            case 4:
                return Type("wrapper", (Type(_PRIMITIVES.get(int(value), "dyn")),))
            case 5:
                return Type(_WELL_KNOWN.get(int(value), "dyn"))
            case 6:
                return Type("list", (_type(wire.message(wire.as_bytes(value), 1)),))
            case 7:
                body = wire.as_bytes(value)
                return Type("map", (_type(wire.message(body, 1)), _type(wire.message(body, 2))))
            case 9:
                return Type("object", (Type(wire.as_bytes(value).decode()),))
            case 11:
                return Type("type")
            case 14:
                body = wire.as_bytes(value)
                parts = [_type(wire.as_bytes(part)) for field, part in wire.fields(body) if field == 2]  # noqa: PLR2004
                return Type(wire.text(body, 1), tuple(parts))
            case _:
                return DYN
    return DYN


class _Decoder:
    """Turns `cel.expr.Expr` messages into nodes."""

    def __init__(self, names: Mapping[int, str], overloads: Mapping[int, tuple[str, ...]]) -> None:
        self._names = names
        self._overloads = overloads

    def node(self, expression: bytes) -> Node:  # noqa: C901, PLR0911 - one return for each kind of expression
        identity, kind, body = 0, 0, b""
        for number, value in wire.fields(expression):
            if number == 2:  # noqa: PLR2004 - field numbers of Expr
                identity = int(value)
            else:
                kind, body = number, wire.as_bytes(value)
        match kind:
            case 3:
                return Const(identity, _constant(body))
            case 4:
                return Ident(identity, self._names.get(identity) or wire.text(body, 1))
            case 5:
                if identity in self._names:
                    return Ident(identity, self._names[identity])
                operand = self.node(wire.message(body, 1))
                return Select(identity, operand, wire.text(body, 2), bool(wire.integer(body, 3)))
            case 6:
                return self._call(identity, body)
            case 7:
                return self._list(identity, body)
            case 8:
                return MapOf(identity, tuple(self._entries(body)))
            case 9:
                return self._loop(identity, body)
            case _:
                raise ValueError(f"unknown kind of expression: {kind}")

    def _call(self, identity: int, body: bytes) -> Call:
        target = wire.message(body, 1)
        arguments = tuple(self.node(wire.as_bytes(value)) for number, value in wire.fields(body) if number == 3)  # noqa: PLR2004
        found = self._overloads.get(identity, ())
        return Call(identity, wire.text(body, 2), self.node(target) if target else None, arguments, found)

    def _list(self, identity: int, body: bytes) -> ListOf:
        elements = tuple(self.node(wire.as_bytes(value)) for number, value in wire.fields(body) if number == 1)
        return ListOf(identity, elements, frozenset(wire.integers(body, 2)))

    def _entries(self, body: bytes) -> Iterator[tuple[Node, Node, bool]]:
        for number, value in wire.fields(body):
            if number == 2:  # noqa: PLR2004 - entries of a CreateStruct
                entry = wire.as_bytes(value)
                key, item = self.node(wire.message(entry, 3)), self.node(wire.message(entry, 4))
                yield key, item, bool(wire.integer(entry, 5))

    def _loop(self, identity: int, body: bytes) -> Loop:
        first, second = wire.text(body, 1), wire.text(body, 8)
        domain, initial, condition, step, result = (self.node(wire.message(body, number)) for number in (2, 4, 5, 6, 7))
        names = (first, second) if second else (first,)
        return Loop(identity, names, domain, wire.text(body, 3), initial, condition, step, result)


class Uint(int):
    """An unsigned integer, which CEL tells from a signed one."""


def _constant(body: bytes) -> Any:  # noqa: PLR0911 - one return for each kind of literal
    for number, value in wire.fields(body):
        match number:
            case 1:
                return None
            case 2:
                return bool(value)
            case 3:
                whole = int(value)
                return whole - (1 << 64) if whole & _SIGN else whole
            case 4:
                return Uint(int(value))
            case 5:
                return struct.unpack("<d", wire.as_bytes(value))[0]
            case 6:
                return wire.as_bytes(value).decode()
            case _:
                return wire.as_bytes(value)
    return None
