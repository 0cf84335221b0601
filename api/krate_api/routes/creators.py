"""Kinds that are created, answered and never stored: access reviews, self reviews, queries."""

from collections.abc import Awaitable, Callable
from typing import Any

from krate import kinds
from krate.clock import Clock, rfc3339
from krate.kinds import Kind
from krate.models.query import Query
from krate_api import bodies
from krate_api.forge.queries import Queries
from krate_api.http import Response
from krate_api.registry import decoding, listing, updating, writing
from krate_api.registry.call import Call, write_options
from krate_api.registry.lanes import LARGE, Lane
from krate_api.resources import Resource
from krate_api.routes import access_reviews
from krate_api.routes.access_reviews import AccessReviews
from krate_api.routes.identity_reviews import IdentityReviews
from krate_api.subresources.interface import Visit

Creator = Callable[[dict[str, Any], Call], Awaitable[dict[str, Any]]]


class Creators:
    """Handlers by kind."""

    def __init__(
        self, access: AccessReviews, identities: IdentityReviews, queries: Queries, lane: Lane, now: Clock
    ) -> None:
        self._now = now
        self._queries = queries
        self._lane = lane
        self._creators: dict[Kind, Creator] = {
            **dict.fromkeys(access_reviews.KINDS, access.answer),
            kinds.SELF_SUBJECT_RULES_REVIEW: access.rules,
            kinds.SELF_SUBJECT_REVIEW: identities.whoami,
            kinds.TOKEN_REVIEW: identities.token,
            kinds.QUERY: self._query,
        }

    def has(self, kind: Kind) -> bool:
        return kind in self._creators

    async def create(self, visit: Visit, resource: Resource) -> Response:
        """Decode, validate and answer with 201."""
        request, call = visit.request, visit.call
        options = write_options(request, "CreateOptions")
        media = bodies.check_media_type(request, bodies.accepted_for(resource.kind))
        data = await request.body()

        def read() -> dict[str, Any]:
            obj = decoding.decode(data, media, resource, call, options)
            _place(obj["metadata"], visit.info.namespace)
            resource.shape.default(obj)
            resource.owners("").update(None, obj, manager=options.field_manager, now=rfc3339(self._now()))
            writing.check_shape(resource, obj)
            return obj

        obj = await self._lane.call(read) if len(data) > LARGE else read()
        answered = await self._creators[resource.kind](obj, call)
        rendered = listing.render(answered, visit.wanted)
        return Response(rendered.body, 201, rendered.content_type)

    async def _query(self, obj: dict[str, Any], call: Call) -> dict[str, Any]:
        query = Query.model_validate({**obj, "metadata": {}})  # metadata of a query means nothing
        status = await self._queries.answer(call.caller, query)
        return {**obj, "status": status.dump()}


def _place(metadata: dict[str, Any], namespace: str) -> None:
    """Put the namespace of the URL into the object.

    Raises:
        BadRequest: it names another one.
    """
    if metadata.get("namespace", "") not in {"", namespace}:
        raise updating.misplaced()
    if namespace:
        metadata["namespace"] = namespace
