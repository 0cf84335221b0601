"""What the store must remember of a definition besides its objects: which schemas they were written under.

An object up to the recorded version may hold what the schema of today would prune, and lack its defaults. A definition
that is deleted leaves nothing: a new one of the name starts with an empty history, and old watches cannot resume.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from krate.schema import strip_descriptions
from krate_api.definitions import serving
from krate_api.definitions.conditions import Definition
from krate_api.registry.lanes import Lane
from krate_api.store import encoding
from krate_api.store.interface import Operation, Record, Reindex, Remove, Stale, Store

BUCKET: Final = "definitions"
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Older:
    """Objects up to `version` are of another time."""

    version: int = 0
    reindex: bool = False
    """Whether the fields that selectors look at have changed."""


async def recorded(store: Store, obj: Definition, lane: Lane) -> Older:
    """Compare a definition with what its objects were last written under, and record the change if there is one."""
    meta, name = obj["metadata"], obj["metadata"]["name"]
    raw = store.record(BUCKET, name)
    before: dict[str, Any] = orjson.loads(raw) if raw is not None else {}
    identity = {"uid": meta["uid"], "generation": meta.get("generation", 0)}
    if identity["generation"] and identity.items() <= before.items():
        return Older(before["older"])  # Nothing but a change of the spec moves the generation; ours has none.
    digest = await lane.call(lambda: _digest(obj))
    now = {**identity, "schemas": digest, "fields": _fields(obj)}
    if before.get("uid") != now["uid"]:
        # A new definition has no objects; what another one of the name may have left behind was not written under it.
        version = 0
    elif before["schemas"] != now["schemas"]:
        version = store.version(name)
    else:
        version = before["older"]
    new = {**now, "older": version}
    reindex = bool(before) and before.get("fields") != now["fields"]
    if new != before:
        await store.commit([Record(BUCKET, name, orjson.dumps(new))])
    return Older(version, reindex)


def _digest(obj: Mapping[str, Any]) -> str:
    schemas = {version["name"]: strip_descriptions(serving.rooted(version)) for version in obj["spec"]["versions"]}
    return hashlib.sha256(orjson.dumps(schemas, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _fields(obj: Mapping[str, Any]) -> list[str]:
    fields = (
        field["jsonPath"] for version in obj["spec"]["versions"] for field in version.get("selectableFields") or ()
    )
    return sorted(set(fields))


async def reindex(store: Store, resource: serving.CustomResource) -> None:
    """Bring what selectors see of the stored objects up to date. Their versions do not move: they have not changed."""
    after: tuple[str, str] | None = None
    while True:
        page = await store.page(resource.kind.resource, limit=_PAGE, after=after)
        for item in page.items:
            obj = encoding.decode(resource.shown(item.body))
            try:
                await store.commit([Reindex(item.key, resource.index(obj), item.version)])
            except Stale:
                continue  # It was written meanwhile, and indexed with that.
        if not page.more:
            return
        last = page.items[-1].key
        after = (last.namespace, last.name)


async def forget(store: Store, name: str) -> None:
    """Remove everything of a definition that is gone: objects that slipped in, the record, the change log."""
    while (page := await store.page(name, limit=_PAGE)).items:
        removals: list[Operation] = [Remove(item.key, item.version) for item in page.items]
        try:
            await store.commit(removals)
        except Stale:
            continue
    await store.commit([Record(BUCKET, name, None)])
    await store.compact(name, keep=0, before=math.inf)
