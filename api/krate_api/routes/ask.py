"""One authorised request about objects of a kind."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from krate.identity import Attributes
from krate_api import negotiation
from krate_api.http import Request
from krate_api.registry import watching
from krate_api.registry.call import Call
from krate_api.requestinfo import RequestInfo
from krate_api.resources import Resource

Permit = Callable[[Attributes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked for, by whom, and what else they may do."""

    request: Request
    info: RequestInfo
    call: Call
    resource: Resource
    allowed: watching.Allowed
    permit: Permit
    """Raises Forbidden unless the caller may do also this."""

    def wanted(self, *, collection: bool, watching: bool = False) -> negotiation.Wanted:
        return negotiation.negotiate(self.request, collection=collection, watching=watching)
