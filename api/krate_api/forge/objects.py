"""Reads of objects that the forge services share, straight from the store and decoded."""

from collections.abc import Mapping
from typing import Any

from krate.kinds import Kind
from krate.selectors import EVERYTHING, Operator, Requirement, Selector
from krate_api import paths
from krate_api.store import encoding
from krate_api.store.interface import Index, Key, Put, Store

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


def replace(kind: Kind, obj: Mapping[str, Any], expect: int) -> Put:
    """The operation by which one of the server's own services writes an object: status only, never spec."""
    key = Key(kind.resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
    index = Index(dict(obj["metadata"].get("labels") or {}), paths.fields_of(obj, kind.selectable))
    return Put(key, encoding.draft(obj), index, expect)
