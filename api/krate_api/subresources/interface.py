"""The shape of a subresource handler."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from krate.kinds import Kind
from krate_api.http import Request, Response
from krate_api.negotiation import Wanted
from krate_api.registry.call import Call
from krate_api.requestinfo import RequestInfo


@dataclass(frozen=True, slots=True)
class Visit:
    """One authorised request for a subresource."""

    request: Request
    info: RequestInfo
    call: Call
    kind: Kind
    wanted: Wanted


Handler = Callable[[Visit], Awaitable[Response]]
Handlers = dict[tuple[Kind, str], Handler]
