"""Process B: controllers and the composite engine, fed by A through standard input.

When standard input ends, A is gone, however it went, and so are we.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import click
import yaml

from krate import kinds, logging
from krate.kinds import Form
from krate.names import ServiceAccount
from krate_cli import resources
from krate_controllers import main as controllers
from krate_controllers.briefing import LINE_LIMIT, Briefing
from krate_functions import options as functions
from krate_functions.engine import loop as engine
from krate_kube.client import HttpClient

_GRACE: Final = 5.0
"""Seconds that a reconcile under way may take to end."""


def compositions() -> Sequence[dict[str, Any]]:
    """The Compositions that this installation ships."""
    files = sorted(resources.folder("compositions").glob("*/composition.yaml"))
    return [yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader) for file in files]


async def _first(reader: asyncio.StreamReader) -> Briefing | None:
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    line = await reader.readline()
    return Briefing.parse(line) if line else None


async def run(data: Path) -> None:
    """Run until A goes, we are told to end, or a part fails."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    reader = asyncio.StreamReader(limit=LINE_LIMIT)
    briefing = await _first(reader)
    if briefing is None:
        return
    async with AsyncExitStack() as stack:
        kit = await controllers.open_kit(briefing, stack)
        composites = asyncio.create_task(_composites(briefing, data, stop))
        ended = [
            asyncio.create_task(controllers.run(kit)),
            asyncio.create_task(briefing.follow(reader)),
            asyncio.create_task(stop.wait()),
        ]
        done, _ = await asyncio.wait([composites, *ended], return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        for task in ended:
            task.cancel()
        await asyncio.wait([composites], timeout=_GRACE)
        composites.cancel()
        await asyncio.gather(composites, *ended, return_exceptions=True)
        for task in done:
            task.result()


async def _composites(briefing: Briefing, data: Path, stop: asyncio.Event) -> None:
    served = [kind for kind in kinds.KINDS if kind.form is not Form.FORGE]
    async with HttpClient(briefing.connection(ServiceAccount.COMPOSITES), user_agent="krate-composites/0.1") as client:
        await engine.run(
            client,
            state=data,
            compositions=compositions(),
            options_override={"serves": functions.served(served), "gitURL": briefing.web},
            stop=stop,
        )


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True)
@click.option("--log-level", default="info")
def main(data: Path, log_level: str) -> None:
    """Not for people: `krate up` starts it."""
    logging.configure(level=log_level)
    asyncio.run(run(data))


if __name__ == "__main__":
    # The terminal's Ctrl-C goes to the whole group; A tells us in good order.
    os.setsid()
    main()
