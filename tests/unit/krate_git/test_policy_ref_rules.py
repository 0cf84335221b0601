"""Ref policies: requirements, audits, and expressions, as tables over whole verdicts."""

from collections.abc import Mapping
from typing import Any

import pytest

from git_facts import DELETE, MAIN, POLICY, TOPIC, UPDATE, A, B, C, Table, commit, judge, ref_rule, ref_rules
from krate.models.refpolicy import FailurePolicy, Mode, RefOperation
from krate_git import expressions
from krate_git.document import Requirement
from krate_git.interface import (
    ZERO,
    ChangeKind,
    EntryKind,
    Finding,
    RefUpdate,
    Verdict,
)
from krate_git.pushes import PushedFile


def test_a_denied_ref():
    """A deny rule refuses what its globs and operations match, and says what to do instead."""
    rule = ref_rule(refs=("refs/internal/**",), deny=True, message="Ask the platform team.")
    update = RefUpdate("refs/internal/x", ZERO, B)
    assert judge(update, refs=(ref_rules(rule),)) == Verdict(
        (
            Finding(
                POLICY,
                "rule",
                update.ref,
                "refs/internal/x may not be created. Ask the platform team.",
                enforced=True,
            ),
        )
    )
    assert judge(refs=(ref_rules(rule),)) == Verdict()


@pytest.mark.parametrize("operation", list(RefOperation))
def test_rules_look_at_their_operations_only(operation: RefOperation):
    """A rule over one operation is blind to the three others."""
    facts = Table(refs={MAIN: A, TOPIC: A}, forced=operation is RefOperation.FORCE_UPDATE)
    update = {
        RefOperation.CREATE: RefUpdate("refs/heads/new", ZERO, B),
        RefOperation.DELETE: DELETE,
    }.get(operation, UPDATE)
    for watched in RefOperation:
        verdict = judge(update, facts=facts, refs=(ref_rules(ref_rule(operations=(watched,), deny=True)),))
        assert verdict.allowed is (watched is not operation)


def file(path: str = "x", **over: Any) -> PushedFile:
    parts: dict[str, Any] = {"change": ChangeKind.ADDED, **over}
    return PushedFile(path, **parts)


BIG = file("big", size=11)
REQUIREMENTS = [
    (
        "a merge",
        Requirement(linear_history=True),
        Table(commits=(commit(parents=(A, C)),)),
        "is a merge",
    ),
    ("a message", Requirement(message="^KEY-[0-9]+"), Table(), "has a message without ^KEY-[0-9]+"),
    (
        "an author",
        Requirement(author_email="@acme[.]io$"),
        Table(commits=(commit(email="a@evil.io"),)),
        "author a@evil.io",
    ),
    (
        "a large file",
        Requirement(max_file_size=10),
        Table(changed=(file(size=10), BIG)),
        "adds big with 11 bytes",
    ),
    ("many files", Requirement(max_files=1), Table(changed=(file("a"), file("b"))), "changes 2 files"),
    (
        "a submodule",
        Requirement(no_submodules=True),
        Table(changed=(file(kind=EntryKind.SUBMODULE),)),
        "the submodule x",
    ),
    (
        "a symlink",
        Requirement(no_symlinks=True),
        Table(changed=(file(kind=EntryKind.SYMLINK),)),
        "the symbolic link x",
    ),
    ("no commit", Requirement(message="^KEY-"), Table(a_commit=False), "names no commit"),
]


@pytest.mark.parametrize(
    ("require", "facts", "text"), [row[1:] for row in REQUIREMENTS], ids=[row[0] for row in REQUIREMENTS]
)
def test_requirements(require: Requirement, facts: Table, text: str):
    """Each requirement refuses what breaks it, says what that is, and passes what does not."""
    (finding,) = judge(facts=facts, refs=(ref_rules(ref_rule(require=require)),)).findings
    assert (finding.enforced, text in finding.message) == (True, True)
    sound = Table(commits=(commit(message="KEY-1 change"),), changed=(file(size=10),))
    assert judge(facts=sound, refs=(ref_rules(ref_rule(require=require)),)) == Verdict()


def test_taking_away_is_always_allowed_by_file_rules():
    """A file that breaks a rule may be deleted."""
    gone = Table(changed=(file("link", change=ChangeKind.DELETED, kind=EntryKind.SYMLINK),))
    require = Requirement(no_symlinks=True, no_submodules=True, max_file_size=1)
    assert judge(facts=gone, refs=(ref_rules(ref_rule(require=require)),)) == Verdict()


def test_commits_are_new_to_the_rule_not_to_the_repository():
    """A rule over main looks at every commit that main does not hold yet, on whatever other branch it lies already."""
    facts = Table(refs={MAIN: A, TOPIC: B, "refs/tags/v1": C})
    judge(
        facts=facts,
        refs=(ref_rules(ref_rule(refs=(MAIN,), require=Requirement(message="x"))),),
    )
    judge(
        facts=facts,
        refs=(ref_rules(ref_rule(refs=("refs/heads/**",), require=Requirement(message="x"))),),
    )
    assert facts.asked == [frozenset({A}), frozenset({A, B})]


def test_audit_records_and_refuses_nothing():
    """The same finding, not enforced."""
    (finding,) = judge(refs=(ref_rules(ref_rule(deny=True), mode=Mode.AUDIT),)).findings
    assert (finding.enforced, finding.message) == (False, "refs/heads/main may not be changed")


@pytest.mark.parametrize(
    ("mode", "failure", "enforced"),
    [
        (Mode.ENFORCE, FailurePolicy.FAIL, True),
        (Mode.ENFORCE, FailurePolicy.IGNORE, False),
        (Mode.AUDIT, FailurePolicy.FAIL, False),
    ],
)
def test_what_cannot_be_evaluated(mode: Mode, failure: FailurePolicy, *, enforced: bool):
    """It refuses under Enforce and Fail; otherwise it is recorded."""
    rule = ref_rule(require=Requirement(message="x"))
    verdict = judge(
        facts=Table(too_much="too many commits"),
        refs=(ref_rules(rule, mode=mode, failure=failure),),
    )
    message = "the rule could not be evaluated: too many commits"
    assert verdict == Verdict((Finding(POLICY, "rule", MAIN, message, enforced=enforced),))


SEEN: dict[str, Any] = {
    "ref": MAIN,
    "operation": "Update",
    "pusher": "alice",
    "via": "push",
    "commits": [
        {
            "sha": B,
            "title": "change",
            "message": "change",
            "author": {"name": "Alice", "email": "a@acme.io"},
            "committer": {"name": "Alice", "email": "a@acme.io"},
            "parents": [A],
        }
    ],
    "files": [
        {
            "path": "a.txt",
            "change": "Added",
            "size": 3,
            "symlink": False,
            "submodule": False,
            "executable": True,
        }
    ],
}


def test_expressions_see_the_push():
    """An expression gets what `expressions.VARIABLES` lists, and nothing else."""
    seen: list[Mapping[str, Any]] = []

    def compile_expression(text: str) -> expressions.Predicate:
        assert text == "the text"
        return lambda variables: seen.append(variables) or False

    facts = Table(changed=(file("a.txt", size=3, executable=True),))
    verdict = judge(
        facts=facts,
        refs=(ref_rules(ref_rule(expression="the text")),),
        compile_expression=compile_expression,
    )
    assert verdict.findings[0].message == "the push does not satisfy the text"
    assert seen == [SEEN]
    assert set(seen[0]) == set(expressions.VARIABLES)


def test_expressions_that_fail_refuse():
    """An expression that cannot be evaluated fails closed."""

    def compile_expression(text: str) -> expressions.Predicate:
        def fail(variables: Mapping[str, Any]) -> bool:
            raise expressions.ExpressionError("no such key: x")

        return fail

    verdict = judge(refs=(ref_rules(ref_rule(expression="x")),), compile_expression=compile_expression)
    assert [(found.enforced, found.message) for found in verdict.findings] == [
        (True, "the rule could not be evaluated: no such key: x")
    ]


def test_expressions_see_deletions_without_commits():
    """Deleting a ref brings no commits and no files."""
    seen: list[tuple[str, Any, Any]] = []

    def compile_expression(text: str) -> expressions.Predicate:
        return lambda given: seen.append((given["operation"], given["commits"], given["files"])) or True

    facts = Table(refs={MAIN: A, TOPIC: A})
    assert judge(
        DELETE,
        facts=facts,
        refs=(ref_rules(ref_rule(expression="x")),),
        compile_expression=compile_expression,
    ).allowed
    assert seen == [("Delete", [], [])]
