"""Compaction: old changes go, the floor is remembered per resource, and nobody is served from what is gone."""

import time

import pytest

from krate_api.store.interface import Compacted, Store
from store_rooms import OTHER, RESOURCE, Engine, names_of, put, remove

FOREVER = 10.0**12
"""A moment after every change of these tests."""


async def fill(store: Store, *, count: int = 20) -> None:
    for number in range(count):
        await store.commit([put(f"n{number:02}"), put(f"n{number:02}", resource=OTHER)])


async def test_floor_moves_and_is_honoured(store: Store) -> None:
    """Reads from below the floor are refused with it; reads from the floor on find everything."""
    await fill(store)
    assert await store.compact(RESOURCE, keep=5, before=FOREVER) == 16
    for version in (0, 1, 15):
        with pytest.raises(Compacted) as caught:
            store.changes(RESOURCE, version)
        assert caught.value.floor == 16
    assert [change.version for change in store.changes(RESOURCE, 16)] == [17, 18, 19, 20, 21]


async def test_snapshots_below_the_floor_are_gone(store: Store) -> None:
    """A list of a snapshot below the floor is refused, one at the floor is right, the latest list is untouched."""
    await fill(store)
    await store.compact(RESOURCE, keep=5, before=FOREVER)
    with pytest.raises(Compacted):
        await store.page(RESOURCE, at=15)
    assert len((await store.page(RESOURCE, at=16)).items) == 15
    assert len((await store.page(RESOURCE)).items) == 20


async def test_young_changes_are_kept(store: Store) -> None:
    """What is younger than asked for stays, however much there is; so does as much as asked for, however old."""
    await fill(store)
    assert await store.compact(RESOURCE, keep=0, before=time.time() - 3600) == 0
    assert await store.compact(RESOURCE, keep=100, before=FOREVER) == 0
    assert len(store.changes(RESOURCE, 0)) == 20


async def test_every_resource_has_its_floor(store: Store) -> None:
    """Compacting one resource leaves the log of another alone."""
    await fill(store)
    await store.compact(RESOURCE, keep=0, before=FOREVER)
    assert len(store.changes(OTHER, 0)) == 20


async def test_floor_survives_reopening(engine: Engine) -> None:
    """After a restart the floor is where it was, even where no change is left."""
    store = engine.open()
    await fill(store)
    assert await store.compact(RESOURCE, keep=0, before=FOREVER) == 21
    await store.close()
    again = engine.open()
    with pytest.raises(Compacted):
        again.changes(RESOURCE, 20)
    assert list(again.changes(RESOURCE, 21)) == []
    assert again.version(RESOURCE) == 21
    assert await again.compact(RESOURCE, keep=0, before=FOREVER) == 21
    await again.close()


async def test_compaction_repeats(store: Store) -> None:
    """The floor only rises, and a round without anything to drop changes nothing."""
    await fill(store)
    floors = [await store.compact(RESOURCE, keep=keep, before=FOREVER) for keep in (10, 15, 10, 3, 3, 50)]
    assert floors == [11, 11, 11, 18, 18, 18]
    assert await store.compact("nothing.example.com", keep=0, before=FOREVER) == 0


async def test_writing_goes_on(store: Store) -> None:
    """After compaction versions go on, and objects that were written before can be changed and removed."""
    await fill(store)
    await store.compact(RESOURCE, keep=0, before=FOREVER)
    await store.commit([put("n00", expect=2, colour="red"), remove("n01", expect=3)])
    assert [change.version for change in store.changes(RESOURCE, 21)] == [22, 23]
    assert len(await names_of(store)) == 19
    assert len(await names_of(store, at=21)) == 20
