"""Who owns which field: what the registry asks on every write, for one version of a kind and one endpoint of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from krate import errors
from krate.schema import Schema
from krate_api.apply import lastapplied, managedfields, refusals, validation, values
from krate_api.apply.elements import Unreadable
from krate_api.apply.fieldsets import FieldSet
from krate_api.apply.managedfields import ENTRIES, Managed
from krate_api.apply.schemas import compiled
from krate_api.apply.typed import Typed, TypeMismatch
from krate_api.apply.updating import Conflicts, NoSuchVersion, Owned, Updater

Object = dict[str, Any]

_THIS_WRITE: Final = "current-operation"
_BEFORE: Final = "before-first-apply"
_UNKNOWN: Final = "unknown"


class FieldManager:
    """The bookkeeper of `metadata.managedFields`; immutable, to be built once per version and subresource.

    Args:
        schemas: apiVersion -> structural schema of every version of the kind (None: no schema), this one included.
            Owners at other versions are understood by them; owners at versions that are gone lose what they owned.
        api_version: of the objects that are given and answered, as in `apiVersion`.
        kind: of the objects.
        subresource: "" for the main endpoint.
        nothing: members that the objects have before anybody set one; compiled types have their structs.
        reset: apiVersion -> fields that this endpoint does not write (`FieldSet.of(("status",))` on the main endpoint
            of a kind with a status; metadata and spec on /status, for every version): nobody comes to own them here.
    """

    def __init__(
        self,
        schemas: Mapping[str, Schema | None],
        *,
        api_version: str,
        kind: str,
        subresource: str = "",
        nothing: Mapping[str, Any] | None = None,
        reset: Mapping[str, FieldSet] | None = None,
    ) -> None:
        self._types = {version: compiled(schema) for version, schema in schemas.items()}
        self._version = api_version
        self._kind = kind
        self._subresource = subresource
        self._empty = dict(nothing or {})
        self._updater = Updater(self._convert, dict(reset or {}))

    def update(self, live: Mapping[str, Any] | None, new: Object, *, manager: str, now: str) -> None:
        """Record a create, an update or a patch: sets `new["metadata"]["managedFields"]`, in place, or takes it away.

        It never fails: an object that its schema does not fit is left without managedFields, as upstream does. To be
        called with the object as decoded, pruned and defaulted, before strategy and admission change it. The entries
        that the request carried are the starting point on the main endpoint (`[]` and `[{}]` reset them), the live
        ones on a subresource. Times move only where an owner's fields did; `unmoved` is for writes that change nothing.

        Args:
            live: the stored object; None when it is being created.
            new: the wanted object, `apiVersion` as served.
            manager: fieldManager of the request, or what stands for it (the user agent up to its slash).
            now: RFC 3339, seconds, Z.
        """
        meta = new.setdefault("metadata", {})
        sent = managedfields.entries_of(new)
        meta.pop(ENTRIES, None)
        stored = managedfields.entries_of(live) if live is not None else None
        start = managedfields.starting(sent, stored, subresource=bool(self._subresource))
        if not start.owners and live is not None:
            return  # Nobody is tracked on an object that lost its owners, until somebody applies it.
        try:
            managed = self._record(live or self._nothing(), new, start, manager, now)
        except TypeMismatch:
            return
        if managed.owners:
            meta[ENTRIES] = managedfields.encode(managed)

    def apply(self, live: Mapping[str, Any] | None, patch: Object, *, manager: str, force: bool, now: str) -> Object:
        """The object after `manager` applied `patch`, with managedFields; `live` is not changed, nothing is shared.

        The result is to be defaulted and goes through strategy, validation and admission like that of any patch. When
        nothing changed it equals `live` (the no-op check of the write path then keeps version and times).

        Args:
            live: the stored object; None to create it.
            patch: the applied configuration as decoded: not pruned and not defaulted.
            manager: fieldManager of the request.
            force: whether to take what others own.
            now: RFC 3339, seconds, Z.

        Raises:
            Conflict: fields are owned by others; causes FieldManagerConflict.
            BadRequest: wrong or missing apiVersion and kind, managedFields in the patch, undeclared fields, duplicates.
        """
        if refusals.kind(patch) != refusals.kind(self._nothing()):
            raise errors.BadRequest(f"invalid object type: {refusals.kind(patch)}")
        base = dict(live) if live is not None else self._nothing()
        try:
            managed = managedfields.decode(managedfields.entries_of(base) or ())
        except Unreadable as error:
            raise errors.StatusError(f"failed to decode managed fields: {error}") from error
        if not managed.owners:
            managed = self._first(base, managed, now)
        if managedfields.entries_of(patch) is not None:
            raise errors.BadRequest("metadata.managedFields must be nil")
        new, managed = self._applied(base, patch, managed, manager, force=force, now=now)
        if manager == lastapplied.MANAGER:
            lastapplied.renew(new, patch)
        if managed.owners:
            new["metadata"][ENTRIES] = managedfields.encode(managed)
        return new

    def _nothing(self) -> Object:
        """The object before it is created."""
        return {"apiVersion": self._version, "kind": self._kind, **values.clone(self._empty)}

    def _identity(self, manager: str, operation: str) -> str:
        return managedfields.identity(
            manager=manager or _UNKNOWN, operation=operation, version=self._version, subresource=self._subresource
        )

    def _typed(self, obj: Mapping[str, Any], *, duplicates: bool = False) -> Typed:
        """The object with its type, without its owners.

        Raises:
            TypeMismatch: it does not fit.
        """
        value = {**obj, "apiVersion": self._version}
        if isinstance(meta := obj.get("metadata"), dict):
            value["metadata"] = {key: item for key, item in meta.items() if key != ENTRIES}
        typed = Typed(value, self._types[self._version], self._version)
        return validation.check(typed, duplicates=duplicates)

    def _convert(self, typed: Typed, version: str) -> Typed:
        """Conversion None: another apiVersion, another schema.

        Raises:
            NoSuchVersion: there is no such version (any more).
            TypeMismatch: the object does not fit the schema there.
        """
        if version == typed.version:
            return typed
        if version not in self._types:
            raise NoSuchVersion(version)
        found = Typed({**typed.value, "apiVersion": version}, self._types[version], version)
        return validation.check(found, duplicates=False)

    def _record(self, live: Mapping[str, Any], new: Object, start: Managed, manager: str, now: str) -> Managed:
        """The owners after an update.

        Raises:
            TypeMismatch: an object does not fit its schema.
        """
        before, after = self._typed(live, duplicates=True), self._typed(new, duplicates=True)
        owners = _tracked(self._updater.update(before, after, start.owners, _THIS_WRITE), _THIS_WRITE)
        times = start.times
        mine = owners.pop(_THIS_WRITE, None)
        if mine is not None:
            me = self._identity(manager, managedfields.UPDATE)
            earlier = owners[me].fields if me in owners else FieldSet()
            owners[me] = replace(mine, fields=mine.fields.union(earlier))
            times = times | {me: now}
        return managedfields.capped(Managed(owners, times))

    def _first(self, live: Object, managed: Managed, now: str) -> Managed:
        """The owners of an object that nobody owns yet: what is there was there before.

        Raises:
            StatusError: the stored object does not fit its schema.
        """
        try:
            return self._record(self._nothing(), live, managed, _BEFORE, now)
        except TypeMismatch as error:
            raise errors.StatusError(
                "failed to create manager for existing fields: failed to convert new object "
                f"({refusals.subject(live)}) to smd typed: {error}"
            ) from error

    def _applied(
        self, live: Object, patch: Object, managed: Managed, manager: str, *, force: bool, now: str
    ) -> tuple[Object, Managed]:
        """The object and its owners after an apply.

        Raises:
            Conflict: fields are owned by others.
            BadRequest: the patch does not fit the schema.
            StatusError: the stored object does not.
        """
        config, before = self._config(patch), self._before(live)
        me = self._identity(manager, managedfields.APPLY)
        try:
            new, owners = self._updater.apply(before, config, managed.owners, me, force=force)
        except Conflicts as found:
            if rest := self._forbidden(found, live, manager):
                raise refusals.conflict(rest) from None
            new, owners = self._updater.apply(before, config, managed.owners, me, force=True)
        except TypeMismatch as error:  # At the version of another owner.
            raise errors.StatusError(f"failed to convert new object: {error}") from error
        # Times do not move when only owners did, as upstream.
        times = managed.times if new is None else managed.times | {me: now}
        obj = values.clone((new or before).value)
        obj.setdefault("metadata", {})
        return obj, Managed(_tracked(owners, me), times)

    def _config(self, patch: Object) -> Typed:
        try:
            return self._typed(patch)
        except TypeMismatch as error:
            text = f"failed to create typed patch object ({refusals.subject(patch)}): {error}"
            raise errors.BadRequest(text) from error

    def _before(self, live: Object) -> Typed:
        try:
            return self._typed(live, duplicates=True)
        except TypeMismatch as error:
            text = f"failed to create typed live object ({refusals.subject(live)}): {error}"
            raise errors.StatusError(text) from error

    def _forbidden(self, found: Conflicts, live: Object, manager: str) -> Conflicts | None:
        """The conflicts that stand: all, but for kubectl those that its own client-side apply did not cause."""
        owned = lastapplied.owned(live, self._version, self._typed) if manager == lastapplied.MANAGER else None
        if owned is None:
            return found
        rest = {owner: left for owner, fields in found.found.items() if (left := fields.difference(owned))}
        return Conflicts(rest) if rest else None


def _tracked(owners: Mapping[str, Owned], owner: str) -> dict[str, Owned]:
    """The owners, `owner` without what nobody owns."""
    found = dict(owners)
    if owner in found:
        fields = found[owner].fields.difference(managedfields.SERVER_FIELDS)
        found[owner] = replace(found[owner], fields=fields)
        if not fields:
            del found[owner]
    return found


def unmoved(new: Object, old: Mapping[str, Any]) -> None:
    """Put back the times of `old` in `new` when nothing else is different, so that the write is none.

    To be called last, when strategy and admission are done (AS/pkg/endpoints/handlers/fieldmanager/equality.go).
    """
    entries, before = managedfields.entries_of(new), managedfields.entries_of(old)
    if not entries or not before or len(entries) != len(before):
        return
    still = [{**entry, "time": earlier.get("time")} for entry, earlier in zip(entries, before, strict=True)]
    was = [{**earlier, "time": earlier.get("time")} for earlier in before]
    if values.same(still, was) and values.same(_without_entries(new), _without_entries(old)):
        new["metadata"][ENTRIES] = values.clone(old["metadata"][ENTRIES])


def _without_entries(obj: Mapping[str, Any]) -> dict[str, Any]:
    return {**obj, "metadata": {key: value for key, value in obj["metadata"].items() if key != ENTRIES}}
