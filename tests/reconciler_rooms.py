"""A reconciler of one hosted repository, whose steps say what the test wants."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import structlog

import factories
from krate import conditions, kinds
from krate.conditions import Reason, Type
from krate.models import HostedRepository
from krate.names import ServiceAccount
from krate_controllers.controller import Controller
from krate_controllers.loops import Again
from krate_controllers.outcomes import Done, Outcome
from krate_controllers.reconciler import Reconciler
from krate_kube.memory import MemoryClient

KIND = kinds.HOSTED_REPOSITORY
KEY = ("acme", "web")
LOG = structlog.get_logger()
T0 = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
FINALIZER = "krate.a5c.ai/hosted"
SPEC = {"forProvider": {"owner": "acme", "name": "web", "repository": "web"}}
READY = conditions.true(Type.READY, Reason.AVAILABLE)
UNREADY = conditions.false(Type.READY, Reason.CREATING, "Waiting for something.")


def hosted(**metadata: Any) -> dict[str, Any]:
    return factories.make(KIND, "web", metadata={"generation": 1, **metadata}, spec=SPEC)


def step(*outcomes: Outcome | Exception) -> Any:
    """A step that has one thing to say after the other; the last one for ever."""
    script: Iterator[Outcome | Exception] = iter(outcomes)
    last: list[Outcome | Exception] = []

    async def run(_view: HostedRepository, _deps: None) -> Outcome:
        last[:] = [next(script, last[0] if last else Done())]
        if isinstance(last[0], Exception):
            raise last[0]
        return last[0]

    return run


def row(*steps: Any, **options: Any) -> Controller[HostedRepository, None]:
    base: Controller[HostedRepository, None] = Controller("test", KIND, ServiceAccount.HOSTED, steps=steps)
    return replace(base, **options)


def build(client: MemoryClient, controller: Controller[HostedRepository, None]) -> Reconciler[HostedRepository, None]:
    return Reconciler(controller, None, client, now=lambda: T0, log=LOG)


async def reconcile(
    controller: Controller[HostedRepository, None], found: dict[str, Any]
) -> tuple[Again | None, dict[str, Any] | None, MemoryClient]:
    """Reconcile `found` once; answers when to look again, the object afterwards, and the server."""
    client = MemoryClient(namespaces=["acme"])
    client.seed(found)
    again = await build(client, controller).reconcile(KEY)
    return again, client.stored(KIND, "web", namespace="acme"), client


def said(*entries: tuple[str, str, str, str]) -> list[dict[str, Any]]:
    """Conditions as they are stored."""
    return [
        {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastTransitionTime": "2026-03-01T12:00:00Z",
            "observedGeneration": 1,
        }
        for kind, status, reason, message in entries
    ]
