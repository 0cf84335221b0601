"""Policies as they are stored, followed through the change log, and the look-ups that evaluating them needs.

Before a request is judged the index has taken in every committed policy, so that a policy is in force with the answer
to the request that created it, and out of force with the answer to its deletion.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from krate import clock, kinds, logging
from krate.kinds import Kind, Scope
from krate.selectors import Selector
from krate_api.admission.interface import Validator
from krate_api.admission.policies.index import Builders, PolicyIndex
from krate_api.admission.policies.kyverno import KyvernoValidator
from krate_api.admission.policies.status import policy_status
from krate_api.admission.policies.vap import ValidatingAdmissionPolicyValidator
from krate_api.forge import objects
from krate_api.resources import Catalog
from krate_api.store import encoding
from krate_api.store.changelog import Feeds
from krate_api.store.interface import ChangeType, Compacted, Key, Stale, Store, StoreError

KINDS: Final = (
    kinds.VALIDATING_ADMISSION_POLICY,
    kinds.VALIDATING_ADMISSION_POLICY_BINDING,
    kinds.VALIDATING_POLICY,
    kinds.NAMESPACED_VALIDATING_POLICY,
)


class Lookups:
    """Namespaces and parameter objects, from the store."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog

    async def namespace(self, name: str) -> Mapping[str, Any] | None:
        return await objects.get(self._store, kinds.NAMESPACE, "", name)

    def scope(self, api_version: str, kind: str) -> Scope | None:
        resource = self._catalog.by_kind(api_version, kind)
        return resource.kind.scope if resource is not None else None

    async def get(self, api_version: str, kind: str, *, namespace: str, name: str) -> Mapping[str, Any] | None:
        resource = self._catalog.by_kind(api_version, kind)
        if resource is None:
            return None
        stored = await self._store.get(Key(resource.kind.resource, namespace, name))
        return encoding.decode(resource.shown(stored.body)) if stored is not None else None

    async def list(
        self, api_version: str, kind: str, *, namespace: str, selector: Selector
    ) -> Sequence[Mapping[str, Any]]:
        resource = self._catalog.by_kind(api_version, kind)
        if resource is None:
            return ()
        page = await self._store.page(resource.kind.resource, namespace=namespace, labels=selector)
        return [encoding.decode(resource.shown(item.body)) for item in page.items]


class LivePolicies:
    """The index, kept up to date; `start` must have run before requests are judged."""

    def __init__(self, store: Store, feeds: Feeds, catalog: Catalog, now: clock.Clock) -> None:
        self._store = store
        self._clock = now
        self._log = logging.get(component="policies")
        self._feeds = {kind: feeds.of(kind.resource) for kind in KINDS}
        self._versions = dict.fromkeys(KINDS, 0)
        self._builders = Builders()
        self._tasks: set[asyncio.Task[None]] = set()
        self.index = PolicyIndex()
        lookups = Lookups(store, catalog)
        self.validators: Mapping[str, Validator] = {
            "ValidatingAdmissionPolicy": ValidatingAdmissionPolicyValidator(
                self.index, namespaces=lookups.namespace, params=lookups
            ),
            "ValidatingPolicy": KyvernoValidator(self.index, namespaces=lookups.namespace),
        }

    async def start(self) -> None:
        """Load every policy, then follow the change log."""
        for kind in KINDS:
            await self._load(kind)
            self._store.listen(kind.resource, lambda kind=kind: self._follow(kind))

    async def _load(self, kind: Kind) -> None:
        page = await self._store.page(kind.resource)
        items = [encoding.decode(item.body) for item in page.items]
        self.index.replace(kind, items)
        self._versions[kind] = page.version
        for item in items:
            self._report(kind, item)

    def _follow(self, kind: Kind) -> None:
        """Take in what was committed. Called by the store's hint, in the event loop, after the feed's own."""
        try:
            changes = self._feeds[kind].since(self._versions[kind])
        except Compacted:
            self._spawn(self._load(kind))
            return
        for change in changes:
            item = encoding.decode(change.body)
            self.index.apply(kind, change.type, item)
            self._versions[kind] = change.version
            if change.type is not ChangeType.DELETED:
                self._report(kind, item)

    def _report(self, kind: Kind, item: Mapping[str, Any]) -> None:
        if kind.has_status:
            self._spawn(self._write_status(kind, item["metadata"].get("namespace", ""), item["metadata"]["name"]))

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write_status(self, kind: Kind, namespace: str, name: str) -> None:
        """Say in the policy's status whether it is in force; compiling happens off the event loop."""
        while True:
            obj = await objects.get(self._store, kind, namespace, name)
            if obj is None:
                return
            status = await asyncio.to_thread(policy_status, obj, self._builders)
            if obj.get("status") == status:
                return
            try:
                await self._store.commit([objects.say(kind, obj, status, clock.rfc3339(self._clock()))])
            except Stale:
                continue
            except StoreError as error:
                self._log.warning("policy status not written", policy=name, error=str(error))
            return

    async def close(self) -> None:
        """Wait for what is being written."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
