"""`namespaces/finalize`: how the namespace controller says that a namespace is empty."""

from typing import Any, Final

from krate import errors, kinds
from krate_api import activity, bodies
from krate_api.admission.interface import Operation as Admission
from krate_api.http import Response
from krate_api.registry import decoding, listing, writing
from krate_api.registry.call import write_options
from krate_api.registry.writing import Kit, Write
from krate_api.resources import Resource
from krate_api.store import encoding
from krate_api.store.interface import Operation, Remove, Stale, Stored
from krate_api.subresources.interface import Handlers, Visit

NAME: Final = "finalize"


class Namespaces:
    """The handler over the write kit."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def handlers(self) -> Handlers:
        return {(kinds.NAMESPACE, NAME): self._finalize}

    async def _finalize(self, visit: Visit) -> Response:
        resource = self._kit.catalog.of(kinds.NAMESPACE)
        write = Write(self._kit, resource, visit.call, write_options(visit.request, "UpdateOptions"))
        media = bodies.check_media_type(visit.request, bodies.accepted_for(resource.kind))
        wanted = decoding.decode(await visit.request.body(), media, resource, visit.call, write.options)
        writing.check_shape(resource, wanted)
        if (name := wanted["metadata"].get("name", "")) != visit.info.name:
            raise errors.BadRequest(
                f"the name of the object ({name}) does not match the name on the URL ({visit.info.name})"
            )
        finalizers: list[str] = list((wanted.get("spec") or {}).get("finalizers") or [])
        while True:
            stored = await self._kit.store.get(resource.key("", visit.info.name))
            if stored is None:
                raise writing.not_found(resource, visit.info.name)
            version = wanted["metadata"].get("resourceVersion")
            if version and version != str(stored.version):
                raise writing.conflict(resource, visit.info.name)
            try:
                body = await self._write(write, resource, stored, finalizers)
            except Stale:
                continue
            return listing.render(body, visit.wanted)

    async def _write(self, write: Write, resource: Resource, stored: Stored, finalizers: list[str]) -> dict[str, Any]:
        """Set the finalizers; the last one to go takes a deleted namespace with it.

        Raises:
            Stale: somebody else wrote meanwhile.
            Conflict: a live namespace would lose its finalizer.
            StatusError: admission denies.
        """
        old = encoding.decode(stored.body)
        obj = {**old, "metadata": {**old["metadata"]}}
        meta = obj["metadata"]
        deleted = bool(meta.get("deletionTimestamp"))
        if not deleted and not finalizers:
            text = "the namespace is not being deleted"
            raise errors.Conflict.of(plural=resource.kind.plural, group="", name=meta["name"], message=text)
        obj["spec"] = {**(obj.get("spec") or {}), "finalizers": finalizers}
        manager, now = write.options.field_manager, self._kit.now()
        resource.owners(NAME).update(old, obj, manager=manager, now=now)
        await write.admit(Admission.UPDATE, obj=obj, old=old, subresource=NAME)
        if write.options.dry_run:
            return obj
        gone = deleted and not finalizers and not meta.get("finalizers")
        operation: Operation = (
            Remove(stored.key, stored.version) if gone else writing.put(resource, obj, stored.version)
        )
        command = activity.delete_command(resource.kind, "", meta["name"])
        entries = write.entry("delete", obj=obj, command=command) if gone else ()
        committed = await self._kit.store.commit([operation, *entries])
        return obj if gone else encoding.decode(writing.only(committed).body)
