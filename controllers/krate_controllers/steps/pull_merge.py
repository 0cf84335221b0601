"""The merge: posted as soon as somebody asks for it and everything holds; and if it has not happened, why.

Whoever asks is recorded by the server in `status.mergeRequest`; only the server decides, in the `merge` subresource,
and it looks at everything again. Where it has written the reason itself, its words stay.
"""

from typing import Final

from krate import conditions, errors
from krate.conditions import Condition, Reason, Type
from krate.models import PullRequest
from krate_controllers.deps import PullDeps
from krate_controllers.outcomes import Done, Outcome, Wait

REQUIREMENTS: Final = (Type.MERGEABLE, Type.APPROVED, Type.CHECKS_PASSED)
"""Conditions that must be True before a merge is posted."""
_DROPPED: Final = frozenset(
    {
        Reason.HEAD_MOVED,
        Reason.TARGET_CHANGED,
        Reason.NOT_ALLOWED,
        Reason.EXPIRED,
        Reason.DENIED,
    }
)
_ASK_AGAIN: Final = 2.0
"""Seconds after a conflict; what moved is reported by an event anyway."""
_POLICY_MAY_CHANGE: Final = 60.0
"""Seconds after a denial, should a policy change without an event."""


async def merge_when_ready(view: PullRequest, deps: PullDeps) -> Outcome:
    """Post the merge when it is asked for and every requirement holds."""
    asked = view.status.merge_request
    if asked is None or not view.spec.merged:
        return Done(conditions=_unasked(view))
    if view.spec.draft:
        text = "The pull request is a draft: set spec.draft to false."
        return Done(conditions=(conditions.false(Type.MERGED, Reason.DRAFT, text),))
    missing = unmet(view)
    if missing:
        text = f"{asked.user} asked for the merge; it waits: {' '.join(missing)}"
        return Done(conditions=(conditions.false(Type.MERGED, Reason.REQUIREMENTS_PENDING, text),))
    try:
        await deps.merge(view.metadata.namespace, view.metadata.name, asked.head_sha, asked.method)
    except errors.Conflict as moved:
        text = f"{asked.user} asked for the merge; it is tried again: {moved.message}"
        said = conditions.false(Type.MERGED, Reason.REQUESTED, text)
        return Wait(_ASK_AGAIN, Reason.REQUESTED, text, conditions=(said,))
    except (errors.Forbidden, errors.Invalid, errors.BadRequest) as refused:
        return _refused(view, refused)
    return Done()


def unmet(view: PullRequest) -> list[str]:
    """Messages of the requirements that do not hold, in order."""
    said = {entry.type: entry for entry in view.status.conditions}
    return [
        said[kind].message if kind in said else f"{kind} is not known yet."
        for kind in REQUIREMENTS
        if kind not in said or said[kind].status != conditions.Status.TRUE
    ]


def _unasked(view: PullRequest) -> tuple[Condition, ...]:
    """Nobody asks for a merge, or nobody does any more."""
    before = next((entry for entry in view.status.conditions if entry.type == Type.MERGED), None)
    if view.spec.merged and before is not None and before.reason in _DROPPED:
        return ()
    if view.spec.merged and view.spec.merge_sha != view.status.head_sha:
        text = "The head moved after the merge was asked for: look at it and ask again."
        return (conditions.false(Type.MERGED, Reason.HEAD_MOVED, text),)
    text = "Nobody asks for the merge: set spec.merged to true."
    return (conditions.false(Type.MERGED, Reason.NOT_REQUESTED, text),)


def _refused(view: PullRequest, refused: errors.StatusError) -> Outcome:
    """The server said no. It told why on the pull request, in its refusal's words, or it is told here."""
    reason = Reason.NOT_ALLOWED if isinstance(refused, errors.Forbidden) else Reason.DENIED
    before = next((entry for entry in view.status.conditions if entry.type == Type.MERGED), None)
    told = before is not None and before.status == conditions.Status.FALSE and before.message in refused.message
    said = () if told else (conditions.false(Type.MERGED, reason, refused.message),)
    return Wait(_POLICY_MAY_CHANGE, reason, refused.message, conditions=said)
