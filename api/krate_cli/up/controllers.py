"""Process B: controllers and the composite engine, fed by A through standard input.

Each line is JSON: where the API is, whom to trust, and a token for every controller; later lines bring fresh tokens.
When standard input ends, A is gone and so are we.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click
import yaml

from krate import kinds, logging
from krate.kinds import Form
from krate.names import ServiceAccount
from krate_cli import resources
from krate_functions import options as functions
from krate_functions.engine import loop as engine
from krate_kube.client import HttpClient
from krate_kube.connections import Connection

_LINE: Final = 1024 * 1024


@dataclass(slots=True)
class Briefing:
    """What A told us last."""

    server: str
    web: str
    ca: str
    tokens: dict[str, str] = field(repr=False)

    @classmethod
    def parse(cls, line: bytes) -> "Briefing":
        raw: Mapping[str, Any] = json.loads(line)
        return cls(raw["server"], raw["web"], raw["ca"], dict(raw["tokens"]))

    def client(self, account: ServiceAccount) -> HttpClient:
        """A client of one controller; its token is looked up for every request, so fresh ones are picked up."""
        connection = Connection(self.server, ca=self.ca, token=lambda: self.tokens[account.value])
        return HttpClient(connection, user_agent=f"{account.value}/0.1")


async def _lines() -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    return reader


async def _follow(reader: asyncio.StreamReader, briefing: Briefing, stop: asyncio.Event) -> None:
    """Take in fresh tokens until A is gone."""
    while line := await reader.readline():
        briefing.tokens |= Briefing.parse(line).tokens
    stop.set()


def compositions() -> Sequence[dict[str, Any]]:
    """The Compositions that this installation ships."""
    folder = resources.folder("compositions")
    files = sorted(folder.glob("*/composition.yaml"))
    return [yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader) for file in files]


async def run(data: Path) -> None:
    """Run until A goes, or a part fails."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, stop.set)
    reader = await _lines()
    line = await reader.readline()
    if not line:
        return
    briefing = Briefing.parse(line)
    async with asyncio.TaskGroup() as group:
        group.create_task(_follow(reader, briefing, stop))
        group.create_task(_composites(briefing, data, stop))


async def _composites(briefing: Briefing, data: Path, stop: asyncio.Event) -> None:
    served = [kind for kind in kinds.KINDS if kind.form is not Form.FORGE]
    async with briefing.client(ServiceAccount.COMPOSITES) as client:
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
