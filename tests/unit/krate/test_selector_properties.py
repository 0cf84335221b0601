"""Properties of selectors: what is rendered parses back, any text is answered, in linear time."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krate import errors, selectors
from krate.selectors import Operator, Requirement, Selector

WORDS = st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,8}[A-Za-z0-9])?", fullmatch=True)


def render(requirement: Requirement) -> str:
    """A requirement as text."""
    values = ",".join(sorted(requirement.values))
    match requirement.operator:
        case Operator.EXISTS:
            return requirement.key
        case Operator.DOES_NOT_EXIST:
            return f"!{requirement.key}"
        case Operator.IN | Operator.NOT_IN:
            return f"{requirement.key} {requirement.operator} ({values})"
        case _:
            return f"{requirement.key}{requirement.operator}{values}"


REQUIREMENTS = st.one_of(
    st.builds(Requirement, WORDS, st.sampled_from([Operator.EXISTS, Operator.DOES_NOT_EXIST])),
    st.builds(Requirement, WORDS, st.sampled_from([Operator.IN, Operator.NOT_IN]), st.frozensets(WORDS, min_size=1)),
    st.builds(
        Requirement,
        WORDS,
        st.sampled_from([Operator.EQUALS, Operator.DOUBLE_EQUALS, Operator.NOT_EQUALS]),
        st.frozensets(WORDS, min_size=1, max_size=1),
    ),
)


@given(st.lists(REQUIREMENTS))
def test_rendered_selector_parses_back(found: list[Requirement]) -> None:
    """Any selector that can be written parses to itself."""
    assert selectors.parse_labels(",".join(map(render, found))) == Selector(tuple(found))


@given(st.dictionaries(WORDS, st.text()))
def test_escaped_fields_parse_back(values: dict[str, str]) -> None:
    """Any value survives escaping and parsing."""
    escaped = {key: "".join(f"\\{mark}" if mark in "\\,=" else mark for mark in value) for key, value in values.items()}
    selector = selectors.parse_fields(",".join(f"{key}={value}" for key, value in escaped.items()))
    assert {one.key: one.exact for one in selector.requirements} == values


@given(st.text())
def test_any_text_parses_or_is_refused(text: str) -> None:
    """No text does anything but parse or be a bad request."""
    for parse in (selectors.parse_labels, selectors.parse_fields):
        try:
            assert isinstance(parse(text), Selector)
        except errors.BadRequest as error:
            assert error.message  # noqa: PT017 - either outcome is right


HOSTILE = ("a,", "a=b,", "!", "(", "a in (", "a=\\\\", "\\,", "=", "-", "a.", "a/", " ")


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", HOSTILE)
def test_parsing_is_linear(piece: str) -> None:
    """A selector longer than any URL is parsed or refused at once, whatever it repeats: no pattern explodes."""
    for parse in (selectors.parse_labels, selectors.parse_fields):
        with contextlib.suppress(errors.BadRequest):
            parse(piece * 100_000)
