"""Rewriting serialized expressions: what changing a checked tree takes, whoever changes it.

An expression is a `google.protobuf.Any` holding a `cel.expr.CheckedExpr`, as the engine gives it and takes it back.
Nodes keep their ids, so that what the type check found stays true; new nodes get ids above all others.
"""

from collections.abc import Callable
from typing import Final

from krate_cel import wire

# Field numbers; what the messages mean is said in `krate_cel.syntax`.
_TYPE_URL, _VALUE = 1, 2  # Any
_REFERENCES, _EXPRESSION = 2, 4  # CheckedExpr
_ENTRY_KEY, _ENTRY_VALUE = 1, 2  # map entries
NAME, OVERLOADS = 1, 3  # Reference
ID, CONST, IDENT, SELECT, CALL, LIST, STRUCT, COMPREHENSION = range(2, 10)  # Expr
NULL, BOOL, INT, STRING = 1, 2, 3, 6  # Constant
_OPERAND: Final = 1  # Select
TARGET, FUNCTION, ARGUMENTS = 1, 2, 3  # Call
ELEMENTS: Final = 1  # CreateList
_ENTRIES, _MAP_KEY, _MAP_VALUE = 2, 3, 4  # CreateStruct and its entries
VARIABLE, RANGE, ACCUMULATOR, INITIAL, CONDITION, STEP, RESULT = range(1, 8)  # Comprehension

_PARTS: Final = {
    SELECT: {_OPERAND},
    CALL: {TARGET, ARGUMENTS},
    LIST: {ELEMENTS},
    COMPREHENSION: {RANGE, INITIAL, CONDITION, STEP, RESULT},
}
"""Fields of each kind of expression that hold expressions; those of a struct are in its entries."""


class Rewriter:
    """One expression being rewritten.

    Args:
        serialized: the expression.
    """

    def __init__(self, serialized: bytes) -> None:
        self._type = wire.text(serialized, _TYPE_URL)
        self._checked = wire.message(serialized, _VALUE)
        self.root = wire.message(self._checked, _EXPRESSION)
        self.references = references(serialized)
        """Node id -> `cel.expr.Reference`."""
        self._last = _largest(self.root)

    def fresh(self) -> int:
        """An id that no node has."""
        self._last += 1
        return self._last

    def serialized(self, root: bytes) -> bytes:
        """The whole expression with another tree."""
        replaced = {_REFERENCES, _EXPRESSION}
        kept = [wire.put(number, value) for number, value in wire.fields(self._checked) if number not in replaced]
        named = [
            wire.put(_REFERENCES, wire.put(_ENTRY_KEY, identity) + wire.put(_ENTRY_VALUE, reference))
            for identity, reference in self.references.items()
        ]
        checked = b"".join([*named, *kept, wire.put(_EXPRESSION, root)])
        return wire.put(_TYPE_URL, self._type) + wire.put(_VALUE, checked)


def references(serialized: bytes) -> dict[int, bytes]:
    """What the nodes of a serialized expression refer to, by id."""
    checked = wire.message(serialized, _VALUE)
    entries = [wire.as_bytes(value) for number, value in wire.fields(checked) if number == _REFERENCES]
    return {wire.integer(entry, _ENTRY_KEY): wire.message(entry, _ENTRY_VALUE) for entry in entries}


def tree(serialized: bytes) -> bytes:
    """The root of a serialized expression."""
    return wire.message(wire.message(serialized, _VALUE), _EXPRESSION)


def opened(node: bytes) -> tuple[int, int, bytes]:
    """Id, kind and body of a node."""
    identity, kind, body = 0, 0, b""
    for number, value in wire.fields(node):
        if number == ID:
            identity = int(value)
        else:
            kind, body = number, wire.as_bytes(value)
    return identity, kind, body


def closed(identity: int, kind: int, *body: bytes) -> bytes:
    """A node of these fields."""
    return wire.put(ID, identity) + wire.put(kind, b"".join(body))


def with_parts(kind: int, body: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The body of a node, with every expression in it changed."""
    if kind == STRUCT:
        return _mapped(body, {_ENTRIES}, lambda entry: _mapped(entry, {_MAP_KEY, _MAP_VALUE}, change))
    return _mapped(body, _PARTS[kind], change) if kind in _PARTS else body


def _mapped(body: bytes, numbers: set[int], change: Callable[[bytes], bytes]) -> bytes:
    """A message with the fields of `numbers` changed."""
    return b"".join(
        wire.put(number, change(wire.as_bytes(value)) if number in numbers else value)
        for number, value in wire.fields(body)
    )


def _largest(root: bytes) -> int:
    """The largest id in a tree; not every node of a loop has a type or a reference to tell it by."""
    found = 0

    def visit(node: bytes) -> bytes:
        nonlocal found
        identity, kind, body = opened(node)
        found = max(found, identity)
        with_parts(kind, body, visit)
        return node

    visit(root)
    return found
