"""The event loop's side of the worker process: one job at a time, each within its time, restarted when it is not."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import orjson
from markupsafe import Markup

from krate import logging
from krate_web import worker
from krate_web.caches import Bounded
from krate_web.emphasis import Range
from krate_web.highlighting import Line, plain
from krate_web.markdown import Place

_PATIENCE: Final = 10.0
"""Seconds for the worker to start and for jobs before ours; then the plain text is good enough."""
_CACHE: Final = 32 * 1024 * 1024


class TooSlow(Exception):
    """the text is too dear to format."""


class Workshop:
    """Formats text in another process and remembers what it got.

    Args:
        seconds: how long one job may run before its process is killed.
    """

    def __init__(self, *, seconds: float) -> None:
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._process: Process | None = None
        self._cache: Bounded[tuple[str, ...], Any] = Bounded(_CACHE)
        self._log = logging.get(component="workshop")

    async def lines(self, text: str, *, path: str, key: str) -> tuple[Line, ...]:
        """Coloured lines of a file; plain ones when colouring fails or takes too long.

        Args:
            text: the file.
            path: names the language.
            key: what identifies the content, a blob SHA; cached under it.
        """
        suffix = path.rpartition("/")[2]
        return await self._remembered(
            ("highlight", key, suffix), "highlight", {"text": text, "path": path}, otherwise=plain(text)
        )

    async def emphasis(self, pairs: Sequence[tuple[str, str]]) -> Sequence[tuple[Sequence[Range], Sequence[Range]]]:
        """For each removed and added line the ranges that changed; none when that takes too long."""
        if not pairs:
            return ()
        nothing: list[tuple[Sequence[Range], Sequence[Range]]] = [((), ())] * len(pairs)
        return await self._attempt("emphasize", {"pairs": pairs}, otherwise=nothing)

    async def markdown(self, texts: Sequence[str], place: Place) -> tuple[Markup, ...]:
        """Each text as sanitised HTML; as plain text when that fails or takes too long."""
        keys = [("markdown", text, *asdict(place).values()) for text in texts]
        found = {key: self._cache.get(key) for key in keys}
        missing = [key for key, value in found.items() if value is None]
        if missing:
            words = [key[1] for key in missing]
            fallback = [str(Markup("<pre>{}</pre>").format(text)) for text in words]
            done = await self._attempt("markdown", {"texts": words, "place": asdict(place)}, otherwise=fallback)
            for key, html in zip(missing, done, strict=True):
                found[key] = html
                if done is not fallback:
                    self._cache.put(key, html, weight=len(key[1]) + len(html))
        # The worker ran the text through nh3; its answer is the one place where HTML is not escaped.
        return tuple(Markup(found[key]) for key in keys)  # noqa: S704

    async def _remembered(self, key: tuple[str, ...], job: str, arguments: Mapping[str, Any], *, otherwise: Any) -> Any:
        if (found := self._cache.get(key)) is not None:
            return found
        done = await self._attempt(job, arguments, otherwise=otherwise)
        if done is not otherwise:
            self._cache.put(key, done, weight=len(arguments["text"]) * 4)
        return done

    async def _attempt(self, job: str, arguments: Mapping[str, Any], *, otherwise: Any) -> Any:
        try:
            return await self.run(job, arguments)
        except (TooSlow, OSError) as problem:
            self._log.warning("formatting failed", job=job, problem=str(problem) or type(problem).__name__)
            return otherwise

    async def run(self, job: str, arguments: Mapping[str, Any]) -> Any:
        """The result of one job.

        Raises:
            TooSlow: it failed, or took longer than it may.
        """
        frame = orjson.dumps({"job": job, "arguments": arguments})
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._turn.acquire()
        except TimeoutError:
            raise TooSlow from None
        try:
            reply = await self._exchange(frame)
        finally:
            self._turn.release()
        if "error" in reply:
            raise TooSlow(reply["error"])
        return reply["result"]

    async def _exchange(self, frame: bytes) -> Any:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await _start()
        finished = False
        try:
            async with asyncio.timeout(self._seconds):
                body = await _talk(process, frame)
                finished = True
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            raise TooSlow(f"the worker gave no answer within {self._seconds} s") from None
        finally:
            # Cancelled or late: the next answer on the pipe would be somebody else's.
            if not finished:
                await self._stop(process)
        return orjson.loads(body)

    async def _stop(self, process: Process) -> None:
        self._process = None
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await asyncio.shield(process.wait())

    async def close(self) -> None:
        """End the worker."""
        if self._process is not None:
            await self._stop(self._process)


async def _start() -> Process:
    """A worker that has answered once, so that its start does not count against a job."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", worker.__name__, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            await _talk(process, orjson.dumps({"job": "emphasize", "arguments": {"pairs": []}}))
    except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise TooSlow("the worker does not start") from None
    return process


async def _talk(process: Process, frame: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:  # both are pipes: `_start` asked for them
        raise TooSlow
    process.stdin.write(len(frame).to_bytes(worker.HEADER, "big") + frame)
    await process.stdin.drain()
    header = await process.stdout.readexactly(worker.HEADER)
    return await process.stdout.readexactly(int.from_bytes(header, "big"))
