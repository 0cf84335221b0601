"""The UI as an ASGI application: a client of the Kubernetes API with templates, acting as the signed-in user."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from krate import clock, errors
from krate.clock import Clock
from krate_web import endpoints, routes
from krate_web.assets import Assets
from krate_web.caches import Bounded
from krate_web.clients import ClientFactory, Clients
from krate_web.rendering import Renderer
from krate_web.security import SecurityHeaders
from krate_web.settings import Settings
from krate_web.site import Site
from krate_web.workshop import Workshop

_NAMES = 4096


def create_app(settings: Settings, client_factory: ClientFactory, *, now: Clock = clock.system) -> "WebApp":
    """The application.

    Args:
        settings: where it is reached, and where the API is.
        client_factory: makes the API client of whoever holds a token; the empty token is nobody. The UI keeps clients
            between requests and closes them.
        now: the clock.
    """
    site = build_site(settings, client_factory, now=now)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        yield
        await site.workshop.close()
        await site.clients.close()

    pages = Starlette(
        routes=routes.build(site),
        middleware=[Middleware(GZipMiddleware, minimum_size=1024, compresslevel=4)],
        exception_handlers={
            HTTPException: _http_error(site),
            errors.StatusError: _refused(site),
            Exception: _unexpected(site),
        },
        lifespan=lifespan,
    )
    # Outside of Starlette's own error handling, so that no answer at all goes without the headers.
    return WebApp(SecurityHeaders(OneOrigin(pages, settings=settings)), site)


class WebApp:
    """The application as a server runs it."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def end_streams(self) -> None:
        """End all live streams: to be called before a server waits for its connections. Browsers connect again."""
        self._site.stopping.set()


def build_site(settings: Settings, client_factory: ClientFactory, *, now: Clock = clock.system) -> Site:
    """The shared services of one application."""
    assets = Assets(reload=settings.reload_templates)
    return Site(
        settings=settings,
        clients=Clients(client_factory, now),
        assets=assets,
        renderer=Renderer(settings, assets, now),
        workshop=Workshop(seconds=settings.worker_seconds),
        clock=now,
        names=Bounded(_NAMES),
    )


class OneOrigin:
    """ASGI middleware: a page asked for under another host name is sent to the one that cookies and forms belong to.

    `localhost` and `127.0.0.1` are two origins to a browser; whoever types the wrong one would sign in and find every
    form refused.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"} and not scope["path"].startswith("/-/"):
            host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
            if host.lower() != self._settings.host.lower():
                query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
                path = scope.get("raw_path", b"").decode("latin-1").partition("?")[0] or "/"
                where = f"{self._settings.public_url}{path}{query}"
                await Response(status_code=307, headers={"Location": where})(scope, receive, send)
                return
        await self.app(scope, receive, send)


Handler = Callable[[Request, Exception], Awaitable[Response]]


def _http_error(site: Site) -> Handler:
    """404 and 405 of the router, as pages."""

    async def handler(request: Request, error: Exception) -> Response:
        code = error.status_code if isinstance(error, HTTPException) else 500
        if code == errors.MethodNotAllowed.code:
            return endpoints.fail(site, request, errors.MethodNotAllowed(f"{request.method} is not possible here"))
        return endpoints.fail(site, request, errors.NotFound(f"there is no page at {request.url.path}"))

    return handler


def _refused(site: Site) -> Handler:
    """Errors of endpoints that build no page, such as static files."""

    async def handler(request: Request, error: Exception) -> Response:
        return endpoints.fail(site, request, error)

    return handler


def _unexpected(site: Site) -> Handler:
    handle = endpoints.unexpected(site)

    async def handler(request: Request, error: Exception) -> Response:
        return handle(request, error)

    return handler
