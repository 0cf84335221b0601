"""Threads of a pull request that nobody has resolved."""

from collections.abc import Iterable

from krate.models import PullRequest
from krate_controllers.deps import PullDeps
from krate_controllers.outcomes import Done, Outcome
from krate_kube.interface import Object


async def count_threads(view: PullRequest, deps: PullDeps) -> Outcome:
    """How many threads on lines are open; remarks on the whole are conversation, and need no settling."""
    comments = await deps.comments(view.metadata.namespace, view.metadata.name)
    return Done(status={"unresolvedThreads": unresolved(comments)})


def unresolved(comments: Iterable[Object]) -> int:
    """Comments on a line that start a thread and are not resolved."""
    specs = [comment["spec"] for comment in comments]
    return sum(bool(spec.get("anchor")) and not spec.get("inReplyTo") and not spec.get("resolved") for spec in specs)
