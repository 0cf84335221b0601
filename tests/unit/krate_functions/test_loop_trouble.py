"""What the server refuses or breaks off: the loop says it, tries again, and goes on with the rest."""

import asyncio
from pathlib import Path

import pytest

import factories
from composite_rooms import (
    COMPOSITIONS,
    all_ready,
    declare,
    events,
    failing,
    is_ready,
    looping,
    quiet_events,
    said,
    writers,
)
from krate import errors, kinds
from krate_functions.engine import loop
from krate_kube.interface import Unreachable
from krate_kube.memory import MemoryClient
from waiting import until


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "problem",
    [
        errors.Conflict(),
        errors.AlreadyExists(),
        errors.Forbidden("no"),
        errors.InternalError("boom"),
        errors.TooManyRequests(),
        Unreachable("refused"),
    ],
    ids=lambda problem: type(problem).__name__,
)
async def test_trouble_passes(controlled: MemoryClient, tmp_path: Path, problem: Exception) -> None:
    """Whatever the server answers for a while, composites turn Ready once it answers well."""
    controlled.interceptor = failing(kinds.HOSTED_REPOSITORY, "create", problem, times=3)
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
    assert said(controlled, kinds.REPOSITORY, "web", "Synced")["status"] == "True"


@pytest.mark.usefixtures("impatient")
async def test_a_refusal_is_said(controlled: MemoryClient, tmp_path: Path) -> None:
    """An object that the server forbids stops the reconcile, which says why, as condition and as event."""
    problem = errors.Forbidden('hostedrepositories.host.krate.a5c.ai "web" is forbidden: no')
    controlled.interceptor = failing(kinds.HOSTED_REPOSITORY, "create", problem, times=float("inf"))
    text = f'cannot compose resources: cannot apply composed resource "repository": {problem.message}'
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await until(lambda: said(controlled, kinds.REPOSITORY, "web", "Synced").get("message") == text)
        await quiet_events(controlled)
    found = [event for event in events(controlled) if event["reason"] == "ReconcileError"]
    assert [(event["type"], event["message"], event["involvedObject"]["name"]) for event in found] == [
        ("Warning", text, "web")
    ]


@pytest.mark.usefixtures("impatient")
async def test_an_invalid_object_does_not_stop_the_others(controlled: MemoryClient, tmp_path: Path) -> None:
    """422 marks one object unsynced; everything else is written, and the composite is in sync once it is valid."""
    problem = errors.Invalid('HostedAccess "web" is invalid: spec: no')
    controlled.interceptor = failing(kinds.HOSTED_ACCESS, "create", problem, times=float("inf"))
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await until(lambda: said(controlled, kinds.REPOSITORY, "web", "Synced").get("reason") == "ReconcileError")
        await until(lambda: writers(controlled) == ["alice", "bob"])
        message = said(controlled, kinds.REPOSITORY, "web", "Synced")["message"]
        assert message == f"Unsynced resources: host-access: {problem.message}"
        controlled.interceptor = None
        await until(lambda: is_ready(controlled, kinds.REPOSITORY, "web"))
    assert said(controlled, kinds.REPOSITORY, "web", "Synced")["status"] == "True"


@pytest.mark.usefixtures("impatient")
async def test_a_fatal_result(client: MemoryClient, tmp_path: Path) -> None:
    """A function that refuses its input is quoted in Synced, and nothing is touched."""
    async with looping(client, tmp_path, options_override={"serves": []}):
        await client.create(kinds.ORGANIZATION, factories.make_organization())
        await until(lambda: said(client, kinds.ORGANIZATION, "acme", "Synced").get("status") == "False")
    assert said(client, kinds.ORGANIZATION, "acme", "Synced")["message"] == (
        'cannot compose resources: pipeline step "compose" returned a fatal result: Compose input is invalid: '
        "options.serves: Tuple should have at least 1 item after validation, not 0"
    )
    assert client.stored(kinds.NAMESPACE, "acme") is None


@pytest.mark.usefixtures("impatient")
async def test_a_kind_that_may_not_be_watched(controlled: MemoryClient, tmp_path: Path) -> None:
    """The composite says which kind it cannot see, and goes on once it may."""
    await until(lambda: any((a.verb, a.kind) == ("watch", kinds.HOSTED_TEAM) for a in controlled.actions))
    problem = errors.Forbidden("hostedteams.host.krate.a5c.ai is forbidden")
    controlled.interceptor = failing(kinds.HOSTED_TEAM, "list", problem, times=float("inf"))
    text = f"cannot compose resources: cannot watch HostedTeam: {problem.message}"
    async with looping(controlled, tmp_path):
        await controlled.create(kinds.ORGANIZATION, factories.make_organization())
        await until(lambda: is_ready(controlled, kinds.ORGANIZATION, "acme"))
        await controlled.create(kinds.TEAM, factories.make_team())
        await until(lambda: said(controlled, kinds.TEAM, "platform", "Synced").get("message") == text)
        controlled.interceptor = None
        await until(lambda: is_ready(controlled, kinds.TEAM, "platform"))


@pytest.mark.usefixtures("impatient")
async def test_composites_that_may_not_be_watched_yet(controlled: MemoryClient, tmp_path: Path) -> None:
    """A loop that starts before its rights waits for them."""
    controlled.interceptor = failing(kinds.TEAM, "list", errors.Forbidden("no"), times=3)
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)


async def test_watches_that_break(controlled: MemoryClient, tmp_path: Path) -> None:
    """Ended watches resume, and what changed while history was forgotten is found by listing."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
        controlled.compact()
        controlled.end_watches()
        await controlled.patch(kinds.TEAM, "platform", {"spec": {"members": ["bob"]}}, namespace="acme")
        await until(lambda: writers(controlled) == ["bob"])


async def test_stopping_before_anything_is_served(tmp_path: Path) -> None:
    """A loop whose server does not answer stops when it is told to."""
    client = MemoryClient()
    client.interceptor = failing(kinds.ORGANIZATION, "list", Unreachable("refused"), times=float("inf"))
    stop = asyncio.Event()
    task = asyncio.create_task(loop.run(client, state=tmp_path, compositions=COMPOSITIONS, stop=stop))
    await until(lambda: bool(client.actions))
    stop.set()
    await asyncio.wait_for(task, 5)


async def test_a_composition_for_nobody(tmp_path: Path) -> None:
    """A Composition of a kind that the platform does not know is refused at the start."""
    broken = {
        **COMPOSITIONS[0],
        "spec": {**COMPOSITIONS[0]["spec"], "compositeTypeRef": {"apiVersion": "v1", "kind": "X"}},
    }
    with pytest.raises(Exception, match="is for v1 X, which is no kind of this platform"):
        await loop.run(MemoryClient(), state=tmp_path, compositions=[broken], stop=asyncio.Event())
