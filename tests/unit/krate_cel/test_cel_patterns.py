"""Groups of a pattern can be made to capture nothing without changing what it matches."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from krate_cel import patterns

REWRITTEN = [
    ("abc", "abc"),
    ("(a)(b)", "(?:a)(?:b)"),
    ("(?P<name>a+)", "(?:a+)"),
    ("(?<name>a+)", "(?:a+)"),
    ("(?:a)", "(?:a)"),
    ("(?i)(a)", "(?i)(?:a)"),
    (r"\(a\)", r"\(a\)"),
    (r"\\(a)", r"\\(?:a)"),
    ("[(](a)", "[(](?:a)"),
    ("[]()](a)", "[]()](?:a)"),
    ("[^]()](a)", "[^]()](?:a)"),
    (r"[\]()](a)", r"[\]()](?:a)"),
    ("[[:alpha:](](a)", "[[:alpha:](](?:a)"),
    (r"\Q(a)\E(b)", r"\Q(a)\E(?:b)"),
    (r"\Q(a)", r"\Q(a)"),
    ("((a)|b)+", "(?:(?:a)|b)+"),
]


@pytest.mark.parametrize(("pattern", "expected"), REWRITTEN, ids=[row[0] for row in REWRITTEN])
def test_rewritten_patterns(pattern, expected):
    """Only what opens a capturing group changes."""
    assert expected == patterns.without_groups(pattern)
    assert patterns.compiled(expected).groups == 0


@pytest.mark.parametrize("pattern", ["(", "[", "a**", "(?P<a", r"\8", "(?=a)"])
def test_what_is_no_pattern_is_refused(pattern):
    """RE2's message says what is wrong."""
    with pytest.raises(ValueError, match=r"^error parsing regexp: "):
        patterns.compiled(pattern)


PARTS = [
    "a",
    "b",
    "(",
    ")",
    "(?:",
    "(?P<n>",
    "[",
    "]",
    "[^",
    "\\",
    "\\(",
    "|",
    "*",
    "+",
    "?",
    "(?i)",
    ":",
    "\\Q",
    "\\E",
    ".",
    "[[:digit:]",
    "-",
]
PIECES = st.lists(st.sampled_from(PARTS), max_size=12).map("".join)


@settings(deadline=None)
@given(PIECES, st.text("ab()[]:\\-1", max_size=12))
def test_matches_stay_the_same(pattern, text):
    """Whatever RE2 accepts matches the same piece of any text after its groups capture nothing."""
    try:
        before = patterns.compiled(pattern)
    except ValueError:
        assume(False)
    after = patterns.compiled(patterns.without_groups(pattern))
    found = [(match.span() if match else None) for match in (before.search(text), after.search(text))]
    assert found[0] == found[1]
    assert after.groups == 0
