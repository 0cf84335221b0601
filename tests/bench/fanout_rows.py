"""The row about watches: how long a change takes to reach each of many watchers."""

import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench import servers
from tests.bench.clients import Target, ask
from tests.bench.definition_rows import PATH, definition
from tests.bench.harness import Row, folder

import cluster_tools
import control_plane

WATCHERS = 200
EVENTS = 200
PAUSE = 0.04
ROUNDS = 3
_KIND = definition(0)
_OBJECTS = "/apis/g0.bench.example.com/v1/namespaces/default/kinds0"
_MARK = b'"field3":"'


@dataclass
class Watcher(asyncio.Protocol):
    """One watch on a connection of its own: notes how old the newest change is when it arrives."""

    waits: list[float]
    request: bytes
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.ready.set()
        start = data.rfind(_MARK)
        if start >= 0:
            sent = data[start + len(_MARK) :].partition(b'"')[0]
            self.waits.append(time.perf_counter() - float(sent))


def body() -> bytes:
    """An object of 1.7 KB that says when it was sent."""
    spec = {f"field{number}": "x" * 60 for number in (1, 2, 4, *range(6, 10), *range(11, 15), *range(16, 20), 21, 22)}
    return json.dumps({"spec": {**spec, "field3": repr(time.perf_counter())}}).encode()


def measure(target: Target) -> list[float]:
    """Seconds from the sending of each patch to its arrival at each watcher."""
    servers.wait("the kind", lambda: target.ask("GET", _OBJECTS)[0] == 200)
    target.ask("DELETE", f"{_OBJECTS}/one")
    made = {"apiVersion": "g0.bench.example.com/v1", "kind": "Kind0", "metadata": {"name": "one"}}
    code, said = target.ask("POST", _OBJECTS, json.dumps(made).encode())
    if code != 201:
        raise AssertionError(said)
    version = json.loads(said)["metadata"]["resourceVersion"]
    return asyncio.run(_watched(target, version))


async def _watched(target: Target, version: str) -> list[float]:
    loop, trust = asyncio.get_running_loop(), target.trust()
    waits: list[float] = []
    head = f"GET {_OBJECTS}?watch=1&resourceVersion={version} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode()
    watchers: list[Watcher] = []
    for _ in range(WATCHERS):
        _, watcher = await loop.create_connection(
            lambda: Watcher(waits, head), "127.0.0.1", target.port, ssl=trust, server_hostname="127.0.0.1"
        )
        await watcher.ready.wait()
        watchers.append(watcher)
    await asyncio.to_thread(_patch, target)
    for _ in range(100):
        if len(waits) >= WATCHERS * EVENTS:
            break
        await asyncio.sleep(0.1)
    for watcher in watchers:
        watcher.transport.abort()
    if len(waits) < 0.95 * WATCHERS * EVENTS:  # several that arrive together count as one
        raise AssertionError(f"{len(waits)} of {WATCHERS * EVENTS} events arrived")
    return waits


def _patch(target: Target) -> None:
    headers = {"content-type": "application/merge-patch+json"}
    with target.connected() as connection:
        for _ in range(EVENTS):
            ask(connection, "PATCH", f"{_OBJECTS}/one", body(), headers)
            time.sleep(PAUSE)


def _summary(waits: Sequence[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(waits, n=100)
    return cuts[49], cuts[98]


def fan_out() -> Row:
    """F5: from a patch to each of 200 watchers, p99; beside kube-apiserver and etcd with the same definition."""
    ours: list[float] = []
    peer: list[float] = []
    tools = all(cluster_tools.path(name).exists() for name in ("etcd", "kube-apiserver"))
    with folder() as place, servers.krate(place) as server:
        target = Target.of(server)
        target.ask("POST", PATH, json.dumps(_KIND).encode())
        server.pause_controllers()
        if not tools:
            return _row(measure(target), None)
        with control_plane.ControlPlane(place / "cluster", durable=True, controllers=False) as cluster:
            other = Target.of_cluster(cluster)
            other.ask("POST", PATH, json.dumps(_KIND).encode())
            for _ in range(ROUNDS):
                ours += measure(target)
                peer += measure(other)
    return _row(ours, peer)


def _row(ours: Sequence[float], peer: Sequence[float] | None) -> Row:
    p50, p99 = _summary(ours)
    other50, other99 = _summary(peer) if peer else (None, None)
    ratio = other99 / p99 if other99 else None
    note = f"p50 {p50 * 1000:.1f} ms" + (f", peer {other50 * 1000:.1f} ms" if other50 else "")
    what = f"a patch to {WATCHERS} watchers, p99 (kube-apiserver)"
    return Row("F5", what, p99, other99, "s", ratio, ">= 1x", bool(ratio and ratio >= 1), ROUNDS, note)
