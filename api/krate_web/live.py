"""Live pages: a watch made as the signed-in user, the page built again, and the parts that changed sent on.

The stream never says what changed in the store, only what the page now shows, so it can neither leak nor drift: what
arrives is what a reload would show. A page carries the digest of its living parts; a stream that starts, or starts
again after a loss, compares digests first, so nothing is missed and nothing is sent twice.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Final

from starlette.requests import Request
from starlette.responses import StreamingResponse

from krate import errors, logging
from krate_kube.interface import Client, EventType, Unreachable
from krate_web import rendering
from krate_web.page import Page, Watch
from krate_web.site import Site
from krate_web.visits import SignInNeeded, Visit, visiting

Build = Callable[[Visit], Awaitable[Page]]

_GATHER: Final = 0.08
"""Seconds in which changes are gathered: one write of a controller is often three."""
_RETRY: Final = 1.0
_LONGEST: Final = 30.0


class Stopping(Exception):
    """the program ends."""


def event(name: str, data: str = "", *, id_: str = "") -> str:
    """One server-sent event; without a name its data is swapped in by htmx."""
    lines = [f"event: {name}"] if name else []
    lines += [f"id: {id_}"] if id_ else []
    lines += [f"data: {line}" for line in data.split("\n")]
    return "\n".join(lines) + "\n\n"


def respond(site: Site, request: Request, build: Build) -> StreamingResponse:
    """The stream of a page."""
    known = request.headers.get("last-event-id") or request.query_params.get("live", "")
    return StreamingResponse(
        _stream(site, request, build, known),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(site: Site, request: Request, build: Build, known: str) -> AsyncIterator[str]:
    """Events until the browser leaves, the session ends or the page is gone; `known` is the digest of what it shows."""
    log = logging.get(component="live", path=request.url.path)
    failures = 0
    # At once, so that the browser knows that it is connected: proxies and compression hold headers back until then.
    yield event("alive")
    while True:
        try:
            async with visiting(site, request) as visit, aclosing(_pages(visit, build)) as pages:
                before: Mapping[str, str] = {}
                async for page in pages:
                    if page is None or failures:
                        failures = 0
                        yield event("alive")
                    if page is None:
                        continue
                    after = site.renderer.fragments(page)
                    digest = rendering.digest_of(after)
                    if digest != known:
                        yield event("", "".join(_differences(before, after)), id_=digest)
                    before, known = after, digest
        except Stopping:
            return
        except (SignInNeeded, errors.Unauthorized):
            yield event("ended")
            return
        except (errors.NotFound, errors.Forbidden):
            yield event("gone")
            return
        except (errors.StatusError, Unreachable) as problem:
            # The browser keeps its connection to us, and is told what we know: that we know nothing new.
            log.warning("live stream lost the API server", problem=str(problem))
            yield event("lost")
            failures += 1
            await asyncio.sleep(min(_RETRY * 2**failures, _LONGEST))


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    parts = [rendering.partial(name, after[name]) for name in rendering.changed(before, after)]
    return parts + [rendering.removal(name) for name in before if name not in after]


async def _pages(visit: Visit, build: Build) -> AsyncGenerator[Page | None]:
    """The page as it is, then again after every change; None when nothing changed for a while."""
    dirty = asyncio.Event()
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    page = await build(visit)
    watched: tuple[Watch, ...] = ()
    tasks: list[asyncio.Task[None]] = []
    try:
        while True:
            if page.watches != watched:
                # Which objects matter can change with the page (a new head has other checks).
                await _stop(tasks)
                watched = page.watches
                tasks = [await _start(visit.client, watch, dirty, failed) for watch in watched]
                if not all(watch.version for watch in watched):
                    page = await build(visit)  # what changed between the build and the start of the watches
                    continue
            yield page
            while not await _wait(visit.site, dirty, failed):
                yield None
            await asyncio.sleep(_GATHER)
            dirty.clear()
            page = await build(visit)
    finally:
        await _stop(tasks)
        failed.cancel()


async def _wait(site: Site, dirty: asyncio.Event, failed: asyncio.Future[None]) -> bool:
    """Whether something changed before the next sign of life is due; raises what ended a watch for good."""
    changed, stopping = asyncio.ensure_future(dirty.wait()), asyncio.ensure_future(site.stopping.wait())
    try:
        await asyncio.wait(
            {changed, stopping, failed},
            timeout=site.settings.heartbeat_seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if site.stopping.is_set():
            raise Stopping
        if failed.done():
            failed.result()
        return changed.done()
    finally:
        changed.cancel()
        stopping.cancel()


async def _start(
    client: Client, watch: Watch, dirty: asyncio.Event, failed: asyncio.Future[None]
) -> asyncio.Task[None]:
    version = watch.version or await _version(client, watch)

    async def follow() -> None:
        try:
            await _follow(client, watch, version, dirty)
        except (errors.StatusError, Unreachable) as problem:
            if not failed.done():
                failed.set_exception(problem)

    return asyncio.create_task(follow())


async def _version(client: Client, watch: Watch) -> str:
    """The version of the collection now, without reading it."""
    listing = await client.list(watch.kind, namespace=watch.namespace, fields=watch.fields, limit=1)
    return listing.resource_version


async def _follow(client: Client, watch: Watch, version: str, dirty: asyncio.Event) -> None:
    """Set `dirty` on every change, resuming for ever; a version that is gone means that anything may have changed."""
    while True:
        try:
            events = client.watch(watch.kind, namespace=watch.namespace, resource_version=version, fields=watch.fields)
            async with aclosing(events) as changes:
                async for change in changes:
                    version = change.object["metadata"].get("resourceVersion") or version
                    if change.type is not EventType.BOOKMARK:
                        dirty.set()
        except errors.Expired:
            version = await _version(client, watch)
            dirty.set()
        await asyncio.sleep(_RETRY)


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    tasks.clear()
