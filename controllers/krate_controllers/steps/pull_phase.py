"""Where a pull request stands: Draft, Open or Closed. Merged is the server's word."""

from krate import conditions
from krate.conditions import Reason, Type
from krate.models import PullRequest
from krate.models.pullrequest import PullRequestPhase
from krate_controllers.deps import PullDeps
from krate_controllers.outcomes import Done, Outcome, Stall

_CLOSED = "The pull request is closed: set spec.closed to false to open it again."


async def set_phase(view: PullRequest, _deps: PullDeps) -> Outcome:
    """The phase follows from spec; a closed pull request is looked at no further."""
    if view.spec.closed:
        said = (conditions.false(Type.MERGED, Reason.CLOSED, _CLOSED),)
        return Stall(Reason.CLOSED, _CLOSED, status={"phase": PullRequestPhase.CLOSED.value}, conditions=said)
    phase = PullRequestPhase.DRAFT if view.spec.draft else PullRequestPhase.OPEN
    return Done(status={"phase": phase.value})
