"""kopf and a kind of a definition: indexes, timers, daemons, children, peering, and a history that is gone."""

import contextlib
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import kopf
import pytest

import crd_rooms
import kopf_operators
import waiting
from served_api import API

# An operator that stops leaves the loop before the TLS connections of its watches have ended.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore:unclosed (<socket|transport):ResourceWarning"),
    pytest.mark.usefixtures("left_sockets"),
]

PEERINGS = crd_rooms.definition(group="kopf.dev", kind="KopfPeering")
Calls = list[tuple[Any, ...]]


class Room:
    """Fleets in a namespace."""

    def __init__(self, admin: API, kubeconfig: Path, namespace: str) -> None:
        self.definition = crd_rooms.fleet()
        crd_rooms.established(admin, self.definition)
        self.group = self.definition["spec"]["group"]
        self.where = crd_rooms.collection(self.definition, namespace)
        self.admin, self.kubeconfig, self.namespace = admin, kubeconfig, namespace

    def create(self, name: str, **spec: Any) -> None:
        body = crd_rooms.thing(self.definition, name, spec=spec)
        self.admin.post(self.where, json=body).raise_for_status()

    def read(self, name: str) -> dict[str, Any]:
        return self.admin.get(f"{self.where}/{name}").json()

    def delete(self, name: str) -> None:
        self.admin.delete(f"{self.where}/{name}").raise_for_status()

    def gone(self, name: str) -> bool:
        return self.read(name)["kind"] == "Status"

    @contextlib.asynccontextmanager
    async def operated(self, registry: kopf.OperatorRegistry, **options: Any) -> AsyncGenerator[None]:
        async with kopf_operators.running(registry, self.kubeconfig, self.namespace, **options):
            yield


@pytest.fixture
def room(admin: API, kubeconfig: Path, namespace: str) -> Room:
    return Room(admin, kubeconfig, namespace)


async def test_daemons_timers_and_indexes(room: Room) -> None:
    """A daemon and a timer live as long as their object, whose finalizer goes when they have ended; indexes follow."""
    registry, calls = kopf.OperatorRegistry(), Calls()

    @kopf.index(room.group, "fleets", id="ports", registry=registry)
    async def ports(name: str, spec: Any, **_: Any) -> dict[str, str]:
        return {spec.get("port", ""): name}

    @kopf.timer(room.group, "fleets", interval=0.1, registry=registry)
    async def tick(name: str, patch: kopf.Patch, status: Any, ports: kopf.Index[str, str], **_: Any) -> None:
        patch.status["replicas"] = status.get("replicas", 0) + 1
        calls.append(("tick", name, sorted(ports.get("80", ()))))

    @kopf.daemon(room.group, "fleets", registry=registry)
    async def watch_over(name: str, stopped: kopf.DaemonStopped, patch: kopf.Patch, **_: Any) -> None:
        patch.status["phase"] = "Watched"
        await stopped.wait(30)
        calls.append(("relieved", name))

    async with room.operated(registry):
        room.create("a", port="80")
        room.create("b", port="80")
        await waiting.until(lambda: room.read("a").get("status", {}).get("replicas", 0) > 2)
        assert room.read("a")["metadata"]["finalizers"] == ["kopf.zalando.org/KopfFinalizerMarker"]
        await waiting.until(lambda: ("tick", "a", ["a", "b"]) in calls)
        room.delete("b")
        await waiting.until(lambda: room.gone("b"))
        assert ("relieved", "b") in calls
        calls.clear()
        await waiting.until(lambda: ("tick", "a", ["a"]) in calls)
        room.delete("a")
        await waiting.until(lambda: room.gone("a"))


async def test_children_and_retries(room: Room) -> None:
    """A handler that fails is tried again, its progress is an annotation; what it made belongs to the object."""
    registry = kopf.OperatorRegistry()
    tried: list[int] = []

    @kopf.on.create(room.group, "fleets", registry=registry)
    async def create(retry: int, **_: Any) -> None:
        tried.append(retry)
        if retry < 2:
            raise kopf.TemporaryError("not yet", delay=0.05)
        child = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}, "data": {}}
        kopf.adopt(child)
        path = f"/api/v1/namespaces/{room.namespace}/configmaps"
        room.admin.post(path, json=child).raise_for_status()

    @kopf.on.update(room.group, "fleets", field="spec.port", registry=registry)
    async def update(patch: kopf.Patch, new: str, **_: Any) -> None:
        patch.spec["replicas"] = int(new)

    configs = f"/api/v1/namespaces/{room.namespace}/configmaps"

    def children() -> list[str]:
        items = room.admin.get(configs).json()["items"]
        return [owner["name"] for item in items for owner in item["metadata"].get("ownerReferences", ())]

    async with room.operated(registry):
        room.create("a", port="80")
        await waiting.until(lambda: children() == ["a"])
        assert tried == [0, 1, 2]
        handled = "kopf.zalando.org/last-handled-configuration"
        await waiting.until(lambda: handled in room.read("a")["metadata"].get("annotations", {}))
        merge = {"content-type": "application/merge-patch+json"}
        room.admin.patch(f"{room.where}/a", content=b'{"spec":{"port":"7"}}', headers=merge).raise_for_status()
        await waiting.until(lambda: room.read("a")["spec"]["replicas"] == 7)


async def test_peering(room: Room) -> None:
    """Of two operators with a peering the one of higher priority works; when it leaves, the other goes on."""
    if room.admin.post(crd_rooms.PATH, json=PEERINGS).status_code == 201:
        crd_rooms.wait(room.admin, PEERINGS)
    peering = crd_rooms.thing(PEERINGS, "peers")
    room.admin.post(crd_rooms.collection(PEERINGS, room.namespace), json=peering).raise_for_status()
    calls = Calls()

    def registry(who: str) -> kopf.OperatorRegistry:
        found = kopf.OperatorRegistry()

        @kopf.on.create(room.group, "fleets", registry=found)
        async def create(name: str, **_: Any) -> None:
            calls.append((who, name))

        return found

    def peers() -> list[int]:
        status = room.admin.get(f"{crd_rooms.collection(PEERINGS, room.namespace)}/peers").json().get("status") or {}
        return sorted(peer["priority"] for peer in status.values())

    async with room.operated(registry("low"), peering_name="peers", priority=1):
        room.create("a")
        await waiting.until(lambda: calls == [("low", "a")])
        async with room.operated(registry("high"), peering_name="peers", priority=9):
            await waiting.until(lambda: peers() == [1, 9])
            room.create("b")
            await waiting.until(lambda: ("high", "b") in calls)
        await waiting.until(lambda: peers() == [1])
        room.create("c")
        await waiting.until(lambda: ("low", "c") in calls)


async def test_a_history_that_is_gone(
    room: Room, forget: Callable[[str], int], caplog: pytest.LogCaptureFixture
) -> None:
    """A watch that resumes below what is left of the history gets 410 and lists again: no object is lost.

    Nobody else has fleets here, so that the history ends above what the operator saw only when one was created while
    its watch was interrupted.
    """
    registry = kopf.OperatorRegistry()
    seen: set[str] = set()
    made: set[str] = set()

    @kopf.on.event(room.group, "fleets", registry=registry)
    async def event(name: str, **_: Any) -> None:
        seen.add(name)

    def restarted() -> bool:
        made.add(name := f"f{len(made)}")
        room.create(name)
        forget(room.definition["metadata"]["name"])
        return any("Restarting the watch-stream for fleets" in record.message for record in caplog.records)

    with caplog.at_level("DEBUG", "kopf"):
        async with room.operated(registry, watch_seconds=1, gap=0.3):
            room.create("first")
            await waiting.until(lambda: seen == {"first"})
            await waiting.until(restarted)
            await waiting.until(lambda: seen == {"first", *made})
