"""A batch is all or nothing, and every operation says what it expects to find."""

import asyncio
from dataclasses import dataclass, field

import pytest

import store_rooms
from krate_api.store import encoding
from krate_api.store.interface import (
    ABSENT,
    ANY,
    Append,
    Bump,
    Exists,
    Guard,
    Key,
    Operation,
    Put,
    Record,
    Remove,
    Stale,
    Store,
    Stored,
    Trim,
)
from store_rooms import OTHER, RESOURCE, everything, key, put, remove


@dataclass(frozen=True)
class Refused:
    """An operation on the sample state of `prepared` that must fail, and how."""

    name: str
    operation: Operation
    error: type[Stale] = Stale


@pytest.fixture
async def prepared(store: Store) -> Store:
    """Widget `a` at version 3, sequence acme/web at 1, record private/k = v, two audit rows."""
    await store.commit([put(colour="red")])
    await store.commit([put(expect=2, colour="green")])
    await store.commit(
        [Bump("acme/web", 0), Record("private", "k", b"v", None), Append("audit", b"1"), Append("audit", b"2")]
    )
    return store


REFUSED = (
    Refused("create what exists", put(), Exists),
    Refused("replace at an old version", put(expect=2)),
    Refused("replace at a version to come", put(expect=4)),
    Refused("replace what is absent", put("b", expect=2)),
    Refused("remove at an old version", remove(expect=2)),
    Refused("remove what is absent", remove("b", expect=2)),
    Refused("guard an old version", Guard(key(), 2)),
    Refused("guard the absence of what exists", Guard(key(), ABSENT)),
    Refused("guard the presence of what is absent", Guard(key("b"), 2)),
    Refused("the same name elsewhere is another object", put(namespace="globex", expect=3)),
    Refused("start a sequence that moved", Bump("acme/web", 0)),
    Refused("move a sequence from where it is not", Bump("acme/web", 7)),
    Refused("move a sequence that never started", Bump("acme/api", 1)),
    Refused("create a record that exists", Record("private", "k", b"w", None)),
    Refused("replace a record that holds something else", Record("private", "k", b"w", b"other")),
    Refused("replace a record that is absent", Record("private", "other", b"w", b"v")),
    Refused("remove a record that holds something else", Record("private", "k", None, b"other")),
)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
async def test_expectation_fails(prepared: Store, case: Refused) -> None:
    """An operation whose expectation does not hold raises, names the operation, and changes nothing."""
    before = await everything(prepared)
    with pytest.raises(Stale) as caught:
        await prepared.commit([case.operation])
    assert (type(caught.value), caught.value.operation) == (case.error, case.operation)
    assert await everything(prepared) == before


@pytest.mark.parametrize("place", [0, 3, 8], ids=["first", "middle", "last"])
async def test_batch_is_all_or_nothing(prepared: Store, place: int) -> None:
    """Wherever the failing operation stands in a batch of every kind, nothing of the batch is written."""
    good: list[Operation] = [
        put("b"),
        put(expect=3, colour="blue"),
        put("x", resource=OTHER),
        Bump("acme/web", 1),
        Bump("acme/api", 0),
        Record("private", "k", None, b"v"),
        Append("outbox", b"3"),
        Trim("audit", 1),
    ]
    before = await everything(prepared)
    with pytest.raises(Stale):
        await prepared.commit([*good[:place], Guard(key("nowhere"), 5), *good[place:]])
    assert await everything(prepared) == before
    await prepared.commit(good)
    assert await everything(prepared) != before


async def test_whole_batch_lands(prepared: Store) -> None:
    """Objects come back with the versions of their own resource, in the order of the batch."""
    committed = await prepared.commit(
        [
            Guard(key(), 3),
            put("b", colour="blue"),
            put("x", resource=OTHER),
            remove(expect=3),
            Guard(key(), ABSENT),
            put("c"),
            Record("private", "k", b"w", b"v"),
            Record("private", "gone", None, ANY),
            Bump("acme/web", 1),
            Append("audit", b"3"),
        ]
    )
    gone = encoding.draft(store_rooms.widget(colour="green")).at(5)
    assert committed.objects == (
        Stored(key("b"), 4, encoding.draft(store_rooms.widget("b", colour="blue")).at(4)),
        Stored(key("x", resource=OTHER), 2, encoding.draft(store_rooms.widget("x")).at(2)),
        Stored(key(), 5, gone),
        Stored(key("c"), 6, encoding.draft(store_rooms.widget("c")).at(6)),
    )
    assert await prepared.get(key()) is None
    assert await prepared.get(key("b")) == committed.objects[0]
    assert (prepared.version(RESOURCE), prepared.version(OTHER)) == (6, 2)
    assert (prepared.record("private", "k"), prepared.sequence("acme/web")) == (b"w", 2)
    assert [value for _, value in await prepared.entries("audit")] == [b"1", b"2", b"3"]


async def test_operations_see_those_before_them(store: Store) -> None:
    """Within a batch an operation finds what the operations before it wrote."""
    committed = await store.commit([put(), put(expect=2), remove(expect=3), put()])
    assert [item.version for item in committed.objects] == [2, 3, 4, 5]
    assert [change.type for change in store.changes(RESOURCE, 0)] == ["ADDED", "MODIFIED", "DELETED", "ADDED"]


async def test_fresh_resource_has_a_version(store: Store) -> None:
    """An empty resource is at version 1, so that an empty list can be watched from."""
    page = await store.page(RESOURCE)
    assert (page.items, page.version, page.more, page.remaining) == ((), 1, False, None)
    assert store.version(RESOURCE) == 1


async def test_failed_batches_burn_no_version(store: Store) -> None:
    """A refused batch consumes no version of its resource."""
    await store.commit([put()])
    for _ in range(3):
        with pytest.raises(Exists):
            await store.commit([put("b"), put()])
    (stored,) = (await store.commit([put("b")])).objects
    assert stored.version == 3


@dataclass
class Group:
    """Batches handed over at once."""

    batches: list[list[Operation]] = field(default_factory=list)

    async def run(self, store: Store) -> list[object]:
        return await asyncio.gather(*(store.commit(batch) for batch in self.batches), return_exceptions=True)


async def test_failing_batch_does_not_hurt_its_neighbours(store: Store) -> None:
    """Of 300 batches handed over at once, those with a wrong expectation fail and all others are written."""
    await store.commit([put("taken")])
    group = Group([[put(f"n{number:03}"), put("taken")] if number % 3 == 0 else [put(f"n{number:03}")]
                   for number in range(300)])  # fmt: skip
    answers = await group.run(store)
    assert [type(answer) is Exists for answer in answers] == [number % 3 == 0 for number in range(300)]
    wanted = [f"acme/n{number:03}" for number in range(300) if number % 3] + ["acme/taken"]
    assert await store_rooms.names_of(store) == wanted
    assert len({change.version for change in store.changes(RESOURCE, 0)}) == 201


async def test_unwritable_value_does_not_hurt_its_neighbours(store: Store) -> None:
    """A batch that the database cannot take at all fails alone, even in the middle of a group."""
    broken = Put(Key(RESOURCE, "acme", "half a \ud800 character"), put().draft, put().index, ABSENT)
    group = Group([[put("a")], [put("b"), broken], [put("c")]])
    first, middle, last = await group.run(store)
    assert not isinstance(first, BaseException)
    assert not isinstance(last, BaseException)
    assert isinstance(middle, ValueError)
    assert await store_rooms.names_of(store) == ["acme/a", "acme/c"]


async def test_one_of_many_rivals_wins(store: Store) -> None:
    """Of fifty writers that replace the same version exactly one succeeds."""
    await store.commit([put(colour="none")])
    rivals = Group([[put(expect=2, colour=str(number))] for number in range(50)])
    answers = await rivals.run(store)
    assert sum(not isinstance(answer, Stale) for answer in answers) == 1
    assert store.version(RESOURCE) == 3


async def test_sequence_counts_without_gap_under_rivalry(store: Store) -> None:
    """Fifty writers that read, bump and retry take the numbers 1 to 50, each once."""

    async def take() -> int:
        while True:
            expect = store.sequence("acme/web")
            try:
                await store.commit([Bump("acme/web", expect), put(f"web-{expect + 1}")])
            except Stale:
                continue
            return expect + 1

    assert sorted(await asyncio.gather(*(take() for _ in range(50)))) == list(range(1, 51))
    assert store.sequence("acme/web") == 50


async def test_commit_outlives_its_caller(store: Store) -> None:
    """A caller that is cancelled while it waits does not stop what it handed over."""
    task = asyncio.create_task(store.commit([put()]))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await store.commit([put("b")])
    assert await store_rooms.names_of(store) == ["acme/a", "acme/b"]


async def test_empty_batch_is_nothing(store: Store) -> None:
    """An empty batch succeeds and writes nothing."""
    before = await everything(store)
    assert (await store.commit([])).objects == ()
    assert await everything(store) == before


async def test_removed_object_can_come_back(store: Store) -> None:
    """A name that was removed can be created again, under a new version."""
    await store.commit([put(labels={"a": "b"})])
    await store.commit([remove(expect=2)])
    (again,) = (await store.commit([put()])).objects
    assert again.version == 4
    assert isinstance(await store.get(key()), Stored)


async def test_unused_remove_type_is_refused(store: Store) -> None:
    """Removing demands a version: ABSENT is never one."""
    with pytest.raises(Stale):
        await store.commit([Remove(key(), ABSENT)])
