"""The one handler for all kinds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from krate import errors
from krate.names import Verb
from krate_api import bodies, negotiation, patches, strategic
from krate_api.http import Request, Response
from krate_api.openapi import operations
from krate_api.registry import (
    creating,
    decoding,
    deleteoptions,
    deleting,
    listing,
    listoptions,
    updating,
    watching,
    writing,
)
from krate_api.registry.call import Call, write_options
from krate_api.registry.writing import Kit, Write
from krate_api.requestinfo import RequestInfo
from krate_api.resources import Resource
from krate_api.store.changelog import Feeds


@dataclass(frozen=True, slots=True)
class Ask:
    """One authorised request about objects of a kind."""

    request: Request
    info: RequestInfo
    call: Call
    resource: Resource
    allowed: watching.Allowed

    def wanted(self, *, collection: bool, watching: bool = False) -> negotiation.Wanted:
        return negotiation.negotiate(self.request, collection=collection, watching=watching)

    @property
    def include(self) -> str:
        return self.request.param("includeObject", "Metadata")


class Objects:
    """Verbs over the registry."""

    def __init__(self, kit: Kit, feeds: Feeds) -> None:
        self._kit = kit
        self._feeds = feeds

    def _now(self) -> float:
        return self._kit.clock().timestamp()

    async def handle(self, ask: Ask) -> Response:
        handlers = {
            Verb.GET: self._get,
            Verb.LIST: self._list,
            Verb.WATCH: self._watch,
            Verb.CREATE: self._create,
            Verb.UPDATE: self._update,
            Verb.PATCH: self._patch,
            Verb.DELETE: self._delete,
            Verb.DELETE_COLLECTION: self._delete_collection,
        }
        return await handlers[Verb(ask.info.verb)](ask)

    async def _get(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=False)
        resource = ask.resource
        version = listoptions.parse_version(ask.request.param("resourceVersion"))
        if version:
            await listing.fresh(self._feeds.of(resource.kind.resource), self._kit.store, version)
        stored = await self._kit.store.get(resource.key(ask.info.namespace, ask.info.name))
        if stored is None:
            raise writing.not_found(resource, ask.info.name)
        return listing.single(resource, stored, wanted, now=self._now(), include=ask.include)

    async def _list(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=True)
        options = listoptions.parse(ask.request, ask.resource.kind, watching=False)
        feed = self._feeds.of(ask.resource.kind.resource)
        page = await listing.read(self._kit.store, feed, ask.resource, ask.info.namespace, options)
        return listing.listed(ask.resource, page, wanted, now=self._now(), include=ask.include)

    async def _watch(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=True, watching=True)
        options = listoptions.parse(ask.request, ask.resource.kind, watching=True).only(ask.info.name)
        encoder = watching.Encoder(ask.resource, wanted, ask.include, self._now)
        watch = watching.Watch(
            self._kit.store,
            self._feeds.of(ask.resource.kind.resource),
            ask.resource,
            watching.Scope(ask.info.namespace, options),
            encoder,
            ask.allowed,
        )
        return Response(watch.frames())

    async def _create(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=False)
        write = Write(self._kit, ask.resource, ask.call, write_options(ask.request, "CreateOptions"))
        media = bodies.check_media_type(ask.request, bodies.accepted_for(ask.resource.kind))
        obj = decoding.decode(await ask.request.body(), media, ask.resource, ask.call, write.options)
        stored = await creating.create(write, obj, namespace=ask.info.namespace)
        return listing.single(ask.resource, stored, wanted, now=self._now(), include=ask.include, status=201)

    async def _update(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=False)
        write = Write(self._kit, ask.resource, ask.call, write_options(ask.request, "UpdateOptions"))
        media = bodies.check_media_type(ask.request, bodies.accepted_for(ask.resource.kind))
        obj = decoding.decode(await ask.request.body(), media, ask.resource, ask.call, write.options)
        stored = await updating.update(
            write,
            lambda _old: orjson.loads(orjson.dumps(obj)),
            namespace=ask.info.namespace,
            name=ask.info.name,
            subresource=ask.info.subresource,
            require_version=True,
        )
        return listing.single(ask.resource, stored, wanted, now=self._now(), include=ask.include)

    async def _patch(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=False)
        accepted = operations.patch_types(ask.resource.kind)
        media = bodies.check_media_type(ask.request, accepted)
        write = Write(self._kit, ask.resource, ask.call, write_options(ask.request, "PatchOptions"))
        data = await ask.request.body()
        patch = bodies.parse(data, "application/json")

        def change(old: dict[str, Any]) -> dict[str, Any]:
            new = _patched(old, patch, media, ask.resource)
            decoding.check_type(new, ask.resource)
            decoding.finish(new, ask.resource, ask.call, write.options, patched=True)
            return new

        stored = await updating.update(
            write,
            change,
            namespace=ask.info.namespace,
            name=ask.info.name,
            subresource=ask.info.subresource,
        )
        return listing.single(ask.resource, stored, wanted, now=self._now(), include=ask.include)

    async def _delete(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=False)
        options = await deleteoptions.parse(ask.request, ask.resource)
        write = Write(self._kit, ask.resource, ask.call, options.write)
        done = await deleting.delete(write, namespace=ask.info.namespace, name=ask.info.name, options=options)
        if not done.gone:
            status = 202 if options.orphan is False else 200
            rendered = listing.render(done.object, wanted)
            return Response(rendered.body, status, rendered.content_type)
        return listing.render(_success(ask.resource, done.object), wanted)

    async def _delete_collection(self, ask: Ask) -> Response:
        wanted = ask.wanted(collection=True)
        selected = listoptions.parse(ask.request, ask.resource.kind, watching=False)
        options = await deleteoptions.parse(ask.request, ask.resource)
        write = Write(self._kit, ask.resource, ask.call, options.write)
        feed = self._feeds.of(ask.resource.kind.resource)
        page = await listing.read(self._kit.store, feed, ask.resource, ask.info.namespace, selected)
        items: list[Mapping[str, Any]] = []
        for item in page.items:
            try:
                done = await deleting.delete(write, namespace=item.key.namespace, name=item.key.name, options=options)
            except errors.NotFound:
                continue
            items.append(done.object)
        kind = ask.resource.kind
        metadata = listing.list_metadata(page, always_continue=False)
        body = {"apiVersion": kind.api_version, "kind": kind.list_kind, "metadata": metadata, "items": items}
        return listing.render(body, wanted)


def _patched(old: dict[str, Any], patch: Any, media: str, resource: Resource) -> dict[str, Any]:
    """The result of a patch; it must still be an object.

    Raises:
        BadRequest: the patch has the wrong form.
        Invalid: it cannot be applied.
    """
    if media == patches.PatchType.JSON:
        new = patches.json_patch(old, patch)
    elif not isinstance(patch, dict):
        raise errors.BadRequest("error decoding patch: json: cannot unmarshal array into Go value of type map")
    elif media == patches.PatchType.STRATEGIC:
        new = strategic.apply(old, patch, resource.schema)
    else:
        new = patches.merge(old, patch)
    if not isinstance(new, dict) or not isinstance(new.get("metadata", {}), dict):
        raise errors.Invalid(details={})
    return new


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
