"""The API server as an ASGI application: authenticate, authorise, dispatch, answer; nothing else, for every request.

Every error becomes a Status, every refusal an Activity. No redirect ever leaves here: through an aggregator it would
become a 502.
"""

import re
import time
import uuid
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

from krate import errors, logging
from krate.identity import Attributes, Caller
from krate.names import Verb
from krate_api import addresses, compression, deadlines, negotiation, streaming
from krate_api.authn.authenticator import Authenticator
from krate_api.authz import impersonation, refusals
from krate_api.authz.authorizer import Authorizer
from krate_api.deadlines import Deadlines
from krate_api.denials import Denials
from krate_api.discovery.serving import Discovery
from krate_api.http import NOSNIFF, Disconnected, Receive, Request, Response, Scope, Send, warnings
from krate_api.metrics import Metrics
from krate_api.openapi.serving import OpenAPI
from krate_api.registry import listing
from krate_api.registry.call import Call
from krate_api.requestinfo import RequestInfo, parse
from krate_api.resources import Catalog
from krate_api.routes.ask import Ask
from krate_api.routes.creators import Creators
from krate_api.routes.objects import Objects
from krate_api.routes.plain import SESSION, Plain
from krate_api.store.interface import StoreError, Unavailable
from krate_api.subresources.interface import Handlers, Visit

_CORRELATION: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the server is made of; `main` builds it."""

    catalog: Catalog
    authenticator: Authenticator
    authorizer: Authorizer
    discovery: Discovery
    openapi: OpenAPI
    objects: Objects
    creators: Creators
    plain: Plain
    handlers: Handlers
    denials: Denials
    metrics: Metrics


class Server:
    """The ASGI application."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._deadlines = Deadlines()
        self._log = logging.get(component="apiserver")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        call = Call(Caller(""), _correlation(request), request.header("user-agent"))
        started = time.perf_counter()
        info = parse(request)
        try:
            seconds = deadlines.asked(request, info)
            response = await self._deadlines.within(seconds, self._answer(request, info, call))
        except Disconnected:
            return
        except errors.StatusError as error:
            response = await self._refuse(error, request, info, call)
        except Unavailable as error:
            self._log.error("store unavailable", error=str(error), correlation_id=call.correlation_id)
            problem = errors.ServiceUnavailable("the database does not answer", retry_after=1)
            response = _status(problem, request)
        except Exception:  # noqa: BLE001 - whatever it is, the client gets a Status and the log the traceback
            self._log.exception("request failed", path=request.path, correlation_id=call.correlation_id)
            problem = errors.InternalError.of(f"see the server's log for {call.correlation_id}")
            response = _status(problem, request)
        watching = info.verb == Verb.WATCH and response.status < 400  # noqa: PLR2004 - errors start here
        if watching:
            response = replace(response, body=self._counted(response, info))
        elif info.is_resource:
            response = compression.compressed(response, request)
        if isinstance(response.body, bytes):
            await response.send(send, _extra(call), head_only=request.method == "HEAD")
        else:
            await streaming.stream(response, request, send, _extra(call))
        self._measure(info, response, None if watching else time.perf_counter() - started)

    async def _answer(self, request: Request, info: RequestInfo, call: Call) -> Response:
        if request.path == SESSION and request.method == "POST":
            return await self._parts.plain.session(request)
        call.caller = await self._caller(request, info, call)
        self._parts.denials.seen(call.caller)
        await self._authorise(info, call)
        if not info.is_resource:
            return await self._plain(request)
        return await self._resource(request, info, call)

    async def _caller(self, request: Request, info: RequestInfo, call: Call) -> Caller:
        """Who a request is carried out as: the caller, or whom they may impersonate.

        Raises:
            Unauthorized: the credentials are not valid.
            Forbidden: they may not act as whom they want to.
        """
        call.caller = await self._parts.authenticator.authenticate(request)
        wanted = impersonation.wanted(request)
        if wanted is None:
            return call.caller
        try:
            return await impersonation.impersonate(self._parts.authorizer, call.caller, wanted, info.attributes)
        except errors.Forbidden as refused:
            refused.denied = True
            raise

    async def _authorise(self, info: RequestInfo, call: Call) -> None:
        await self._permit(call, info.attributes)
        call.authorised = True

    async def _permit(self, call: Call, attributes: Attributes) -> None:
        """Raise Forbidden unless the caller may."""
        decision = await self._parts.authorizer.review(call.caller, attributes)
        if decision.allowed:
            return
        error = refusals.forbidden(call.caller, attributes)
        error.denied = True
        raise error

    async def _plain(self, request: Request) -> Response:
        parts = self._parts
        for source in (parts.discovery.respond(request), await parts.openapi.respond(request)):
            if source is not None:
                return source
        documents = (*parts.discovery.paths, *parts.openapi.paths) if request.path in {"/", "/index.html"} else ()
        found = await parts.plain.respond(request, documents)
        return found or addresses.nothing(addresses.group_of(request.path))

    async def _resource(self, request: Request, info: RequestInfo, call: Call) -> Response:
        resource = self._parts.catalog.find(info.group, info.version, info.resource)
        refused = addresses.refusal(resource, info)
        if resource is None or refused is not None:
            return refused or addresses.nothing(info.group)
        if info.verb == Verb.CREATE and info.name and not info.subresource:
            # The body names what is created: a right to the name of the path alone is none to create.
            await self._permit(call, replace(info.attributes, name=""))
        if resource.kind.deprecated:
            call.warn(resource.kind.deprecated)
        handler = self._parts.handlers.get((resource.kind, info.subresource))
        creates = self._parts.creators.has(resource.kind)
        if handler is not None or creates:
            visit = Visit(request, info, call, resource.kind, negotiation.negotiate(request, collection=False))
            return await (handler(visit) if handler is not None else self._parts.creators.create(visit, resource))

        async def allowed() -> bool:
            """Asked again and again during a watch: a revoked right, a suspended user or an old token ends it."""
            try:
                caller = await self._caller(request, info, Call(Caller("")))
            except (errors.Unauthorized, errors.Forbidden):
                return False
            return (await self._parts.authorizer.review(caller, info.attributes)).allowed

        async def permit(attributes: Attributes) -> None:
            await self._permit(call, attributes)

        return await self._parts.objects.handle(Ask(request, info, call, resource, allowed, permit))

    async def _refuse(self, error: errors.StatusError, request: Request, info: RequestInfo, call: Call) -> Response:
        if error.denied and call.caller.username:
            try:
                await self._parts.denials.record(error, info, call)
            except StoreError as failure:
                # The refusal stands whether or not it can be told of.
                self._log.error("denial not recorded", error=str(failure), correlation_id=call.correlation_id)
        response = _status(error, request)
        refused = not call.authorised and isinstance(error, errors.Forbidden | errors.BadRequest)
        return replace(response, headers=(*response.headers, *NOSNIFF)) if refused else response

    async def _counted(self, response: Response, info: RequestInfo) -> AsyncGenerator[bytes]:
        gauge = self._parts.metrics.watches.labels(info.group, info.resource)
        body = response.body
        if isinstance(body, bytes):
            yield body
            return
        gauge.inc()
        try:
            async with aclosing(body) as parts:
                async for part in parts:
                    yield part
        finally:
            gauge.dec()

    def _measure(self, info: RequestInfo, response: Response, seconds: float | None) -> None:
        # Only what is served: names that clients make up would grow without bound.
        known = self._parts.catalog.find(info.group, info.version, info.resource)
        group, resource = (info.group, info.resource) if known is not None else ("", "")
        subresource = info.subresource if known and known.kind.subresource(info.subresource) else ""
        code = str(response.status)
        self._parts.metrics.requests.labels(info.verb, group, resource, subresource, code).inc()
        if seconds is not None:
            self._parts.metrics.latency.labels(info.verb, group, resource).observe(seconds)


def _status(error: errors.StatusError, request: Request) -> Response:
    headers: list[tuple[str, str]] = []
    if error.retry_after is not None:
        headers.append(("retry-after", str(error.retry_after)))
    if isinstance(error, errors.Unauthorized):
        headers.append(("www-authenticate", 'Bearer realm="krate"'))
    answer = listing.render(error.status(), negotiation.of_status(request))
    return replace(answer, status=error.http_code, headers=headers)


def _correlation(request: Request) -> str:
    """The client's correlation id when it is a plain word, else a new one."""
    for name in ("x-correlation-id", "audit-id"):
        found = request.header(name)
        if _CORRELATION.fullmatch(found):
            return found
    return uuid.uuid4().hex


def _extra(call: Call) -> Iterable[tuple[str, str]]:
    yield "audit-id", call.correlation_id
    yield "x-correlation-id", call.correlation_id
    yield from warnings(call.review.warnings)
