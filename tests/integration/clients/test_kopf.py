"""kopf: an operator's own handlers, with its finalizers, patches, events and restarts."""

import contextlib
import itertools
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kopf
import pytest

import api_answers
import kopf_operators
import waiting
from krate import kinds
from served_api import API

# An operator that stops leaves the loop before the TLS connections of its watches have ended.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore:unclosed (<socket|transport):ResourceWarning"),
    pytest.mark.usefixtures("left_sockets"),
]

GROUP, PLURAL = kinds.REPOSITORY.group, kinds.REPOSITORY.plural
Calls = list[tuple[str, str, Any]]
"""Which handler was called, for which object, with what."""


@dataclass
class Operator:
    """An operator of repositories and ConfigMaps that tells what it was called with."""

    kubeconfig: Path
    namespace: str
    calls: Calls = field(default_factory=list)
    watch_seconds: float | None = None
    """After how long each of its watches ends and resumes."""

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()
        calls = self.calls

        @kopf.on.create(GROUP, PLURAL, registry=registry)
        async def create(name: str, spec: Any, meta: Any, body: Any, patch: kopf.Patch, **_: Any) -> None:
            calls.append(("create", name, spec.get("description")))
            kopf.info(body, reason="Seen", message="it was created")
            patch.status["observedGeneration"] = meta["generation"]

        @kopf.on.update(GROUP, PLURAL, field="spec.description", registry=registry)
        async def update(name: str, old: Any, new: Any, **_: Any) -> None:
            calls.append(("update", name, (old, new)))

        @kopf.on.resume(GROUP, PLURAL, registry=registry)
        async def resume(name: str, **_: Any) -> None:
            calls.append(("resume", name, None))

        @kopf.on.delete(GROUP, PLURAL, registry=registry)
        async def delete(name: str, **_: Any) -> None:
            calls.append(("delete", name, None))

        @kopf.on.event("v1", "configmaps", registry=registry)
        async def event(name: str, body: Any, **_: Any) -> None:
            calls.append(("event", name, body["data"]["k"]))

        return registry

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[Calls]:
        """While the block runs, so does the operator; its calls are the block's value."""
        registry = self._registry()
        seconds = self.watch_seconds
        async with kopf_operators.running(registry, self.kubeconfig, self.namespace, watch_seconds=seconds):
            yield self.calls


@pytest.fixture
def operator(kubeconfig: Path, namespace: str) -> Operator:
    return Operator(kubeconfig, namespace)


def stored(admin: API, namespace: str, name: str = "web") -> dict[str, Any]:
    return admin.read(kinds.REPOSITORY, name, namespace=namespace).json()


async def test_handlers(operator: Operator, admin: API, namespace: str) -> None:
    """Created, changed and deleted: each handler once; the finalizer is there between and the status is patched."""
    async with operator.running() as calls:
        api_answers.created(admin, kinds.REPOSITORY, api_answers.repository(), namespace)
        await waiting.until(lambda: stored(admin, namespace).get("status", {}).get("observedGeneration"))
        assert stored(admin, namespace)["metadata"]["finalizers"] == ["kopf.zalando.org/KopfFinalizerMarker"]
        admin.change(kinds.REPOSITORY, "web", {"spec": {"description": "a shop"}}, namespace=namespace)
        await waiting.until(lambda: len(calls) == 2)
        admin.remove(kinds.REPOSITORY, "web", namespace=namespace)
        await waiting.until(lambda: stored(admin, namespace)["kind"] == "Status")
    assert calls == [("create", "web", None), ("update", "web", (None, "a shop")), ("delete", "web", None)]


async def test_restart(operator: Operator, admin: API, namespace: str) -> None:
    """After a restart what was handled is resumed, what changed meanwhile is updated, what is new is created."""
    async with operator.running() as calls:
        api_answers.created(admin, kinds.REPOSITORY, api_answers.repository(), namespace)
        await waiting.until(lambda: stored(admin, namespace).get("status", {}).get("observedGeneration"))
    assert calls == [("create", "web", None)]
    calls.clear()
    admin.change(kinds.REPOSITORY, "web", {"spec": {"description": "a shop"}}, namespace=namespace)
    api_answers.created(admin, kinds.REPOSITORY, api_answers.repository("api"), namespace)
    async with operator.running():
        await waiting.until(lambda: len(calls) == 3)
    assert sorted(calls) == [("create", "api", None), ("resume", "web", None), ("update", "web", (None, "a shop"))]


async def test_events(operator: Operator, admin: API, namespace: str) -> None:
    """What its handlers did becomes an Event of the object."""
    async with operator.running():
        made = api_answers.created(admin, kinds.REPOSITORY, api_answers.repository(), namespace)
        chosen = {"fieldSelector": f"involvedObject.uid={made['metadata']['uid']}"}

        def told() -> list[tuple[str, str, str]]:
            found = admin.list(kinds.EVENT, namespace=namespace, **chosen).json()["items"]
            return [(one["type"], one["reason"], one["message"]) for one in found]

        await waiting.until(lambda: told() == [("Normal", "Seen", "it was created")])


async def test_watches_that_end(operator: Operator, admin: API, namespace: str) -> None:
    """Watches end after their time and resume where they stood: of changes before, between and after none is lost."""
    operator.watch_seconds = 1
    api_answers.created(admin, kinds.CONFIG_MAP, api_answers.config_map("a", {"k": "0"}), namespace)
    enough = time.monotonic() + 2.5
    async with operator.running() as calls:
        for number in itertools.takewhile(lambda _: time.monotonic() < enough, itertools.count(1)):
            admin.change(kinds.CONFIG_MAP, "a", {"data": {"k": str(number)}}, namespace=namespace)
            await waiting.until(lambda number=number: ("event", "a", str(number)) in calls)
