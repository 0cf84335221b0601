"""Writes of all kinds: from a request to a write through the registry, and its answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from krate import errors
from krate.names import Verb
from krate_api import bodies, patches
from krate_api.http import Response
from krate_api.negotiation import Wanted
from krate_api.patches import PatchType
from krate_api.registry import (
    applying,
    creating,
    decoding,
    deleteoptions,
    deleting,
    listing,
    listoptions,
    patching,
    updating,
)
from krate_api.registry.call import write_options
from krate_api.registry.writing import Kit, Write
from krate_api.resources import Resource
from krate_api.routes.ask import Ask
from krate_api.store.changelog import Feeds
from krate_api.store.interface import Stored


class Changes:
    """The verbs that write."""

    def __init__(self, kit: Kit, feeds: Feeds) -> None:
        self._kit = kit
        self._feeds = feeds

    def handlers(self) -> Mapping[Verb, Callable[[Ask], Awaitable[Response]]]:
        return {
            Verb.CREATE: self._create,
            Verb.UPDATE: self._update,
            Verb.PATCH: self._patch,
            Verb.DELETE: self._delete,
            Verb.DELETE_COLLECTION: self._delete_collection,
        }

    def _answer(self, ask: Ask, wanted: Wanted, stored: Stored, *, status: int = 200) -> Response:
        return listing.single(ask.resource, stored, wanted, now=self._kit.clock().timestamp(), status=status)

    async def _create(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=False)
        write = Write(self._kit, ask.resource, ask.call, write_options(ask.request, "CreateOptions"))
        media = bodies.check_media_type(ask.request, bodies.accepted_for(ask.resource.kind))
        obj = decoding.decode(await ask.request.body(), media, ask.resource, ask.call, write.options)
        stored = await creating.create(write, obj, namespace=ask.info.namespace)
        return self._answer(ask, wanted, stored, status=201)

    async def _update(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=False)
        write = Write(self._kit, ask.resource, ask.call, write_options(ask.request, "UpdateOptions"))
        media = bodies.check_media_type(ask.request, bodies.accepted_for(ask.resource.kind))
        obj = decoding.decode(await ask.request.body(), media, ask.resource, ask.call, write.options)
        updating.check_address(obj, namespace=ask.info.namespace, name=ask.info.name)
        pristine = orjson.dumps(obj)
        return self._answer(ask, wanted, await self._change(ask, write, lambda _old: orjson.loads(pristine)))

    async def _change(self, ask: Ask, write: Write, change: updating.Change) -> Stored:
        info = ask.info
        return await updating.update(
            write, change, namespace=info.namespace, name=info.name, subresource=info.subresource
        )

    async def _patch(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=False)
        media = patches.check_media_type(ask.request, ask.resource.kind)
        options = write_options(ask.request, "PatchOptions", apply=media == PatchType.APPLY)
        write = Write(self._kit, ask.resource, ask.call, options)
        if media == PatchType.APPLY:
            return await self._apply(ask, wanted, write)
        patch = patching.parse(await ask.request.body(), media, write.options)

        def change(old: dict[str, Any]) -> dict[str, Any]:
            return patching.patched(old, patch, ask.resource, ask.call, write.options)

        return self._answer(ask, wanted, await self._change(ask, write, change))

    async def _apply(self, ask: Ask, wanted: Wanted, write: Write) -> Response:
        info = ask.info
        patch = applying.parse(await ask.request.body(), ask.call, write.options)

        async def permit() -> None:
            await ask.permit(replace(info.attributes, verb=Verb.CREATE))

        stored, created = await applying.apply(
            write, patch, namespace=info.namespace, name=info.name, subresource=info.subresource, permit=permit
        )
        return self._answer(ask, wanted, stored, status=201 if created else 200)

    async def _delete(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=False)
        options = await deleteoptions.parse(ask.request)
        write = Write(self._kit, ask.resource, ask.call, options.write)
        done = await deleting.delete(write, namespace=ask.info.namespace, name=ask.info.name, options=options)
        if not done.gone or ask.resource.kind.returns_deleted:
            status = 202 if options.orphan is False else 200
            rendered = listing.render(done.object, wanted)
            return Response(rendered.body, status, rendered.content_type)
        return listing.render(_success(ask.resource, done.object), wanted)

    async def _delete_collection(self, ask: Ask) -> Response:
        """Delete what a list answers, one by one; the answer is that list, as it was."""
        wanted = ask.wanted(collection=True)
        selected = listoptions.parse(ask.request, ask.resource, watching=False)
        options = await deleteoptions.parse(ask.request)
        write = Write(self._kit, ask.resource, ask.call, options.write)
        feed = self._feeds.of(ask.resource.store_name)
        page = await listing.read(self._kit.store, feed, ask.resource, ask.info.namespace, selected)
        for item in page.items:
            try:
                await deleting.delete(write, namespace=item.key.namespace, name=item.key.name, options=options)
            except errors.NotFound:
                continue
        now = self._kit.clock().timestamp()
        return listing.listed(ask.resource, ask.info.namespace, page, wanted, now=now)


def _success(resource: Resource, obj: Mapping[str, Any]) -> dict[str, Any]:
    """The Status of a completed deletion."""
    kind, meta = resource.kind, obj["metadata"]
    details = {"name": meta["name"], "group": kind.group, "kind": kind.plural, "uid": meta["uid"]}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {key: value for key, value in details.items() if value},
    }
