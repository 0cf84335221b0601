"""Variables of policies: typed, lazy, evaluated once, and harmless where nobody looks."""

import pytest

from krate_cel import environment, errors
from krate_cel.composition import Composition
from krate_cel.environment import Returns, Type

BASE = environment.policy()
BINDINGS = {
    "object": {"spec": {"title": "feat: x", "tags": ["a", "b"], "size": 3}},
    "oldObject": None,
    "request": {"operation": "CREATE"},
    "namespaceObject": None,
}


def compose(*variables: tuple[str, str]) -> Composition:
    return Composition(BASE, variables)


def test_variables_have_the_type_of_their_expression():
    """A variable is a bool, a text or a list where its expression is, so exact types are met and mistakes found."""
    composition = compose(
        ("ok", "object.spec.size > 2"), ("t", "string(object.spec.title)"), ("l", "['a', variables.t]")
    )
    types = {name: program.type.name() for name, program in composition.variables.items()}
    assert types == {"ok": "BOOL", "t": "STRING", "l": "LIST<STRING>"}
    assert composition.frame(BINDINGS).evaluate(composition.compile("variables.ok", returns=Returns.BOOL)) is True
    joined = composition.compile("variables.l.join('|') + variables.t.upperAscii()", returns=Returns.STRING)
    assert composition.frame(BINDINGS).evaluate(joined) == "a|feat: xFEAT: X"
    with pytest.raises(errors.CompileError, match="no matching overload"):
        composition.compile("variables.t + 1 == ''", returns=Returns.BOOL)


@pytest.mark.parametrize(
    ("expression", "message"),
    [("variables.nope == 1", "undefined field 'nope'"), ("has(variables.nope)", "undefined field 'nope'")],
)
def test_undeclared_variables_do_not_compile(expression, message):
    """A variable that the policy does not have is a compile error, not a surprise."""
    with pytest.raises(errors.CompileError) as caught:
        compose(("t", "'x'")).compile(expression, returns=Returns.BOOL)
    assert message == caught.value.message


def test_variables_see_only_earlier_ones():
    """A variable that names a later one does not compile; the later one is fine."""
    composition = compose(("a", "variables.b + 1"), ("b", "1"))
    assert isinstance(composition.variables["a"], errors.CompileError)
    assert composition.frame(BINDINGS).evaluate(composition.compile("variables.b == 1", returns=Returns.BOOL)) is True


def test_errors_matter_only_where_the_value_does():
    """A variable without a value spoils what uses it, and only that."""
    composition = compose(("bad", "object.spec.nope.size()"), ("worse", "variables.bad + 1"), ("good", "1"))
    frame = composition.frame(BINDINGS)

    def evaluate(expression: str) -> object:
        return frame.evaluate(composition.compile(expression, returns=Returns.BOOL))

    assert evaluate("has(object.spec.nope) && variables.bad > 0") is False
    assert evaluate("variables.good == 1 || variables.bad > 0") is True
    with pytest.raises(
        errors.EvaluationError, match=r'^composited variable "bad" fails to evaluate: no such key: nope$'
    ):
        evaluate("variables.bad > 0")
    nested = '^composited variable "worse" fails to evaluate: composited variable "bad" fails to evaluate: '
    with pytest.raises(errors.EvaluationError, match=nested):
        evaluate("variables.worse > 0")


def test_a_variable_that_does_not_compile_is_an_error_where_it_is_used():
    """It does not stop the expressions that leave it alone."""
    composition = compose(("q", "quantity('1Gi')"), ("t", "'x'"))
    frame = composition.frame(BINDINGS)
    assert isinstance(composition.variables["q"], errors.Unsupported)
    assert frame.evaluate(composition.compile("variables.t == 'x'", returns=Returns.BOOL)) is True
    with pytest.raises(errors.EvaluationError, match=r'composited variable "q" fails to compile: quantity\(\) is not'):
        frame.evaluate(composition.compile("variables.q == 1", returns=Returns.BOOL))


def test_optionals_are_refused_as_variables():
    """An optional cannot leave one evaluation and enter another; the message says what to write instead."""
    found = compose(("o", "object.?spec")).variables["o"]
    assert isinstance(found, errors.Unsupported)
    assert "append .orValue(...)" in found.message


def test_each_variable_is_evaluated_once_for_a_request(monkeypatch):
    """Ten uses in three expressions cost one evaluation of each variable."""
    composition = compose(("a", "object.spec.size + 1"), ("b", "variables.a * 2"), ("unused", "object.spec.nope"))
    counted = dict.fromkeys(composition.variables, 0)
    for name, program in composition.variables.items():
        evaluate = program.evaluate

        def count(scope: object, name: str = name, evaluate: object = evaluate) -> object:
            counted[name] += 1
            return evaluate(scope)

        monkeypatch.setattr(program, "evaluate", count)
    frame = composition.frame(BINDINGS)
    for expression in ("variables.b == 8", "variables.a == 4", "variables.a + variables.b + variables.b == 20"):
        assert frame.evaluate(composition.compile(expression, returns=Returns.BOOL)) is True
    assert counted == {"a": 1, "b": 1, "unused": 0}


def test_texts_with_nuls_travel():
    """A variable that holds a NUL is the whole text in the next expression too."""
    composition = compose(("t", "string(object.t)"), ("parts", "variables.t.split('-')"))
    program = composition.compile("variables.t.endsWith('c') && variables.parts[1] == 'b\\x00c'", returns=Returns.BOOL)
    assert composition.frame({**BINDINGS, "object": {"t": "a-b\0c"}}).evaluate(program) is True


def test_released_compositions_still_answer():
    """What only compiling needs can be given back: programs run on, and compiling makes it anew."""
    composition = compose(("a", "object.spec.size + 1"), ("b", "'t' + string(variables.a)"))
    before = composition.compile("variables.b == 't4'", returns=Returns.BOOL)
    composition.release()
    after = composition.compile("variables.a == 4 && variables.b.size() == 2", returns=Returns.BOOL)
    frame = composition.frame(BINDINGS)
    assert (frame.evaluate(before), frame.evaluate(after)) == (True, True)
    assert before.runner is after.runner is BASE.runner


def test_the_whole_of_variables():
    """`variables` by itself is the map of those that have a value."""
    composition = compose(("a", "1"), ("b", "object.spec.nope"))
    program = composition.compile("variables.?a.orValue(0) == 1 && variables.?b.orValue('none') == 'none'",
                                  returns=Returns.BOOL)  # fmt: skip
    assert composition.frame(BINDINGS).evaluate(program) is True


def test_every_type_of_variable_travels():
    """Nulls, times, bytes, unsigned numbers and maps are the same in the next expression."""
    composition = compose(
        ("n", "null"),
        ("d", "duration('90s')"),
        ("t", "timestamp('2026-01-01T00:00:00Z')"),
        ("b", "b'a\\x00b'"),
        ("u", "uint(3)"),
        ("m", "{'a': [1, 2]}"),
        ("f", "1.5"),
    )
    program = composition.compile(
        "variables.n == null && variables.d == duration('90s') && variables.t.getFullYear() == 2026 && "
        "variables.b == b'a\\x00b' && variables.u == 3u && variables.m.a[1] == 2 && variables.f < 2.0",
        returns=Returns.BOOL,
    )
    assert composition.frame(BINDINGS).evaluate(program) is True


def test_an_expensive_variable_is_stopped():
    """The budget holds for variables, and the error says whose it was."""
    composition = compose(("big", "object.t.replace('', object.t).size()"))
    frame = composition.frame({**BINDINGS, "object": {"t": "x" * 100_000}})
    with pytest.raises(errors.EvaluationError, match='composited variable "big" fails to evaluate: the'):
        frame.evaluate(composition.compile("variables.big > 0", returns=Returns.BOOL))


def test_values_without_a_form_are_refused_at_once():
    """A frame over values that CEL does not know cannot be made."""
    with pytest.raises(errors.EvaluationError):
        compose().frame({"object": {"a": 2**70}})


def test_environments_extend_without_changing_their_base():
    """Variables of one policy are not those of another."""
    compose(("mine", "1"))
    with pytest.raises(errors.CompileError):
        BASE.compile("variables.mine == 1", returns=Returns.BOOL)
    assert Type.DYN.name() == "DYN"
