"""One authorised request about objects of a kind."""

from dataclasses import dataclass

from krate_api import negotiation
from krate_api.http import Request
from krate_api.registry import watching
from krate_api.registry.call import Call
from krate_api.requestinfo import RequestInfo
from krate_api.resources import Resource


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked for, by whom, and what else they may do."""

    request: Request
    info: RequestInfo
    call: Call
    resource: Resource
    allowed: watching.Allowed

    def wanted(self, *, collection: bool, watching: bool = False) -> negotiation.Wanted:
        return negotiation.negotiate(self.request, collection=collection, watching=watching)
