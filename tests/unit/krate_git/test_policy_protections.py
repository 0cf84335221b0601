"""Branch protections and the first push, as tables over whole verdicts."""

from dataclasses import replace
from typing import Any

import pytest

from git_facts import (
    CREATE,
    DELETE,
    MAIN,
    POLICY,
    PROTECTION,
    TOPIC,
    UPDATE,
    A,
    B,
    C,
    Table,
    brief,
    commit,
    judge,
    protect,
    ref_rule,
    ref_rules,
)
from krate_git.document import BranchRules, CheckRule, Requirement, Source
from krate_git.interface import (
    ZERO,
    Finding,
    MergeFacts,
    RefUpdate,
    Verdict,
)


def test_an_unprotected_branch_takes_anything():
    """Creating, rewriting and deleting a branch that no protection names is free."""
    facts = Table(refs={MAIN: A, TOPIC: A}, forced=True)
    assert (
        judge(
            RefUpdate(TOPIC, A, B),
            facts=facts,
            rules=(protect(require_pull_request=True),),
        )
        == Verdict()
    )
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
        judge(
            DELETE,
            facts=facts,
            rules=(protect("topic", allow_deletion=True, require_pull_request=True),),
        )
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


FIRST = RefUpdate(MAIN, ZERO, B)
EMPTY = Table(refs={})


def first_push_findings(*rules: str, ref: str = MAIN) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            PROTECTION,
            "firstPush",
            ref,
            f"the first push of a repository is exempt from {rule}",
            enforced=False,
        )
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
    assert brief(verdict) == [
        (PROTECTION, "requireLinearHistory", MAIN),
        (POLICY, "rule", MAIN),
    ]


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
