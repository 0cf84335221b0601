"""How long others wait while somebody sends what is made to hurt.

Run it as `PYTHONPATH=tests python -m tests.bench.stalls [WORD]`: each sample whose name has the word, or all.

A client of its own process asks for one small object over and over. Of each hostile request this prints the answer, how
long it took, the longest that the other client waited meanwhile, and what the server's memory grew to.
"""

import argparse
import contextlib
import http.client
import json
import multiprocessing
import time
from collections.abc import Generator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.bench import servers
from tests.bench.clients import Target
from tests.bench.harness import Row, folder

import hostile_samples
from hostile_samples import Hostile


@dataclass(frozen=True)
class Heart:
    """What the other client saw."""

    beats: int
    longest: float
    median: float


def _beat(target: Target, pipe: Connection) -> None:
    """Ask for a small object until told to stop; each word through the pipe asks what was seen since the last."""
    connection = http.client.HTTPSConnection("127.0.0.1", target.port, context=target.trust())
    waits: list[float] = []
    while True:
        if pipe.poll():
            if pipe.recv() == "stop":
                return
            pipe.send(Heart(len(waits), max(waits), sorted(waits)[len(waits) // 2]))
            waits = []
        started = time.perf_counter()
        connection.request("GET", "/api/v1/namespaces/default")
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise AssertionError(answer.status)
        waits.append(time.perf_counter() - started)
        time.sleep(0.001)


@contextlib.contextmanager
def beating(target: Target) -> Generator[Connection]:
    """The other client."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_beat, args=(target, theirs), daemon=True)
    process.start()
    try:
        yield ours
    finally:
        ours.send("stop")
        process.join(10)


def prepare(target: Target) -> None:
    """Serve the definitions that samples need, and store the list that patches work on."""
    for body in hostile_samples.PREPARED:
        code, said = target.ask("POST", hostile_samples.DEFINITIONS, json.dumps(body).encode())
        if code != http.client.CREATED:
            raise AssertionError(said)
        where = f"{hostile_samples.OBJECTS}/{body['spec']['names']['plural']}"
        servers.wait(where, lambda where=where: target.ask("GET", where)[0] == http.client.OK)
    for path, make in hostile_samples.STORED:
        code, said = target.ask("POST", path, make(hostile_samples.LARGEST))
        if code != http.client.CREATED:
            raise AssertionError(said)


def memory(pid: int) -> int:
    """Resident mebibytes of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024


def measure(target: Target, heart: Connection, sample: Hostile, pid: int) -> float:
    """Send one sample and print a line, with a mark where the answer is wrong; answers how long the other waited."""
    body = sample.body(hostile_samples.LARGEST)
    heart.send("begin")
    heart.recv()
    started = time.perf_counter()
    code, said = target.ask(sample.method, sample.path, body, {"content-type": sample.media, **sample.headers})
    seconds = time.perf_counter() - started
    time.sleep(0.3)  # what the request leaves to be done
    heart.send("tell")
    seen: Heart = heart.recv()
    fine = code in sample.codes
    print(
        f"{sample.name:34} {code:>4}{' ' if fine else '!'} {seconds:6.2f} s"
        f"   others waited {seen.longest * 1000:6.0f} ms (median {seen.median * 1000:4.1f} ms)   {memory(pid):5} MiB"
        f"{'' if fine else '   ' + said[:150].decode(errors='replace')}",
        flush=True,
    )
    return seen.longest


def run(word: str = "") -> list[float]:
    """Send the samples whose name has the word; answers how long the other client waited at most during each."""
    with folder() as place, servers.krate(place) as server:
        server.pause_controllers()
        target = Target.of(server)
        prepare(target)
        with beating(target) as heart:
            time.sleep(1)
            chosen = [sample for sample in hostile_samples.SAMPLES if word in sample.name]
            return [measure(target, heart, sample, server.pid) for sample in chosen]


def longest() -> Row:
    """F8: the longest that anybody else waited during any of the hostile requests."""
    found = run()
    what = f"longest wait of others during {len(found)} hostile requests"
    return Row("F8", what, max(found), None, "s", None, "<= 0.5 s", max(found) <= 0.5, 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="stalls")
    parser.add_argument("word", nargs="?", default="")
    run(parser.parse_args().word)
