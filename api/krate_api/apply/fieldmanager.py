"""Who owns which field: what the registry asks on every write, for one version of a kind and one endpoint of it."""

from collections.abc import Mapping
from typing import Any

from krate.schema import Schema
from krate_api.apply.fieldsets import FieldSet

Object = dict[str, Any]


class FieldManager:
    """The bookkeeper of `metadata.managedFields`; immutable, to be built once per version and subresource.

    Args:
        schemas: apiVersion -> structural schema of every version of the kind (None: no schema), this one included.
            Owners at other versions are understood by them; owners at versions that are gone lose what they owned.
        api_version: of the objects that are given and answered, as in `apiVersion`.
        kind: of the objects.
        subresource: "" for the main endpoint.
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
        reset: Mapping[str, FieldSet] | None = None,
    ) -> None:
        self._schemas = schemas
        self._api_version = api_version
        self._kind = kind
        self._subresource = subresource
        self._reset = dict(reset or {})

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
        raise NotImplementedError

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
        raise NotImplementedError


def unmoved(new: Object, old: Mapping[str, Any]) -> None:
    """Put back the times of `old` in `new` when nothing else is different, so that the write is none.

    To be called last, when strategy and admission are done (AS/pkg/endpoints/handlers/fieldmanager/equality.go).
    """
    raise NotImplementedError
