"""The checked tree of an expression, as far as rules about expressions need it.

The engine hands a compiled expression out only as serialized `cel.expr.CheckedExpr` (cel-spec, proto/cel/expr/
{checked,syntax}.proto), from which the few fields that matter are read; unknown ones are skipped, as protobuf demands.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from krate_cel import wire

# Field numbers of the messages.
_KEY, _VALUE = 1, 2  # an entry of a map
_REFERENCES, _EXPRESSION = 2, 4  # CheckedExpr
_NAME, _OVERLOADS = 1, 3  # Reference
_ID = 2  # Expr
_ELEMENTS, _ENTRIES = 1, 2  # CreateList, CreateStruct
_FIELD_KEY, _MAP_KEY, _ENTRY_VALUE = 2, 3, 4  # CreateStruct.Entry
_OPERAND, _FIELD, _TEST = 1, 2, 3  # Select
_TARGET, _FUNCTION, _ARGUMENTS = 1, 2, 3  # Call

_SIGN: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class Const:
    """A literal; duration and timestamp literals do not occur in source text."""

    value: int | float | str | bytes | bool | None


@dataclass(frozen=True, slots=True)
class Ident:
    """A name: a declared variable (dotted where declared so) or one bound by a macro."""

    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.field`, or `has(operand.field)` when `test` is set."""

    operand: "Node"
    field: str
    test: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator; the receiver of a member call is the first argument."""

    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A list, map or message literal: its elements, or keys and values in turn."""

    elements: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Comprehension:
    """What macros expand to. `names` are the iteration variables."""

    names: tuple[str, ...]
    domain: "Node"
    accumulator: str
    initial: "Node"
    condition: "Node"
    step: "Node"
    result: "Node"


Node = Const | Ident | Select | Call | Group | Comprehension


@dataclass(frozen=True, slots=True)
class Tree:
    """A checked expression."""

    root: Node

    def walk(self) -> Iterator[Node]:
        """Every node, parents first."""
        pending = [self.root]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(children(node))

    def names(self) -> frozenset[str]:
        """Names that the expression looks up, bound ones included."""
        return frozenset(node.name for node in self.walk() if isinstance(node, Ident))

    def selected(self) -> frozenset[str]:
        """Members of names that it looks up: `request.operation`."""
        found = (node for node in self.walk() if isinstance(node, Select) and isinstance(node.operand, Ident))
        return frozenset(f"{node.operand.name}.{node.field}" for node in found if isinstance(node.operand, Ident))


def children(node: Node) -> tuple[Node, ...]:
    """The direct parts of `node`."""
    match node:
        case Select():
            return (node.operand,)
        case Call():
            return node.arguments
        case Group():
            return node.elements
        case Comprehension():
            return (node.domain, node.initial, node.condition, node.step, node.result)
        case _:
            return ()


def decode(serialized: bytes) -> Tree:
    """The tree of a serialized expression (a `google.protobuf.Any` holding a CheckedExpr)."""
    checked = wire.message(serialized, _VALUE)
    resolved: dict[int, str] = {}
    expression = b""
    for number, value in wire.fields(checked):
        if number == _REFERENCES:
            entry = wire.as_bytes(value)
            reference = wire.message(entry, _VALUE)
            if not any(part == _OVERLOADS for part, _ in wire.fields(reference)):  # those mark a function
                resolved[wire.integer(entry, _KEY)] = wire.text(reference, _NAME)
        elif number == _EXPRESSION:
            expression = wire.as_bytes(value)
    return Tree(_Decoder(resolved).node(expression))


class _Decoder:
    """Turns `cel.expr.Expr` messages into nodes."""

    def __init__(self, resolved: Mapping[int, str]) -> None:
        self._resolved = resolved
        """Expression id -> the variable that a name or a chain of selections means."""

    def node(self, expression: bytes) -> Node:  # noqa: PLR0911 - one return for each kind of expression
        identity, kind, body = 0, 0, b""
        for number, value in wire.fields(expression):
            if number == _ID:
                identity = int(value)
            else:
                kind, body = number, wire.as_bytes(value)
        match kind:
            case 3:
                return _constant(body)
            case 4:
                return Ident(self._resolved.get(identity) or wire.text(body, 1))
            case 5:
                return self._select(identity, body)
            case 6:
                return self._call(body)
            case 7:
                return Group(
                    tuple(self.node(wire.as_bytes(value)) for number, value in wire.fields(body) if number == _ELEMENTS)
                )
            case 8:
                entries = [wire.as_bytes(value) for number, value in wire.fields(body) if number == _ENTRIES]
                return Group(tuple(part for entry in entries for part in self._entry(entry)))
            case 9:
                return self._comprehension(body)
            case _:
                raise ValueError(f"unknown kind of expression: {kind}")

    def _select(self, identity: int, body: bytes) -> Node:
        test = bool(wire.integer(body, _TEST))
        variable = self._resolved.get(identity)
        if variable:  # `has(variables.x)` too: the engine looks the variable up
            return Ident(variable)
        return Select(self.node(wire.message(body, _OPERAND)), wire.text(body, _FIELD), test)

    def _call(self, body: bytes) -> Call:
        parts = [wire.as_bytes(value) for number, value in wire.fields(body) if number == _TARGET]
        parts += [wire.as_bytes(value) for number, value in wire.fields(body) if number == _ARGUMENTS]
        return Call(wire.text(body, _FUNCTION), tuple(self.node(part) for part in parts))

    def _entry(self, entry: bytes) -> Iterator[Node]:
        for number, value in wire.fields(entry):
            if number == _FIELD_KEY:
                yield Const(wire.as_bytes(value).decode())
            elif number in {_MAP_KEY, _ENTRY_VALUE}:
                yield self.node(wire.as_bytes(value))

    def _comprehension(self, body: bytes) -> Comprehension:
        first, second = wire.text(body, 1), wire.text(body, 8)  # iter_var, iter_var2; accu_var is 3
        domain, initial, condition, step, result = (self.node(wire.message(body, number)) for number in (2, 4, 5, 6, 7))
        names = (first, second) if second else (first,)
        return Comprehension(names, domain, wire.text(body, 3), initial, condition, step, result)


def _constant(body: bytes) -> Const:  # noqa: PLR0911 - one return for each kind of literal
    for number, value in wire.fields(body):
        match number:
            case 1:
                return Const(None)
            case 2:
                return Const(bool(value))
            case 3:
                whole = int(value)
                return Const(whole - (1 << 64) if whole & _SIGN else whole)
            case 4:
                return Const(int(value))
            case 5:
                return Const(struct.unpack("<d", wire.as_bytes(value))[0])
            case 6:
                return Const(wire.as_bytes(value).decode())
            case _:
                return Const(wire.as_bytes(value))
    return Const(None)
