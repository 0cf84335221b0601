"""The store against a model: any sequence of batches, reads, compactions and restarts behaves like dictionaries."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import store_rooms
from krate_api.store.interface import (
    ABSENT,
    ANY,
    AnyValue,
    Append,
    Batch,
    Bump,
    ChangeType,
    Compacted,
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
from store_rooms import OTHER, RESOURCE, Engine

T = TypeVar("T")
FOREVER = 10.0**12

KEYS = st.builds(Key, st.sampled_from([RESOURCE, OTHER]), st.sampled_from(["acme", "globex"]), st.sampled_from("abc"))
WRONG = st.sampled_from([None] * 12 + [1, 7])
"""An expectation that replaces the right one, sometimes."""


class Model:
    """What a store should hold, told with dictionaries."""

    def __init__(self) -> None:
        self.objects: dict[Key, Stored] = {}
        self.versions = {RESOURCE: 1, OTHER: 1}
        self.floors = {RESOURCE: 0, OTHER: 0}
        self.log: dict[str, list[tuple[int, ChangeType, Key]]] = {RESOURCE: [], OTHER: []}
        self.snapshots: dict[tuple[str, int], tuple[Stored, ...]] = {}
        self.records: dict[str, bytes] = {}
        self.sequences: dict[str, int] = {}
        self.rows: list[bytes] = []

    def copy(self) -> "Model":
        found = Model()
        found.objects, found.versions = dict(self.objects), dict(self.versions)
        found.log = {name: list(entries) for name, entries in self.log.items()}
        found.records, found.sequences, found.rows = dict(self.records), dict(self.sequences), list(self.rows)
        found.floors, found.snapshots = self.floors, self.snapshots
        return found

    def version_of(self, key: Key) -> int:
        return self.objects[key].version if key in self.objects else ABSENT

    def run(self, batch: Batch) -> tuple["Model", tuple[Stored, ...]] | None:
        """The state after a batch and what it wrote; None when it must be refused."""
        after = self.copy()
        written: list[Stored] = []
        for operation in batch:
            if not after._fits(operation):
                return None
            match operation:
                case Put():
                    written.append(after._write(operation))
                case Remove():
                    written.append(after._remove(operation))
                case Bump():
                    after.sequences[operation.sequence] = operation.expect + 1
                case Record():
                    after.records.pop(operation.key, None)
                    if operation.value is not None:
                        after.records[operation.key] = operation.value
                case Append():
                    after.rows.append(operation.value)
                case Guard() | Trim():
                    pass
        return after, tuple(written)

    def _fits(self, operation: Any) -> bool:
        match operation:
            case Put() | Guard():
                return self.version_of(operation.key) == operation.expect
            case Remove():
                return operation.key in self.objects and self.version_of(operation.key) == operation.expect
            case Bump():
                return self.sequences.get(operation.sequence, 0) == operation.expect
            case Record():
                return isinstance(operation.expect, AnyValue) or self.records.get(operation.key) == operation.expect
            case _:
                return True

    def _next(self, key: Key, kind: ChangeType) -> int:
        self.versions[key.resource] += 1
        self.log[key.resource].append((self.versions[key.resource], kind, key))
        return self.versions[key.resource]

    def _write(self, put: Put) -> Stored:
        kind = ChangeType.MODIFIED if put.key in self.objects else ChangeType.ADDED
        version = self._next(put.key, kind)
        self.objects[put.key] = Stored(put.key, version, put.draft.at(version))
        return self.objects[put.key]

    def _remove(self, remove: Remove) -> Stored:
        version = self._next(remove.key, ChangeType.DELETED)
        before = self.objects.pop(remove.key)
        old, new = f'"resourceVersion":"{before.version}"', f'"resourceVersion":"{version}"'
        return Stored(remove.key, version, before.body.replace(old.encode(), new.encode()))

    def listed(self, resource: str) -> tuple[Stored, ...]:
        return tuple(self.objects[key] for key in sorted(self.objects) if key.resource == resource)

    def remember(self) -> None:
        for resource in (RESOURCE, OTHER):
            self.snapshots[resource, self.versions[resource]] = self.listed(resource)


Plan = Callable[[Model], Operation]
"""An operation that depends on what it finds: mostly with the right expectation, sometimes with a wrong one."""


def plan_put(key: Key, wrong: int | None, value: int) -> Plan:
    sample = store_rooms.put(key.name, namespace=key.namespace, resource=key.resource, value=value)
    return lambda model: Put(key, sample.draft, sample.index, model.version_of(key) if wrong is None else wrong)


def plan_remove(key: Key, wrong: int | None) -> Plan:
    return lambda model: Remove(key, model.version_of(key) if wrong is None else wrong)


def plan_guard(key: Key, wrong: int | None) -> Plan:
    return lambda model: Guard(key, model.version_of(key) if wrong is None else wrong)


def plan_bump(name: str, wrong: int | None) -> Plan:
    return lambda model: Bump(name, model.sequences.get(name, 0) if wrong is None else wrong)


def plan_record(key: str, value: bytes | None, expect: Any) -> Plan:
    return lambda model: Record("private", key, value, model.records.get(key) if expect == "right" else expect)


def plan_append(value: bytes) -> Plan:
    return lambda _model: Append("audit", value)


VALUES = st.sampled_from([None, b"", b"v", b"w"])
PLANS: st.SearchStrategy[Plan] = st.one_of(
    st.builds(plan_put, KEYS, WRONG, st.integers(0, 9)),
    st.builds(plan_put, KEYS, st.none(), st.integers(0, 9)),
    st.builds(plan_remove, KEYS, WRONG),
    st.builds(plan_guard, KEYS, WRONG),
    st.builds(plan_bump, st.sampled_from(["acme/web", "acme/api"]), WRONG),
    st.builds(plan_record, st.sampled_from("kl"), VALUES, st.sampled_from([ANY, ANY, "right", "right", None, b"v"])),
    st.builds(plan_append, st.sampled_from([b"1", b"2"])),
)


class StoreMachine(RuleBasedStateMachine):
    """Drives a store and the model side by side."""

    engine_class: type[Any]

    def __init__(self) -> None:
        super().__init__()
        self._stack = contextlib.ExitStack()
        self._runner = self._stack.enter_context(asyncio.Runner())
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self.engine: Engine = self.engine_class(folder)
        self.model = Model()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    @initialize()
    def open(self) -> None:
        self.store: Store = self.engine.open()
        self.model.remember()

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.wait(self.store.close())
        self._stack.close()

    @rule(plans=st.lists(PLANS, min_size=1, max_size=5))
    def commit(self, plans: list[Plan]) -> None:
        batch: list[Operation] = []
        for plan in plans:
            after = self.model.run(batch)
            batch.append(plan(after[0] if after is not None else self.model))
        wanted = self.model.run(batch)
        try:
            committed = self.wait(self.store.commit(batch))
        except Stale:
            assert wanted is None
            return
        assert wanted is not None
        self.model, objects = wanted
        assert committed.objects == objects
        self.model.remember()

    @rule(resource=st.sampled_from([RESOURCE, OTHER]), keep=st.integers(0, 6))
    def compact(self, resource: str, keep: int) -> None:
        log = self.model.log[resource]
        floor = self.model.floors[resource]
        if log:
            floor = max([floor, *(version for version, _, _ in log if version <= log[-1][0] - keep)])
        assert self.wait(self.store.compact(resource, keep=keep, before=FOREVER)) == floor
        self.model.floors[resource] = floor

    @rule()
    def reopen(self) -> None:
        self.wait(self.store.close())
        self.store = self.engine.open()

    @precondition(lambda self: self.model.rows)
    @rule()
    def trim(self) -> None:
        (position, _), *_ = self.wait(self.store.entries("audit"))
        self.wait(self.store.commit([Trim("audit", position)]))
        del self.model.rows[0]

    @rule(data=st.data(), resource=st.sampled_from([RESOURCE, OTHER]))
    def look_back(self, data: st.DataObject, resource: str) -> None:
        """Any version that was ever current can be read until it is compacted away."""
        version = data.draw(st.sampled_from(sorted(at for name, at in self.model.snapshots if name == resource)))
        floor = self.model.floors[resource]
        if version < floor:
            with pytest.raises(Compacted) as caught:
                self.wait(self.store.page(resource, at=version))
            assert caught.value.floor == floor
            return
        page = self.wait(self.store.page(resource, at=version))
        assert (page.version, page.items) == (version, self.model.snapshots[resource, version])

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "store"):
            return
        for resource in (RESOURCE, OTHER):
            page = self.wait(self.store.page(resource))
            assert (page.items, page.version) == (self.model.listed(resource), self.model.versions[resource])
            floor = self.model.floors[resource]
            changes = [(one.version, one.type, one.key) for one in self.store.changes(resource, floor)]
            assert changes == [one for one in self.model.log[resource] if one[0] > floor]
        assert dict(self.wait(self.store.records("private"))) == self.model.records
        assert {name: self.store.sequence(name) for name in self.model.sequences} == self.model.sequences
        assert [value for _, value in self.wait(self.store.entries("audit"))] == self.model.rows


@pytest.mark.parametrize("engine_class", store_rooms.ENGINES)
def test_store_is_its_model(engine_class: type[Engine]) -> None:
    """Whatever is done in whatever order, the store answers what dictionaries would."""
    machine = type("Machine", (StoreMachine,), {"engine_class": engine_class}).TestCase
    machine.settings = settings(
        max_examples=25,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.reuse, Phase.generate],  # every step flushes a disk: shrinking would outlast the timeout
    )
    machine().runTest()
