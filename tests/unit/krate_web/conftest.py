"""The UI over an organisation in memory, and people who look at it without a browser."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx2
import pytest

import web_story
from krate_web import security
from krate_web.settings import Settings
from web_http import running
from web_world import World

ORIGIN = "http://krate.test"
SETTINGS = Settings(public_url=ORIGIN, api_url="https://api.krate.test:7443", heartbeat_seconds=0.05)


@dataclass
class Visitor:
    """One person's session: GETs, and forms as a browser would send them."""

    http: httpx2.AsyncClient
    token: str

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.http.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async def post(
        self, path: str, /, *, htmx: bool = False, origin: str | None = ORIGIN, csrf: str | None = None, **fields: str
    ) -> httpx2.Response:
        """Send a form; `origin` None leaves the header out."""
        headers = {"HX-Request": "true", "HX-Current-URL": f"{ORIGIN}/acme"} if htmx else {}
        if origin is not None:
            headers["Origin"] = origin
        token = security.csrf_token(self.token) if csrf is None else csrf
        return await self.http.post(path, data={"csrf": token, **fields}, headers=headers)


VisitorFactory = Callable[[str], Visitor]


@pytest.fixture
def world() -> World:
    """The organisation of `web_story`."""
    return web_story.story()


@pytest.fixture
async def sign_in(world: World) -> AsyncIterator[VisitorFactory]:
    """Signs people in by name; "" is nobody."""
    visitors: list[Visitor] = []
    async with running(SETTINGS, world) as app:

        def enter(user: str) -> Visitor:
            token = f"token-{user}" if user else ""
            cookies = {SETTINGS.session_cookie: token} if user else {}
            http = httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app), base_url=ORIGIN, cookies=cookies, follow_redirects=False
            )
            visitors.append(Visitor(http, token))
            return visitors[-1]

        yield enter
        for visitor in visitors:
            await visitor.http.aclose()


@pytest.fixture
def alice(sign_in: VisitorFactory) -> Visitor:
    """The author of web-42."""
    return sign_in("alice")


@pytest.fixture
def bob(sign_in: VisitorFactory) -> Visitor:
    """A reviewer of web-42."""
    return sign_in("bob")
