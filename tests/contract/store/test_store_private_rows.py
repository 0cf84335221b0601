"""Records, sequences and logs: rows that belong to the server alone and never show as objects."""

import asyncio

import pytest

from krate_api.store.interface import ANY, Append, Bump, Record, Stale, Store, Trim
from store_rooms import RESOURCE, put


async def test_records_by_bucket_and_prefix(store: Store) -> None:
    """Records are found by bucket and key, and listed by bucket and prefix in key order; wildcards mean nothing."""
    rows = {"a/1": b"1", "a/2": b"2", "a%": b"3", "b": b"4", "A/1": b"5", "": b"6"}
    await store.commit([Record("private", name, value, None) for name, value in rows.items()])
    await store.commit([Record("other", "a/1", b"elsewhere", None)])
    assert (store.record("private", "a/1"), store.record("other", "a/1"), store.record("other", "b")) == (
        b"1",
        b"elsewhere",
        None,
    )
    assert await store.records("private") == sorted(rows.items())
    assert await store.records("private", prefix="a/") == [("a/1", b"1"), ("a/2", b"2")]
    assert await store.records("private", prefix="a%") == [("a%", b"3")]
    assert await store.records("private", prefix="zz") == []
    assert await store.records("nothing") == []


async def test_record_of_any_bytes(store: Store) -> None:
    """A record holds any bytes, empty ones included, and an empty one is not an absent one."""
    odd = bytes(range(256))
    await store.commit([Record("private", "odd", odd, None), Record("private", "empty", b"", None)])
    assert (store.record("private", "odd"), store.record("private", "empty")) == (odd, b"")
    with pytest.raises(Stale):
        await store.commit([Record("private", "empty", b"x", None)])
    await store.commit([Record("private", "empty", b"x", b"")])
    await store.commit([Record("private", "empty", None, b"x"), Record("private", "odd", None, ANY)])
    assert await store.records("private") == []


async def test_unconditional_record(store: Store) -> None:
    """A record with no expectation is written whatever was there."""
    for value in (b"1", b"2", None, None, b"3"):
        await store.commit([Record("private", "k", value, ANY)])
        assert store.record("private", "k") == value


async def test_sequence_counts_from_one(store: Store) -> None:
    """A sequence that never moved stands at 0; each bump moves it by one; sequences do not know each other."""
    assert store.sequence("acme/web") == 0
    await store.commit([Bump("acme/web", 0), Bump("acme/web", 1), Bump("acme/api", 0)])
    await store.commit([Bump("acme/web", 2)])
    assert (store.sequence("acme/web"), store.sequence("acme/api"), store.sequence("globex/web")) == (3, 1, 0)


async def test_log_is_a_queue(store: Store) -> None:
    """Rows come back in the order of their commits; trimming drops up to a position, of one log only."""
    await store.commit([Append("audit", b"1"), Append("outbox", b"x"), Append("audit", b"2")])
    await store.commit([Append("audit", b"3")])
    rows = await store.entries("audit")
    assert [value for _, value in rows] == [b"1", b"2", b"3"]
    assert [value for _, value in await store.entries("audit", limit=2)] == [b"1", b"2"]
    await store.commit([Trim("audit", rows[1][0])])
    assert list(await store.entries("audit")) == [rows[2]]
    assert [value for _, value in await store.entries("outbox")] == [b"x"]


async def test_positions_are_never_used_again(store: Store) -> None:
    """A log that was emptied goes on counting: a position stands for one row, for ever."""
    await store.commit([Append("audit", b"1"), Append("audit", b"2")])
    (_, (last, _)) = await store.entries("audit")
    await store.commit([Trim("audit", last)])
    await store.commit([Append("audit", b"3")])
    ((position, _),) = await store.entries("audit")
    assert position > last


async def test_rows_of_many_writers(store: Store) -> None:
    """Every row of every writer is there once, and each writer's rows in its own order."""

    async def writer(number: int) -> None:
        for step in range(10):
            await store.commit([Append("audit", f"{number} {step}".encode())])

    await asyncio.gather(*(writer(number) for number in range(8)))
    rows = [value.decode().split() for _, value in await store.entries("audit")]
    by_writer = {str(number): [step for who, step in rows if who == str(number)] for number in range(8)}
    assert by_writer == {str(number): [str(step) for step in range(10)] for number in range(8)}


async def test_private_rows_are_no_objects(store: Store) -> None:
    """Records, sequences and logs move no version and leave no change."""
    await store.commit([put()])
    await store.commit([Record("private", "k", b"v", None), Bump("acme/web", 0), Append("audit", b"1")])
    assert (store.version(RESOURCE), len(store.changes(RESOURCE, 0))) == (2, 1)
