"""Values go into the engine and come out of it unchanged, or not at all."""

import datetime
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from krate_cel import environment, errors, values
from krate_cel.environment import Returns, Type

WORLD = environment.Environment({"v": Type.DYN, "text": Type.STRING, "moment": Type.TIMESTAMP, "span": Type.DURATION})
ECHO = WORLD.compile("v", returns=Returns.ANY)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**63), max_value=2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), children, max_size=4)
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(JSON)
def test_json_values_round_trip(value):
    """Whatever JSON can hold, NULs included, an expression gives back as it was."""
    assert value == ECHO.evaluate({"v": value})


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_texts_are_judged_whole(before, after):
    """A NUL in a text hides nothing behind it: length, search and concatenation see all of it."""
    text = f"{before}\0{after}"
    found = WORLD.compile("[string(v.t.size()), v.t + '!', string(v.t.endsWith(v.tail))]", returns=Returns.ANY)
    assert found.evaluate({"v": {"t": text, "tail": after}}) == [str(len(text)), text + "!", "true"]


def test_a_nul_in_a_key():
    """Keys of maps are whole texts too."""
    program = WORLD.compile("v.exists(k, k.contains('b'))", returns=Returns.BOOL)
    assert program.evaluate({"v": {"a\0b": 1}}) is True


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": "\ud800"}, "v holds half a surrogate pair"),
        ({"\udfff": 1}, "v holds half a surrogate pair"),
        ({"a": 2**64}, "v holds an integer beyond 64 bits"),
        ({"a": -(2**63) - 1}, "v holds an integer beyond 64 bits"),
        ({"a": object()}, "v holds a object, which CEL does not know"),
        ({"a": {1, 2}}, "v holds a set, which CEL does not know"),
        ({"a": (1, 2)}, "Non-CEL value type for 'v['a'] -> (1, 2)': tuple."),
    ],
    ids=["surrogate", "surrogate-key", "too-large", "too-small", "object", "set", "tuple"],
)
def test_what_has_no_form_is_an_error(value, message):
    """A value that the engine cannot take is an error of evaluation, never another value."""
    with pytest.raises(errors.EvaluationError) as caught:
        ECHO.evaluate({"v": value})
    assert message == caught.value.message


def test_nesting_ends():
    """A value nested beyond reason is an error, not a stack overflow."""
    deep: dict = {}
    for _ in range(5000):
        deep = {"a": deep}
    with pytest.raises(errors.EvaluationError, match="v is nested too deeply"):
        ECHO.evaluate({"v": deep})


def test_read_only_mappings_are_maps():
    """Objects from a read-only view are taken like plain ones."""
    assert ECHO.evaluate({"v": MappingProxyType({"a": [1]})}) == {"a": [1]}


def test_typed_texts_are_judged_whole_too():
    """A variable of type string may hold a NUL like any other text."""
    program = WORLD.compile("text.size() == 3 && text.endsWith('b')", returns=Returns.BOOL)
    assert program.evaluate({"text": "a\0b"}) is True


def test_times_travel():
    """Timestamps and durations are datetimes and timedeltas."""
    moment, span = datetime.datetime(2026, 11, 25, 10, tzinfo=datetime.UTC), datetime.timedelta(hours=1, microseconds=5)
    bindings = {"moment": moment, "span": span}
    assert WORLD.compile("moment", returns=Returns.ANY).evaluate(bindings) == moment
    assert WORLD.compile("span", returns=Returns.ANY).evaluate(bindings) == span
    assert WORLD.compile("moment + span", returns=Returns.ANY).evaluate(bindings) == moment + span


@pytest.mark.parametrize("expression", ["optional.of(1)", "v.?a", "[optional.of(1)]", "type(v)"])
def test_what_is_no_result_is_an_error(expression):
    """Optionals and types have no plain form."""
    with pytest.raises(errors.EvaluationError):
        WORLD.compile(expression, returns=Returns.ANY).evaluate({"v": {}})


def test_results_are_bounded():
    """A result of more than a mebibyte is refused."""
    with pytest.raises(errors.BudgetExceeded, match="the result is larger than 1048576 bytes"):
        ECHO.evaluate({"v": "x" * (values.MAX_RESULT + 1)})
    with pytest.raises(errors.BudgetExceeded):
        ECHO.evaluate({"v": ["x"] * (values.MAX_RESULT // 8)})
