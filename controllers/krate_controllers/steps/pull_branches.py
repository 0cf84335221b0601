"""Head and base side by side: what would be merged, and whether it can be."""

from typing import Final

from krate import conditions
from krate.conditions import Condition, Reason, Type
from krate.models import PullRequest
from krate_controllers.deps import PullDeps
from krate_controllers.outcomes import Done, Outcome, Wait
from krate_controllers.steps import protection
from krate_git.demands import Demands
from krate_git.interface import Comparison, Mergeability, RepositoryKey, RepositoryMissing, RevisionMissing

_HEADS: Final = "refs/heads/"


async def compare_branches(view: PullRequest, deps: PullDeps) -> Outcome:
    """Counts of what would be merged, and the condition Mergeable."""
    spec = view.spec
    key = RepositoryKey(view.metadata.namespace, spec.repository)
    try:
        for side, branch in (("source", spec.source.branch), ("target", spec.target.branch)):
            try:
                base = await deps.git.resolve(key, _HEADS + branch)
            except RevisionMissing:
                return Done(conditions=(_missing(side, branch, key),))
        head = view.status.head_sha
        found = await deps.git.compare(key, base, head)
    except RevisionMissing:
        return Wait(2, Reason.BRANCH_MISSING, f"The Git host does not hold {view.status.head_sha[:10]} yet.")
    except RepositoryMissing:
        return Wait(60, Reason.HOST_PENDING, f"Waiting for repository {key} on the Git host.")
    user = view.status.merge_request.user if view.status.merge_request else ""
    demands = await deps.demands(key.namespace, key.name, spec.target.branch, user)
    return Done(
        status={
            "baseSHA": base,
            "mergeBase": found.merge_base,
            "commits": found.ahead,
            "changedFiles": len(found.files),
            "additions": found.additions,
            "deletions": found.deletions,
        },
        conditions=(mergeable(view, found, demands),),
    )


def _missing(side: str, branch: str, key: RepositoryKey) -> Condition:
    text = f"The {side} branch {branch} does not exist in {key.name}: push it, or close the pull request."
    return conditions.false(Type.MERGEABLE, Reason.BRANCH_MISSING, text)


def mergeable(view: PullRequest, found: Comparison, demands: Demands | None) -> Condition:
    """What Git, and a protection that asks to be up to date, say of the merge."""
    source, target = view.spec.source.branch, view.spec.target.branch
    match found.mergeability:
        case Mergeability.CONFLICTS:
            where = protection.named(sorted(found.conflicts))
            text = f"Conflicts in {where}: merge {target} into {source}, resolve them and push."
            return conditions.false(Type.MERGEABLE, Reason.CONFLICTS, text)
        case Mergeability.UNRELATED:
            text = f"{source} and {target} have no common history: base the commits on {target}."
            return conditions.false(Type.MERGEABLE, Reason.NO_COMMON_ANCESTOR, text)
        case Mergeability.MERGED:
            text = f"{target} holds every commit of {source} already: push more, or close the pull request."
            return conditions.false(Type.MERGEABLE, Reason.NOTHING_TO_MERGE, text)
        case _:
            pass
    if demands is not None and demands.up_to_date.value and found.behind:
        asking = protection.named(demands.up_to_date.sources)
        text = f"{asking} asks that {source} holds {target}: merge {target} into {source} and push."
        return conditions.false(Type.MERGEABLE, Reason.BEHIND, text)
    return conditions.true(Type.MERGEABLE, Reason.CLEAN, f"{source} merges into {target} without conflicts.")
