"""Running the UI's application without a network: its lifespan, and a live stream read event by event."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp

from krate_web.app import create_app
from krate_web.settings import Settings
from web_world import World


@asynccontextmanager
async def running(settings: Settings, world: World) -> AsyncIterator[ASGIApp]:
    """The application over `world`, started and stopped as a server would."""
    app = create_app(settings, world.client, now=world.now)
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outbox: asyncio.Queue[Any] = asyncio.Queue()
    lifespan = asyncio.create_task(app({"type": "lifespan"}, inbox.get, outbox.put))
    await inbox.put({"type": "lifespan.startup"})
    assert (await outbox.get())["type"] == "lifespan.startup.complete"
    yield app
    await inbox.put({"type": "lifespan.shutdown"})
    assert (await outbox.get())["type"] == "lifespan.shutdown.complete"
    await lifespan


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    name: str
    data: str
    id: str


@dataclass
class Stream:
    """An open live stream."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    _chunks: "asyncio.Queue[bytes]" = field(default_factory=asyncio.Queue)
    _text: str = ""

    async def event(self, *, skip: str = "alive") -> Event:
        """The next event that is not called `skip`."""
        while True:
            while "\n\n" not in self._text:
                chunk = await asyncio.wait_for(self._chunks.get(), 10)
                if not chunk:
                    raise EOFError
                self._text += chunk.decode()
            frame, self._text = self._text.split("\n\n", 1)
            fields: dict[str, list[str]] = {"event": [], "data": [], "id": []}
            for line in frame.split("\n"):
                name, _, value = line.partition(": ")
                fields[name].append(value)
            found = Event("".join(fields["event"]), "\n".join(fields["data"]), "".join(fields["id"]))
            if found.name != skip:
                return found

    async def ended(self) -> bool:
        """Whether the server closed it; waits for that."""
        try:
            await self.event(skip="alive")
        except EOFError:
            return True
        return False


@asynccontextmanager
async def streaming(
    app: ASGIApp, path: str, *, cookies: Mapping[str, str], last_event_id: str = ""
) -> AsyncIterator[Stream]:
    """GET a live stream; leaving the block closes the browser's side."""
    where, _, query = path.partition("?")
    headers = [(b"host", b"krate.test"), (b"cookie", "; ".join(f"{k}={v}" for k, v in cookies.items()).encode())]
    if last_event_id:
        headers.append((b"last-event-id", last_event_id.encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": where,
        "raw_path": where.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("krate.test", 80),
    }
    stream, left = Stream(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        if left.is_set():
            raise OSError("the browser is gone")
        if message["type"] == "http.response.start":
            stream.status = message["status"]
            stream.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            await stream._chunks.put(message.get("body", b"") or (b"" if not message.get("more_body") else b":\n\n"))

    task = asyncio.create_task(app(scope, receive, send))
    try:
        yield stream
    finally:
        left.set()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
