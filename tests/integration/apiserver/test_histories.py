"""Any history of writes: what watches tell of it is the difference of lists, and pages are one list."""

import itertools
import json
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import crd_rooms
import served_api
import watch_models
from served_api import API, ServedAPI
from watch_models import SELECTIONS, Change, Event, Object, Selection, State

SCHEMA = {
    "type": "object",
    "properties": {"spec": {"type": "object", "properties": {"colour": {"type": "string"}, "n": {"type": "integer"}}}},
}
WIDGETS = crd_rooms.definition(
    group="histories.example.com",
    kind="Widget",
    versions=[crd_rooms.version(schema=SCHEMA, selectableFields=[{"jsonPath": ".spec.colour"}])],
)
RESOURCE = WIDGETS["metadata"]["name"]
fuzz = settings(
    max_examples=int(os.environ.get("KRATE_FUZZ_EXAMPLES", "20")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
_NUMBERS = itertools.count(1)


@dataclass
class World:
    """A namespace, and every write in it so far."""

    admin: API
    namespace: str
    history: list[Change] = field(default_factory=list[Change])

    @property
    def path(self) -> str:
        return crd_rooms.collection(WIDGETS, self.namespace)

    def now(self) -> dict[str, Object]:
        return dict(watch_models.state(self.history, self.version))

    @property
    def version(self) -> int:
        return self.history[-1].version if self.history else 1

    def put(self, name: str, tier: str, colour: str) -> None:
        """Write an object, new or not; no two writes are alike."""
        before = self.now().get(name)
        spec = {"n": next(_NUMBERS), **({"colour": colour} if colour else {})}
        body = crd_rooms.thing(WIDGETS, name, spec=spec)
        body["metadata"] |= {"labels": {"tier": tier}} if tier else {}
        if before is None:
            answer = self.admin.post(self.path, json=body)
        else:
            body["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"]
            answer = self.admin.put(f"{self.path}/{name}", json=body)
        assert answer.status_code in {200, 201}, answer.text
        after = answer.json()
        self.history.append(Change(int(after["metadata"]["resourceVersion"]), name, before, after))

    def remove(self, name: str) -> None:
        """Delete an object if it is there; its version is that of the next list."""
        before = self.now().get(name)
        if before is None:
            return
        assert self.admin.delete(f"{self.path}/{name}").status_code == 200
        version = int(self.admin.get(self.path, params={"limit": "1"}).json()["metadata"]["resourceVersion"])
        self.history.append(Change(version, name, before, None))

    def listed(self, selection: Selection, **params: str) -> State:
        answer = self.admin.get(self.path, params={**selection.params, **params})
        assert answer.status_code == 200, answer.text
        return {one["metadata"]["name"]: one for one in answer.json()["items"]}

    def watch(self, selection: Selection, since: int, until: int) -> list[Event]:
        """Events after a version, up to the one of another version."""
        params = {**selection.params, "watch": "true", "resourceVersion": str(since), "timeoutSeconds": "60"}
        found: list[Event] = []
        with self.admin.stream("GET", self.path, params=params) as answer:
            for line in answer.iter_lines():
                event = json.loads(line)
                found.append((event["type"], event["object"]))
                if event["type"] == "ERROR" or int(event["object"]["metadata"]["resourceVersion"]) >= until:
                    break
        return found

    def write(self, steps: "Sequence[Step]") -> None:
        for name, tier, colour in steps:
            self.remove(name) if tier == GONE else self.put(name, tier, colour)


GONE = "gone"
Step = tuple[str, str, str]
STEPS = st.tuples(
    st.sampled_from("abc"),
    st.sampled_from(["", "gold", "tin", "gold", "tin", GONE]),
    st.sampled_from(["", "red", "blue"]),
)


@pytest.fixture(scope="module")
def widgets(admin: API) -> None:
    crd_rooms.established(admin, WIDGETS)


@pytest.fixture(scope="module")
def worlds(admin: API, widgets: None) -> Iterator[World]:
    """Namespaces that nobody has written in."""
    return (World(admin, served_api.new_namespace(admin, "history")) for _ in itertools.count())


@fuzz
@given(steps=st.lists(STEPS, min_size=1, max_size=12), selection=st.sampled_from(SELECTIONS), data=st.data())
def test_a_watch_tells_the_difference_of_lists(
    worlds: Iterator[World], steps: list[Step], selection: Selection, data: Any
) -> None:
    """From any version on: what enters a selection is ADDED, what leaves it DELETED as it last was."""
    world = next(worlds)
    world.put("a", "gold", "red")
    world.write(steps)
    world.put("z", selection.tier, selection.colour)  # the last event of every watch
    versions = [change.version for change in world.history]
    for since in data.draw(st.lists(st.sampled_from(versions[:-1]), min_size=1, max_size=3, unique=True)):
        events = world.watch(selection, since, world.version)
        assert events == watch_models.told(world.history, selection, since)
        before = world.listed(selection, resourceVersion=str(since), resourceVersionMatch="Exact")
        selected = {
            name: one for name, one in watch_models.state(world.history, since).items() if selection.selects(one)
        }
        assert before == selected
        assert watch_models.applied(before, events) == world.listed(selection)


@fuzz
@given(
    steps=st.lists(STEPS, min_size=4, max_size=10),
    kept=st.integers(0, 5),
    remembered=st.booleans(),
    selection=st.sampled_from(SELECTIONS),
)
def test_only_what_is_compacted_is_gone(
    served: ServedAPI, worlds: Iterator[World], steps: list[Step], kept: int, selection: Selection, *, remembered: bool
) -> None:
    """A watch is told that its version is gone where neither log nor memory reaches back, and else everything."""
    world = next(worlds)
    world.write(steps)
    floor = served.run(lambda: served.core.store.compact(RESOURCE, keep=kept, before=math.inf))
    if not remembered:
        served.run(lambda: _forget(served))
    world.put("z", selection.tier, selection.colour)
    for since in [change.version for change in world.history[:-1]]:
        events = world.watch(selection, since, world.version)
        if since < floor and not remembered:
            assert [(kind, status["code"]) for kind, status in events] == [("ERROR", 410)]
        else:
            assert events == watch_models.told(world.history, selection, since)


async def _forget(served: ServedAPI) -> None:
    served.core.feeds.of(RESOURCE).interrupt()


@fuzz
@given(
    start=st.lists(STEPS, min_size=3, max_size=8),
    between=st.lists(st.lists(STEPS, max_size=3), min_size=4, max_size=4),
    limit=st.integers(1, 2),
    selection=st.sampled_from(SELECTIONS),
)
def test_pages_are_one_list(
    worlds: Iterator[World], start: list[Step], between: list[list[Step]], limit: int, selection: Selection
) -> None:
    """However others write between the pages, together they are the list at the version of the first one."""
    world = next(worlds)
    world.write(start)
    whole, writes = world.listed(selection), iter(between)
    pages: list[dict[str, Any]] = []
    token = ""
    while not pages or token:
        params = {**selection.params, "limit": str(limit), **({"continue": token} if token else {})}
        pages.append(world.admin.get(world.path, params=params).json())
        token = pages[-1]["metadata"]["continue"]
        world.write(next(writes, []))
    assert {one["metadata"]["name"]: one for page in pages for one in page["items"]} == whole
    assert [len(page["items"]) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert len({page["metadata"]["resourceVersion"] for page in pages}) == 1
