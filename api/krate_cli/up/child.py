"""Process B as a child: started beside A, fed tokens on standard input, started again when it dies.

Tokens travel as JSON lines and stand in no file, argument or environment variable. When A goes, however it goes, the
pipe closes and B ends.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from krate import logging

REFRESH: Final = 1200.0
"""Seconds between fresh tokens; they live for an hour."""
_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
_GRACE: Final = 10.0

Tokens = Callable[[], Awaitable[Mapping[str, Any]]]
"""Makes the line to send: server, ca, tokens by ServiceAccount."""


class Child:
    """Keeps process B alive."""

    def __init__(self, *, data: Path, log: Path, level: str, tokens: Tokens) -> None:
        self._arguments = ("-m", "krate_cli.up.controllers", "--data", str(data), "--log-level", level)
        self._log_file = log
        self._tokens = tokens
        self._log = logging.get(component="up")
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Start the process now, so that it imports while A does; tokens follow when A can make them."""
        await self._spawn()

    def feed(self) -> None:
        """A can make tokens: send them, keep them fresh, and watch over the process."""
        self._tasks = [
            asyncio.create_task(self._refresh(), name="controller-tokens"),
            asyncio.create_task(self._watch_over(), name="controllers"),
        ]

    async def _spawn(self) -> None:
        with self._log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self._arguments, stdin=asyncio.subprocess.PIPE, stdout=log, stderr=log
            )

    async def _send(self) -> None:
        line = json.dumps(dict(await self._tokens())).encode() + b"\n"
        process = self._process
        if process is None or process.stdin is None:
            return
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            process.stdin.write(line)
            await process.stdin.drain()

    async def _refresh(self) -> None:
        while True:
            await self._send()
            await asyncio.sleep(REFRESH)

    async def _watch_over(self) -> None:
        failures = 0
        while not self._stopping and self._process is not None:
            started = asyncio.get_running_loop().time()
            code = await self._process.wait()
            if self._stopping:
                return
            lived = asyncio.get_running_loop().time() - started
            failures = 0 if lived > max(_PAUSES) * 2 else failures + 1
            pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
            self._log.error("controllers ended", code=code, restart_in=pause)
            await asyncio.sleep(pause)
            await self._spawn()
            await self._send()

    async def stop(self) -> None:
        """Close the pipe, wait, and insist."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _GRACE)
        except TimeoutError:
            process.kill()
            await process.wait()
