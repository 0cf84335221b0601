"""How long others wait while somebody sends what is made to hurt.

Run it as `PYTHONPATH=tests python -m tests.bench.stalls [WORD]`: each sample whose name has the word, or all.

A client of its own process asks for one small object over and over. Of each hostile request this prints the answer, how
long it took, the longest that the other client waited meanwhile, and what the server's memory grew to.
"""

import argparse
import base64
import contextlib
import http.client
import json
import multiprocessing
import ssl
import time
from collections.abc import Generator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import yaml
from tests.bench import servers
from tests.bench.harness import folder

import hostile_samples
from hostile_samples import Hostile

PATIENCE = 300.0


@dataclass(frozen=True)
class Target:
    """Where the server is and how to enter."""

    port: int
    ca: str
    pem: str

    @classmethod
    def of(cls, server: servers.Krate) -> "Target":
        user = yaml.safe_load(server.kubeconfig.read_text())["users"][0]["user"]
        pem = server.data / "bench.pem"
        pem.write_bytes(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
        return cls(int(server.api.rpartition(":")[2]), str(server.data / "pki" / "ca.crt"), str(pem))

    def connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=self.ca)
        context.load_cert_chain(self.pem)
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=PATIENCE)


@dataclass(frozen=True)
class Heart:
    """What the other client saw."""

    beats: int
    longest: float
    median: float


def _beat(target: Target, pipe: Connection) -> None:
    """Ask for a small object until told to stop; each word through the pipe asks what was seen since the last."""
    connection = target.connect()
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


def ask(target: Target, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """One request on a connection of its own; code 0 where the server hangs up on it."""
    with contextlib.closing(target.connect()) as connection:
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error).encode()


def prepare(target: Target) -> None:
    """Serve the definitions that samples need, and store the list that patches work on."""
    headers = {"content-type": hostile_samples.JSON}
    for body in hostile_samples.PREPARED:
        code, said = ask(target, "POST", hostile_samples.DEFINITIONS, json.dumps(body).encode(), headers)
        if code != http.client.CREATED:
            raise AssertionError(said)
        where = f"{hostile_samples.OBJECTS}/{body['spec']['names']['plural']}"
        servers.wait(where, lambda where=where: ask(target, "GET", where, b"", {})[0] == http.client.OK)
    for path, make in hostile_samples.STORED:
        code, said = ask(target, "POST", path, make(hostile_samples.LARGEST), headers)
        if code != http.client.CREATED:
            raise AssertionError(said)


def memory(pid: int) -> int:
    """Resident mebibytes of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024


def measure(target: Target, heart: Connection, sample: Hostile, pid: int) -> tuple[bool, float]:
    """Send one sample and print a line; answers whether the answer was right, and the longest wait of the other."""
    body = sample.body(hostile_samples.LARGEST)
    heart.send("begin")
    heart.recv()
    started = time.perf_counter()
    code, said = ask(target, sample.method, sample.path, body, {"content-type": sample.media, **sample.headers})
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
    return fine, seen.longest


def main(word: str) -> None:
    with folder() as place:
        server = servers.Krate(place / "krate")
        server.start()
        server.pause_controllers()
        try:
            target = Target.of(server)
            prepare(target)
            with beating(target) as heart:
                time.sleep(1)
                for sample in hostile_samples.SAMPLES:
                    if word in sample.name:
                        measure(target, heart, sample, server.pid)
        finally:
            server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="stalls")
    parser.add_argument("word", nargs="?", default="")
    main(parser.parse_args().word)
