"""What one branch protection says of one ref update."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from krate.models.refpolicy import RefOperation
from krate_git import demands
from krate_git.document import BranchRules, CheckRule
from krate_git.interface import Finding, MergeFacts, Push, RefUpdate, Via
from krate_git.pushes import Facts, TooMuch
from krate_git.repositories import HEADS

PULL_REQUEST: Final = "requirePullRequest"
APPROVALS: Final = "requiredApprovals"
DISTINCT_TEAMS: Final = "requireDistinctTeams"
CHECKS: Final = "requiredChecks"
UP_TO_DATE: Final = "requireUpToDate"
LINEAR_HISTORY: Final = "requireLinearHistory"
FORCE_PUSH: Final = "allowForcePush"
DELETION: Final = "allowDeletion"

NEEDS_PULL_REQUEST: Final = frozenset({PULL_REQUEST, APPROVALS, DISTINCT_TEAMS, CHECKS, UP_TO_DATE})
"""Rules that only a pull request can satisfy: the ones a first push is exempt from."""


@dataclass(frozen=True, slots=True)
class Case:
    """One update of a branch, and what is known about it."""

    push: Push
    update: RefUpdate
    operation: RefOperation
    facts: Facts
    default_branch: str
    merge: MergeFacts | None
    home: str

    @property
    def branch(self) -> str:
        """Short name of the branch."""
        return self.update.ref.removeprefix(HEADS)


def findings(rules: BranchRules, case: Case) -> Iterator[Finding]:
    """The rules of one protection that the update breaks."""
    for rule, message in _broken(rules, case):
        yield Finding(str(rules.source), rule, case.update.ref, message, enforced=True)


def _broken(rules: BranchRules, case: Case) -> Iterator[tuple[str, str]]:
    if case.operation is RefOperation.DELETE:
        if not rules.allow_deletion:
            yield DELETION, f"{case.branch} is protected from deletion"
        return
    if case.operation is RefOperation.FORCE_UPDATE and not rules.allow_force_push:
        yield FORCE_PUSH, _force_push(case)
    if rules.require_linear_history and (problem := _merges(rules, case)):
        yield LINEAR_HISTORY, problem
    direct = case.push.via is not Via.MERGE
    if rules.require_pull_request and direct and case.push.caller.username not in rules.pushers:
        # Approvals and checks belong to the pull request that is missing; naming them too would only be noise.
        yield PULL_REQUEST, _pull_request(case)
        return
    yield from _unmet(rules, case, case.merge or MergeFacts(), direct=direct)


def _unmet(rules: BranchRules, case: Case, facts: MergeFacts, *, direct: bool) -> Iterator[tuple[str, str]]:
    """Rules about pull requests; a direct push, even by one of the pushers, has neither approvals nor checks."""
    instead = "open a pull request and get it approved" if direct else "ask a Writer other than the author to review it"
    if facts.approvals < rules.required_approvals:
        yield (
            APPROVALS,
            f"{case.branch} needs {rules.required_approvals} approvals, there are {facts.approvals}; {instead}",
        )
    elif rules.require_distinct_teams and facts.approving_teams < rules.required_approvals:
        yield (
            DISTINCT_TEAMS,
            (
                f"{case.branch} needs approvals from {rules.required_approvals} different teams, "
                f"they come from {facts.approving_teams}; ask somebody of another team"
            ),
        )
    missing = [check for check in rules.required_checks if not _succeeded(check, facts)]
    if missing:
        instead = "open a pull request, where checks run" if direct else "wait for them, or fix what they report"
        yield CHECKS, f"{case.branch} needs successful checks that are missing: {_listed(missing)}; {instead}"
    if rules.require_up_to_date and not _up_to_date(case, facts, direct=direct):
        yield UP_TO_DATE, f"the source does not contain {case.branch}; merge {case.branch} into it first"


def _up_to_date(case: Case, facts: MergeFacts, *, direct: bool) -> bool:
    """A direct push that only moves forward contains what was there."""
    return case.operation is not RefOperation.FORCE_UPDATE if direct else facts.up_to_date


def _succeeded(check: CheckRule, facts: MergeFacts) -> bool:
    reporters = facts.checks.get(check.context, ())
    return bool(reporters) and (not check.reporter or check.reporter in reporters)


def _listed(checks: list[CheckRule]) -> str:
    return ", ".join(
        f"{check.context} (reported by {check.reporter})" if check.reporter else check.context for check in checks
    )


def _merges(rules: BranchRules, case: Case) -> str:
    """Why history would not stay linear; commits of branches under the same protection were judged before."""
    seen = {
        sha
        for ref, sha in case.facts.refs.items()
        if ref.startswith(HEADS)
        and (
            ref == HEADS + case.default_branch
            or demands.applies(rules, ref.removeprefix(HEADS), default_branch=case.default_branch)
        )
    }
    try:
        commits = case.facts.new_commits(case.update, seen)
    except TooMuch as error:
        return str(error)
    merge = next((commit for commit in commits if len(commit.parents) > 1), None)
    if merge is None:
        return ""
    return (
        f"{case.branch} takes no merge commits, and {merge.sha[:10]} ({merge.title!r}) is one; "
        f"rebase onto {case.branch} instead (git rebase {case.branch})"
    )


def _force_push(case: Case) -> str:
    return (
        f"{case.branch} is protected from pushes that drop commits; "
        f"put your work on top of it (git pull --rebase origin {case.branch}) and push again"
    )


def _pull_request(case: Case) -> str:
    """What to do instead of a direct push, in commands that can be pasted."""
    where = f" at {case.home}" if case.home else ""
    return (
        f"{case.branch} changes only by merging a pull request. Push a branch and open one{where}:\n"
        "    git switch -c my-change\n"
        "    git push -u origin my-change"
    )
