"""Paths that are no resources: health, version, metrics, sign-in.

`POST /-/session` is embedded mode's sign-in: it turns
a password or a one-time code into a short-lived token, and is the only path that does so without one.
"""

import platform
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from krate import clock, errors, names
from krate.clock import Clock
from krate_api.authn.identities import Identities
from krate_api.http import Request, Response
from krate_api.limits import Throttle
from krate_api.routes.health import Health

SESSION: Final = "/-/session"
SESSION_SECONDS: Final = 12 * 3600
_OWN: Final = ("/metrics", "/version")


def version() -> Mapping[str, str]:
    """version.Info: the Kubernetes version whose behaviour this server has, and Krate's own as build metadata."""
    return {
        "major": "1",
        "minor": "36",
        "emulationMajor": "1",
        "emulationMinor": "36",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35",
        "gitVersion": "v1.36.0+krate",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": f"cpython{platform.python_version()}",
        "platform": f"{platform.system().lower()}/{platform.machine()}",
    }


def _json(value: Any) -> Response:
    """Readable JSON in any case, as upstream writes what is no object."""
    return Response(orjson.dumps(value, option=orjson.OPT_INDENT_2))


class Plain:
    """Handlers of paths that are no resources."""

    def __init__(self, *, identities: Identities, metrics: CollectorRegistry, clock: Clock) -> None:
        self._identities = identities
        self._metrics = metrics
        self._throttle = Throttle(clock)
        self.health = Health()

    async def respond(self, request: Request, documents: Iterable[str]) -> Response | None:
        """The answer of an authorised request; None when the path is unknown.

        Args:
            request: the request.
            documents: paths that others answer, for the list at the root.

        Raises:
            MethodNotAllowed: the version is only to be read.
        """
        match request.path:
            case "/version" | "/version/" if request.method not in {"GET", "HEAD"}:
                raise errors.MethodNotAllowed(details={})
            case "/version" | "/version/":
                return _json(version())
            case "/metrics":
                return Response(generate_latest(self._metrics), content_type=CONTENT_TYPE_LATEST)
            case "/" | "/index.html":
                return _json({"paths": sorted((*_OWN, *self.health.paths, *documents))})
            case _:
                return await self.health.respond(request)

    async def session(self, request: Request) -> Response:
        """Sign in.

        Raises:
            Unauthorized: wrong name, password or code, all alike.
            TooManyRequests: too many failures for this name. Codes are not slowed: nobody guesses 256 bits, and
                somebody who tried would keep everybody else's links from working.
        """
        try:
            body: Any = orjson.loads(await request.body(limit=16 * 1024))
        except orjson.JSONDecodeError:
            raise errors.BadRequest("the body is no JSON object") from None
        if not isinstance(body, dict):
            raise errors.BadRequest("the body is no JSON object")
        username, password, code = (str(body.get(member) or "") for member in ("username", "password", "code"))
        found = await self._identities.redeem(code) if code else await self._signed_in(username, password)
        minted = self._identities.mint(found, SESSION_SECONDS) if found else None
        if minted is None:
            raise errors.Unauthorized("wrong user name, password or link")
        answer = {"token": minted.token, "username": found, "expiresAt": clock.rfc3339(minted.expires)}
        return Response(orjson.dumps(answer), headers=(("cache-control", "no-store"),))

    async def _signed_in(self, username: str, password: str) -> str | None:
        """The user, when the password is theirs."""
        if not username or not password or len(username) > names.MAX_SUBDOMAIN:
            return None
        self._throttle.attempt(username)
        if not await self._identities.check_password(username, password):
            return None
        self._throttle.succeeded(username)
        return username
