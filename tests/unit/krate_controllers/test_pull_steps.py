"""Steps of a pull request, as tables: what Git, reviewers and checks say, and the status that follows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

import factories
from krate import conditions, errors, kinds
from krate.conditions import Reason, Type
from krate.models import PullRequest
from krate_controllers.deps import PullDeps
from krate_controllers.outcomes import Done, Outcome, Stall, Wait
from krate_controllers.steps import (
    pull_approvals,
    pull_branches,
    pull_checks,
    pull_merge,
    pull_phase,
    pull_requests,
    pull_threads,
)
from krate_git.demands import Demand, Demands
from krate_git.document import CheckRule
from krate_git.interface import (
    ChangeKind,
    Comparison,
    FileDiff,
    Mergeability,
    RepositoryKey,
    RepositoryMissing,
    RevisionMissing,
)
from krate_kube.interface import Object

HEAD, BASE, FORK = "a" * 40, "b" * 40, "c" * 40
GUARD = "BranchProtection/main"
BRANCHES = {"refs/heads/keys": HEAD, "refs/heads/main": BASE}
FILE = FileDiff("a.txt", "a.txt", ChangeKind.MODIFIED, 3, 1, binary=False)
CLEAN = Comparison(BASE, HEAD, FORK, 2, 1, (FILE,), 3, 1, Mergeability.CLEAN)
FREE = Demands("main")


def pull(**parts: Any) -> PullRequest:
    base: dict[str, Any] = {"status": {"headSHA": HEAD, "author": "alice", "phase": "Open"}}
    return PullRequest.model_validate(factories.make_pull_request(**factories.merge(base, parts)))


ASKED = {"user": "dave", "headSHA": HEAD, "method": "Merge", "at": "2026-03-01T12:00:00Z"}


def asked(*said: conditions.Condition, **parts: Any) -> PullRequest:
    """A pull request whose merge is asked for, with these conditions."""
    stored = conditions.merge([], said, now="2026-03-01T12:00:00Z")
    base = {"spec": {"merged": True, "mergeSHA": HEAD}, "status": {"mergeRequest": ASKED, "conditions": stored}}
    return pull(**factories.merge(base, parts))


@dataclass
class World:
    """What the pull request's steps can ask."""

    branches: dict[str, str] = field(default_factory=lambda: dict(BRANCHES))
    comparison: Comparison | Exception = CLEAN
    demands: Demands | None = FREE
    reviews: Sequence[Object] = ()
    comments: Sequence[Object] = ()
    checks: Sequence[Object] = ()
    writers: tuple[str, ...] = ("bob", "carol", "dave")
    lookup: dict[str, bool | None] = field(default_factory=dict)
    answer: Exception | None = None
    asked_demands: list[tuple[str, ...]] = field(default_factory=list)
    merges: list[tuple[str, ...]] = field(default_factory=list)

    async def resolve(self, _key: RepositoryKey, rev: str) -> str:
        if isinstance(self.comparison, RepositoryMissing):
            raise self.comparison
        if rev not in self.branches:
            raise RevisionMissing
        return self.branches[rev]

    async def compare(self, _key: RepositoryKey, base: str, head: str) -> Comparison:
        assert (base, head) == (BASE, HEAD)
        if isinstance(self.comparison, Exception):
            raise self.comparison
        return self.comparison

    def deps(self) -> PullDeps:
        async def demands(*asked: str) -> Demands | None:
            self.asked_demands.append(asked)
            return self.demands

        async def writer(namespace: str, repository: str, user: str) -> bool | None:
            return self.lookup.get(user, False)

        async def merge(*call: str) -> None:
            self.merges.append(call)
            if self.answer is not None:
                raise self.answer

        def always(value: Any) -> Callable[..., Any]:
            async def answer(*_: str) -> Any:
                return value

            return answer

        return PullDeps(
            git=self,  # pyright: ignore[reportArgumentType]
            demands=demands,
            reviews=always(self.reviews),
            comments=always(self.comments),
            checks=always(self.checks),
            writer=writer,
            writers=always(self.writers),
            merge=merge,
        )


# ------------------------------------------------------------------------------------------------ phase


@pytest.mark.parametrize(
    ("spec", "want"),
    [
        ({}, Done(status={"phase": "Open"})),
        ({"draft": True}, Done(status={"phase": "Draft"})),
    ],
    ids=["open", "draft"],
)
async def test_phase(spec: dict[str, Any], want: Outcome) -> None:
    """The phase follows from spec."""
    assert await pull_phase.set_phase(pull(spec=spec), World().deps()) == want


async def test_closed() -> None:
    """A closed pull request is Closed, its merge is off, and nothing more is looked at."""
    text = "The pull request is closed: set spec.closed to false to open it again."
    assert await pull_phase.set_phase(pull(spec={"closed": True, "draft": True}), World().deps()) == Stall(
        Reason.CLOSED,
        text,
        status={"phase": "Closed"},
        conditions=(conditions.false(Type.MERGED, Reason.CLOSED, text),),
    )


# --------------------------------------------------------------------------------------------- branches

COUNTS = {"baseSHA": BASE, "mergeBase": FORK, "commits": 2, "changedFiles": 1, "additions": 3, "deletions": 1}


def mergeable(reason: Reason, message: str) -> Done:
    status = conditions.Status.TRUE if reason is Reason.CLEAN else conditions.Status.FALSE
    return Done(status=COUNTS, conditions=(conditions.Condition(Type.MERGEABLE, status, reason, message),))


def missing(side: str, branch: str) -> Done:
    text = f"The {side} branch {branch} does not exist in web: push it, or close the pull request."
    return Done(conditions=(conditions.false(Type.MERGEABLE, Reason.BRANCH_MISSING, text),))


UP_TO_DATE = Demands("main", up_to_date=Demand(value=True, sources=(GUARD,)))


@pytest.mark.parametrize(
    ("world", "want"),
    [
        (World(), mergeable(Reason.CLEAN, "keys merges into main without conflicts.")),
        (World(demands=None), mergeable(Reason.CLEAN, "keys merges into main without conflicts.")),
        (World(comparison=replace(CLEAN, mergeability=Mergeability.CONFLICTS, conflicts=("z", "a"))),
         mergeable(Reason.CONFLICTS, "Conflicts in a, z: merge main into keys, resolve them and push.")),
        (World(comparison=replace(CLEAN, mergeability=Mergeability.UNRELATED)),
         mergeable(Reason.NO_COMMON_ANCESTOR, "keys and main have no common history: base the commits on main.")),
        (World(comparison=replace(CLEAN, mergeability=Mergeability.MERGED)),
         mergeable(Reason.NOTHING_TO_MERGE,
                   "main holds every commit of keys already: push more, or close the pull request.")),
        (World(demands=UP_TO_DATE),
         mergeable(Reason.BEHIND, f"{GUARD} asks that keys holds main: merge main into keys and push.")),
        (World(demands=UP_TO_DATE, comparison=replace(CLEAN, behind=0)),
         mergeable(Reason.CLEAN, "keys merges into main without conflicts.")),
        (World(branches={"refs/heads/main": BASE}), missing("source", "keys")),
        (World(branches={"refs/heads/keys": HEAD}), missing("target", "main")),
        (World(comparison=RevisionMissing()),
         Wait(2, Reason.BRANCH_MISSING, "The Git host does not hold aaaaaaaaaa yet.")),
        (World(comparison=RepositoryMissing()),
         Wait(60, Reason.HOST_PENDING, "Waiting for repository acme/web on the Git host.")),
    ],
    ids=["clean", "rules unknown", "conflicts", "unrelated", "nothing to merge", "behind", "up to date", "no source",
         "no target", "head not there", "repository not there"],
)  # fmt: skip
async def test_branches(world: World, want: Outcome) -> None:
    """Counts and Mergeable follow from the comparison of head and base, and from who asks to be up to date."""
    assert await pull_branches.compare_branches(pull(), world.deps()) == want


async def test_bypasses_are_those_of_the_asker() -> None:
    """Rules are asked for with nobody's bypass, or with that of whoever asks for the merge."""
    world = World()
    await pull_branches.compare_branches(pull(), world.deps())
    await pull_checks.count_checks(asked(), world.deps())
    await pull_approvals.tally_approvals(asked(), world.deps())
    assert world.asked_demands == [("acme", "web", "main", ""), *[("acme", "web", "main", "dave")] * 2]


# ----------------------------------------------------------------------------------------------- checks


def check(context: str, state: str, *, reporter: str = "bot", age: int = 0) -> Object:
    return factories.make(
        kinds.CHECK,
        f"{context}-{age}".replace("/", "-"),
        metadata={"creationTimestamp": "2026-03-01T12:00:00Z", "resourceVersion": str(10 + age)},
        spec={"repository": "web", "sha": HEAD, "context": context, "state": state},
        status={"reporter": reporter},
    )


def counted(passed: int, failed: int, pending: int, *said: Any) -> Done:
    return Done(status={"checks": {"passed": passed, "failed": failed, "pending": pending}}, conditions=said)


UNIT = Demands("main", checks=(Demand(CheckRule("ci/unit"), (GUARD,)),))
BY_BOT = Demands("main", checks=(Demand(CheckRule("ci/unit", "bot"), (GUARD,)),))
NOT_REQUIRED = conditions.true(Type.CHECKS_PASSED, Reason.NOT_REQUIRED, "No check is required.")
UNKNOWN = conditions.unknown(
    Type.CHECKS_PASSED, Reason.PENDING, "The rules of the repository are not compiled yet: wait."
)


def pending(context: str = "ci/unit") -> conditions.Condition:
    text = f"{context} has not succeeded on aaaaaaaaaa yet, and {GUARD} requires it: wait for it."
    return conditions.false(Type.CHECKS_PASSED, Reason.CHECKS_PENDING, text)


FAILED = conditions.false(
    Type.CHECKS_PASSED,
    Reason.CHECKS_FAILED,
    f"ci/unit failed on aaaaaaaaaa, and {GUARD} requires it: fix it and push.",
)
SUCCEEDED = conditions.true(Type.CHECKS_PASSED, Reason.CHECKS_SUCCEEDED, "ci/unit succeeded.")


@pytest.mark.parametrize(
    ("world", "want"),
    [
        (World(), counted(0, 0, 0, NOT_REQUIRED)),
        (World(checks=[check("lint", "Failure")]), counted(0, 1, 0, NOT_REQUIRED)),
        (World(demands=None), counted(0, 0, 0, UNKNOWN)),
        (World(demands=UNIT), counted(0, 0, 0, pending())),
        (World(demands=UNIT, checks=[check("ci/unit", "Pending")]), counted(0, 0, 1, pending())),
        (World(demands=UNIT, checks=[check("ci/unit", "Success"), check("lint", "Error")]),
         counted(1, 1, 0, SUCCEEDED)),
        (World(demands=UNIT, checks=[check("ci/unit", "Skipped")]), counted(1, 0, 0, SUCCEEDED)),
        (World(demands=UNIT, checks=[check("ci/unit", "Failure")]), counted(0, 1, 0, FAILED)),
        (World(demands=UNIT, checks=[check("ci/unit", "Failure", age=0), check("ci/unit", "Success", age=1)]),
         counted(1, 0, 0, SUCCEEDED)),
        (World(demands=UNIT, checks=[check("ci/unit", "Success", age=0), check("ci/unit", "Error", age=1)]),
         counted(0, 1, 0, FAILED)),
        (World(demands=UNIT, checks=[check("ci/unit", "Failure"), check("ci/unit", "Success", reporter="other")]),
         counted(1, 1, 0, SUCCEEDED)),
        (World(demands=BY_BOT, checks=[check("ci/unit", "Success", reporter="mallory")]),
         counted(1, 0, 0, pending("ci/unit (by bot)"))),
    ],
    ids=["none", "not required", "rules unknown", "missing", "pending", "succeeded", "skipped", "failed", "repaired",
         "broken again", "one of two reporters", "somebody else's word"],
)  # fmt: skip
async def test_checks(world: World, want: Outcome) -> None:
    """The latest check of each context and reporter counts, and the required ones decide."""
    assert await pull_checks.count_checks(pull(), world.deps()) == want


# ---------------------------------------------------------------------------------------------- threads


def comment(**spec: Any) -> Object:
    return factories.make(kinds.COMMENT, "c", spec={"subject": {"name": "web-1"}, "body": "Hm.", **spec})


ANCHOR = {"path": "a.txt", "line": 3, "sha": HEAD}


async def test_threads() -> None:
    """Open threads are comments on a line that start one and are not resolved."""
    comments = [
        comment(),
        comment(anchor=ANCHOR),
        comment(anchor=ANCHOR, resolved=True),
        comment(anchor=ANCHOR, inReplyTo="c"),
        comment(anchor={**ANCHOR, "line": 9}),
    ]
    said = await pull_threads.count_threads(pull(), World(comments=comments).deps())
    assert said == Done(status={"unresolvedThreads": 2})


# -------------------------------------------------------------------------------------------- approvals


def review(user: str, decision: str = "Approve", *, stale: bool = False, teams: Sequence[str] = ()) -> Object:
    return factories.make_review(
        f"web-1-{user}",
        metadata={"creationTimestamp": "2026-03-01T12:00:00Z"},
        spec={"decision": decision, "sha": HEAD},
        status={"author": user, "teams": list(teams), "stale": stale},
    )


def approval(
    user: str, *, counts: bool, decision: str = "Approve", stale: bool = False, teams: Sequence[str] = ()
) -> dict:
    return {
        "user": user, "decision": decision, "teams": list(teams), "sha": HEAD, "stale": stale, "counts": counts,
    }  # fmt: skip


def needs(count: int, *, distinct: bool = False, dismiss: bool = True) -> Demands:
    return Demands(
        "main",
        approvals=Demand(count, (GUARD,)),
        distinct_teams=Demand(distinct, (GUARD,) if distinct else ()),
        dismiss_stale_approvals=Demand(dismiss, (GUARD,) if dismiss else ()),
    )


def tallied(found: Sequence[dict], required: int, said: conditions.Condition) -> Done:
    return Done(status={"approvals": list(found), "requiredApprovals": required}, conditions=(said,))


def lacking(have: int, need: int, helpers: str) -> conditions.Condition:
    text = f"{have} of {need} approvals, and {GUARD} asks for {need}. {helpers}"
    return conditions.false(Type.APPROVED, Reason.MISSING_APPROVALS, text)


def enough(who: str) -> conditions.Condition:
    return conditions.true(Type.APPROVED, Reason.ENOUGH_APPROVALS, f"Approved by {who}.")


FREE_APPROVAL = conditions.true(Type.APPROVED, Reason.NOT_REQUIRED, "No approval is required.")
CHANGES = conditions.false(
    Type.APPROVED,
    Reason.CHANGES_REQUESTED,
    "bob asked for changes: make them, and ask bob for another review.",
)
UNKNOWN_RULES = conditions.unknown(
    Type.APPROVED, Reason.PENDING, "The rules of the repository are not compiled yet: wait."
)
ANYBODY = "A Writer of the repository other than alice can approve; spec.access gives the role."


@pytest.mark.parametrize(
    ("world", "want"),
    [
        (World(), tallied([], 0, FREE_APPROVAL)),
        (World(demands=None), tallied([], 0, UNKNOWN_RULES)),
        (World(demands=needs(1)), tallied([], 1, lacking(0, 1, "These can approve: bob, carol, dave."))),
        (World(demands=needs(1), writers=("alice",)), tallied([], 1, lacking(0, 1, ANYBODY))),
        (World(demands=needs(1), reviews=[review("bob")]),
         tallied([approval("bob", counts=True)], 1, enough("bob"))),
        (World(demands=needs(2), reviews=[review("bob")]),
         tallied([approval("bob", counts=True)], 2, lacking(1, 2, "These can approve: carol, dave."))),
        (World(demands=needs(1), reviews=[review("alice")]),
         tallied([approval("alice", counts=False)], 1, lacking(0, 1, "These can approve: bob, carol, dave."))),
        (World(demands=needs(1), reviews=[review("eve")]),
         tallied([approval("eve", counts=False)], 1, lacking(0, 1, "These can approve: bob, carol, dave."))),
        (World(demands=needs(1), reviews=[review("eve")], lookup={"eve": None}),
         tallied([approval("eve", counts=True)], 1, enough("eve"))),
        (World(demands=needs(1), reviews=[review("bob", stale=True)]),
         tallied([approval("bob", counts=False, stale=True)], 1,
                 lacking(0, 1, "These can approve: bob, carol, dave."))),
        (World(demands=needs(1, dismiss=False), reviews=[review("bob", stale=True)]),
         tallied([approval("bob", counts=True, stale=True)], 1, enough("bob"))),
        (World(reviews=[review("bob", "RequestChanges")]),
         tallied([approval("bob", counts=False, decision="RequestChanges")], 0, CHANGES)),
        (World(reviews=[review("eve", "RequestChanges")]),
         tallied([approval("eve", counts=False, decision="RequestChanges")], 0, FREE_APPROVAL)),
        (World(demands=needs(2, distinct=True), reviews=[review("bob", teams=["x"]), review("carol", teams=["x"])]),
         tallied([approval("bob", counts=True, teams=["x"]), approval("carol", counts=True, teams=["x"])], 2,
                 conditions.false(Type.APPROVED, Reason.MISSING_APPROVALS,
                                  f"Approvals of 1 of 2 teams, and {GUARD} asks for 2 different ones. "
                                  "These can approve: dave."))),
    ],
    ids=["not asked for", "rules unknown", "none yet", "nobody can", "enough", "one more", "the author's own",
         "no Writer", "cannot be told", "stale", "stale allowed", "changes requested", "changes by an outsider",
         "one team only"],
)  # fmt: skip
async def test_approvals(world: World, want: Outcome) -> None:
    """Whose decision stands, which count, what is missing, and who can give it."""
    assert await pull_approvals.tally_approvals(pull(), world.deps()) == want


# ------------------------------------------------------------------------------------------------ merge

ALL = (
    conditions.true(Type.MERGEABLE, Reason.CLEAN, "Clean."),
    conditions.true(Type.APPROVED, Reason.ENOUGH_APPROVALS, "Approved."),
    conditions.true(Type.CHECKS_PASSED, Reason.NOT_REQUIRED, "Nothing."),
)
UNAPPROVED = conditions.false(Type.APPROVED, Reason.MISSING_APPROVALS, "0 of 1 approvals.")
POST = ("acme", "web-1", HEAD, "Merge")


def merged(reason: Reason, message: str) -> conditions.Condition:
    return conditions.false(Type.MERGED, reason, message)


def told(reason: Reason, message: str, **spec: Any) -> PullRequest:
    """Nobody asks any more, and the server has said why."""
    stored = conditions.merge([], [merged(reason, message)], now="2026-03-01T12:00:00Z")
    return pull(spec={"merged": True, "mergeSHA": HEAD, **spec}, status={"conditions": stored})


NOBODY = merged(Reason.NOT_REQUESTED, "Nobody asks for the merge: set spec.merged to true.")
MOVED = merged(Reason.HEAD_MOVED, "The head moved after the merge was asked for: look at it and ask again.")
DENIED = 'pullrequests.forge.krate.a5c.ai "web-1" is forbidden: no merges on Fridays'


@dataclass(frozen=True)
class Case:
    name: str
    view: PullRequest
    want: Outcome
    answer: Exception | None = None
    posts: tuple[tuple[str, ...], ...] = ()


CASES = [
    Case("nobody asks", pull(), Done(conditions=(NOBODY,))),
    Case("withdrawn", told(Reason.HEAD_MOVED, "Moved.", merged=False), Done(conditions=(NOBODY,))),
    Case("dropped, and told why", told(Reason.EXPIRED, "Too old."), Done()),
    Case("dropped by a push", told(Reason.REQUESTED, "Old words.", mergeSHA=BASE), Done(conditions=(MOVED,))),
    Case("a draft", asked(*ALL, spec={"draft": True}),
         Done(conditions=(merged(Reason.DRAFT, "The pull request is a draft: set spec.draft to false."),))),
    Case("requirements missing", asked(ALL[0], UNAPPROVED),
         Done(conditions=(merged(Reason.REQUIREMENTS_PENDING,
                                 "dave asked for the merge; it waits: 0 of 1 approvals. "
                                 "ChecksPassed is not known yet."),))),
    Case("everything holds", asked(*ALL), Done(), posts=(POST,)),
    Case("something moved", asked(*ALL),
         Wait(2.0, Reason.REQUESTED, "dave asked for the merge; it is tried again: main moved",
              conditions=(merged(Reason.REQUESTED, "dave asked for the merge; it is tried again: main moved"),)),
         errors.Conflict("main moved"), (POST,)),
    Case("forbidden", asked(*ALL),
         Wait(60.0, Reason.NOT_ALLOWED, DENIED, conditions=(merged(Reason.NOT_ALLOWED, DENIED),)),
         errors.Forbidden(DENIED), (POST,)),
    Case("denied by a policy", asked(*ALL),
         Wait(60.0, Reason.DENIED, "title too short", conditions=(merged(Reason.DENIED, "title too short"),)),
         errors.Invalid("title too short"), (POST,)),
    Case("denied, and told by the server", asked(*ALL, merged(Reason.REQUIREMENTS_PENDING, "no merges on Fridays")),
         Wait(60.0, Reason.NOT_ALLOWED, DENIED), errors.Forbidden(DENIED), (POST,)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_merge(case: Case) -> None:
    """A merge is posted exactly when it is asked for and everything holds; otherwise Merged says why not."""
    world = World(answer=case.answer)
    said = await pull_merge.merge_when_ready(case.view, world.deps())
    assert (said, tuple(world.merges)) == (case.want, case.posts)


async def test_an_unreachable_server_is_no_refusal() -> None:
    """When the server is down nothing is said of the merge; the loop tries again."""
    with pytest.raises(errors.ServiceUnavailable):
        await pull_merge.merge_when_ready(asked(*ALL), World(answer=errors.ServiceUnavailable()).deps())


# --------------------------------------------------------------------------------------------- triggers


def listed(name: str, *, branch: str = "keys", head: str = HEAD, merge: bool = False, **parts: Any) -> Object:
    spec = {"source": {"branch": branch}}
    status = {"headSHA": head, **({"mergeRequest": ASKED} if merge else {})}
    return factories.make_pull_request(name, **factories.merge({"spec": spec, "status": status}, parts))


KNOWN = {
    ("acme", "web-1"): pull_requests.index(listed("web-1", merge=True)),
    ("acme", "web-2"): pull_requests.index(listed("web-2", branch="docs", head=BASE)),
    ("acme", "api-1"): pull_requests.index(listed("api-1", spec={"repository": "api"})),
    ("globex", "web-1"): pull_requests.index(listed("web-1", metadata={"namespace": "globex"})),
}
CONTENT = kinds.REPOSITORY_CONTENT


def content(ref: str) -> Object:
    return factories.make(CONTENT, "web", status={"lastPush": {"ref": ref, "sha": HEAD, "by": "bob", "at": "x"}})


def binding(labels: dict[str, str]) -> Object:
    return factories.make(kinds.ROLE_BINDING, "writers", metadata={"labels": labels})


@pytest.mark.parametrize(
    ("found", "want"),
    [
        (review("bob"), ["acme/web-1"]),
        (comment(), ["acme/web-1"]),
        (comment(subject={"kind": "Issue", "name": "web-1"}), []),
        (check("ci/unit", "Success"), ["acme/web-1"]),
        (content("refs/heads/main"), ["acme/web-1", "acme/web-2"]),
        (content("refs/heads/docs"), ["acme/web-2"]),
        (content("refs/tags/v1"), []),
        (factories.make(CONTENT, "web"), []),
        (factories.make(kinds.HOSTED_REF_POLICY, "web"), ["acme/web-1", "acme/web-2"]),
        (factories.make_repository(), ["acme/web-1", "acme/web-2"]),
        (binding({"krate.a5c.ai/repository": "api"}), ["acme/api-1"]),
        (binding({}), []),
        (factories.make(kinds.VALIDATING_POLICY, "title"), ["acme/web-1"]),
    ],
    ids=["review", "comment", "comment elsewhere", "check", "target moved", "source moved", "tag", "never pushed",
         "rules", "repository", "binding", "other binding", "policy"],
)  # fmt: skip
def test_what_concerns_a_pull_request(found: Object, want: list[str]) -> None:
    """Each change is mapped to the pull requests whose facts it may change, and to no others."""
    (trigger,) = [one for one in pull_requests.CONTROLLER.triggers if one.kind.name == found["kind"]]
    assert sorted("/".join(key) for key in trigger.keys(found, KNOWN)) == want


def test_merged_ones_are_left_alone() -> None:
    """A merged pull request concerns nobody any more."""
    concerns = pull_requests.CONTROLLER.concerns
    assert [concerns(listed("a", status={"phase": phase})) for phase in ("Open", "Closed", "Merged")] == [
        True,
        True,
        False,
    ]
