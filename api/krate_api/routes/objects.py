"""The one handler for all kinds: reads are answered here, writes in `changes`."""

from krate.names import Verb
from krate_api.http import Response
from krate_api.registry import listing, listoptions, numbers, scaling, watching, writing
from krate_api.registry.writing import Kit
from krate_api.routes.ask import Ask
from krate_api.routes.changes import Changes
from krate_api.routes.scales import Scales
from krate_api.store.changelog import Feeds


class Objects:
    """Verbs over the registry."""

    def __init__(self, kit: Kit, feeds: Feeds) -> None:
        self._kit = kit
        self._feeds = feeds
        self._changes = Changes(kit, feeds)
        self._scales = Scales(kit)

    def _now(self) -> float:
        return self._kit.clock().timestamp()

    async def handle(self, ask: Ask) -> Response:
        if ask.info.subresource == scaling.NAME:
            return await self._scales.handle(ask)
        handlers = {
            Verb.GET: self._get,
            Verb.LIST: self._list,
            Verb.WATCH: self._watch,
            **self._changes.handlers(),
        }
        return await handlers[Verb(ask.info.verb)](ask)

    async def _get(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=False)
        resource = ask.resource
        version = numbers.version(ask.request.param("resourceVersion"))
        if version:
            await listing.fresh(self._feeds.of(resource.kind.resource), self._kit.store, version)
        stored = await self._kit.store.get(resource.key(ask.info.namespace, ask.info.name))
        if stored is None:
            raise writing.not_found(resource, ask.info.name)
        return listing.single(resource, stored, wanted, now=self._now())

    async def _list(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=True)
        options = listoptions.parse(ask.request, ask.resource.kind, watching=False)
        feed = self._feeds.of(ask.resource.kind.resource)
        page = await listing.read(self._kit.store, feed, ask.resource, ask.info.namespace, options)
        return listing.listed(ask.resource, ask.info.namespace, page, wanted, now=self._now())

    async def _watch(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=True, watching=True)
        options = listoptions.parse(ask.request, ask.resource.kind, watching=True).only(ask.info.name)
        feed = self._feeds.of(ask.resource.kind.resource)
        watch = watching.Watch(
            self._kit.store,
            feed,
            watching.Scope(ask.info.namespace, options),
            watching.Encoder(feed, ask.resource, wanted, self._now),
            ask.allowed,
        )
        return Response(watch.frames())
