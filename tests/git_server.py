"""The embedded Git host in a process of its own, for tests that kill it: `python git_server.py ROOT ANNOUNCE`.

The address is written to the file ANNOUNCE once the host serves. What the environment variable KRATE_FAULT names
happens to the first push: `before-finish` and `after-begin` kill this process there; `stop-receive-pack` stops
receive-pack after the intent and kills this process once the hook has its answer. KRATE_FILE_SIZE limits, in bytes, the
files that this process and its Gits can write: a disk that is full in the middle.
"""

import asyncio
import json
import os
import resource
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import git_rooms
from krate.identity import Caller
from krate_git.embedded.host import EmbeddedHost, Options
from krate_git.interface import Push, RefUpdate, RepositoryFacts, RepositoryKey, Verdict, Via


class JournalSink:
    """A PushSink on a file of JSON lines, each on the disk before it counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: dict[str, Push] = {}
        self._pushed: set[RepositoryKey] = set()
        self._begun = 0
        for line in path.read_text().splitlines() if path.exists() else ():
            self._apply(json.loads(line))

    def _apply(self, entry: dict[str, Any]) -> None:
        match entry["what"]:
            case "begin":
                self._begun += 1
                self._open[entry["intent"]] = load_push(entry["push"])
            case "finish":
                push = self._open.pop(entry["intent"])
                if entry["moved"]:
                    self._pushed.add(push.key)
            case _:
                pass

    def _write(self, **entry: Any) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(entry) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._apply(json.loads(json.dumps(entry)))

    async def never_pushed(self, key: RepositoryKey) -> bool:
        return key not in self._pushed

    async def begin(self, push: Push, verdict: Verdict) -> str:
        intent = f"intent-{self._begun}"
        self._write(what="begin", intent=intent, push=asdict(push), verdict=asdict(verdict))
        return intent

    async def finish(self, intent: str, moved: Sequence[RefUpdate], facts: RepositoryFacts) -> None:
        if intent in self._open:
            self._write(what="finish", intent=intent, moved=[asdict(update) for update in moved], facts=asdict(facts))

    async def denied(self, push: Push, verdict: Verdict) -> None:
        self._write(what="denied", push=asdict(push), verdict=asdict(verdict))

    async def open_intents(self) -> Sequence[tuple[str, Push]]:
        return list(self._open.items())

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._path.read_text().splitlines()]


def load_push(stored: dict[str, Any]) -> Push:
    caller = stored["caller"]
    extra = {key: tuple(values) for key, values in caller["extra"].items()}
    return Push(
        RepositoryKey(**stored["key"]),
        Caller(caller["username"], tuple(caller["groups"]), caller["uid"], extra),
        Via(stored["via"]),
        tuple(RefUpdate(**update) for update in stored["updates"]),
        stored["correlation_id"],
        stored["pull_request"],
    )


class FaultySink(JournalSink):
    """Does to this process what KRATE_FAULT says."""

    fault = os.environ.get("KRATE_FAULT", "")

    async def begin(self, push: Push, verdict: Verdict) -> str:
        intent = await super().begin(push, verdict)
        if self.fault == "after-begin":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault == "stop-receive-pack":
            (pid,) = receive_packs(os.getpid())
            os.kill(pid, signal.SIGSTOP)
            hook = next(iter(children(pid)))
            asyncio.get_running_loop().create_task(die_after(hook))
        return intent

    async def finish(self, intent: str, moved: Sequence[RefUpdate], facts: RepositoryFacts) -> None:
        if self.fault == "before-finish":
            os.kill(os.getpid(), signal.SIGKILL)
        await super().finish(intent, moved, facts)


async def die_after(hook: int) -> None:
    """Kill this process once the hook, whose parent is stopped and cannot reap it, has ended."""
    while (Path("/proc") / str(hook) / "stat").read_text().rpartition(")")[2].split()[0] != "Z":  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    os.kill(os.getpid(), signal.SIGKILL)


def children(pid: int) -> dict[int, str]:
    """Direct children and their command lines."""
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def receive_packs(pid: int) -> list[int]:
    """Receive-packs that a process started."""
    return [child for child, command in children(pid).items() if "receive-pack --stateless-rpc" in command]


async def main(root: Path, announce: Path) -> None:
    if limit := int(os.environ.get("KRATE_FILE_SIZE", "0")):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sink = FaultySink(root / "journal")
    host = EmbeddedHost(
        root / "data", sink=sink, gatekeeper=git_rooms.everybody(), options=Options(archive_secret=git_rooms.SECRET)
    )
    await host.start()
    await git_rooms.fill(host)
    async with git_rooms.serve(host.listener()) as port:
        announce.write_text(str(port))  # noqa: ASYNC240 - a few bytes
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
