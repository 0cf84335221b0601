"""Writing: composed objects, statuses, defaults, and what the server may answer."""

import copy
import datetime as dt
from typing import Any

import pytest

import factories
from krate import conditions, errors, kinds
from krate.conditions import Reason, Type
from krate_functions.composition import Event, Severity
from krate_functions.engine import applying, defaulting
from krate_functions.engine.recording import Recorder
from krate_kube.actions import Action
from krate_kube.memory import MemoryClient

NOW = dt.datetime(2026, 11, 25, 10, tzinfo=dt.UTC)
MOMENT = "2026-11-25T10:00:00Z"


def owned(obj: dict[str, Any], uid: str = "us") -> dict[str, Any]:
    owner = {"apiVersion": "v1", "kind": "Owner", "name": uid, "uid": uid, "controller": True}
    return factories.merge(obj, {"metadata": {"ownerReferences": [owner]}})


@pytest.fixture
def client() -> MemoryClient:
    return MemoryClient(namespaces=["acme"], now=lambda: NOW)


def intercepting(verb: str, problem: errors.StatusError, *, also: Any = None) -> Any:
    """Lets every call of one verb fail, after doing something else."""

    def intercept(action: Action) -> None:
        if action.verb == verb:
            if also is not None:
                also()
            raise problem

    return intercept


async def test_defaults_are_no_difference(client: MemoryClient) -> None:
    """What the server fills in by itself is not written again: the second apply changes nothing."""
    wanted = owned(factories.make_ref_policy())
    first = await applying.apply(client, wanted, live=None, last=None)
    live = client.stored(kinds.REF_POLICY, "internal-refs", namespace="acme")
    second = await applying.apply(client, wanted, live=live, last=first.wanted)
    assert (first.changed, second.changed) == (True, False)
    assert live["spec"]["failurePolicy"] == "Fail"


async def test_a_stale_look_is_looked_at_again(client: MemoryClient) -> None:
    """An object seen as absent that exists, or seen at an older version, is read again and merged, once."""
    wanted = owned(factories.make_config_map(data={"colour": "red"}))
    await client.create(kinds.CONFIG_MAP, factories.make_config_map(data={"theirs": "1"}))
    old = client.stored(kinds.CONFIG_MAP, "settings", namespace="acme")
    assert (await applying.apply(client, wanted, live=None, last=None)).changed
    await client.patch(kinds.CONFIG_MAP, "settings", {"data": {"colour": "blue"}}, namespace="acme")
    assert (await applying.apply(client, wanted, live=old, last=None)).changed
    found = client.stored(kinds.CONFIG_MAP, "settings", namespace="acme")
    assert found["data"] == {"theirs": "1", "colour": "red"}


async def test_an_object_that_vanished_is_made_again(client: MemoryClient) -> None:
    """A write to an object that went in the meantime becomes its creation."""
    wanted = owned(factories.make_config_map())
    await applying.apply(client, wanted, live=None, last=None)
    live = client.stored(kinds.CONFIG_MAP, "settings", namespace="acme")
    await client.delete(kinds.CONFIG_MAP, "settings", namespace="acme")
    assert (await applying.apply(client, {**wanted, "data": {"a": "b"}}, live=live, last=None)).changed
    assert client.stored(kinds.CONFIG_MAP, "settings", namespace="acme")["data"] == {"a": "b"}


async def test_endless_conflict_is_given_up(client: MemoryClient) -> None:
    """Whoever keeps changing an object wins; the error is the server's."""
    live = await client.create(kinds.CONFIG_MAP, factories.make_config_map())
    client.interceptor = intercepting("patch", errors.Conflict("again"))
    with pytest.raises(errors.Conflict, match="again"):
        await applying.apply(client, owned(factories.make_config_map()), live=live, last=None)
    assert sum(action.verb == "patch" for action in client.actions) == applying.ATTEMPTS


async def test_a_namespace_that_is_missing(client: MemoryClient) -> None:
    """There is nothing to try again where nothing can be created."""
    with pytest.raises(errors.NotFound):
        await applying.apply(
            client, owned(factories.make_config_map(metadata={"namespace": "x"})), live=None, last=None
        )
    assert sum(action.verb == "create" for action in client.actions) == 1


async def test_removing(client: MemoryClient) -> None:
    """Only the very object that was seen is deleted; one that is going, gone or replaced is left alone."""
    live = await client.create(kinds.CONFIG_MAP, factories.make_config_map())
    going = factories.merge(live, {"metadata": {"deletionTimestamp": MOMENT}})
    await applying.remove(client, going)
    await applying.remove(client, factories.merge(live, {"metadata": {"uid": "another"}}))
    assert client.stored(kinds.CONFIG_MAP, "settings", namespace="acme") is not None
    await applying.remove(client, live)
    await applying.remove(client, live)
    assert client.stored(kinds.CONFIG_MAP, "settings", namespace="acme") is None


READY = conditions.true(Type.READY, Reason.AVAILABLE)
CONDITION = {
    "type": "Ready",
    "status": "True",
    "reason": "Available",
    "message": "",
    "lastTransitionTime": MOMENT,
    "observedGeneration": 1,
}


@pytest.fixture
async def team(client: MemoryClient) -> dict[str, Any]:
    return await client.create(kinds.TEAM, factories.make_team())


def recorder(client: MemoryClient) -> Recorder:
    return Recorder(client, lambda: NOW)


async def test_a_status_is_written_when_it_differs(client: MemoryClient, team: dict[str, Any]) -> None:
    """The first write is answered with what turned, the second finds nothing to do."""
    first = await recorder(client).status(kinds.TEAM, team, [READY], wanted={"memberCount": 2}, last=None)
    stored = client.stored(kinds.TEAM, "platform", namespace="acme")
    assert stored["status"] == {"memberCount": 2, "conditions": [CONDITION]}
    assert first.composite == stored
    assert first.events == (Event(Severity.NORMAL, "Available", "Ready is True."),)
    assert await recorder(client).status(kinds.TEAM, stored, [READY], wanted={"memberCount": 2}, last=None) is None


async def test_a_field_that_is_wanted_no_more_goes(client: MemoryClient, team: dict[str, Any]) -> None:
    """Fields that were wanted last time and are not now are removed; without memory they stay."""
    await recorder(client).status(kinds.TEAM, team, [READY], wanted={"memberCount": 2}, last=None)
    stored = client.stored(kinds.TEAM, "platform", namespace="acme")
    await recorder(client).status(kinds.TEAM, stored, [READY], wanted={}, last=None)
    assert client.stored(kinds.TEAM, "platform", namespace="acme")["status"]["memberCount"] == 2
    await recorder(client).status(kinds.TEAM, stored, [READY], wanted={}, last={"memberCount": 2})
    assert "memberCount" not in client.stored(kinds.TEAM, "platform", namespace="acme")["status"]


async def test_a_status_of_others_written_meanwhile(client: MemoryClient, team: dict[str, Any]) -> None:
    """On a conflict the composite is read again, and the condition of the other writer is kept."""
    theirs = {**CONDITION, "type": "Mirrored"}
    await client.patch(
        kinds.TEAM, "platform", {"status": {"conditions": [theirs]}}, namespace="acme", subresource="status"
    )
    await recorder(client).status(kinds.TEAM, team, [READY], wanted=None, last=None)
    found = client.stored(kinds.TEAM, "platform", namespace="acme")["status"]["conditions"]
    assert [entry["type"] for entry in found] == ["Mirrored", "Ready"]


async def test_a_status_nobody_can_write(client: MemoryClient, team: dict[str, Any]) -> None:
    """Endless conflict is the server's error, after a few attempts."""
    client.interceptor = intercepting("patch", errors.Conflict("again"))
    with pytest.raises(errors.Conflict, match="again"):
        await recorder(client).status(kinds.TEAM, team, [READY], wanted=None, last=None)


@pytest.mark.parametrize("when", ["before", "between", "replaced"])
async def test_a_composite_that_is_gone(client: MemoryClient, team: dict[str, Any], when: str) -> None:
    """A status for a composite that went, or that another one of that name followed, is nobody's."""
    if when == "between":
        client.interceptor = intercepting("patch", errors.Conflict())
    await client.delete(kinds.TEAM, "platform", namespace="acme")
    if when == "replaced":
        await client.create(kinds.TEAM, factories.make_team())
    assert await recorder(client).status(kinds.TEAM, team, [READY], wanted=None, last=None) is None


async def test_events(client: MemoryClient, team: dict[str, Any]) -> None:
    """An event names its object, stands in its namespace, and is written once for one moment."""
    told = [Event(Severity.WARNING, "TeamCycle", "a -> a"), Event(Severity.WARNING, "TeamCycle", "a -> a")]
    await recorder(client).events(team, told)
    (found,) = (await client.list(kinds.EVENT, namespace="acme")).items
    kept = ("involvedObject", "reason", "message", "type", "count", "firstTimestamp", "lastTimestamp", "source")
    assert {key: found[key] for key in kept} == {
        "involvedObject": {
            "apiVersion": "krate.a5c.ai/v1alpha1",
            "kind": "Team",
            "name": "platform",
            "namespace": "acme",
            "uid": team["metadata"]["uid"],
            "resourceVersion": team["metadata"]["resourceVersion"],
        },
        "reason": "TeamCycle",
        "message": "a -> a",
        "type": "Warning",
        "count": 1,
        "firstTimestamp": MOMENT,
        "lastTimestamp": MOMENT,
        "source": {"component": "krate-composites"},
    }


async def test_an_event_that_is_refused_is_no_failure(client: MemoryClient, team: dict[str, Any]) -> None:
    """Events inform; who may not write them goes on."""
    client.interceptor = intercepting("create", errors.Forbidden("no"))
    await recorder(client).events(team, [Event(Severity.NORMAL, "Bound", "text")])


SCHEMA = {
    "type": "object",
    "properties": {
        "a": {"type": "string", "default": "x"},
        "o": {"type": "object", "default": {}, "properties": {"n": {"type": "integer", "default": 1}}},
        "p": {"type": "object", "properties": {"n": {"type": "integer", "default": 1}}},
        "l": {"type": "array", "items": {"type": "object", "properties": {"n": {"default": 2}}}},
        "m": {"type": "object", "additionalProperties": {"type": "object", "properties": {"n": {"default": 3}}}},
    },
}


@pytest.mark.parametrize(
    ("value", "want"),
    [
        ({}, {"a": "x", "o": {"n": 1}}),
        ({"a": None, "o": {"n": 5}}, {"a": "x", "o": {"n": 5}}),
        ({"a": "y", "p": {}}, {"a": "y", "o": {"n": 1}, "p": {"n": 1}}),
        ({"l": [{}, {"n": 7}]}, {"a": "x", "o": {"n": 1}, "l": [{"n": 2}, {"n": 7}]}),
        ({"m": {"k": {}}}, {"a": "x", "o": {"n": 1}, "m": {"k": {"n": 3}}}),
    ],
    ids=["empty", "null and given", "no default, defaults inside", "list", "map"],
)
def test_defaulting(value: dict[str, Any], want: dict[str, Any]) -> None:
    """Defaults go where something is absent, inside what exists, and leave the schema untouched."""
    before = copy.deepcopy(SCHEMA)
    defaulting.default(value, SCHEMA)
    assert (value, before) == (want, SCHEMA)


def test_a_version_that_the_definition_lacks() -> None:
    """An XRD of the right kind and another version has no defaults to give."""
    definition = {"spec": {"group": "g", "names": {"kind": "K"}, "versions": [{"name": "v1"}]}}
    with pytest.raises(defaulting.Mismatch, match="the specified API version 'g/v2' does not exist in the XRD"):
        defaulting.by_definition({"apiVersion": "g/v2", "kind": "K"}, definition)
