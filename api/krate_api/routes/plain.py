"""Paths that are no resources: health, version, metrics, sign-in.

`/healthz`, `/livez` and `/readyz` follow AS/pkg/server/healthz; `POST /-/session` is embedded mode's sign-in: it turns
a password or a one-time code into a short-lived token, and is the only path that does so without one.
"""

import platform
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import orjson
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from krate import clock, errors, names
from krate.clock import Clock
from krate_api.authn.identities import Identities
from krate_api.http import Request, Response
from krate_api.limits import Throttle

SESSION: Final = "/-/session"
SESSION_SECONDS: Final = 12 * 3600
_HEALTH: Final = ("/healthz", "/livez", "/readyz")

Check = Callable[[], Awaitable[str]]
"""Answers why something is not ready; empty when it is."""


def version() -> Mapping[str, str]:
    """version.Info: the Kubernetes version whose behaviour this server has, and Krate's own as build metadata."""
    return {
        "major": "1",
        "minor": "36",
        "gitVersion": "v1.36.0+krate",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": f"cpython{platform.python_version()}",
        "platform": f"{platform.system().lower()}/{platform.machine()}",
    }


class Plain:
    """Handlers of paths that are no resources."""

    def __init__(self, *, identities: Identities, metrics: CollectorRegistry, clock: Clock) -> None:
        self._identities = identities
        self._metrics = metrics
        self._clock = clock
        self._throttle = Throttle(clock)
        self.checks: dict[str, Check] = {}
        """Readiness by name; whoever starts a part registers its check."""

    async def respond(self, request: Request) -> Response | None:
        """The answer of an authorised GET; None when the path is unknown."""
        for root in _HEALTH:
            if request.path == root or request.path.startswith(f"{root}/"):
                return await self._health(request, root)
        match request.path:
            case "/version" | "/version/":
                return Response(orjson.dumps(version()))
            case "/metrics":
                return Response(generate_latest(self._metrics), content_type=CONTENT_TYPE_LATEST)
            case "/":
                return Response(
                    orjson.dumps(
                        {
                            "paths": [
                                "/api",
                                "/apis",
                                "/healthz",
                                "/metrics",
                                "/openapi/v2",
                                "/openapi/v3",
                                "/readyz",
                                "/version",
                            ]
                        }
                    )
                )
            case _:
                return None

    async def _health(self, request: Request, root: str) -> Response:
        checks: dict[str, Check] = {"ping": _fine} if root != "/readyz" else {"ping": _fine, **self.checks}
        if one := request.path.removeprefix(root).strip("/"):
            if one not in checks:
                return Response(b"404 page not found\n", 404, "text/plain; charset=utf-8")
            checks = {one: checks[one]}
        excluded = set(request.query.get("exclude", []))
        lines: list[str] = []
        failed = False
        for name, check in checks.items():
            why = "" if name in excluded else await check()
            failed = failed or bool(why)
            lines.append(f"[-]{name} failed: {why}" if why else f"[+]{name} ok")
        name = root.strip("/")
        if failed:
            text = "\n".join([*lines, f"{name} check failed", ""])
            return Response(text.encode(), 500, "text/plain; charset=utf-8")
        text = "\n".join([*lines, f"{name} check passed", ""]) if "verbose" in request.query else "ok"
        return Response(text.encode(), content_type="text/plain; charset=utf-8")

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


async def _fine() -> str:
    return ""
