"""The change log: one total order of versions per resource, and everything a watcher must be told."""

import asyncio
from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import store_rooms
from krate_api.store import encoding
from krate_api.store.interface import Change, ChangeType, Index, Key, Operation, Stale, Store, log_topic
from store_rooms import OTHER, RESOURCE, Engine, key, put, remove, widget


async def test_changes_tell_before_and_after(store: Store) -> None:
    """A change holds the new body, the previous one, and what selectors see of both."""
    await store.commit([put(labels={"tier": "gold"}, fields={"spec.colour": "red"}, colour="red")])
    await store.commit([put(expect=2, labels={"tier": "tin"}, fields={"spec.colour": "blue"}, colour="blue")])
    await store.commit([remove(expect=3)])
    gold, tin = Index({"tier": "gold"}, {"spec.colour": "red"}), Index({"tier": "tin"}, {"spec.colour": "blue"})
    red = encoding.draft(widget(labels={"tier": "gold"}, colour="red"))
    blue = encoding.draft(widget(labels={"tier": "tin"}, colour="blue"))
    assert list(store.changes(RESOURCE, 0)) == [
        Change(key(), 2, ChangeType.ADDED, red.at(2), gold),
        Change(key(), 3, ChangeType.MODIFIED, blue.at(3), tin, red.at(2), gold),
        Change(key(), 4, ChangeType.DELETED, blue.at(4), tin, blue.at(3), tin),
    ]


async def test_changes_after_a_version_and_limit(store: Store) -> None:
    """Changes start behind the version asked for, in order, at most as many as asked for, of one resource only."""
    for number in range(6):
        await store.commit([put(f"n{number}"), put(f"n{number}", resource=OTHER)])
    assert [change.version for change in store.changes(RESOURCE, 3)] == [4, 5, 6, 7]
    assert [change.version for change in store.changes(RESOURCE, 3, 2)] == [4, 5]
    assert list(store.changes(RESOURCE, 7)) == []
    assert list(store.changes(RESOURCE, 1000)) == []
    assert {change.key.resource for change in store.changes(OTHER, 0)} == {OTHER}


async def test_versions_never_appear_late(store: Store) -> None:
    """While many write, a reader that asks for what is new sees every version once, in order, without a gap."""
    seen: list[int] = []
    done = asyncio.Event()

    async def read() -> None:
        while not (done.is_set() and (not seen or seen[-1] == store.version(RESOURCE))):
            seen.extend(change.version for change in store.changes(RESOURCE, seen[-1] if seen else 0))
            await asyncio.sleep(0)

    reader = asyncio.create_task(read())
    batches = [[put(f"n{number:03}"), put(f"m{number:03}")] for number in range(150)]
    answers = await asyncio.gather(*(store.commit(batch) for batch in batches))
    done.set()
    await reader
    assert seen == list(range(2, 302))
    assert sorted(item.version for answer in answers for item in answer.objects) == seen


async def test_every_resource_counts_alone(store: Store) -> None:
    """Writes of one resource do not move the version of another."""
    await store.commit([put("a"), put("b"), put("x", resource=OTHER), put("c")])
    assert (store.version(RESOURCE), store.version(OTHER), store.version("nothing.example.com")) == (4, 2, 1)


class Bell:
    """Counts how often a hint came."""

    def __init__(self) -> None:
        self.rung = 0

    def __call__(self) -> None:
        self.rung += 1


async def test_hint_comes_before_the_answer(store: Store) -> None:
    """Whoever has the answer to a commit finds that everybody who listens has been told already."""
    bell, other, logs = Bell(), Bell(), Bell()
    store.listen(RESOURCE, bell)
    store.listen(OTHER, other)
    store.listen(log_topic("audit"), logs)
    for number in range(200):
        await store.commit([put(f"n{number}")])
        assert bell.rung == number + 1
    assert (other.rung, logs.rung) == (0, 0)


async def test_refused_batch_gives_no_hint(store: Store) -> None:
    """What was not written is not announced."""
    await store.commit([put()])
    bell = Bell()
    store.listen(RESOURCE, bell)
    for refused in ([put()], [put("b"), put()]):
        try:
            await store.commit(refused)
        except Stale:
            continue
    assert bell.rung == 0


async def test_failing_hint_hurts_nobody(store: Store) -> None:
    """A hint that raises is reported to the event loop; the writer still gets an answer, and others their hint."""
    reports: list[Mapping[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reports.append(context))

    def broken() -> None:
        raise ValueError("an index that cannot take this in")

    bell = Bell()
    store.listen(RESOURCE, broken)
    store.listen(RESOURCE, bell)
    await asyncio.wait_for(store.commit([put()]), 5)
    assert (bell.rung, [str(report["exception"]) for report in reports]) == (1, ["an index that cannot take this in"])


_NAMES = st.sampled_from(["a", "b", "c", "d"])
_STEPS = st.lists(st.tuples(st.sampled_from(["put", "remove"]), _NAMES, st.integers(0, 9)), max_size=25)


def apply(state: dict[Key, bytes], changes: list[Change]) -> dict[Key, bytes]:
    """A list after changes, as an informer computes it."""
    found = dict(state)
    for change in changes:
        if change.type is ChangeType.DELETED:
            del found[change.key]
        else:
            found[change.key] = change.body
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(steps=_STEPS)
async def test_log_equals_difference_of_lists(engine: Engine, steps: list[tuple[str, str, int]]) -> None:
    """From any earlier list, the changes after it lead exactly to every later list."""
    store = engine.open()
    resource = f"{store.version('counter.example.com')}.example.com"
    await store.commit([put("tick", resource="counter.example.com", namespace=resource)])
    lists: list[tuple[int, dict[Key, bytes]]] = []
    for action, name, value in steps:
        current = await store.get(key(name, resource=resource))
        expect = current.version if current else 0
        operation: Operation = put(name, expect=expect, resource=resource, value=value)
        if action == "remove":
            if current is None:
                continue
            operation = remove(name, expect=expect, resource=resource)
        await store.commit([operation])
        page = await store.page(resource)
        lists.append((page.version, {item.key: item.body for item in page.items}))
    for number, (version, earlier) in enumerate(lists):
        changes = list(store.changes(resource, version))
        assert apply(earlier, changes) == lists[-1][1]
        for later_version, later in lists[number:]:
            assert apply(earlier, [change for change in changes if change.version <= later_version]) == later
    await store.close()


def test_bodies_keep_their_version_slot() -> None:
    """An encoded object shows the version it is stored at, first in metadata, whatever it carried before."""
    obj = store_rooms.widget(colour="red")
    obj["metadata"]["resourceVersion"] = "99"
    body = encoding.draft(obj).at(7)
    assert encoding.decode(body) == {**obj, "metadata": {**obj["metadata"], "resourceVersion": "7"}}
    assert body[slice(*encoding.slot(body))] == b"7"
    assert encoding.respin(body, 1234) == encoding.draft(obj).at(1234)
