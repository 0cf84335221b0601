"""One request of one person: who they are, their client, and the frame around what they see."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from krate import correlation
from krate_kube.interface import Client
from krate_web import security
from krate_web.page import Frame
from krate_web.site import Site

THEMES = ("light", "dark")
THEME_COOKIE = "krate-theme"


class SignInNeeded(Exception):
    """sign in first."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request with everything a page needs to be built."""

    request: Request
    site: Site
    client: Client
    user: str
    token: str = field(repr=False)

    @property
    def params(self) -> dict[str, str]:
        """Parameters out of the path."""
        return {name: str(value) for name, value in self.request.path_params.items()}

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "").strip()

    @property
    def csrf(self) -> str:
        return security.csrf_token(self.token)

    def frame(self, title: str, **parts: Any) -> Frame:
        """The frame of a page of this visit."""
        return Frame(
            title=title,
            user=self.user,
            csrf=self.csrf,
            theme=theme(self.request),
            path=address(self.request),
            correlation=correlation.current(),
            **parts,
        )


def theme(request: Request) -> str:
    found = request.cookies.get(THEME_COOKIE, "")
    return found if found in THEMES else ""


def address(request: Request) -> str:
    """Path and query of the page, without what only the stream needs."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "live"]
    path = request.url.path
    return f"{path}?{urlencode(kept)}" if kept else path


@asynccontextmanager
async def visiting(site: Site, request: Request) -> AsyncGenerator[Visit]:
    """The visit of whoever holds the session cookie.

    Raises:
        SignInNeeded: there is no session.
        Unauthorized: there was one.
    """
    token = request.cookies.get(site.settings.session_cookie, "")
    if not token:
        raise SignInNeeded
    async with site.clients.lease(token) as client:
        user = await site.username(client, token)
        yield Visit(request, site, client, user, token)
