"""The engine's missing references to None are repaid: a server that reads nulls does not die of it."""

import gc
import sys

import pytest

from krate_cel import environment
from krate_cel.environment import Returns, Type

ROUNDS = 2000


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("null", None),
        ("v", None),
        ("[null, v.x]", [None, None]),
        ("{'a': null, 'b': [v.x]}", {"a": None, "b": [None]}),
        ("[null, 1].indexOf(null)", 0),
        ("[v.x].lastIndexOf(v.x)", 0),
        ("v.x == null", True),
    ],
    ids=["null", "variable", "list", "map", "argument", "arguments", "comparison"],
)
def test_nulls_cost_no_references(expression, value):
    """Evaluating to, or passing, a null thousands of times leaves the reference count of None where it was."""
    world = environment.Environment({"v": Type.DYN})
    program = world.compile(expression, returns=Returns.ANY)
    bindings = {"v": None if expression == "v" else {"x": None}}
    assert value == program.evaluate(bindings)
    gc.collect()
    gc.disable()
    try:
        before = sys.getrefcount(None)
        for _ in range(ROUNDS):
            program.evaluate(bindings)
        drift = sys.getrefcount(None) - before
    finally:
        gc.enable()
    assert abs(drift) < ROUNDS / 4
