"""The host's own rules: what no protection can allow."""

from typing import Any

import pytest

from git_facts import MAIN, TOPIC, UPDATE, A, B, C, Table, brief, judge, protect
from krate_git.interface import (
    ZERO,
    RefUpdate,
    Verdict,
)

HOST_RULES = [
    ("an archived repository takes nothing", UPDATE, {"archived": True}, "archived"),
    ("the default branch cannot be deleted", RefUpdate(MAIN, A, ZERO), {}, "defaultBranch"),
    ("a ref that moved meanwhile", RefUpdate(MAIN, C, B), {}, "staleRef"),
    ("a ref that appeared meanwhile", RefUpdate(MAIN, ZERO, B), {}, "staleRef"),
    ("a ref that vanished meanwhile", RefUpdate(TOPIC, A, B), {}, "staleRef"),
    ("pull request refs", RefUpdate("refs/pull/1/head", ZERO, B), {}, "reservedRef"),
    ("AGit refs", RefUpdate("refs/for/main", ZERO, B), {}, "reservedRef"),
    ("replacement objects", RefUpdate(f"refs/replace/{A}", ZERO, B), {}, "reservedRef"),
    ("the host's refs", RefUpdate("refs/krate/x", ZERO, B), {}, "reservedRef"),
    ("a namespace that is itself a ref", RefUpdate("refs/pull", ZERO, B), {}, "refName"),
    ("no refs/", RefUpdate("HEAD", ZERO, B), {}, "refName"),
    ("a path", RefUpdate("refs/heads/../../config", ZERO, B), {}, "refName"),
    ("a hidden name", RefUpdate("refs/heads/.git", ZERO, B), {}, "refName"),
    ("a lock file", RefUpdate("refs/heads/main.lock", ZERO, B), {}, "refName"),
    ("an option", RefUpdate("refs/heads/--upload-pack=touch", ZERO, B), {}, "refName"),
    ("HEAD as a branch", RefUpdate("refs/heads/HEAD", ZERO, B), {}, "refName"),
    ("a ref within a ref", RefUpdate("refs/heads/refs/heads/main", ZERO, B), {}, "refName"),
    ("an object id as a branch", RefUpdate(f"refs/heads/{A}", ZERO, B), {}, "refName"),
    ("an object id as a tag", RefUpdate(f"refs/tags/{A.upper()}", ZERO, B), {}, "refName"),
    ("a control character", RefUpdate("refs/heads/a\x07b", ZERO, B), {}, "refName"),
    ("a name that reads backwards", RefUpdate("refs/heads/a\u202eb", ZERO, B), {}, "refName"),
    ("bytes that are no UTF-8", RefUpdate("refs/heads/a\udce9", ZERO, B), {}, "refName"),
    ("a long name", RefUpdate("refs/heads/" + "x/" * 130 + "x", ZERO, B), {}, "refName"),
    ("a long segment", RefUpdate("refs/heads/" + "ü" * 101, ZERO, B), {}, "refName"),
    ("revision syntax", RefUpdate("refs/heads/a@{1}", ZERO, B), {}, "refName"),
]


@pytest.mark.parametrize(
    ("update", "situation", "rule"), [row[1:] for row in HOST_RULES], ids=[row[0] for row in HOST_RULES]
)
def test_the_host_refuses(update: RefUpdate, situation: dict[str, Any], rule: str):
    """Whatever protections say, and whoever pushes, the host's own rules hold, and no other rule looks further."""
    verdict = judge(update, rules=(protect("**", bypass=("alice",)),), **situation)
    assert brief(verdict) == [("Krate/host", rule, update.ref)]


@pytest.mark.parametrize(
    "ref",
    ["refs/heads/a", "refs/heads/feature/x.y", "refs/tags/v1.0", "refs/notes/commits", "refs/heads/ümlaut", "refs/x/y"],
)
def test_the_host_accepts_usual_names(ref: str):
    """Branches, tags, notes and namespaces of one's own need no leave."""
    assert judge(RefUpdate(ref, ZERO, B)) == Verdict()


NESTED = [
    ("below a branch", [RefUpdate("refs/heads/main/x", ZERO, B)], ["refs/heads/main/x"]),
    ("above a branch", [RefUpdate("refs/heads/a", ZERO, B)], ["refs/heads/a"]),
    (
        "each other",
        [RefUpdate("refs/tags/x", ZERO, B), RefUpdate("refs/tags/x/y", ZERO, B)],
        ["refs/tags/x", "refs/tags/x/y"],
    ),
    (
        "in place of one",
        [RefUpdate("refs/heads/a/b", A, ZERO), RefUpdate("refs/heads/a", ZERO, B)],
        [],
    ),
    ("beside one", [RefUpdate("refs/heads/a/c", ZERO, B), RefUpdate("refs/heads/ma", ZERO, B)], []),
]


@pytest.mark.parametrize(("updates", "want"), [row[1:] for row in NESTED], ids=[row[0] for row in NESTED])
def test_refs_that_cannot_exist_beside_each_other(updates: list[RefUpdate], want: list[str]):
    """A name that begins another is refused with the whole push, which Git would only half refuse."""
    facts = Table(refs={MAIN: A, "refs/heads/a/b": A})
    assert brief(judge(*updates, facts=facts)) == [("Krate/host", "refConflict", ref) for ref in want]


def test_a_repository_without_a_document_accepts_nothing():
    """Before the first compile no push goes through, the first push neither."""
    verdict = judge(RefUpdate(MAIN, ZERO, B), facts=Table(refs={}), document=None, never_pushed=True)
    assert brief(verdict) == [("Krate/host", "noPolicyDocument", MAIN)]
