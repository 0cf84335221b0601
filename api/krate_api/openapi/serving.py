"""Answers OpenAPI from memory. Documents are made on first use, in a thread, and anew when the catalog has changed.

A stale hash is answered with the current document: upstream redirects, which would become a 502 on the way through an
aggregator (api-behaviour A4, O3).
"""

import asyncio
import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from krate.clock import Clock
from krate_api.discovery import order
from krate_api.discovery.order import Groups
from krate_api.documents import Document, takes_gzip
from krate_api.http import JSON, Request, Response
from krate_api.negotiation import clauses
from krate_api.openapi import content, protobuf, roots
from krate_api.openapi.documents import Writer
from krate_api.resources import Catalog, Resource

_V2: Final = "/openapi/v2"
_V3: Final = "/openapi/v3"
_VARY: Final = ("vary", "Accept")
_SECOND: Final = datetime.timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Index:
    """Version 3 in one state of the catalog."""

    generation: int = 0
    resources: Mapping[str, tuple[Resource, ...]] = field(default_factory=dict[str, tuple[Resource, ...]])
    documents: Mapping[str, Document] = field(default_factory=dict[str, Document])
    """By path in the index."""
    index: Document | None = None


class OpenAPI:
    """The documents of a catalog."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._catalog = catalog
        self._clock = clock
        self._writer = Writer()
        self._lock = asyncio.Lock()
        self._v3 = _Index()
        self._v2: dict[str, tuple[int, Document]] = {}

    @property
    def paths(self) -> Iterable[str]:
        """Where the documents are, for the list at the root."""
        return (_V2, _V3)

    async def respond(self, request: Request) -> Response | None:
        """The document at the request's path; None when there is none."""
        if request.path == _V2:
            return await self._everything(request)
        if request.path == _V3:
            index = (await self._current()).index
            # Upstream's aggregator leaves the type to Go, which sees text.
            return index and content.serve(request, index, "text/plain; charset=utf-8")
        if request.path.startswith(f"{_V3}/"):
            return await self._one(request, request.path.removeprefix(f"{_V3}/"))
        return None

    async def _everything(self, request: Request) -> Response:
        vary = ("vary", "Accept-Encoding, Accept")
        wanted = _wanted(request, JSON, *protobuf.ACCEPTED)
        if not wanted:
            return Response(b"", 406, "", (vary,))
        media = JSON if wanted == JSON else protobuf.MEDIA
        document = await self._swagger(media)
        tagged = (("etag", document.etag), vary)
        if takes_gzip(request):
            return content.serve_compressed(request, document, media, tagged)
        return content.serve(request, document, media, tagged)

    async def _one(self, request: Request, path: str) -> Response:
        document = (await self._current()).documents.get(path)
        if document is None:
            return Response(b"", 404, "")
        if not _wanted(request, JSON):
            return Response(b"", 406, "", (_VARY,))
        headers = [("etag", document.etag), _VARY]
        if request.param("hash") == document.digest:
            headers += content.forever(self._clock())
        return content.serve(request, document, headers=headers)

    async def _current(self) -> _Index:
        async with self._lock:
            generation = self._catalog.generation
            if self._v3.generation != generation:
                groups = order.ordered(self._catalog.groups())
                self._v3 = await asyncio.to_thread(self._build, groups, generation)
            return self._v3

    async def _swagger(self, media: str) -> Document:
        async with self._lock:
            generation, write = self._catalog.generation, self._writer.v2 if media == JSON else self._writer.packed
            if self._v2.get(media, (0,))[0] != generation:
                groups = order.ordered(self._catalog.groups())
                self._v2[media] = (generation, await asyncio.to_thread(write, groups, self._clock()))
            return self._v2[media][1]

    def _made(self) -> datetime.datetime:
        """Now, in a second of its own: clients that ask by time must never take one index for the next."""
        now, before = self._clock(), self._v3.index
        return now if before is None else max(now, before.made.replace(microsecond=0) + _SECOND)

    def _build(self, groups: Groups, generation: int) -> _Index:
        """The documents of this state; those whose resources are the same objects are taken from the state before."""
        made = self._made()
        resources = {
            roots.place(name, version): several
            for name, versions in groups.items()
            for version, several in versions.items()
        }
        documents = {
            path: self._v3.documents[path]
            if self._v3.resources.get(path) == several
            else self._writer.v3(path, several, made)
            for path, several in resources.items()
        }
        for path, operation in roots.roots(groups).items():
            documents[path] = self._v3.documents.get(path) or self._writer.root(operation, made)
        urls = {path: {"serverRelativeURL": f"{_V3}/{path}?hash={one.digest}"} for path, one in documents.items()}
        index = Document(orjson.dumps({"paths": urls}, option=orjson.OPT_SORT_KEYS), made)
        return _Index(generation, resources, documents, index)


def _wanted(request: Request, *served: str) -> str:
    """The media type to answer with; empty when the client accepts none that is served."""
    accepted = clauses(request.header("accept") or "*/*")
    return next((media for clause in accepted for media in served if clause.matches(media)), "")
