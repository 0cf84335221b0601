"""Reviews of a pull request: whose decision stands, which of them count, and who could give what is missing.

The tally is `krate.approvals`, which the merge service uses too; the server counts again at merge time.
"""

from collections.abc import Iterable, Sequence

from krate import approvals, conditions
from krate.approvals import Tally
from krate.conditions import Condition, Reason, Type
from krate.models import PullRequest
from krate.models.pullrequest import Approval
from krate_controllers.deps import PullDeps
from krate_controllers.outcomes import Done, Outcome
from krate_controllers.steps import protection
from krate_git.demands import Demands


async def tally_approvals(view: PullRequest, deps: PullDeps) -> Outcome:
    """Standing decisions, how many approvals are asked for, and the condition Approved."""
    namespace, repository = view.metadata.namespace, view.spec.repository
    reviews = await deps.reviews(namespace, view.metadata.name)
    known = frozenset(await deps.writers(namespace, repository))
    # What cannot be told counts: the server decides at merge time, and a wrong "no" here would hide a right merge.
    able = [
        user
        for user in sorted(approvals.standing(reviews))
        if user in known or await deps.writer(namespace, repository, user) is not False
    ]
    asker = view.status.merge_request.user if view.status.merge_request else ""
    demands = await deps.demands(namespace, repository, view.spec.target.branch, asker)
    dismiss = demands.dismiss_stale_approvals.value if demands else True
    pull = view.model_dump(by_alias=True)
    tally = approvals.tally(pull, reviews, writers=able, dismiss_stale=dismiss)
    objecting = [user for user in tally.objections if user in able]
    verdict = approved(tally, objecting, demands)
    if verdict.reason is Reason.MISSING_APPROVALS:
        helpers = _helpers(known, tally, view.status.author)
        verdict = conditions.false(verdict.type, verdict.reason, f"{verdict.message} {helpers}")
    return Done(
        status={
            "approvals": [_dump(one) for one in tally.approvals],
            "requiredApprovals": demands.approvals.value if demands else 0,
        },
        conditions=(verdict,),
    )


def approved(tally: Tally, objecting: Sequence[str], demands: Demands | None) -> Condition:
    """What the protections of the target branch demand of reviewers."""
    if demands is None:
        text = "The rules of the repository are not compiled yet: wait."
        return conditions.unknown(Type.APPROVED, Reason.PENDING, text)
    if objecting:
        who = protection.named(objecting)
        text = f"{who} asked for changes: make them, and ask {who} for another review."
        return conditions.false(Type.APPROVED, Reason.CHANGES_REQUESTED, text)
    need = demands.approvals.value
    asking = protection.named(demands.approvals.sources)
    if tally.count < need:
        text = f"{tally.count} of {need} approvals required by {asking}."
        return conditions.false(Type.APPROVED, Reason.MISSING_APPROVALS, text)
    if demands.distinct_teams.value and tally.teams < need:
        asking = protection.named(demands.distinct_teams.sources)
        text = f"Approvals of {tally.teams} of {need} different teams required by {asking}."
        return conditions.false(Type.APPROVED, Reason.MISSING_APPROVALS, text)
    if not need:
        return conditions.true(Type.APPROVED, Reason.NOT_REQUIRED, "No approval is required.")
    who = protection.named([one.user for one in tally.counting])
    return conditions.true(Type.APPROVED, Reason.ENOUGH_APPROVALS, f"Approved by {who}.")


def _helpers(writers: Iterable[str], tally: Tally, author: str) -> str:
    """Who could approve: Writers who are not the author and have not approved already."""
    given = {one.user for one in tally.counting}
    able = [user for user in sorted(writers) if user != author and user not in given]
    if able:
        return f"These can approve: {protection.named(able)}."
    return f"A Writer of the repository other than {author or 'the author'} can approve; spec.access gives the role."


def _dump(one: Approval) -> dict[str, object]:
    return one.model_dump(mode="json", by_alias=True)
