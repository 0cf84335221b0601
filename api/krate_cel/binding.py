"""Makes `cel.bind` right, on which optMap, optFlatMap, sortBy and our own definitions rest.

The engine (cel-expr-python 0.1.3) keeps loop variables in numbered slots and forgets to clear them when a loop ends
early; a binding, which fills its slot when it is first read, then takes what stands there for its value. So
`[3, 1].exists(x, x == 3) && cel.bind(w, 'abc', w == 'abc')` is false. Ordinary loops write a slot before they read it.
Therefore every binding is turned into a loop of one round whose accumulator starts as the bound value and becomes the
value of the body; `tests/unit/krate_cel/test_cel_binding.py` shows the wrong answer and the right one.
"""

from krate_cel import rewriting, syntax, wire

_ONCE = "__once"


def binds(tree: syntax.Tree) -> bool:
    """Whether an expression binds anything."""
    return any(isinstance(node, syntax.Comprehension) and node.domain == syntax.Group(()) for node in tree.walk())


def made_right(serialized: bytes) -> bytes:
    """A serialized expression with every binding replaced by a loop of one round."""
    rewriter = rewriting.Rewriter(serialized)

    def rewritten(node: bytes) -> bytes:
        identity, kind, body = rewriting.opened(node)
        body = rewriting.with_parts(kind, body, rewritten)
        if kind == rewriting.COMPREHENSION and _is_binding(body):
            body = _loop(rewriter, body)
        return rewriting.closed(identity, kind, body)

    return rewriter.serialized(rewritten(rewriter.root))


def _is_binding(body: bytes) -> bool:
    """Whether a loop has nothing to go over: the form that the macro gives a binding."""
    _, kind, elements = rewriting.opened(wire.message(body, rewriting.RANGE))
    return kind == rewriting.LIST and not elements


def _loop(rewriter: rewriting.Rewriter, body: bytes) -> bytes:
    name = wire.text(body, rewriting.ACCUMULATOR)
    one = rewriting.closed(rewriter.fresh(), rewriting.CONST, wire.put(rewriting.INT, 0))
    once = rewriting.closed(rewriter.fresh(), rewriting.LIST, wire.put(rewriting.ELEMENTS, one))
    always = rewriting.closed(rewriter.fresh(), rewriting.CONST, wire.put(rewriting.BOOL, 1))
    result = rewriter.fresh()
    rewriter.references[result] = wire.put(rewriting.NAME, name)
    return b"".join(
        [
            wire.put(rewriting.VARIABLE, _ONCE),
            wire.put(rewriting.RANGE, once),
            wire.put(rewriting.ACCUMULATOR, name),
            wire.put(rewriting.INITIAL, wire.message(body, rewriting.INITIAL)),
            wire.put(rewriting.CONDITION, always),
            wire.put(rewriting.STEP, wire.message(body, rewriting.RESULT)),
            wire.put(rewriting.RESULT, rewriting.closed(result, rewriting.IDENT, wire.put(rewriting.NAME, name))),
        ]
    )
