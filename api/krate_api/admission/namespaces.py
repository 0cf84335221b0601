"""Namespace lifecycle: nothing is created in a namespace that is missing or going.

The model is AS/pkg/admission/plugin/namespace/lifecycle.
"""

from typing import Final

from krate import errors, kinds, names
from krate.errors import Cause, CauseType
from krate_api.admission.interface import Operation, Request, Review
from krate_api.store.interface import Key, Store

# The last is ours: without the accounts in it no controller runs, and nothing ends deletions any more.
_IMMORTAL: Final = frozenset({"default", "kube-system", "kube-public", names.SYSTEM_NAMESPACE})


class NamespaceLifecycle:
    """The first validator of every chain."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def interested(self, request: Request) -> bool:
        if request.kind is kinds.NAMESPACE:
            return request.operation is Operation.DELETE and request.name in _IMMORTAL
        return request.operation is Operation.CREATE and bool(request.namespace)

    async def validate(self, request: Request, review: Review) -> None:  # noqa: ARG002 - the port's shape
        kind = request.kind
        if kind is kinds.NAMESPACE:
            text = "this namespace may not be deleted"
            raise errors.Forbidden.of(plural=kind.plural, group=kind.group, name=request.name, message=text)
        stored = await self._store.get(Key(kinds.NAMESPACE.resource, "", request.namespace))
        if stored is None:
            raise errors.NotFound.of(plural=kinds.NAMESPACE.plural, group="", name=request.namespace)
        if b'"deletionTimestamp":' in stored.body:
            where = request.namespace
            text = f"unable to create new content in namespace {where} because it is being terminated"
            denied = errors.Forbidden.of(plural=kind.plural, group=kind.group, name=request.name, message=text)
            message = f"namespace {where} is being terminated"
            denied.causes = (Cause(CauseType.NAMESPACE_TERMINATING, message, "metadata.namespace"),)
            raise denied
