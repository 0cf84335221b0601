"""Paths and globs: text that must not lie about bytes, and patterns that must not lie about refs."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from krate_git import globs, patterns, quoting


@given(st.binary())
@example(b'"quoted"')
@example(b"\xff\xfe/x")
@example("tränen/ß".encode())
def test_every_path_has_one_text(raw: bytes):
    """Whatever bytes a path has, its text leads back to exactly them."""
    assert quoting.parse(quoting.show(raw)) == raw


@given(st.binary(), st.binary())
def test_two_paths_have_two_texts(one: bytes, other: bytes):
    """No two paths are shown alike."""
    assert (quoting.show(one) == quoting.show(other)) == (one == other)


def test_git_reads_our_quotation_as_its_own():
    """The text of a path that is no UTF-8 is what Git prints for it."""
    assert quoting.show(b"d/\xe9t\xe9\t\\") == r'"d/\351t\351\011\\"'


@pytest.mark.parametrize("text", ['"', '"open', '"a"b"', r'"\9"', r'"\400"', '"\\"', "\ud800"], ids=repr)
def test_malformed_quotations_are_errors(text: str):
    """Text that quotes no path raises instead of meaning some other path."""
    with pytest.raises(ValueError, match=r"."):
        quoting.parse(text)


@pytest.mark.parametrize(
    ("glob", "name", "want"),
    [
        ("main", "main", True),
        ("main", "maintain", False),
        ("release/*", "release/1", True),
        ("release/*", "release/1/hotfix", False),
        ("release/**", "release/1/hotfix", True),
        ("release/**", "release", False),
        ("**/wip", "wip", True),
        ("**/wip", "a/b/wip", True),
        ("**/wip", "a/bwip", False),
        ("refs/heads/v*.x", "refs/heads/v1.x", True),
        ("refs/heads/v*.x", "refs/heads/v1-x", False),
        ("**", "refs/heads/a/b", True),
        ("a+b", "a+b", True),
        ("a+b", "aab", False),
        ("Main", "main", False),
    ],
)
def test_globs_match_as_the_kinds_page_says(glob: str, name: str, *, want: bool):
    """`*` stays within a segment, `**` crosses them, everything else is itself."""
    assert globs.matches([glob], name) is want


@pytest.mark.parametrize(
    "glob", ["", "re[1]", "a?b", "a b", "a..b", "a//b", "/main", "main/", "a@{b", "a\\b", "a\x00b"], ids=repr
)
def test_globs_that_match_nothing_are_named(glob: str):
    """A glob with what no ref name holds is a problem, not a protection of nothing."""
    assert globs.problem(glob)


def test_sound_globs_have_no_problem():
    """Wildcards and usual names are fine."""
    assert [globs.problem(glob) for glob in ("main", "release/*", "refs/**", "a-b_c.d/e", "ümlaut")] == [""] * 5


def test_patterns_say_why_they_are_wrong():
    """A pattern outside RE2 is refused with RE2's reason, backreferences and look-around included."""
    assert patterns.problem("(") == "missing ): ("
    assert patterns.problem("(?=x)") == "invalid perl operator: (?="
    assert patterns.problem(r"^[A-Z]+-\d+") == ""


def test_patterns_are_searched_for():
    """A pattern may stand anywhere unless it is anchored; the empty one is everywhere."""
    assert [patterns.found(p, "fix KEY-1") for p in ("KEY-[0-9]+", "^KEY", "")] == [True, False, True]


def test_hostile_patterns_stay_linear():
    """Nested quantifiers, which take a backtracking engine forever, answer at once."""
    assert not patterns.found("^(a+)+$", "a" * 50_000 + "b")
