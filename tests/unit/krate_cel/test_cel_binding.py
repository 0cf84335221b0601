"""Bindings are right after loops that end early, where the engine by itself is wrong."""

import pytest
from cel_expr_python import cel

from krate_cel import engine, environment
from krate_cel.environment import Returns, Type

WORLD = environment.Environment({"object": Type.DYN})
OBJECT = {"nums": [3, 1, 2], "m": {"a": 1}, "s": "abc"}

HOLD = r"""
object.nums.all(x, x > 5) || cel.bind(w, object.nums, w == object.nums)
object.nums.exists(x, x == 3) && cel.bind(w, object.s, w == 'abc')
object.nums.exists(i, x, x == 3) && cel.bind(w, object.nums, w == object.nums)
object.nums.exists(x, x == 3) && object.?s.optMap(w, w == 'abc').orValue(false)
object.nums.exists(x, x == 3) && object.?m.optFlatMap(w, w.?a).orValue(0) == 1
object.nums.exists(x, x == 3) && object.nums.sortBy(e, e) == [1, 2, 3]
object.nums.exists(x, x == 3) && object.nums.indexOf(1) == 1 && object.nums.isSorted() == false
object.nums.exists(x, x == 3) && object.s.split('b') == ['a', 'c'] && object.s.substring(1, 3) == 'bc'
object.nums.map(x, object.nums.exists(y, y == x) ? cel.bind(w, x, w) : 0) == [3, 1, 2]
[object.nums.exists(x, x == 3), cel.bind(w, object.nums, w == object.nums)] == [true, true]
object.nums.all(x, cel.bind(w, x, cel.bind(w, w + 1, w == x + 1)))
cel.bind(a, object.nums.exists(x, x == 3), cel.bind(b, object.nums, a && b.size() == 3))
cel.bind(a, 1, cel.bind(b, a + 1, cel.bind(c, a + b, [a, b, c] == [1, 2, 3])))
cel.bind(unused, object.nope, true)
cel.bind(w, object.nums.exists(x, x == 3), w) && cel.bind(w, {'a': [1].size()}, w.a == 1)
""".strip().splitlines()


@pytest.mark.parametrize("expression", HOLD)
def test_bindings(expression):
    """What is bound is what was bound, wherever the binding stands; its error matters only where it is used."""
    assert WORLD.compile(expression, returns=Returns.BOOL).evaluate({"object": OBJECT}) is True


def test_the_engine_by_itself_is_wrong():
    """The reason for `krate_cel.binding`. When this fails, the engine has been mended and the module can go."""
    env: cel.Env = engine.runner({"object": cel.Type.DYN})
    wrong = env.compile("object.nums.exists(x, x == 3) && cel.bind(w, object.s, w == 'abc')")
    assert wrong.eval(data={"object": OBJECT}).plain_value() is False


@pytest.mark.parametrize(
    "loop", ["exists(x, x == 3)", "all(x, x != 3)", "exists(i, x, i == 0)", "exists_one(x, x == 3)"]
)
@pytest.mark.parametrize("before", range(4))
def test_any_number_of_loops_may_stand_before(loop, before):
    """Loops that end early, or do not, in any number and depth, do not reach into a binding."""
    loops = [f"object.nums.{loop}"] * before
    nested = f"object.nums.map(y, {' || '.join([*loops, 'true'])}).size() == 3"
    expression = f"[{', '.join([*loops, nested, 'cel.bind(w, object.s, w + w) == ' + repr('abcabc')])}]"
    assert WORLD.compile(expression, returns=Returns.ANY).evaluate({"object": OBJECT})[-2:] == [True, True]
