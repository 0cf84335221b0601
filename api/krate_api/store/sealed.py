"""A store that keeps some resources secret: the port over another store, which sees only sealed bodies of them.

Bodies are sealed in the change log too, for the log holds what was written. Labels and selectable fields stay
readable: they are what the other store selects by.
"""

from collections.abc import Sequence
from dataclasses import replace

from krate.selectors import EVERYTHING, Selector
from krate_api.store.interface import (
    Batch,
    Change,
    Committed,
    Draft,
    Key,
    Operation,
    Page,
    Put,
    Stale,
    Store,
    Stored,
)
from krate_api.store.seals import Seals


class SealedStore:
    """A `Store`.

    Args:
        store: where everything is kept.
        seals: the keys.
        resources: qualified names of what is kept secret.
    """

    def __init__(self, store: Store, seals: Seals, resources: frozenset[str]) -> None:
        self._store = store
        self._seals = seals
        self._resources = resources
        self.version = store.version
        self.listen = store.listen
        self.record = store.record
        self.records = store.records
        self.sequence = store.sequence
        self.entries = store.entries
        self.compact = store.compact
        self.ping = store.ping
        self.close = store.close

    async def get(self, key: Key) -> Stored | None:
        stored = await self._store.get(key)
        return stored if stored is None else self._opened(stored)

    async def page(
        self,
        resource: str,
        *,
        namespace: str = "",
        labels: Selector = EVERYTHING,
        fields: Selector = EVERYTHING,
        limit: int = 0,
        after: tuple[str, str] | None = None,
        at: int | None = None,
    ) -> Page:
        found = await self._store.page(
            resource, namespace=namespace, labels=labels, fields=fields, limit=limit, after=after, at=at
        )
        return replace(found, items=tuple(map(self._opened, found.items))) if resource in self._resources else found

    def changes(self, resource: str, after: int, limit: int = 1000) -> Sequence[Change]:
        found = self._store.changes(resource, after, limit)
        return list(map(self._opened_change, found)) if resource in self._resources else found

    async def commit(self, batch: Batch) -> Committed:
        closed = [self._closed(operation) for operation in batch]
        try:
            committed = await self._store.commit(closed)
        except Stale as stale:
            # Callers look for their own operation in it.
            told = next(given for given, one in zip(batch, closed, strict=True) if one is stale.operation)
            raise type(stale)(told) from None
        return Committed(tuple(map(self._opened, committed.objects)))

    def _closed(self, operation: Operation) -> Operation:
        if not isinstance(operation, Put) or operation.key.resource not in self._resources:
            return operation
        draft = operation.draft
        return replace(operation, draft=Draft(draft.head, self._seals.tail(operation.key, draft.tail)))

    def _opened(self, stored: Stored) -> Stored:
        if stored.key.resource not in self._resources:
            return stored
        return stored._replace(body=self._seals.open(stored.key, stored.body))

    def _opened_change(self, change: Change) -> Change:
        before = change.before if change.before is None else self._seals.open(change.key, change.before)
        return replace(change, body=self._seals.open(change.key, change.body), before=before)
