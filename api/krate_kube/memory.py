"""An API server in memory: the honest twin of `HttpClient`, for tests of everybody who calls one.

What the server's registry does, it does: versions, generations, conflicts, patches, status as a subresource,
finalizers, selectors, pruning, defaults, watches that resume and expire. What the rest of a control plane does, it does
not: admission, RBAC, strategies (numbers, authors), garbage collection, namespace termination.
"""

import asyncio
import base64
import inspect
import uuid
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any, Final

from krate import clock, errors, kinds, names
from krate.kinds import Kind
from krate_kube import jsonpatches, ledger, patches, paths, selections, writes
from krate_kube.actions import Action, Interceptor, RawReactor, RawRequest, Reactor
from krate_kube.interface import Event, Listing, Object, PatchType, Propagation

_NAMESPACES: Final = ("default", names.SYSTEM_NAMESPACE)


class MemoryClient:
    """Implements `krate_kube.interface.Client` on a dictionary.

    Args:
        served: kinds that exist; all others answer 404 as an unknown path does.
        namespaces: created at the start, besides `default` and `krate-system`.
        now: the clock.
        reactors: by plural and subresource.
        raw_reactor: answers `raw`.
    """

    def __init__(
        self,
        served: Iterable[Kind] = kinds.KINDS,
        *,
        namespaces: Iterable[str] = (),
        now: clock.Clock = clock.system,
        reactors: Mapping[tuple[str, str], Reactor] | None = None,
        raw_reactor: RawReactor | None = None,
    ) -> None:
        self.reactors = dict(reactors or {})
        self.raw_reactor = raw_reactor
        self.interceptor: Interceptor | None = None
        self.actions: list[Action] = []
        self.ledger = ledger.Ledger()
        self._served = {kind.resource for kind in served}
        self._now = now
        self._pages: dict[str, Listing] = {}
        for name in dict.fromkeys((*_NAMESPACES, *namespaces)):
            self.seed({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def seed(self, *objects: Mapping[str, Any]) -> tuple[Object, ...]:
        """Store objects as they stand, status and all, as if they had always been there."""
        stored: list[Object] = []
        for found in objects:
            kind = kinds.of(found["apiVersion"], found["kind"])
            if kind is None:
                raise KeyError(f"no row for {found['apiVersion']} {found['kind']}")
            namespace = found["metadata"].get("namespace", "")
            fresh = writes.new(kind, found, namespace=namespace, now=clock.rfc3339(self._now()), uid=str(uuid.uuid4()))
            kept = {key: value for key, value in found["metadata"].items() if key != "resourceVersion"}
            fresh["metadata"] = {**fresh["metadata"], **kept}
            fresh |= {"status": found["status"]} if "status" in found else {}
            stored.append(self.ledger.put(kind, fresh))
        return tuple(stored)

    def stored(self, kind: Kind, name: str, *, namespace: str = "") -> Object | None:
        """What is stored, without asking."""
        return self.ledger.find(kind, namespace if kind.namespaced else "", name)

    async def get(self, kind: Kind, name: str, *, namespace: str = "") -> Object:
        await self._act(Action("get", kind, namespace, name))
        return self._existing(kind, namespace, name)

    async def list(
        self,
        kind: Kind,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        limit: int = 0,
        continue_token: str = "",
    ) -> Listing:
        await self._act(Action("list", kind, namespace))
        matches = selections.matching(kind, labels, fields)
        if continue_token:
            rest = self._pages.pop(continue_token, None)
            if rest is None:
                raise errors.Expired("The provided continue parameter is too old to display a consistent list result.")
        else:
            rest = Listing(self.ledger.select(kind, namespace, matches), str(self.ledger.version))
        if not limit or len(rest.items) <= limit:
            return rest
        # A page ends at a snapshot's item; the rest of the snapshot waits under its token, so all pages agree.
        token = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self._pages[token] = Listing(rest.items[limit:], rest.resource_version)
        return Listing(rest.items[:limit], rest.resource_version, token)

    async def watch(
        self,
        kind: Kind,
        *,
        namespace: str = "",
        resource_version: str = "",
        labels: str = "",
        fields: str = "",
    ) -> AsyncGenerator[Event]:
        await self._act(Action("watch", kind, namespace))
        matches = selections.matching(kind, labels, fields)
        async for event in self.ledger.watch(kind, namespace, resource_version, matches):
            yield event

    def compact(self) -> None:
        """Forget history: resuming from before now is told 410, and so are open pages."""
        self.ledger.compact()
        self._pages.clear()

    def end_watches(self) -> None:
        """Let every open watch end in peace."""
        self.ledger.end_watches()

    async def create(
        self,
        kind: Kind,
        body: Mapping[str, Any],
        *,
        namespace: str = "",
        subresource: str = "",
        name: str = "",
        dry_run: bool = False,
        field_manager: str = "",
        field_validation: str = "",
    ) -> Object:
        where = (namespace or body.get("metadata", {}).get("namespace", "")) if kind.namespaced else ""
        given = paths.write_options(dry_run=dry_run, field_manager=field_manager, field_validation=field_validation)
        called = name or body.get("metadata", {}).get("name", "")
        action = Action("create", kind, where, called, subresource, body, given)
        await self._act(action)
        if subresource:
            return await self._react(action)
        found = writes.new(kind, body, namespace=where, now=clock.rfc3339(self._now()), uid=str(uuid.uuid4()))
        self._check_namespace(kind, found)
        name = found["metadata"]["name"]
        if (old := self.ledger.find(kind, where, name)) is not None:
            going = bool(old["metadata"].get("deletionTimestamp"))
            raise errors.AlreadyExists.of(plural=kind.plural, group=kind.group, name=name, terminating=going)
        return found if dry_run else self.ledger.put(kind, found)

    async def update(
        self, kind: Kind, body: Mapping[str, Any], *, subresource: str = "", field_manager: str = ""
    ) -> Object:
        metadata = body.get("metadata", {})
        name, namespace = metadata.get("name", ""), metadata.get("namespace", "")
        await self._act(
            Action("update", kind, namespace, name, subresource, body, paths.write_options(field_manager=field_manager))
        )
        old = self._existing(kind, namespace, name)
        if not metadata.get("resourceVersion") and not kind.unconditional_update:
            problem = "Invalid value: 0: must be specified for an update"
            cause = errors.Cause(errors.CauseType.INVALID, problem, "metadata.resourceVersion")
            raise writes.invalid(kind, name, cause)
        return self._store(kind, old, body, subresource=subresource)

    async def patch(
        self,
        kind: Kind,
        name: str,
        patch: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        namespace: str = "",
        subresource: str = "",
        type: PatchType = PatchType.MERGE,  # noqa: A002 - the API's word
        field_manager: str = "",
        dry_run: bool = False,
        field_validation: str = "",
    ) -> Object:
        given = paths.write_options(dry_run=dry_run, field_manager=field_manager, field_validation=field_validation)
        await self._act(Action("patch", kind, namespace, name, subresource, patch, given))
        old = self._existing(kind, namespace, name)
        if type is PatchType.STRATEGIC:
            raise errors.UnsupportedMediaType(
                f"{errors.UnsupportedMediaType.__doc__} - the in-memory server accepts merge and JSON patches"
            )
        wanted = patches.merge(old, patch) if isinstance(patch, Mapping) else jsonpatches.apply(old, patch)
        if wanted.get("metadata", {}).get("name") != name:
            raise errors.BadRequest(f"the name of the object does not match the name on the URL ({name})")
        return self._store(kind, old, wanted, subresource=subresource, dry_run=dry_run)

    async def delete(
        self,
        kind: Kind,
        name: str,
        *,
        namespace: str = "",
        propagation: Propagation | None = None,
        uid: str = "",
        resource_version: str = "",
    ) -> Object:
        await self._act(Action("delete", kind, namespace, name))
        old = self._existing(kind, namespace, name)
        for what, asked, have in (
            ("UID", uid, old["metadata"]["uid"]),
            ("ResourceVersion", resource_version, old["metadata"]["resourceVersion"]),
        ):
            if asked and asked != have:
                why = f"the {what} in the precondition ({asked}) does not match the {what} in record ({have})."
                raise errors.Conflict.of(plural=kind.plural, group=kind.group, name=name, message=why)
        return self._delete(kind, old, propagation)

    async def delete_collection(
        self,
        kind: Kind,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        propagation: Propagation | None = None,
    ) -> Sequence[Object]:
        await self._act(Action("deletecollection", kind, namespace))
        selected = self.ledger.select(kind, namespace, selections.matching(kind, labels, fields))
        for found in selected:
            self._delete(kind, found, propagation)
        return selected

    async def raw(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        if self.raw_reactor is None:
            raise errors.NotFound
        answer = self.raw_reactor(RawRequest(method.upper(), path, params or {}, body, headers or {}))
        return await answer if inspect.isawaitable(answer) else answer

    async def close(self) -> None: ...

    async def _act(self, action: Action) -> None:
        """Every call passes here: it yields to other tasks as a network would, and can be made to fail."""
        await asyncio.sleep(0)
        self.actions.append(action)
        if self.interceptor is not None:
            self.interceptor(action)
        if action.kind.resource not in self._served:
            raise errors.NotFound

    async def _react(self, action: Action) -> Object:
        reactor = self.reactors.get((action.kind.plural, action.subresource))
        if reactor is None or action.kind.subresource(action.subresource) is None:
            raise errors.NotFound
        self._existing(action.kind, action.namespace, action.name)
        answer = reactor(action)
        return await answer if inspect.isawaitable(answer) else answer

    def _existing(self, kind: Kind, namespace: str, name: str) -> Object:
        found = self.ledger.find(kind, namespace if kind.namespaced else "", name)
        if found is None:
            raise errors.NotFound.of(plural=kind.plural, group=kind.group, name=name)
        return found

    def _check_namespace(self, kind: Kind, found: Object) -> None:
        """Nothing is created in a namespace that is missing or going (K1)."""
        if not kind.namespaced:
            return
        holder = self._existing(kinds.NAMESPACE, "", found["metadata"]["namespace"])
        if holder["metadata"].get("deletionTimestamp"):
            raise writes.terminating(kind, found)

    def _store(
        self, kind: Kind, old: Object, wanted: Mapping[str, Any], *, subresource: str, dry_run: bool = False
    ) -> Object:
        if subresource and kind.subresource(subresource) is None:
            raise errors.NotFound
        found = writes.changed(kind, old, wanted, subresource=subresource)
        if dry_run:
            return found
        if found["metadata"].get("deletionTimestamp") and not writes.held(kind, found):
            self.ledger.remove(kind, old)
            return found
        return old if found == old else self.ledger.put(kind, found)

    def _delete(self, kind: Kind, old: Object, propagation: Propagation | None) -> Object:
        found = writes.deleting(old, now=clock.rfc3339(self._now()), propagation=propagation)
        if writes.held(kind, found):
            if kind.resource == "namespaces":
                found = {**found, "status": {**found.get("status", {}), "phase": "Terminating"}}
            return old if found == old else self.ledger.put(kind, found)
        self.ledger.remove(kind, old)
        return writes.deleted(kind, old)
