"""Who may fetch and push: authentication of a Git request and one access review, without telling what exists.

Somebody without any right sees the same answer for a repository that is not there and for one that is: anonymous
callers are asked to authenticate, others get 404. The host decides by review alone; teams and collaborators are kept
to name who can help.
"""

import base64
import binascii
from http import HTTPStatus
from typing import Final

from krate import names
from krate.identity import ANONYMOUS, Attributes, Caller
from krate.kinds import config
from krate_git.embedded import asgi
from krate_git.embedded.hosting import Hosting
from krate_git.embedded.records import Held
from krate_git.interface import Gatekeeper, RepositoryKey

CHALLENGE: Final = ((b"www-authenticate", b'Basic realm="Krate", charset="UTF-8"'),)
_NAMED: Final = 10
"""Subjects that a refusal names."""


class Door:
    """Lets requests in, or raises `asgi.Refused` with the answer."""

    def __init__(self, gatekeeper: Gatekeeper, hosting: Hosting) -> None:
        self._gatekeeper = gatekeeper
        self._hosting = hosting

    async def caller(self, scope: asgi.Scope) -> Caller:
        """Who asks, by the Authorization header; nobody is anonymous by a wrong one.

        Raises:
            Refused: 401, the credentials are malformed, wrong or expired.
        """
        text = asgi.header(scope, b"authorization")
        if not text:
            return ANONYMOUS
        scheme, _, value = text.partition(" ")
        found: Caller | None = None
        match scheme.lower():
            case "basic":
                username, password = _basic(value)
                found = await self._gatekeeper.basic(username, password) if password else None
            case "bearer":
                found = await self._gatekeeper.bearer(value.strip())
            case _:
                pass
        if found is None:
            raise asgi.Refused(
                HTTPStatus.UNAUTHORIZED,
                "the token is wrong, expired or another user's; get one with `krate token`",
                CHALLENGE,
            )
        return found

    async def fetcher(self, caller: Caller, namespace: str, host_name: str) -> Held:
        """The repository of an address, for somebody who may fetch from it.

        Raises:
            Refused: 401 or 404.
        """
        held = self._hosting.named(namespace, host_name)
        if (
            not await self._allowed(caller, names.Verb.GET, RepositoryKey(namespace, _object_name(held, host_name)))
            or held is None
        ):
            raise _unknown(caller)
        return held

    async def pusher(self, caller: Caller, namespace: str, host_name: str) -> Held:
        """The repository of an address, for somebody who may push to it.

        Raises:
            Refused: 401, 404, or 403 with the names of those who can help for somebody who may fetch.
        """
        held = self._hosting.named(namespace, host_name)
        key = RepositoryKey(namespace, _object_name(held, host_name))
        if held is not None and await self.may_push(held, caller):
            return held
        if held is None or caller.anonymous or not await self._allowed(caller, names.Verb.GET, key):
            raise _unknown(caller)
        raise asgi.Refused(HTTPStatus.FORBIDDEN, await self._helpers(held, caller))

    async def may_push(self, held: Held, caller: Caller) -> bool:
        """Whether the caller holds Writer now."""
        return await self._allowed(caller, names.Verb.UPDATE, held.settings.key)

    async def _allowed(self, caller: Caller, verb: str, key: RepositoryKey) -> bool:
        attributes = Attributes(
            verb=verb,
            group=names.CONFIG_GROUP,
            version=names.VERSION,
            resource=config.REPOSITORY.plural,
            subresource=config.GIT_SUBRESOURCE,
            namespace=key.namespace,
            name=key.name,
        )
        return (await self._gatekeeper.review(caller, attributes)).allowed

    async def _helpers(self, held: Held, caller: Caller) -> str:
        """Who can push, from what the host holds; only told to somebody who may read the repository."""
        writers = [item for item in held.access or () if item.permission in {"write", "admin"}]
        told: list[str] = []
        for item in writers[:_NAMED]:
            members: tuple[str, ...] | None = None
            if item.kind == "Team":
                members = await self._hosting.find_team(held.settings.key.namespace, item.name)
            inside = f" ({', '.join(members[:_NAMED])})" if members else ""
            told.append(f"{item.kind.lower()} {item.name}{inside}")
        text = f"{caller.username} may fetch from {held.settings.key} but not push to it."
        if told:
            return f"{text} Those who can: {'; '.join(told)}. Ask one of them."
        return f"{text} Ask an owner of the organization for the role Writer."


def _object_name(held: Held | None, host_name: str) -> str:
    return held.settings.key.name if held is not None else host_name


def _unknown(caller: Caller) -> asgi.Refused:
    if caller.anonymous:
        return asgi.Refused(HTTPStatus.UNAUTHORIZED, "sign in with a token from `krate token`", CHALLENGE)
    return asgi.Refused(HTTPStatus.NOT_FOUND, f"there is no such repository, or {caller.username} may not see it")


def _basic(value: str) -> tuple[str, str]:
    """User name and password of a Basic header; empty ones when it is malformed."""
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    username, colon, password = text.partition(":")
    return (username, password) if colon else ("", "")
