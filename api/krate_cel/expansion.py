"""Replaces calls of declared functions in a checked expression by the checked trees of their definitions.

It works on the serialized `cel.expr.CheckedExpr` that the engine gives and takes back: nodes keep their ids, so that
types found by the type check stay true, and new nodes get ids above all others.
"""

from collections.abc import Callable, Sequence
from typing import Final

from krate_cel import macros, patterns, wire

Compile = Callable[[str], bytes]
"""Checks a definition; gives it serialized."""

# Field numbers of CheckedExpr, Reference, Expr and its kinds; what they mean: `krate_cel.syntax`.
_VALUE: Final = 2
_REFERENCES, _TYPES, _EXPRESSION = 2, 3, 4
_OVERLOADS: Final = 3
_ID, _CONST, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _COMPREHENSION = range(2, 10)
_NULL, _TRUE, _STRING = 1, 2, 6
_OPERAND: Final = 1
_TARGET, _FUNCTION, _ARGUMENTS = 1, 2, 3
_ELEMENTS, _ENTRIES = 1, 2
_MAP_KEY, _ENTRY_VALUE = 3, 4
_VARIABLE, _RANGE, _ACCUMULATOR, _INITIAL, _CONDITION, _STEP, _RESULT = range(1, 8)
_PARTS: Final = {
    _SELECT: {_OPERAND},
    _CALL: {_TARGET, _ARGUMENTS},
    _LIST: {_ELEMENTS},
    _COMPREHENSION: {_RANGE, _INITIAL, _CONDITION, _STEP, _RESULT},
}
"""Fields of each kind of expression that hold expressions; those of a struct are in its entries."""


def expand(serialized: bytes, compile_definition: Compile) -> bytes:
    """A serialized expression with every call of a declared function replaced by its definition.

    Args:
        serialized: a `google.protobuf.Any` holding a CheckedExpr, as the engine gives it.
        compile_definition: checks a definition where `__0`, `__1`, `__2`, `__x` and `__result` are dynamic.
    """
    checked = wire.message(serialized, _VALUE)
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
        _VALUE, b"".join([*references, *kept, wire.put(_EXPRESSION, body)])
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
        body = _with_parts(kind, body, self.expression)
        definition = self._definition(identity) if kind == _CALL else None
        if definition is None:
            return wire.put(_ID, identity) + wire.put(kind, body)
        arguments = [wire.as_bytes(value) for number, value in wire.fields(body) if number == _TARGET]
        arguments += [wire.as_bytes(value) for number, value in wire.fields(body) if number == _ARGUMENTS]
        if wire.text(body, _FUNCTION) in macros.PATTERNS:
            arguments[1] = _literal(arguments[1])
        return self._replaced(definition, arguments, identity)

    def _definition(self, identity: int) -> str | macros.Fold | None:
        reference = self.references.get(identity, b"")
        overloads = [wire.as_bytes(value).decode() for number, value in wire.fields(reference) if number == _OVERLOADS]
        return macros.DEFINITIONS.get(tuple(sorted(overloads)))

    def _replaced(self, definition: str | macros.Fold, arguments: Sequence[bytes], identity: int) -> bytes:
        if isinstance(definition, str):
            return self._spliced(definition, arguments, identity)
        always = wire.put(_ID, self._fresh()) + wire.put(_CONST, wire.put(_TRUE, 1))
        null = wire.put(_ID, self._fresh()) + wire.put(_CONST, wire.put(_NULL, 0))
        step, result = (self._spliced(part, (), self._fresh()) for part in (definition.step, definition.result))
        loop = {
            _VARIABLE: b"__x",
            _RANGE: arguments[0],
            _ACCUMULATOR: b"__result",
            _INITIAL: null,
            _CONDITION: always,
            _STEP: step,
            _RESULT: result,
        }
        body = b"".join(wire.put(number, value) for number, value in loop.items())
        return wire.put(_ID, identity) + wire.put(_COMPREHENSION, body)

    def _spliced(self, definition: str, arguments: Sequence[bytes], identity: int) -> bytes:
        """The checked tree of a definition, with fresh ids, and arguments where it names them."""
        checked = wire.message(self._compile(definition), _VALUE)
        known = _references(checked)

        def renewed(source: bytes, root: int = 0) -> bytes:
            before, kind, body = _opened(source)
            name = wire.text(body, 1) if kind == _IDENT else ""
            if name.removeprefix(macros.RESERVED).isdigit():
                return arguments[int(name.removeprefix(macros.RESERVED))]
            fresh = root or self._fresh()
            if before in known:
                self.references[fresh] = known[before]
            return wire.put(_ID, fresh) + wire.put(kind, _with_parts(kind, body, renewed))

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


def _with_parts(kind: int, body: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The body of an expression, with every expression in it changed."""
    if kind == _STRUCT:
        return b"".join(
            _mapped(body, {_ENTRIES}, lambda entry: b"".join(_mapped(entry, {_MAP_KEY, _ENTRY_VALUE}, change)))
        )
    return b"".join(_mapped(body, _PARTS[kind], change)) if kind in _PARTS else body


def _mapped(body: bytes, numbers: set[int], change: Callable[[bytes], bytes]) -> list[bytes]:
    """The fields of a message, those of `numbers` changed."""
    return [
        wire.put(number, change(wire.as_bytes(value)) if number in numbers else value)
        for number, value in wire.fields(body)
    ]


def _literal(source: bytes) -> bytes:
    """A literal pattern without capturing groups."""
    identity, kind, body = _opened(source)
    pattern = patterns.without_groups(wire.text(body, _STRING))
    return wire.put(_ID, identity) + wire.put(kind, wire.put(_STRING, pattern))
