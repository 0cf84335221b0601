"""The scale subresource: reads and writes of a Scale that is part of another object."""

from typing import Any

import orjson

from krate import errors
from krate.kinds import Scale
from krate.names import Verb
from krate_api import bodies, patches
from krate_api.http import Response
from krate_api.negotiation import Wanted
from krate_api.patches import PatchType
from krate_api.registry import applying, decoding, listing, patching, scaling, writing
from krate_api.registry.call import WriteOptions, write_options
from krate_api.registry.writing import Kit, Write
from krate_api.routes.ask import Ask
from krate_api.store import encoding
from krate_api.store.interface import Stored

_UNREADABLE = 'no kind is registered for the type v1.Scale in scheme "pkg/runtime/scheme.go:111"'
"""What upstream says of every Scale that it cannot decode."""


class Scales:
    """Verbs over the scale of an object."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._form = scaling.ScaleResource()

    async def handle(self, ask: Ask) -> Response:
        handlers = {Verb.GET: self._get, Verb.UPDATE: self._update, Verb.PATCH: self._patch}
        return await handlers[Verb(ask.info.verb)](ask)

    async def _get(self, ask: Ask) -> Response:
        info = ask.info
        stored = await self._kit.store.get(ask.resource.key(info.namespace, info.name))
        if stored is None:
            raise writing.not_found(ask.resource, info.name)
        return self._answer(ask, ask.wanted(collection=False), stored)

    def _answer(self, ask: Ask, wanted: Wanted, stored: Stored) -> Response:
        obj = encoding.decode(ask.resource.shown(stored.body))
        scale = scaling.scale_of(obj, ask.resource.kind.scale or Scale("", ""))
        shown = Stored(stored.key, stored.version, encoding.draft(scale).at(stored.version))
        return listing.single(self._form, shown, wanted, now=self._kit.clock().timestamp())

    async def _update(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=False)
        write = Write(self._kit, ask.resource, ask.call, write_options(ask.request, "UpdateOptions"))
        media = bodies.check_media_type(ask.request)
        sent = orjson.dumps(self._decoded(await ask.request.body(), media, ask, write.options))
        return await self._scaled(ask, wanted, write, lambda _before: orjson.loads(sent))

    def _decoded(self, data: bytes, media: str, ask: Ask, options: WriteOptions) -> dict[str, Any]:
        try:
            return decoding.decode(data, media, self._form, ask.call, options)
        except (errors.BadRequest, errors.Invalid):
            raise errors.BadRequest(_UNREADABLE) from None

    async def _scaled(
        self, ask: Ask, wanted: Wanted, write: Write, change: scaling.Change, *, applied: bool = False
    ) -> Response:
        where = {"namespace": ask.info.namespace, "name": ask.info.name}
        return self._answer(ask, wanted, await scaling.scale(write, self._form, change, applied=applied, **where))

    async def _patch(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=False)
        media = patches.check_media_type(ask.request, ask.resource.kind)
        options = write_options(ask.request, "PatchOptions", apply=media == PatchType.APPLY)
        write = Write(self._kit, ask.resource, ask.call, options)
        if media == PatchType.APPLY:
            return await self._apply(ask, wanted, write)
        patch = patching.parse(await ask.request.body(), media, options)

        def change(before: dict[str, Any]) -> dict[str, Any]:
            return patching.patched(before, patch, self._form, ask.call, options)

        return await self._scaled(ask, wanted, write, change)

    async def _apply(self, ask: Ask, wanted: Wanted, write: Write) -> Response:
        options = write.options
        patch = applying.parse(await ask.request.body(), ask.call, options)

        def change(before: dict[str, Any]) -> dict[str, Any]:
            manager, now = options.field_manager, self._kit.now()
            owners = self._form.owners(scaling.NAME)
            return owners.apply(before, patch, manager=manager, force=options.force is True, now=now)

        return await self._scaled(ask, wanted, write, change, applied=True)
