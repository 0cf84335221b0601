"""The embedded host for programs in other processes: `/-/host/v1/`, on the TLS listener because tokens travel here.

Every call is authenticated by a bearer token and costs exactly one access review, on the Hosted kind that it is
about: embedded mode has no private door.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import pydantic

from krate import logging
from krate.identity import Attributes, Caller
from krate_git import interface
from krate_git.embedded import asgi, wire
from krate_git.interface import Gatekeeper, GitError, GitHost, HostForbidden, HostUnavailable

log = logging.get(component="git")

MAX_BODY: Final = 16 * 1024 * 1024
_PATIENCE: Final = 30.0
_CHALLENGE: Final = ((b"www-authenticate", b'Bearer realm="Krate"'),)


class HostAPI:
    """ASGI app below `/-/host/v1/`."""

    def __init__(self, host: GitHost, gatekeeper: Gatekeeper, *, ready: Callable[[], bool]) -> None:
        self._host = host
        self._gatekeeper = gatekeeper
        self._ready = ready

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        if scope["type"] != "http":
            return
        try:
            raw = await self._serve(scope, receive)
        except asgi.Refused as refused:
            await asgi.answer(send, refused.status, refused.text, refused.headers)
        except (asgi.Disconnected, asgi.Stalled):
            return
        except GitError as error:
            kind = wire.kind_of(error)
            await _json(send, wire.STATUSES[kind], _Failure(error=kind.__name__, message=str(error)).model_dump_json())
        else:
            await _json(send, HTTPStatus.OK, raw)

    async def _serve(self, scope: asgi.Scope, receive: asgi.Receive) -> str:
        caller = await self._caller(scope)
        call = wire.CALLS.get(scope["path"].removeprefix(wire.PREFIX))
        if call is None or scope["method"] != "POST":
            raise asgi.Refused(HTTPStatus.NOT_FOUND, "there is no such call")
        raw = b"".join([chunk async for chunk in asgi.body(receive, limit=MAX_BODY, patience=_PATIENCE)])
        try:
            model = call.arguments().model_validate_json(raw)
        except pydantic.ValidationError as error:
            raise GitError(f"the arguments of {call.name} are malformed: {error}") from error
        arguments = {name: getattr(model, name) for name in call.arguments().model_fields}
        await self._review(caller, call, arguments)
        if not self._ready():
            raise HostUnavailable("the Git host is starting; try again in a moment")
        value = await getattr(self._host, call.name)(**arguments)
        return call.result()(value=value).model_dump_json()

    async def _caller(self, scope: asgi.Scope) -> Caller:
        scheme, _, token = asgi.header(scope, b"authorization").partition(" ")
        caller = await self._gatekeeper.bearer(token.strip()) if scheme.lower() == "bearer" else None
        if caller is None:
            raise asgi.Refused(HTTPStatus.UNAUTHORIZED, "a valid bearer token is needed", _CHALLENGE)
        return caller

    async def _review(self, caller: Caller, call: wire.Call, arguments: Mapping[str, Any]) -> None:
        namespace, name = subject(arguments)
        attributes = Attributes(
            verb=call.verb,
            group=call.kind.group,
            version=call.kind.version,
            resource=call.kind.plural,
            namespace=namespace,
            name=name,
        )
        if not (await self._gatekeeper.review(caller, attributes)).allowed:
            where = f'in the namespace "{namespace}"'
            raise HostForbidden(f"{caller.username} cannot {call.verb} {call.kind.resource} {where}")


class _Failure(pydantic.BaseModel):
    error: str
    message: str


def subject(arguments: Mapping[str, Any]) -> tuple[str, str]:
    """Namespace and object name that a call is about."""
    settings, key = arguments.get("settings"), arguments.get("key")
    if isinstance(settings, interface.HostedRepositorySettings):
        key = settings.key
    if isinstance(key, interface.RepositoryKey):
        return key.namespace, key.name
    return arguments["namespace"], arguments.get("name", arguments["namespace"])


async def _json(send: asgi.Send, status: HTTPStatus, text: str) -> None:
    raw = text.encode()
    headers = ((b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode()), *asgi.NO_CACHE)
    await asgi.start(send, status, headers)
    await send({"type": "http.response.body", "body": raw})
