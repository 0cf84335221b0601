"""Replaces calls of declared functions in a checked expression by the checked trees of their definitions."""

from collections.abc import Callable, Sequence

from krate_cel import macros, patterns, rewriting, wire

Compile = Callable[[str], bytes]
"""Checks a definition; gives it serialized."""


def expand(serialized: bytes, compile_definition: Compile) -> bytes:
    """A serialized expression with every call of a declared function replaced by its definition.

    Args:
        serialized: the expression, as the engine gives it.
        compile_definition: checks a definition where `__0`, `__1`, `__2`, `__x` and `__result` are dynamic.
    """
    expander = _Expander(rewriting.Rewriter(serialized), compile_definition)
    return expander.rewriter.serialized(expander.expression(expander.rewriter.root))


class _Expander:
    """Rewrites one expression, innermost calls first."""

    def __init__(self, rewriter: rewriting.Rewriter, compile_definition: Compile) -> None:
        self.rewriter = rewriter
        self._compile = compile_definition

    def expression(self, node: bytes) -> bytes:
        """A node with its parts rewritten, and itself where it is a call of ours."""
        identity, kind, body = rewriting.opened(node)
        body = rewriting.with_parts(kind, body, self.expression)
        definition = self._definition(identity) if kind == rewriting.CALL else None
        if definition is None:
            return rewriting.closed(identity, kind, body)
        arguments = [wire.as_bytes(value) for number, value in wire.fields(body) if number == rewriting.TARGET]
        arguments += [wire.as_bytes(value) for number, value in wire.fields(body) if number == rewriting.ARGUMENTS]
        if wire.text(body, rewriting.FUNCTION) in macros.PATTERNS:
            arguments[1] = _without_groups(arguments[1])
        self.rewriter.references.pop(identity)
        if isinstance(definition, macros.Fold):
            return self._folded(definition, arguments[0], identity)
        return self._spliced(definition, arguments, identity)

    def _definition(self, identity: int) -> str | macros.Fold | None:
        reference = self.rewriter.references.get(identity, b"")
        overloads = [
            wire.as_bytes(value).decode() for number, value in wire.fields(reference) if number == rewriting.OVERLOADS
        ]
        return macros.definition(overloads)

    def _folded(self, definition: macros.Fold, domain: bytes, identity: int) -> bytes:
        fresh = self.rewriter.fresh
        null = rewriting.closed(fresh(), rewriting.CONST, wire.put(rewriting.NULL, 0))
        always = rewriting.closed(fresh(), rewriting.CONST, wire.put(rewriting.BOOL, 1))
        return rewriting.closed(
            identity,
            rewriting.COMPREHENSION,
            wire.put(rewriting.VARIABLE, "__x"),
            wire.put(rewriting.RANGE, domain),
            wire.put(rewriting.ACCUMULATOR, "__result"),
            wire.put(rewriting.INITIAL, null),
            wire.put(rewriting.CONDITION, always),
            wire.put(rewriting.STEP, self._spliced(definition.step, (), fresh())),
            wire.put(rewriting.RESULT, self._spliced(definition.result, (), fresh())),
        )

    def _spliced(self, definition: str, arguments: Sequence[bytes], identity: int) -> bytes:
        """The checked tree of a definition, with fresh ids, and arguments where it names them."""
        source = self._compile(definition)
        known = rewriting.references(source)

        def renewed(node: bytes, root: int = 0) -> bytes:
            before, kind, body = rewriting.opened(node)
            name = wire.text(body, rewriting.NAME) if kind == rewriting.IDENT else ""
            if name.removeprefix(macros.RESERVED).isdigit():
                return arguments[int(name.removeprefix(macros.RESERVED))]
            fresh = root or self.rewriter.fresh()
            if before in known:
                self.rewriter.references[fresh] = known[before]
            return rewriting.closed(fresh, kind, rewriting.with_parts(kind, body, renewed))

        return renewed(rewriting.tree(source), identity)


def _without_groups(node: bytes) -> bytes:
    """A literal pattern without capturing groups."""
    identity, kind, body = rewriting.opened(node)
    pattern = patterns.without_groups(wire.text(body, rewriting.STRING))
    return rewriting.closed(identity, kind, wire.put(rewriting.STRING, pattern))
