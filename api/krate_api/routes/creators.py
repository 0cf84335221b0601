"""Kinds that are created, answered and never stored: access reviews, self reviews, queries."""

from collections.abc import Awaitable, Callable
from typing import Any

from krate import errors, kinds
from krate.errors import Cause, CauseType
from krate.identity import Attributes
from krate.kinds import Kind
from krate.models.query import Query
from krate_api import bodies
from krate_api.authz.authorizer import Authorizer
from krate_api.forge.queries import Queries
from krate_api.http import Request, Response
from krate_api.negotiation import Wanted
from krate_api.registry import decoding, listing, writing
from krate_api.registry.call import Call, write_options
from krate_api.resources import Resource

Creator = Callable[[dict[str, Any], Call], Awaitable[dict[str, Any]]]


class Creators:
    """Handlers by kind."""

    def __init__(self, authorizer: Authorizer, queries: Queries) -> None:
        self._authorizer = authorizer
        self._queries = queries
        self._creators: dict[Kind, Creator] = {
            kinds.SELF_SUBJECT_ACCESS_REVIEW: self._access,
            kinds.SELF_SUBJECT_REVIEW: self._self,
            kinds.QUERY: self._query,
        }

    def has(self, kind: Kind) -> bool:
        return kind in self._creators

    async def create(self, request: Request, resource: Resource, call: Call, wanted: Wanted) -> Response:
        """Decode, validate and answer with 201."""
        options = write_options(request, "CreateOptions")
        media = bodies.check_media_type(request, bodies.accepted_for(resource.kind))
        obj = decoding.decode(await request.body(), media, resource, call, options)
        resource.shape.default(obj)
        writing.check_shape(resource, obj)
        answered = await self._creators[resource.kind](obj, call)
        rendered = listing.render(answered, wanted)
        return Response(rendered.body, 201, rendered.content_type)

    async def _access(self, obj: dict[str, Any], call: Call) -> dict[str, Any]:
        spec = obj["spec"]
        resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
        if (resource is None) == (path is None):
            text = "Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified"
            kind = kinds.SELF_SUBJECT_ACCESS_REVIEW
            cause = Cause(CauseType.INVALID, text, "spec.resourceAttributes")
            raise errors.Invalid.of(kind=kind.name, group=kind.group, name="", causes=[cause])
        decision = await self._authorizer.review(call.caller, _attributes(resource, path))
        status: dict[str, Any] = {"allowed": decision.allowed}
        if decision.reason:
            status["reason"] = decision.reason
        return {**obj, "metadata": {**obj["metadata"], "creationTimestamp": None}, "status": status}

    async def _self(self, obj: dict[str, Any], call: Call) -> dict[str, Any]:
        caller = call.caller
        info: dict[str, Any] = {"username": caller.username, "groups": list(caller.groups)}
        if caller.uid:
            info["uid"] = caller.uid
        if caller.extra:
            info["extra"] = {key: list(values) for key, values in caller.extra.items()}
        return {**obj, "status": {"userInfo": info}}

    async def _query(self, obj: dict[str, Any], call: Call) -> dict[str, Any]:
        query = Query.model_validate({**obj, "metadata": {}})  # metadata of a query means nothing
        status = await self._queries.answer(call.caller, query)
        return {**obj, "status": status.dump()}


def _attributes(resource: dict[str, Any] | None, path: dict[str, Any] | None) -> Attributes:
    if resource is None:
        found = path or {}
        return Attributes(found.get("verb", ""), path=found.get("path", ""))
    return Attributes(
        resource.get("verb", ""),
        resource.get("group", ""),
        resource.get("version", ""),
        resource.get("resource", ""),
        resource.get("subresource", ""),
        resource.get("namespace", ""),
        resource.get("name", ""),
    )
