"""Snapshots: pages and lists of an earlier version while others write."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from krate import selectors
from krate_api.store.interface import Index, Put, Store, Stored
from store_rooms import RESOURCE, key, put, remove
from store_samples import Selection, ordered, sample


@dataclass
class Traffic:
    """Writers that create, replace and remove while somebody reads."""

    store: Store
    running: bool = True
    rounds: int = 0

    async def run(self) -> None:
        while self.running:
            number = self.rounds % 60
            self.rounds += 1
            current = await self.store.get(sample(number).key)
            where = sample(number)
            if current is None:
                operation = Put(where.key, where.draft, where.index, 0)
            elif self.rounds % 2:
                operation = Put(where.key, where.draft, Index({"colour": "grey"}, {}), current.version)
            else:
                await self.store.commit([remove(where.key.name, namespace=where.key.namespace, expect=current.version)])
                continue
            await self.store.commit([operation, put(f"extra-{self.rounds}")])


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(namespace="acme"),
        Selection(labels=selectors.parse_labels("colour=red")),
        Selection(fields=selectors.parse_fields("spec.size=2")),
        Selection(labels=selectors.parse_labels("colour!=red"), namespace="globex"),
    ],
    ids=["everything", "namespace", "label", "field", "both"],
)
async def test_pages_are_one_snapshot(filled: tuple[Store, list[Put]], selection: Selection) -> None:
    """Pages read while others create, replace and remove make up exactly the list as it stood at the first page."""
    store, operations = filled
    first = await store.page(RESOURCE, **selection.arguments)
    assert [f"{item.key.namespace}/{item.key.name}" for item in first.items] == ordered(
        [one for one in operations if selection.takes(one)]
    )
    traffic = Traffic(store)
    writer = asyncio.create_task(traffic.run())
    try:
        while traffic.rounds < 20:
            assert await read_at(store, selection, first.version) == list(first.items)
    finally:
        traffic.running = False
        await writer
    assert await read_at(store, selection, first.version) == list(first.items)


async def read_at(store: Store, selection: Selection, version: int) -> list[Stored]:
    """All items of a snapshot, in pages of three."""
    found: list[Stored] = []
    while True:
        after = (found[-1].key.namespace, found[-1].key.name) if found else None
        page = await store.page(RESOURCE, limit=3, after=after, at=version, **selection.arguments)
        found += page.items
        if not page.more:
            return found


async def test_every_earlier_snapshot_can_be_read(store: Store) -> None:
    """After any history, the list at each version handed out is the list as it was seen then."""
    seen: dict[int, Any] = {}

    async def look() -> None:
        page = await store.page(RESOURCE)
        seen[page.version] = page.items

    await look()
    for step in range(1, 40):
        name = f"n{step * 7 % 5}"
        current = await store.get(key(name))
        if current is None:
            await store.commit([put(name, step=step)])
        elif step % 3 == 0:
            await store.commit([remove(name, expect=current.version)])
        else:
            await store.commit([put(name, expect=current.version, step=step), put(f"more-{step}")])
        await look()
    for version, items in seen.items():
        page = await store.page(RESOURCE, at=version)
        assert (page.version, page.items) == (version, items)
