"""The plain listener of process A, as far as it is ours: Git addresses and signed archives; the rest is the UI's."""

from collections.abc import Callable
from http import HTTPStatus

from krate_git.embedded import archive, asgi, smarthttp


async def nothing(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
    """The app behind the listener when there is no other."""
    del receive
    if scope["type"] == "http":
        await asgi.answer(send, HTTPStatus.NOT_FOUND, "there is no such page")


class Listener:
    """ASGI app: what is Git's goes to Git, everything else to `fallback`, lifespan included."""

    def __init__(self, *, git: asgi.App, archives: asgi.App, fallback: asgi.App, ready: Callable[[], bool]) -> None:
        self._git = git
        self._archives = archives
        self._fallback = fallback
        self._ready = ready

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        app = self._fallback
        if scope["type"] == "http":
            if scope["path"].startswith(archive.PREFIX):
                app = self._archives
            elif smarthttp.parse(scope) is not None:
                app = self._git
        if app is not self._fallback and not self._ready():
            text = "the Git host is starting; try again in a moment"
            await asgi.answer(send, HTTPStatus.SERVICE_UNAVAILABLE, text, ((b"retry-after", b"1"),))
            return
        await app(scope, receive, send)
