"""Our function without a wire: what the engine calls by default."""

from collections.abc import Iterable
from typing import Final

from krate_functions import dispatch, protocol
from krate_functions.protocol import DesiredObject, Reported, Request, Response, State

NAME: Final = "function-krate"
"""Name of our function in pipelines."""


class InProcess:
    """Answers for our own function, under every name that it is installed by.

    Args:
        names: names of Function objects whose package is ours.
    """

    def __init__(self, names: Iterable[str] = (NAME,)) -> None:
        self.names = frozenset(names)

    async def run(self, name: str, request: Request) -> Response:
        if name not in self.names:
            known = ", ".join(sorted(self.names))
            raise protocol.FunctionUnavailable(f"function {name} does not run in this process; {known} does")
        return respond(request)


def respond(request: Request) -> Response:
    """What our function answers: its own wishes laid over those of earlier steps."""
    try:
        found = dispatch.answer(request.composite, request.observed, request.required, request.input)
    except dispatch.Refused as failure:
        return Response(request.desired, request.context, (dispatch.fatal(str(failure)),))
    resources = {
        name: DesiredObject(composed.object, found.ready[name]) for name, composed in found.desired.resources.items()
    }
    before = request.desired
    composite = dict(before.composite)
    if found.desired.status:
        composite["status"] = {**composite.get("status", {}), **found.desired.status}
    return Response(
        State(
            composite,
            before.ready if found.composite_ready is None else found.composite_ready,
            {**before.resources, **resources},
        ),
        request.context,
        found.events,
        found.requirements,
        tuple(Reported(str(c.type), str(c.status), str(c.reason), c.message) for c in found.desired.conditions),
        found.ttl_seconds,
    )
