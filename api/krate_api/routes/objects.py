"""The one handler for all kinds: reads are answered here, writes in `changes`; large writes there too, in the lane."""

from dataclasses import replace
from typing import Final

from krate.names import Verb
from krate_api import bodies
from krate_api.http import Response
from krate_api.patches import PatchType
from krate_api.registry import listing, listoptions, numbers, scaling, watching, writing
from krate_api.registry.lanes import LARGE, Lane
from krate_api.registry.writing import Kit
from krate_api.routes.ask import Ask
from krate_api.routes.changes import Changes
from krate_api.routes.scales import Scales
from krate_api.store.changelog import Feeds

_WRITES: Final = frozenset({Verb.CREATE, Verb.UPDATE, Verb.PATCH, Verb.DELETE})


class Objects:
    """Verbs over the registry."""

    def __init__(self, kit: Kit, feeds: Feeds, lane: Lane) -> None:
        self._kit = kit
        self._feeds = feeds
        self._lane = lane
        self._near = _Writes(kit, feeds)
        self._far = _Writes(kit.within(lane), feeds)

    def _now(self) -> float:
        return self._kit.clock().timestamp()

    async def handle(self, ask: Ask) -> Response:
        if ask.info.verb in _WRITES and await self._is_large(ask, await ask.request.read_ahead()):
            return await self._lane.run(self._far.handle(replace(ask, permit=self._lane.far(ask.permit))))
        reads = {Verb.GET: self._get, Verb.LIST: self._list, Verb.WATCH: self._watch}
        if ask.info.verb in reads and ask.info.subresource != scaling.NAME:
            return await reads[Verb(ask.info.verb)](ask)
        return await self._near.handle(ask)

    async def _is_large(self, ask: Ask, body: bytes) -> bool:
        """Whether a write takes so long to compute that others would wait for it."""
        if ask.resource.laborious or len(body) > LARGE or _may_grow(bodies.media_type(ask.request), body):
            return True
        if not ask.info.name:
            return False
        stored = await self._kit.store.get(ask.resource.key(ask.info.namespace, ask.info.name))
        return stored is not None and len(stored.body) > LARGE

    async def _get(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=False)
        resource = ask.resource
        version = numbers.version(ask.request.param("resourceVersion"))
        if version:
            await listing.fresh(self._feeds.of(resource.store_name), self._kit.store, version)
        stored = await self._kit.store.get(resource.key(ask.info.namespace, ask.info.name))
        if stored is None:
            raise writing.not_found(resource, ask.info.name)
        return listing.single(resource, stored, wanted, now=self._now())

    async def _list(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=True)
        options = listoptions.parse(ask.request, ask.resource, watching=False)
        feed = self._feeds.of(ask.resource.store_name)
        page = await listing.read(self._kit.store, feed, ask.resource, ask.info.namespace, options)
        return listing.listed(ask.resource, ask.info.namespace, page, wanted, now=self._now())

    async def _watch(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=True, watching=True)
        options = listoptions.parse(ask.request, ask.resource, watching=True).only(ask.info.name)
        feed = self._feeds.of(ask.resource.store_name)
        # The old address of one namespace, `/watch/namespaces/NAME`, is one inside of it.
        namespace = ask.info.namespace if ask.resource.kind.namespaced else ""
        watch = watching.Watch(
            self._kit.store,
            feed,
            watching.Scope(namespace, options),
            watching.Encoder(feed, ask.resource, wanted, self._now),
            ask.allowed,
        )
        return Response(watch.frames())


def _may_grow(media: str, body: bytes) -> bool:
    """Whether a small body can make a large object: by aliases of YAML, by copies of a JSON patch."""
    return (b"*" in body and media.endswith("yaml")) or (b"copy" in body and media == PatchType.JSON)


class _Writes:
    """Whatever is not a read, over one kit."""

    def __init__(self, kit: Kit, feeds: Feeds) -> None:
        self._changes = Changes(kit, feeds).handlers()
        self._scales = Scales(kit)

    async def handle(self, ask: Ask) -> Response:
        if ask.info.subresource == scaling.NAME:
            return await self._scales.handle(ask)
        return await self._changes[Verb(ask.info.verb)](ask)
