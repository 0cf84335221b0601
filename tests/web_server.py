"""The UI over an organisation in memory, served on a free port of this machine."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self

import uvicorn

from krate_web.app import WebApp, create_app
from krate_web.settings import Settings
from web_world import World


class Server:
    """The UI over a world, in a thread with its own event loop."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._started = threading.Event()
        self._server: uvicorn.Server | None = None
        self._app: WebApp | None = None

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        settings = Settings(public_url=self.url, api_url="https://127.0.0.1:7443", heartbeat_seconds=0.5)
        app = self._app = create_app(settings, self.world.client, now=self.world.now)
        # Live streams end when their browser goes, or when they have been waited for long enough.
        config = uvicorn.Config(app, log_level="error", lifespan="on", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None
        self._loop.call_later(0.05, self._watch_start)
        await self._server.serve(sockets=[self.socket])

    def _watch_start(self) -> None:
        if self._server is not None and self._server.started:
            self._started.set()
        else:
            self._loop.call_later(0.02, self._watch_start)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None and self._app is not None:
            self._loop.call_soon_threadsafe(self._app.end_streams)
            self._server.should_exit = True
        self._thread.join(20)

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine where the world lives."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def call(self, function: Callable[[], Any]) -> Any:
        """Run a function where the world lives."""

        async def run() -> Any:
            return function()

        return self.do(run())
