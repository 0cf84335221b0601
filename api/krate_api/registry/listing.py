"""Get and list: which objects, at which version."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any, Final

from krate import errors
from krate.errors import Cause, CauseType
from krate_api.http import Response
from krate_api.negotiation import Wanted
from krate_api.registry import continuing
from krate_api.registry.continuing import Token
from krate_api.registry.listoptions import EXACT, NOT_OLDER, ListOptions
from krate_api.representation import Representation, notation_of
from krate_api.resources import Resource
from krate_api.store.changelog import Feed
from krate_api.store.interface import Compacted, Key, Page, Store, Stored

FRESHNESS: Final = 3.0
"""Seconds that a list waits for a future version (AS/pkg/storage/cacher blockTimeout)."""
_TOO_OLD: Final = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


def render(value: Any, wanted: Wanted) -> Response:
    """A value that is no object of a kind, as a Status is, in the media type that was asked for."""
    return Response(notation_of(wanted).document(value), content_type=wanted.media)


def single(resource: Resource, stored: Stored, wanted: Wanted, *, now: float, status: int = 200) -> Response:
    """The response for one object."""
    return Response(Representation(resource, wanted, now).one(stored.body), status, wanted.media)


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
    token, version = options.token, options.version
    at: int | None = None
    if token is not None:
        at = None if token.version == continuing.LATEST else token.version
    elif version and (options.match == EXACT or (options.limit > 0 and options.match != NOT_OLDER)):
        at = version
    await fresh(feed, store, at or version or 0)
    try:
        return await store.page(
            resource.store_name,
            namespace=namespace,
            labels=options.labels,
            fields=options.fields,
            # Upstream serves version 0 from its cache, which knows no pages.
            limit=0 if version == 0 else options.limit,
            after=None if token is None else _place(token.key, resource, namespace),
            at=at,
        )
    except Compacted:
        if token is None:
            raise errors.Expired("The resourceVersion for the provided list is too old.") from None
        again = Token(continuing.LATEST, token.key).encode()
        raise errors.Expired(_TOO_OLD, continue_token=again) from None


def _place(key: str, resource: Resource, namespace: str) -> tuple[str, str]:
    """Namespace and name that a token's key speaks of; it is relative to what is listed."""
    if namespace or not resource.kind.namespaced:
        return namespace, key
    first, _, second = key.partition("/")
    return first, second


def _key(last: Key, resource: Resource, namespace: str) -> str:
    return last.name if namespace or not resource.kind.namespaced else f"{last.namespace}/{last.name}"


def list_metadata(resource: Resource, namespace: str, page: Page) -> dict[str, Any]:
    """ListMeta of a page of one namespace, or of all."""
    found: dict[str, Any] = {"resourceVersion": str(page.version)}
    if page.more:
        found["continue"] = Token(page.version, _key(page.items[-1].key, resource, namespace)).encode()
        if page.remaining is not None:
            found["remainingItemCount"] = page.remaining
    return found


def listed(resource: Resource, namespace: str, page: Page, wanted: Wanted, *, now: float) -> Response:
    """The response for a page of one namespace, or of all."""
    representation = Representation(resource, wanted, now)
    chunks = representation.many((item.body for item in page.items), list_metadata(resource, namespace, page))
    first = next(chunks)
    second = next(chunks, None)
    if second is None:
        return Response(first, content_type=wanted.media)
    return Response(_stream(first, second, chunks), content_type=wanted.media)


async def _stream(first: bytes, second: bytes, rest: Iterator[bytes]) -> AsyncGenerator[bytes]:
    yield first
    yield second
    for chunk in rest:
        await asyncio.sleep(0)  # a fast reader lets nobody else run otherwise
        yield chunk
