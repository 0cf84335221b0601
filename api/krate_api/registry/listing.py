"""Get and list: stored bytes, never parsed unless a Table, metadata or YAML is asked for."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from krate import errors
from krate.errors import Cause, CauseType
from krate_api import tables, yaml_bodies
from krate_api.http import JSON, Response
from krate_api.negotiation import Form, Wanted
from krate_api.registry.listoptions import EXACT, NOT_OLDER, ListOptions, Token
from krate_api.resources import Resource
from krate_api.store import encoding
from krate_api.store.changelog import Feed
from krate_api.store.interface import Compacted, Page, Store, Stored

CHUNK: Final = 256 * 1024
"""Bytes written at once; between chunks other requests run."""
FRESHNESS: Final = 3.0
"""Seconds that a list waits for a future version (AS/pkg/storage/cacher blockTimeout)."""
_TOO_OLD: Final = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


def render(value: Any, wanted: Wanted) -> Response:
    """Any object in the media type that was asked for."""
    if wanted.yaml:
        return Response(yaml_bodies.dump(value), content_type=wanted.media)
    return Response(orjson.dumps(value))


def single(
    resource: Resource, stored: Stored, wanted: Wanted, *, now: float, include: str = "", status: int = 200
) -> Response:
    """The response for one object."""
    if wanted.form is Form.OBJECT and not wanted.yaml:
        return Response(resource.shown(stored.body), status)
    obj = encoding.decode(resource.shown(stored.body))
    if wanted.form is Form.TABLE:
        metadata = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
        obj = tables.table(resource.kind, [obj], now=now, include=include, metadata=metadata)
    elif wanted.form is not Form.OBJECT:
        obj = tables.partial(obj)
    rendered = render(obj, wanted)
    return Response(rendered.body, status, rendered.content_type)


async def fresh(feed: Feed, store: Store, version: int) -> None:
    """Wait until the resource has reached `version`.

    Raises:
        Timeout: it has not after three seconds.
    """
    deadline = asyncio.get_running_loop().time() + FRESHNESS
    while (current := store.version(feed.resource)) < version:
        left = deadline - asyncio.get_running_loop().time()
        if left <= 0 or not await feed.wait(left):
            cause = Cause(CauseType.RESOURCE_VERSION_TOO_LARGE, "Too large resource version")
            raise errors.Timeout(
                f"Timeout: Too large resource version: {version}, current: {current}", causes=[cause], retry_after=1
            )


async def read(store: Store, feed: Feed, resource: Resource, namespace: str, options: ListOptions) -> Page:
    """The page that `options` ask for.

    Raises:
        Expired: the snapshot is compacted away.
        Timeout: the version lies in the future.
    """
    at: int | None = None
    after: tuple[str, str] | None = None
    if options.token is not None:
        after = options.token.after
        at = options.token.version if options.token.version >= 0 else None
        if at is not None:
            await fresh(feed, store, at)  # only a forged token speaks of what is still to come
    elif options.version:
        await fresh(feed, store, options.version)
        exact = options.match == EXACT or (options.limit > 0 and options.match != NOT_OLDER)
        at = options.version if exact else None
    try:
        return await store.page(
            resource.kind.resource,
            namespace=namespace,
            labels=options.labels,
            fields=options.fields,
            limit=options.limit,
            after=after,
            at=at,
        )
    except Compacted:
        if options.token is None:
            raise errors.Expired("The resourceVersion for the provided list is too old.") from None
        token = Token(-1, options.token.after).encode()
        raise errors.Expired(_TOO_OLD, continue_token=token) from None


def list_metadata(page: Page, *, always_continue: bool) -> dict[str, Any]:
    """ListMeta of a page; object lists carry `continue` on the last page too."""
    found: dict[str, Any] = {"resourceVersion": str(page.version)}
    if page.more:
        last = page.items[-1].key
        found["continue"] = Token(page.version, (last.namespace, last.name)).encode()
        if page.remaining is not None:
            found["remainingItemCount"] = page.remaining
    elif always_continue:
        found["continue"] = ""
    return found


def listed(resource: Resource, page: Page, wanted: Wanted, *, now: float, include: str = "") -> Response:
    """The response for a page."""
    kind = resource.kind
    if wanted.form is Form.OBJECT and not wanted.yaml:
        return _bytes(resource, page.items, list_metadata(page, always_continue=True))
    objects = [encoding.decode(resource.shown(item.body)) for item in page.items]
    if wanted.form is Form.TABLE:
        metadata = list_metadata(page, always_continue=False)
        return render(tables.table(kind, objects, now=now, include=include, metadata=metadata), wanted)
    if wanted.form is Form.OBJECT:
        items: Sequence[Mapping[str, Any]] = objects
        head = {"apiVersion": kind.api_version, "kind": kind.list_kind}
    else:
        items = [tables.partial(obj) for obj in objects]
        head = {"apiVersion": tables.PARTIAL, "kind": Form.METADATA_LIST.value}
    return render({**head, "metadata": list_metadata(page, always_continue=False), "items": items}, wanted)


def _bytes(resource: Resource, items: Sequence[Stored], metadata: Mapping[str, Any]) -> Response:
    kind = resource.kind
    head = b'{"apiVersion":' + orjson.dumps(kind.api_version) + b',"items":['
    listed = orjson.dumps(metadata, option=orjson.OPT_SORT_KEYS)
    tail = b'],"kind":' + orjson.dumps(kind.list_kind) + b',"metadata":' + listed + b"}"
    size = len(head) + len(tail) + sum(len(item.body) + 1 for item in items)
    bodies = (resource.shown(item.body) for item in items)
    if size <= CHUNK:
        return Response(head + b",".join(bodies) + tail)
    return Response(_stream(_chunks(head, bodies, tail)), content_type=JSON)


def _chunks(head: bytes, bodies: Iterable[bytes], tail: bytes) -> Iterator[bytes]:
    parts, size = [head], len(head)
    for number, body in enumerate(bodies):
        parts.append(body if number == 0 else b"," + body)
        size += len(body) + 1
        if size >= CHUNK:
            yield b"".join(parts)
            parts, size = [], 0
    parts.append(tail)
    yield b"".join(parts)


async def _stream(chunks: Iterator[bytes]) -> AsyncGenerator[bytes]:
    for chunk in chunks:
        yield chunk
