"""No evaluation runs away: what could is refused before it starts, what is sensible is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from krate_cel import cost, environment, errors, extents
from krate_cel.environment import Returns, Type

WORLD = environment.Environment({"v": Type.DYN})


def program(expression: str) -> environment.Program:
    return WORLD.compile(expression, returns=Returns.ANY)


def bomb(levels: int) -> str:
    """Each level makes ten texts of one."""
    text = f"a{levels}.size()"
    for level in range(levels, 0, -1):
        source = f"a{level - 1}" if level > 1 else "v.t"
        text = f"cel.bind(a{level}, {'+'.join([source] * 10)}, {text})"
    return text


EXPENSIVE = [
    (bomb(4), {"t": "x" * 10_000}),
    ("v.t" + ".replace('x', 'xxxxxxxxxx')" * 8, {"t": "x" * 100}),
    ("v.t.replace('x', v.t).replace('x', v.t)", {"t": "x" * 5000}),
    ("v.t.replace('', v.t)", {"t": "x" * 100_000}),
    ("v.l.map(a, v.l.map(b, v.t)).size()", {"l": ["y"] * 90, "t": "x" * 100_000}),
    ("v.l.all(a, v.t.contains(a))", {"l": ["z"] * 5000, "t": "x" * 1_000_000}),
    ("v.l.all(a, v.t.matches(v.p))", {"l": ["z"] * 2000, "t": "x" * 100, "p": "a{100}" * 50}),
    ("sets.contains(v.l, v.l)", {"l": list(range(9000))}),
    ("v.l.distinct().size()", {"l": [{"a": n} for n in range(9000)]}),
    ("v.l.sortBy(e, -e).size()", {"l": list(range(9000))}),
    ("v.l.map(a, v.t).join('').size()", {"l": ["z"] * 9000, "t": "x" * 100_000}),
    ("regex.replace(v.t, 'x', v.t).size()", {"t": "x" * 50_000}),
    ("v.t.split('').map(c, v.t).size()", {"t": "x" * 9_000}),
    ("v.l.exists(a, a in v.l)", {"l": ["x" * 100] * 9000}),
]


@pytest.mark.parametrize(("expression", "value"), EXPENSIVE, ids=[row[0][:45] for row in EXPENSIVE])
def test_runaway_expressions_are_refused(expression, value):
    """An evaluation that could take seconds or gigabytes does not start."""
    with pytest.raises(errors.BudgetExceeded, match="the expression could take"):
        program(expression).evaluate({"v": value})


@pytest.mark.parametrize(
    "expression",
    [
        "lists.range(9999).map(a, lists.range(9999)).size() == 1",
        "'a'" + ".replace('a', 'aaaaaaaaaaaaaaaaaaaa')" * 8 + " == ''",
        f"{bomb(8)} == 1",
    ],
    ids=["ranges", "replace", "bind"],
)
def test_constants_that_run_away_do_not_compile(expression):
    """What is too expensive for every input is refused when it is compiled."""
    with pytest.raises(errors.CompileError, match="would cost more than its budget for any input"):
        WORLD.compile(expression, returns=Returns.BOOL)


PULL_REQUEST = {
    "spec": {"title": "feat: x", "body": "word " * 12_000, "labels": [f"l{n}" for n in range(30)]},
    "metadata": {"labels": {f"k{n}": f"v{n}" for n in range(40)}, "annotations": {"a": "b" * 2000}},
}
SENSIBLE = [
    "v.spec.body.trim() != ''",
    "v.spec.labels.all(l, v.metadata.labels.exists(k, k == 'k' + l.substring(1)))",
    "v.spec.labels.all(l, !v.spec.body.contains('do-not-merge-' + l))",
    "v.spec.body.matches('(?i)(closes|fixes) #[0-9]+') || true",
    "v.spec.body.split('\\n').size() > 0",
    "v.spec.body.lowerAscii().replace(' ', '').size() > 0",
    "v.spec.labels.map(l, v.metadata.labels.map(k, k + l)).flatten().size() > 0",
    "'%s: %s'.format([v.spec.title, v.spec.body]).size() > 0",
    "sets.contains(v.spec.labels, ['l1', 'l2'])",
    "v.spec.labels.sortBy(l, l)[0] == 'l0'",
    "'%s has %d labels'.format([v.spec.title, v.spec.labels.size()]).split(' ').distinct().size() > 1",
    "(has(v.spec.title) ? v.spec.title : '').replace(' ', '').findAll('[a-z]').distinct().size() > 1",
    "v.spec.body.findAll('word').size() > 3 && v.spec.labels.exists(l, l.matches('^l[0-9]+$'))",
]


@pytest.mark.parametrize("expression", SENSIBLE)
def test_sensible_expressions_on_a_large_object_are_evaluated(expression):
    """Policies over a pull request with a body of 60 KB and dozens of labels are answered."""
    assert program(expression).evaluate({"v": PULL_REQUEST}) is True


def test_the_engine_stops_loops():
    """More than 10,000 iterations end the evaluation with an error."""
    with pytest.raises(errors.EvaluationError, match="the limit of 10000 iterations is exceeded"):
        program("v.all(x, x >= 0)").evaluate({"v": list(range(10_001))})


def test_what_never_is_expensive_is_never_measured():
    """An expression that is cheap for the largest request is marked so when it is compiled."""
    cheap = cost.estimate(program("v.spec.?body.orValue('').trim() != ''")._tree, extents.LARGEST)
    assert cheap.affordable
    assert not cost.estimate(program("v.all(a, v.exists(b, a == b))")._tree, extents.LARGEST).affordable


@settings(deadline=None)
@given(
    st.recursive(
        st.text(max_size=30) | st.integers(0, 9),
        lambda children: st.lists(children, max_size=5) | st.dictionaries(st.text(max_size=5), children, max_size=5),
        max_leaves=30,
    )
)
def test_measures_bound_the_json_estimate(value):
    """What is measured of a value is never more than what its JSON size allows for."""
    inputs = environment.values.Inputs({"v": value})
    rough, exact = extents.of_json(inputs.size + 64), inputs.extent()
    assert (exact.size <= rough.size, exact.longest <= rough.longest, exact.count <= rough.count) == (True, True, True)


TEXTS = st.sampled_from(
    [
        "v.t",
        "'ab'",
        "v.t.replace('a', 'bcd')",
        "v.t + v.t",
        "v.l.join('--')",
        "v.t.split('a').join('xyz')",
        "'%s|%s'.format([v.t, v.l])",
        "v.t.lowerAscii()",
        "v.t.substring(1)",
        "strings.quote(v.t)",
        "v.t.find('a*b?')",
        "v.t.findAll('a').join('::')",
    ]
)


@settings(deadline=None)
@given(TEXTS, TEXTS, st.integers(0, 60), st.integers(0, 20))
def test_the_bound_holds(first, second, length, count):
    """The estimated size of a composed text is never below its real one."""
    value = {"t": "a" * (length + 1), "l": ["ab"] * count}
    composed = f"({first} + {second}).replace('a', {second})"
    inputs = environment.values.Inputs({"v": value})
    bound = cost.estimate(program(composed)._tree, inputs.extent())
    assert len(program(composed).evaluate({"v": value}).encode()) <= bound.size
