"""What the receive path says of pushes and merges, as tables over whole verdicts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from krate.identity import Caller
from krate.models.refpolicy import FailurePolicy, Mode, RefOperation
from krate_git import expressions, policy
from krate_git.document import BranchRules, CheckRule, Document, RefRule, RefRules, Requirement, Source
from krate_git.interface import (
    ZERO,
    ChangeKind,
    Commit,
    EntryKind,
    Finding,
    MergeFacts,
    Push,
    RefUpdate,
    RepositoryKey,
    Signature,
    Verdict,
    Via,
)
from krate_git.policy import Situation
from krate_git.pushes import PushedFile, TooMuch

A, B, C = "a" * 40, "b" * 40, "c" * 40
AT = datetime(2026, 1, 1, tzinfo=UTC)
MAIN, TOPIC = "refs/heads/main", "refs/heads/topic"


def commit(
    sha: str = B, *, parents: tuple[str, ...] = (A,), message: str = "change", email: str = "a@acme.io"
) -> Commit:
    signature = Signature("Alice", email, AT)
    return Commit(sha, parents, signature, signature, message)


@dataclass
class Table:
    """Facts from a table: by default main stands at A and every update moves forward by one commit."""

    refs: Mapping[str, str] = field(default_factory=lambda: {MAIN: A})
    forced: bool = False
    commits: tuple[Commit, ...] = (commit(),)
    changed: tuple[PushedFile, ...] = ()
    too_much: str = ""
    a_commit: bool = True
    asked: list[frozenset[str]] = field(default_factory=list)

    def operation(self, update: RefUpdate) -> RefOperation:
        if update.new == ZERO:
            return RefOperation.DELETE
        if update.old == ZERO:
            return RefOperation.CREATE
        return RefOperation.FORCE_UPDATE if self.forced else RefOperation.UPDATE

    def names_commit(self, update: RefUpdate) -> bool:  # noqa: ARG002 - a table answers all alike
        return self.a_commit

    def new_commits(self, update: RefUpdate, seen: Collection[str]) -> tuple[Commit, ...]:  # noqa: ARG002
        self.asked.append(frozenset(seen))
        if self.too_much:
            raise TooMuch(self.too_much)
        return self.commits

    def files(self, commit: Commit) -> tuple[PushedFile, ...]:  # noqa: ARG002
        return self.changed


UPDATE = RefUpdate(MAIN, A, B)
CREATE = RefUpdate(TOPIC, ZERO, B)
DELETE = RefUpdate(TOPIC, A, ZERO)
PROTECTION = "BranchProtection/main"
POLICY = "RefPolicy/rules"


def protect(*branches: str, **over: Any) -> BranchRules:
    return BranchRules(Source("BranchProtection", "main"), branches, **over)


def ref_rules(rule: RefRule, *, mode: Mode = Mode.ENFORCE, failure: FailurePolicy = FailurePolicy.FAIL) -> RefRules:
    return RefRules(Source("RefPolicy", "rules"), mode, failure, (rule,))


def ref_rule(**over: Any) -> RefRule:
    return RefRule(**{"name": "rule", "refs": ("refs/**",), "operations": tuple(RefOperation), **over})


def judge(
    *updates: RefUpdate,
    rules: tuple[BranchRules, ...] = (),
    refs: tuple[RefRules, ...] = (),
    facts: Table | None = None,
    user: str = "alice",
    merge: MergeFacts | None = None,
    compile_expression: expressions.Compile = expressions.unavailable,
    **situation: Any,
) -> Verdict:
    push = Push(
        RepositoryKey("acme", "web"),
        Caller(user),
        Via.MERGE if merge else Via.PUSH,
        updates or (UPDATE,),
        "correlation",
    )
    known = Situation(**{"default_branch": "main", "document": Document("web", rules, refs), **situation})
    return policy.evaluate(push, known, facts or Table(), merge=merge, compile_expression=compile_expression)


def brief(verdict: Verdict) -> list[tuple[str, str, str]]:
    """Source, rule and ref of what refuses."""
    return [(found.source, found.rule, found.ref) for found in verdict.findings if found.enforced]


# ------------------------------------------------------------------------------------------------ the host's own rules


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
    ("in place of one", [RefUpdate("refs/heads/a/b", A, ZERO), RefUpdate("refs/heads/a", ZERO, B)], []),
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


# ------------------------------------------------------------------------------------------------ protections


def test_an_unprotected_branch_takes_anything():
    """Creating, rewriting and deleting a branch that no protection names is free."""
    facts = Table(refs={MAIN: A, TOPIC: A}, forced=True)
    assert judge(RefUpdate(TOPIC, A, B), facts=facts, rules=(protect(require_pull_request=True),)) == Verdict()
    assert judge(DELETE, facts=facts, rules=(protect(require_pull_request=True),)) == Verdict()


APPROVED = MergeFacts(approvals=2, approving_teams=2, checks={"build": ("ci", "bot")}, up_to_date=True)
ALL = protect(
    require_pull_request=True,
    required_approvals=2,
    require_distinct_teams=True,
    required_checks=(CheckRule("build", "bot"),),
    require_up_to_date=True,
)

PROTECTIONS = [
    ("a direct push needs a pull request", protect(require_pull_request=True), {}, ["requirePullRequest"]),
    ("and hears nothing of approvals it could not have", ALL, {}, ["requirePullRequest"]),
    ("one of the pushers needs none", protect(require_pull_request=True, pushers=("alice",)), {}, []),
    (
        "but every other rule binds pushers",
        replace(ALL, pushers=("alice",)),
        {},
        ["requiredApprovals", "requiredChecks"],
    ),
    ("approvals bind without a pull request rule", protect(required_approvals=1), {}, ["requiredApprovals"]),
    ("moving forward is up to date", protect(require_up_to_date=True), {}, []),
    (
        "dropping commits is not",
        protect(require_up_to_date=True, allow_force_push=True),
        {"facts": Table(forced=True)},
        ["requireUpToDate"],
    ),
    ("dropping commits needs leave", protect(), {"facts": Table(forced=True)}, ["allowForcePush"]),
    ("and may have it", protect(allow_force_push=True), {"facts": Table(forced=True)}, []),
    (
        "a merge commit breaks linear history",
        protect(require_linear_history=True),
        {"facts": Table(commits=(commit(parents=(A, C)),))},
        ["requireLinearHistory"],
    ),
    ("a straight line does not", protect(require_linear_history=True), {}, []),
    (
        "what cannot be looked into is refused",
        protect(require_linear_history=True),
        {"facts": Table(too_much="too many")},
        ["requireLinearHistory"],
    ),
    ("a merge that satisfies everything", ALL, {"merge": APPROVED}, []),
    (
        "a merge without facts satisfies nothing",
        ALL,
        {"merge": MergeFacts()},
        ["requiredApprovals", "requiredChecks", "requireUpToDate"],
    ),
    ("approvals of one team", ALL, {"merge": replace(APPROVED, approving_teams=1)}, ["requireDistinctTeams"]),
    ("a check by somebody else", ALL, {"merge": replace(APPROVED, checks={"build": ("ci",)})}, ["requiredChecks"]),
    ("a check of another name", ALL, {"merge": replace(APPROVED, checks={"lint": ("bot",)})}, ["requiredChecks"]),
    ("a source that is behind", ALL, {"merge": replace(APPROVED, up_to_date=False)}, ["requireUpToDate"]),
    (
        "who is not on a bypass list is bound",
        protect(require_pull_request=True, bypass=("root",)),
        {},
        ["requirePullRequest"],
    ),
]


@pytest.mark.parametrize(
    ("rules", "given", "want"), [row[1:] for row in PROTECTIONS], ids=[row[0] for row in PROTECTIONS]
)
def test_protections(rules: BranchRules, given: dict[str, Any], want: list[str]):
    """Each rule of a protection refuses what it should and nothing else."""
    assert brief(judge(rules=(rules,), **given)) == [(PROTECTION, rule, MAIN) for rule in want]


def test_creating_a_protected_branch_needs_a_pull_request():
    """A protection over a glob covers branches that do not exist yet."""
    update = RefUpdate("refs/heads/release/1", ZERO, B)
    assert brief(judge(update, rules=(protect("release/*", require_pull_request=True),))) == [
        (PROTECTION, "requirePullRequest", update.ref)
    ]


def test_deleting_a_protected_branch():
    """Deletion is refused unless the protection allows it; then no other rule speaks, a pull request cannot delete."""
    facts = Table(refs={MAIN: A, TOPIC: A})
    assert brief(judge(DELETE, facts=facts, rules=(protect("topic"),))) == [(PROTECTION, "allowDeletion", TOPIC)]
    assert (
        judge(DELETE, facts=facts, rules=(protect("topic", allow_deletion=True, require_pull_request=True),))
        == Verdict()
    )


def test_bypass_is_audited():
    """Who bypasses a protection passes and is named for it, and only when there was something to bypass."""
    rules = protect(require_pull_request=True, bypass=("root",))
    assert judge(rules=(rules,), user="root") == Verdict((), (PROTECTION,))
    assert judge(rules=(rules,), user="root", merge=APPROVED) == Verdict()


def test_bypass_opens_one_protection_only():
    """Another protection of the same branch still binds."""
    other = BranchRules(Source("BranchProtection", "other"), (), require_pull_request=True)
    verdict = judge(rules=(protect(require_pull_request=True, bypass=("root",)), other), user="root")
    assert (brief(verdict), verdict.bypassed) == (
        [("BranchProtection/other", "requirePullRequest", MAIN)],
        (PROTECTION,),
    )


def test_a_bad_ref_refuses_the_whole_push():
    """One refused update makes the verdict a refusal, whatever else is in the push."""
    assert not judge(UPDATE, CREATE, rules=(protect(require_pull_request=True),)).allowed


def test_the_refusal_says_what_to_do_instead():
    """The message for a missing pull request can be pasted into a shell and says where to open one."""
    (finding,) = judge(rules=(protect(require_pull_request=True),), home="http://127.0.0.1:7080/acme/web").findings
    assert finding.message == (
        "main changes only by merging a pull request. Push a branch and open one at http://127.0.0.1:7080/acme/web:\n"
        "    git switch -c my-change\n"
        "    git push -u origin my-change"
    )


# ------------------------------------------------------------------------------------------------ first push


FIRST = RefUpdate(MAIN, ZERO, B)
EMPTY = Table(refs={})


def first_push_findings(*rules: str, ref: str = MAIN) -> tuple[Finding, ...]:
    return tuple(
        Finding(PROTECTION, "firstPush", ref, f"the first push of a repository is exempt from {rule}", enforced=False)
        for rule in rules
    )


def test_the_first_push_is_exempt_from_what_needs_a_pull_request():
    """It creates the default branch of a repository that never held a ref, and is audited."""
    assert judge(FIRST, rules=(ALL,), facts=EMPTY, never_pushed=True) == Verdict(
        first_push_findings("requirePullRequest")
    )


def test_the_first_push_of_a_pusher_is_exempt_too():
    """Approvals, teams and checks are among the rules that a first push need not meet."""
    verdict = judge(FIRST, rules=(replace(ALL, pushers=("alice",)),), facts=EMPTY, never_pushed=True)
    assert verdict == Verdict(first_push_findings("requiredApprovals", "requiredChecks"))


def test_the_first_push_is_exempt_from_nothing_else():
    """Linear history and ref policies hold for it as for any push."""
    merge = Table(refs={}, commits=(commit(parents=(A, C)),))
    refs = (ref_rules(ref_rule(require=Requirement(message="^KEY-"))),)
    verdict = judge(
        FIRST, rules=(replace(ALL, require_linear_history=True),), refs=refs, facts=merge, never_pushed=True
    )
    assert brief(verdict) == [(PROTECTION, "requireLinearHistory", MAIN), (POLICY, "rule", MAIN)]


def test_the_whole_first_push_is_exempt():
    """Other protected branches that arrive with the default branch come with it."""
    release = RefUpdate("refs/heads/release/1", ZERO, B)
    verdict = judge(release, FIRST, rules=(replace(ALL, branches=("**",)),), facts=EMPTY, never_pushed=True)
    assert verdict.allowed


NOT_FIRST = [
    ("a repository that held a ref before", (FIRST,), False),
    ("a push that does not create the default branch", (RefUpdate("refs/heads/release/1", ZERO, B),), True),
]


@pytest.mark.parametrize(("updates", "never_pushed"), [row[1:] for row in NOT_FIRST], ids=[row[0] for row in NOT_FIRST])
def test_what_is_no_first_push(updates: tuple[RefUpdate, ...], *, never_pushed: bool):
    """The exemption is for the push that creates the default branch of a virgin repository, and for no other."""
    rules = (replace(ALL, branches=("**",)),)
    verdict = judge(*updates, rules=rules, facts=EMPTY, never_pushed=never_pushed)
    assert [rule for _, rule, _ in brief(verdict)] == ["requirePullRequest"]


# ------------------------------------------------------------------------------------------------ ref policies


def test_a_denied_ref():
    """A deny rule refuses what its globs and operations match, and says what to do instead."""
    rule = ref_rule(refs=("refs/internal/**",), deny=True, message="Ask the platform team.")
    update = RefUpdate("refs/internal/x", ZERO, B)
    assert judge(update, refs=(ref_rules(rule),)) == Verdict(
        (
            Finding(
                POLICY, "rule", update.ref, "refs/internal/x may not be created. Ask the platform team.", enforced=True
            ),
        )
    )
    assert judge(refs=(ref_rules(rule),)) == Verdict()


@pytest.mark.parametrize("operation", list(RefOperation))
def test_rules_look_at_their_operations_only(operation: RefOperation):
    """A rule over one operation is blind to the three others."""
    facts = Table(refs={MAIN: A, TOPIC: A}, forced=operation is RefOperation.FORCE_UPDATE)
    update = {RefOperation.CREATE: RefUpdate("refs/heads/new", ZERO, B), RefOperation.DELETE: DELETE}.get(
        operation, UPDATE
    )
    for watched in RefOperation:
        verdict = judge(update, facts=facts, refs=(ref_rules(ref_rule(operations=(watched,), deny=True)),))
        assert verdict.allowed is (watched is not operation)


def file(path: str = "x", **over: Any) -> PushedFile:
    return PushedFile(path, **{"change": ChangeKind.ADDED, **over})


BIG = file("big", size=11)
REQUIREMENTS = [
    ("a merge", Requirement(linear_history=True), Table(commits=(commit(parents=(A, C)),)), "is a merge"),
    ("a message", Requirement(message="^KEY-[0-9]+"), Table(), "has a message without ^KEY-[0-9]+"),
    (
        "an author",
        Requirement(author_email="@acme[.]io$"),
        Table(commits=(commit(email="a@evil.io"),)),
        "author a@evil.io",
    ),
    ("a large file", Requirement(max_file_size=10), Table(changed=(file(size=10), BIG)), "adds big with 11 bytes"),
    ("many files", Requirement(max_files=1), Table(changed=(file("a"), file("b"))), "changes 2 files"),
    (
        "a submodule",
        Requirement(no_submodules=True),
        Table(changed=(file(kind=EntryKind.SUBMODULE),)),
        "the submodule x",
    ),
    ("a symlink", Requirement(no_symlinks=True), Table(changed=(file(kind=EntryKind.SYMLINK),)), "the symbolic link x"),
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
    judge(facts=facts, refs=(ref_rules(ref_rule(refs=(MAIN,), require=Requirement(message="x"))),))
    judge(facts=facts, refs=(ref_rules(ref_rule(refs=("refs/heads/**",), require=Requirement(message="x"))),))
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
    verdict = judge(facts=Table(too_much="too many commits"), refs=(ref_rules(rule, mode=mode, failure=failure),))
    message = "the rule could not be evaluated: too many commits"
    assert verdict == Verdict((Finding(POLICY, "rule", MAIN, message, enforced=enforced),))


# ------------------------------------------------------------------------------------------------ expressions


def test_expressions_see_the_push():
    """An expression gets what `expressions.VARIABLES` lists, and nothing else."""
    seen: list[Mapping[str, Any]] = []

    def compile_expression(text: str) -> expressions.Predicate:
        assert text == "the text"
        return lambda variables: seen.append(variables) or False

    facts = Table(changed=(file("a.txt", size=3, executable=True),))
    verdict = judge(
        facts=facts, refs=(ref_rules(ref_rule(expression="the text")),), compile_expression=compile_expression
    )
    assert verdict.findings[0].message == "the push does not satisfy the text"
    assert seen == [
        {
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
    ]
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
        DELETE, facts=facts, refs=(ref_rules(ref_rule(expression="x")),), compile_expression=compile_expression
    ).allowed
    assert seen == [("Delete", [], [])]
