"""Replaces calls of declared functions in a checked expression by the checked trees of their definitions.

It works on the serialized `cel.expr.CheckedExpr` that the engine gives and takes back: nodes keep their ids, so that
types found by the type check stay true, and new nodes get ids above all others.
"""

from collections.abc import Callable, Sequence
from typing import Final

from krate_cel import macros, patterns, wire

Compile = Callable[[str], bytes]
"""Checks a definition; gives it serialized."""

# Field numbers: CheckedExpr, Expr and its kinds, see `krate_cel.syntax`.
_REFERENCES, _TYPES, _EXPRESSION = 2, 3, 4
_ID, _CONST, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _COMPREHENSION = range(2, 10)
_PARTS: Final = {_SELECT: {1}, _CALL: {1, 3}, _LIST: {1}, _COMPREHENSION: {2, 4, 5, 6, 7}}
"""Fields of each kind of expression that hold expressions."""


def expand(serialized: bytes, compile_definition: Compile) -> bytes:
    """A serialized expression with every call of a declared function replaced by its definition.

    Args:
        serialized: a `google.protobuf.Any` holding a CheckedExpr, as the engine gives it.
        compile_definition: checks a definition where `__0`, `__1`, `__2`, `__x` and `__result` are dynamic.
    """
    checked = wire.message(serialized, 2)
    expander = _Expander(checked, compile_definition)
    body = expander.expression(wire.message(checked, _EXPRESSION))
    kept = [
        wire.put(number, value) for number, value in wire.fields(checked) if number not in {_REFERENCES, _EXPRESSION}
    ]
    references = [
        wire.put(_REFERENCES, wire.put(1, identity) + wire.put(2, reference))
        for identity, reference in expander.references.items()
    ]
    return wire.put(1, wire.text(serialized, 1)) + wire.put(
        2, b"".join([*references, *kept, wire.put(_EXPRESSION, body)])
    )


class _Expander:
    """Rewrites one expression; new nodes get ids above all others."""

    def __init__(self, checked: bytes, compile_definition: Compile) -> None:
        self.references = _references(checked)
        self._compile = compile_definition
        typed = (wire.integer(wire.as_bytes(value), 1) for number, value in wire.fields(checked) if number == _TYPES)
        self._last = max([0, *self.references, *typed])

    def expression(self, source: bytes) -> bytes:
        """An expression with its parts rewritten, and itself where it is a call of ours."""
        identity, kind, body = _opened(source)
        if kind == _STRUCT:
            body = b"".join(_mapped(body, {2}, lambda entry: b"".join(_mapped(entry, {3, 4}, self.expression))))
        elif kind in _PARTS:
            body = b"".join(_mapped(body, _PARTS[kind], self.expression))
        definition = self._definition(identity) if kind == _CALL else None
        if definition is None:
            return wire.put(_ID, identity) + wire.put(kind, body)
        arguments = [wire.as_bytes(value) for number, value in wire.fields(body) if number == 1]
        arguments += [wire.as_bytes(value) for number, value in wire.fields(body) if number == 3]  # noqa: PLR2004 - args
        if wire.text(body, 2) in macros.PATTERNS:
            arguments[1] = _literal(arguments[1])
        return self._replaced(definition, arguments, identity)

    def _definition(self, identity: int) -> str | macros.Fold | None:
        overloads = (value for number, value in wire.fields(self.references.get(identity, b"")) if number == 3)  # noqa: PLR2004 - overload_id
        return macros.DEFINITIONS.get(tuple(sorted(wire.as_bytes(value).decode() for value in overloads)))

    def _replaced(self, definition: str | macros.Fold, arguments: Sequence[bytes], identity: int) -> bytes:
        if isinstance(definition, str):
            return self._spliced(definition, arguments, identity)
        always = wire.put(_ID, self._fresh()) + wire.put(_CONST, wire.put(2, 1))
        null = wire.put(_ID, self._fresh()) + wire.put(_CONST, wire.put(1, 0))
        step, result = (self._spliced(part, (), self._fresh()) for part in (definition.step, definition.result))
        loop = (
            wire.put(1, "__x")
            + wire.put(2, arguments[0])
            + wire.put(3, "__result")
            + wire.put(4, null)
            + wire.put(5, always)
            + wire.put(6, step)
            + wire.put(7, result)
        )
        return wire.put(_ID, identity) + wire.put(_COMPREHENSION, loop)

    def _spliced(self, definition: str, arguments: Sequence[bytes], identity: int) -> bytes:
        """The checked tree of a definition, with fresh ids, and arguments where it names them."""
        checked = wire.message(self._compile(definition), 2)
        known = _references(checked)

        def renewed(source: bytes, root: int = 0) -> bytes:
            before, kind, body = _opened(source)
            name = wire.text(body, 1) if kind == _IDENT else ""
            if name.removeprefix(macros.RESERVED).isdigit():
                return arguments[int(name.removeprefix(macros.RESERVED))]
            fresh = root or self._fresh()
            if before in known:
                self.references[fresh] = known[before]
            if kind == _STRUCT:
                body = b"".join(_mapped(body, {2}, lambda entry: b"".join(_mapped(entry, {3, 4}, renewed))))
            elif kind in _PARTS:
                body = b"".join(_mapped(body, _PARTS[kind], renewed))
            return wire.put(_ID, fresh) + wire.put(kind, body)

        self.references.pop(identity, None)
        return renewed(wire.message(checked, _EXPRESSION), identity)

    def _fresh(self) -> int:
        self._last += 1
        return self._last


def _references(checked: bytes) -> dict[int, bytes]:
    entries = (wire.as_bytes(value) for number, value in wire.fields(checked) if number == _REFERENCES)
    return {wire.integer(entry, 1): wire.message(entry, 2) for entry in entries}


def _opened(source: bytes) -> tuple[int, int, bytes]:
    """Id, kind and body of an expression."""
    identity, kind, body = 0, 0, b""
    for number, value in wire.fields(source):
        if number == _ID:
            identity = int(value)
        else:
            kind, body = number, wire.as_bytes(value)
    return identity, kind, body


def _mapped(body: bytes, numbers: set[int], change: Callable[[bytes], bytes]) -> list[bytes]:
    """The fields of a message, those of `numbers` changed."""
    return [
        wire.put(number, change(wire.as_bytes(value)) if number in numbers else value)
        for number, value in wire.fields(body)
    ]


def _literal(source: bytes) -> bytes:
    """A literal pattern without capturing groups."""
    identity, kind, body = _opened(source)
    pattern = patterns.without_groups(wire.text(body, 6))
    return wire.put(_ID, identity) + wire.put(kind, wire.put(6, pattern))
