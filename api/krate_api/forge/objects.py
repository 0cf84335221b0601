"""Reads of objects that the forge services share, straight from the store and decoded."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from krate.kinds import STATUS, Kind
from krate.names import FORGE_MANAGER
from krate.selectors import EVERYTHING, Operator, Requirement, Selector
from krate_api import paths
from krate_api.resources import Resource
from krate_api.store import encoding
from krate_api.store.interface import ABSENT, Index, Key, Put, Store
from krate_api.strategies.interface import Strategy

Object = dict[str, Any]


async def get(store: Store, kind: Kind, namespace: str, name: str) -> Object | None:
    """The object, or None."""
    stored = await store.get(Key(kind.resource, namespace, name))
    return encoding.decode(stored.body) if stored is not None else None


async def select(store: Store, kind: Kind, namespace: str, fields: Mapping[str, str] | None = None) -> list[Object]:
    """Objects of a namespace whose selectable fields have these values."""
    selector = EVERYTHING
    if fields:
        requirements = (Requirement(key, Operator.EQUALS, frozenset({value})) for key, value in fields.items())
        selector = Selector(tuple(requirements))
    page = await store.page(kind.resource, namespace=namespace, fields=selector)
    return [encoding.decode(item.body) for item in page.items]


def version(obj: Mapping[str, Any]) -> int:
    """The version an object was read at, as the store counts."""
    return int(obj["metadata"]["resourceVersion"])


def terminating(obj: Mapping[str, Any] | None) -> bool:
    return bool(obj and obj["metadata"].get("deletionTimestamp"))


def say(kind: Kind, old: Mapping[str, Any], status: Mapping[str, Any], now: str) -> Put:
    """The operation by which one of the server's own services writes the status of an object, never its spec.

    Args:
        kind: its row.
        old: the object as it was read; one without a resourceVersion is created.
        status: the wanted status.
        now: RFC 3339; when its owner became its owner.
    """
    obj: Object = {**old, "metadata": {**old["metadata"]}, "status": encoding.plain(status)}
    expect = int(obj["metadata"].pop("resourceVersion", ABSENT))
    live = None if expect == ABSENT else old
    _resource(kind).owners(STATUS.name).update(live, obj, manager=FORGE_MANAGER, now=now)
    key = Key(kind.resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
    index = Index(dict(obj["metadata"].get("labels") or {}), paths.fields_of(obj, kind.selectable))
    return Put(key, encoding.draft(obj), index, expect)


@cache
def _resource(kind: Kind) -> Resource:
    return Resource(kind, Strategy())
