"""The search line of a list: read term by term, turned into a query, matched on rows."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import factories
from krate import models, selectors
from krate_web import search

HEAD = "a" * 40


def pull(**parts):
    base = {
        "metadata": {"creationTimestamp": "2026-11-24T00:00:00Z"},
        "status": {"number": 1, "author": "alice", "headSHA": HEAD},
    }
    return models.PullRequest.model_validate(factories.make_pull_request(**factories.merge(base, parts)))


SEARCHES = {
    "nothing": ("", {}),
    "state": ("is:merged", {"state": "merged"}),
    "fields": (
        "author:@me target:main source:a,b",
        {"fields": (("status.author", "me"), ("spec.target.branch", "main"), ("spec.source.branch", "a,b"))},
    ),
    "labels": ("label:p0 label:area=auth", {"labels": ("p0", "area=auth")}),
    "reviewer": ("reviewer:@me", {"reviewers": ("me",)}),
    "words": ('Rotate "signing keys"', {"words": ("rotate", "signing keys")}),
    "review and checks": ("review:required checks:failed", {"review": "required", "checks": "failed"}),
    "backslash": (
        r"author:'a\b'",
        {"problems": (r"author:a\b cannot be: no user and no branch has a backslash in its name",)},
    ),
    "unclosed quote": ('fix "it', {"words": ("fix", "it")}),
    "empty value": ("author:", {"words": ("author:",)}),
    "unknown value": ("is:purple", {"problems": ("is:purple is unknown; is: takes open, draft, merged, closed, all",)}),
    "unknown key": ("colour:red", {"problems": (f"colour: is unknown; known are {search.HELP}",)}),
}


@pytest.mark.parametrize(("text", "want"), SEARCHES.values(), ids=list(SEARCHES))
def test_search(text, want):
    """A search line is read term by term; what cannot be read is said, and the rest counts."""
    assert search.parse(text, me="me") == replace(search.Search(text=text.strip()), **want)


def test_a_bad_label_is_a_problem_and_not_a_failed_query():
    """A label that the server would refuse never reaches it."""
    found = search.parse("label:a=b=c", me="me")
    assert found.labels == ()
    assert found.problems[0].startswith("label:a=b=c is no label: ")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_every_search_line_makes_a_query_that_can_be_parsed(text):
    """No search line, however strange, makes a selector that the server cannot read."""
    ask = search.parse(text, me="me").ask("acme", "web", limit=50)
    selectors.parse_fields(ask.fields)
    selectors.parse_labels(ask.labels)


@given(st.text(st.characters(exclude_characters="\\"), min_size=1, max_size=20))
def test_values_of_field_selectors_survive(value):
    """A value with commas and equals signs is selected as itself."""
    text = f'author:"{value}"'
    found = search.Search(fields=(("status.author", value),)).ask("a", "r", limit=1)
    parsed = selectors.parse_fields(found.fields)
    assert parsed.exact("status.author") == value, text


MATCHES = {
    "word": ("rotate", True),
    "words": ("keys signing", True),
    "number": ("#1", True),
    "other number": ("#2", False),
    "failed": ("checks:failed", True),
    "passed": ("checks:passed", False),
    "required": ("review:required", True),
    "approved": ("review:approved", False),
}


@pytest.mark.parametrize(("text", "want"), MATCHES.values(), ids=list(MATCHES))
def test_what_a_query_cannot_say_is_matched_here(text, want):
    """Words, reviews and checks are matched on the rows."""
    assert search.parse(text, me="me").matches(pull(status={"checks": {"failed": 1}})) is want
