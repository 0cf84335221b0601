"""Every implementation of the Store port as an engine that can be opened, closed and opened again.

PostgreSQL joins as one more class in `ENGINES`; the suites in `tests/contract/store` know nothing else about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from krate_api.authn.certificates import write_private
from krate_api.store import encoding
from krate_api.store.interface import ABSENT, Index, Key, Put, Remove, Store, Stored
from krate_api.store.keyring import Keyring
from krate_api.store.sqlite import open_sealed, open_store

RESOURCE = "widgets.example.com"
OTHER = "gadgets.example.com"


class Engine(Protocol):
    """One database in one folder."""

    def open(self) -> Store:
        """Open it, creating it when it is not there."""
        ...


@dataclass(frozen=True)
class SQLiteEngine:
    """The store of embedded mode."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "krate.sqlite"

    def open(self) -> Store:
        return open_store(self.file)


@dataclass(frozen=True)
class SealedEngine:
    """The same with the samples kept secret."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "krate.sqlite"

    @property
    def keyring(self) -> Keyring:
        return Keyring(self.folder / "secrets.keys", write_private)

    def open(self) -> Store:
        return open_sealed(self.file, self.keyring, frozenset({RESOURCE}))


ENGINES = (SQLiteEngine, SealedEngine)


def key(name: str = "a", *, namespace: str = "acme", resource: str = RESOURCE) -> Key:
    return Key(resource, namespace, name)


def widget(
    name: str = "a", *, namespace: str = "acme", labels: Mapping[str, str] | None = None, **spec: Any
) -> dict[str, Any]:
    """A sample object."""
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    if labels:
        metadata["labels"] = dict(labels)
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata, "spec": spec}


def put(
    name: str = "a",
    *,
    expect: int = ABSENT,
    namespace: str = "acme",
    resource: str = RESOURCE,
    labels: Mapping[str, str] | None = None,
    fields: Mapping[str, str] | None = None,
    **spec: Any,
) -> Put:
    """An operation that writes a widget."""
    index = Index(dict(labels or {}), dict(fields or {}))
    body = widget(name, namespace=namespace, labels=labels, **spec)
    return Put(key(name, namespace=namespace, resource=resource), encoding.draft(body), index, expect)


def remove(name: str = "a", *, expect: int, namespace: str = "acme", resource: str = RESOURCE) -> Remove:
    return Remove(key(name, namespace=namespace, resource=resource), expect)


async def write(store: Store, *operations: Put | Remove) -> tuple[Stored, ...]:
    """Commit one batch and answer what it wrote."""
    return (await store.commit(operations)).objects


async def names_of(store: Store, resource: str = RESOURCE, **selection: Any) -> list[str]:
    """`namespace/name` of a list."""
    page = await store.page(resource, **selection)
    return [f"{item.key.namespace}/{item.key.name}" for item in page.items]


async def everything(store: Store) -> dict[str, Any]:
    """All that a store can be asked about the samples: equal before and after whatever must change nothing."""
    state: dict[str, Any] = {}
    for resource in (RESOURCE, OTHER):
        page = await store.page(resource)
        state[resource] = (page.items, page.version, store.version(resource), list(store.changes(resource, 0)))
    state["records"] = {bucket: await store.records(bucket) for bucket in ("private", "other")}
    state["sequences"] = {name: store.sequence(name) for name in ("acme/web", "acme/api")}
    state["logs"] = {log: await store.entries(log) for log in ("audit", "outbox")}
    return state
