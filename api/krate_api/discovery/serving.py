"""Answers discovery. Documents are made anew, and only where they differ, when the catalog has changed.

A group and version whose resources are the same objects as before keeps its documents, so that a change costs what it
changes and the joining of bytes. The whole is replaced at once: a request sees one catalog.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from krate import errors
from krate.clock import Clock
from krate_api import compression
from krate_api.discovery import bodies, order
from krate_api.discovery.negotiation import Wanted, negotiate
from krate_api.discovery.order import Groups
from krate_api.documents import Document, known, takes_gzip
from krate_api.http import JSON, Request, Response
from krate_api.resources import Catalog, Resource

_PARAMETERS: Final = "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@dataclass(frozen=True, slots=True)
class _Version:
    """The documents of one group and version, and what they were made of."""

    resources: tuple[Resource, ...]
    listed: Document
    aggregated: bytes


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """All documents of one state of the catalog."""

    generation: int = 0
    versions: Mapping[tuple[str, str], _Version] = field(default_factory=dict[tuple[str, str], _Version])
    documents: Mapping[str, Document] = field(default_factory=dict[str, Document])
    aggregated: Mapping[str, Document] = field(default_factory=dict[str, Document])
    get_only: frozenset[str] = frozenset()
    """Paths at which upstream looks at the method."""


class Discovery:
    """The documents of a catalog."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._catalog = catalog
        self._clock = clock
        self._snapshot = _Snapshot()

    def respond(self, request: Request) -> Response | None:
        """The document at the request's path; None when there is none.

        Raises:
            NotAcceptable: the client wants a format that we have not.
            MethodNotAllowed: the path is one that upstream answers to GET alone.
        """
        path = request.path.removesuffix("/")
        snapshot = self._current()
        document = snapshot.documents.get(path)
        if document is None:
            return None
        if path in snapshot.get_only and request.method not in {"GET", "HEAD"}:
            raise errors.MethodNotAllowed(details={})
        wanted = negotiate(request, aggregated=path in snapshot.aggregated)
        if wanted.aggregated:
            return _aggregated(request, snapshot.aggregated[path], wanted)
        if path == "/api":
            document = self._core_versions(request)
        return _answer(request, document, wanted)

    @property
    def paths(self) -> list[str]:
        """Every path that has a document, for the list at the root."""
        return list(self._current().documents)

    def _current(self) -> _Snapshot:
        if self._snapshot.generation != self._catalog.generation:
            generation = self._catalog.generation
            groups = order.ordered(self._catalog.groups())
            self._snapshot = self._build(groups, generation)
        return self._snapshot

    def _build(self, groups: Groups, generation: int) -> _Snapshot:
        made = {
            (name, version): self._version(name, version, resources)
            for name, versions in groups.items()
            for version, resources in versions.items()
        }
        documents = {_path(*where): one.listed for where, one in made.items()}
        named = {name: list(versions) for name, versions in groups.items() if name}
        listed = [bodies.group(name, versions) for name, versions in named.items()]
        for one in listed:
            documents[f"/apis/{one['name']}"] = self._document({"kind": "APIGroup", "apiVersion": "v1", **one})
        documents["/apis"] = self._document({"kind": "APIGroupList", "apiVersion": "v1", "groups": listed})
        documents["/api"] = self._document({"kind": "APIVersions", "versions": list(groups.get("", {}))})
        aggregated = {
            "/api": self._aggregated({name: one for name, one in groups.items() if not name}, made),
            "/apis": self._aggregated({name: one for name, one in groups.items() if name}, made),
        }
        strict = {_path(*where) for where, one in made.items() if one.resources[0].kind.native}
        return _Snapshot(generation, made, documents, aggregated, frozenset({"/api", *strict}))

    def _version(self, group: str, version: str, resources: tuple[Resource, ...]) -> _Version:
        """The documents of a group and version, those of before when nothing in it has changed."""
        before = self._snapshot.versions.get((group, version))
        if before is not None and before.resources == resources:
            return before
        listed = self._document(bodies.resource_list(resources[0].kind.api_version, resources))
        return _Version(resources, listed, orjson.dumps(bodies.aggregated_version(version, resources)))

    def _aggregated(self, groups: Groups, made: Mapping[tuple[str, str], _Version]) -> Document:
        """APIGroupDiscoveryList."""
        items = [
            {
                "metadata": {"name": name} if name else {},
                "versions": [orjson.Fragment(made[name, version].aggregated) for version in versions],
            }
            for name, versions in groups.items()
        ]
        return self._document(
            {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}
        )

    def _core_versions(self, request: Request) -> Document:
        """APIVersions, which names the address at which the client has reached us."""
        host, port = request.scope.get("server") or ("localhost", 443)
        address = {"clientCIDR": "0.0.0.0/0", "serverAddress": f"{host}:{port}"}  # any client
        versions: Sequence[str] = list(self._catalog.groups().get("", {}))
        body = {"kind": "APIVersions", "versions": versions, "serverAddressByClientCIDRs": [address]}
        return self._document(body)

    def _document(self, value: Any) -> Document:
        return Document.of(value, self._clock())


def _path(group: str, version: str) -> str:
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


def _answer(request: Request, document: Document, wanted: Wanted, headers: Sequence[tuple[str, str]] = ()) -> Response:
    media = f"{wanted.media};{_PARAMETERS}" if wanted.aggregated else wanted.media
    if wanted.media != JSON:
        return Response(document.yaml, content_type=media, headers=headers)
    if wanted.pretty:
        return Response(document.pretty, content_type=media, headers=headers)
    if len(document.body) > compression.THRESHOLD and takes_gzip(request):
        packed = (*headers, ("content-encoding", "gzip"), ("vary", "Accept-Encoding"))
        return Response(document.gzipped, content_type=media, headers=packed)
    return Response(document.body, content_type=media, headers=headers)


def _aggregated(request: Request, document: Document, wanted: Wanted) -> Response:
    """The aggregated document with its ETag, or 304 when the client has it."""
    headers = (("etag", document.etag), ("vary", "Accept"), ("cache-control", "public"))
    if known(request, document.etag):
        return Response(b"", 304, "", headers)
    return _answer(request, document, wanted, headers)
