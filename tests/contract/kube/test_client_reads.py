"""What reading and watching through a Client means, whoever implements it."""

import asyncio
from contextlib import aclosing

import pytest

import factories
from krate import errors, kinds
from krate_kube.interface import Client, EventType

CONFIG_MAP = kinds.CONFIG_MAP


async def fill(client: Client, *names: str, namespace: str = "acme", labels: dict[str, str] | None = None) -> None:
    for name in names:
        body = factories.make_config_map(name, metadata={"namespace": namespace, "labels": labels or {}})
        await client.create(CONFIG_MAP, body)


def name_of(found: dict) -> str:
    return found["metadata"]["name"]


async def take(client: Client, count: int, **options: str) -> list[tuple[str, str]]:
    """Type and name of the first `count` events that are no bookmarks."""
    seen: list[tuple[str, str]] = []
    async with asyncio.timeout(10), aclosing(client.watch(CONFIG_MAP, **options)) as events:
        async for event in events:
            if event.type is not EventType.BOOKMARK:
                seen.append((event.type.value, name_of(event.object)))
            if len(seen) == count:
                return seen
    return seen


async def test_get_of_what_is_not_there(kube_client: Client) -> None:
    """A missing object is NotFound, with the text of the API."""
    with pytest.raises(errors.NotFound, match=r'configmaps "settings" not found') as missing:
        await kube_client.get(CONFIG_MAP, "settings", namespace="acme")
    assert missing.value.details == {"name": "settings", "kind": "configmaps"}


async def test_list_order_and_scope(kube_client: Client) -> None:
    """Items come by namespace and name, each with its kind; an empty list has a version too."""
    empty = await kube_client.list(CONFIG_MAP)
    await fill(kube_client, "b", "a")
    await fill(kube_client, "a", namespace="globex")
    everywhere = await kube_client.list(CONFIG_MAP)
    here = await kube_client.list(CONFIG_MAP, namespace="acme")
    assert (list(empty.items), empty.resource_version.isdecimal()) == ([], True)
    assert [(found["kind"], found["metadata"]["namespace"], name_of(found)) for found in everywhere.items] == [
        ("ConfigMap", "acme", "a"),
        ("ConfigMap", "acme", "b"),
        ("ConfigMap", "globex", "a"),
    ]
    assert [name_of(found) for found in here.items] == ["a", "b"]


async def test_selectors(kube_client: Client) -> None:
    """Label and field selectors choose; a field that is not selectable is a BadRequest."""
    await fill(kube_client, "a", "b", labels={"tier": "one"})
    await fill(kube_client, "c")
    by_label = await kube_client.list(CONFIG_MAP, labels="tier in (one)")
    by_field = await kube_client.list(CONFIG_MAP, fields="metadata.name!=a")
    assert [name_of(found) for found in by_label.items] == ["a", "b"]
    assert [name_of(found) for found in by_field.items] == ["b", "c"]
    with pytest.raises(errors.BadRequest, match=r"field label not supported: data\.colour"):
        await kube_client.list(CONFIG_MAP, fields="data.colour=green")


async def test_pages(kube_client: Client) -> None:
    """With a limit come pages of one version; without, everything."""
    await fill(kube_client, *"abcde")
    first = await kube_client.list(CONFIG_MAP, limit=2)
    await fill(kube_client, "f")
    second = await kube_client.list(CONFIG_MAP, limit=2, continue_token=first.continue_token)
    third = await kube_client.list(CONFIG_MAP, limit=2, continue_token=second.continue_token)
    pages = [first, second, third]
    assert [[name_of(found) for found in page.items] for page in pages] == [["a", "b"], ["c", "d"], ["e"]]
    assert len({page.resource_version for page in pages}) == 1
    assert (third.continue_token, len((await kube_client.list(CONFIG_MAP)).items)) == ("", 6)


async def test_watch_from_a_listing(kube_client: Client) -> None:
    """A watch from a listing's version reports everything after it, once and in order, and nothing before."""
    await fill(kube_client, "before")
    listing = await kube_client.list(CONFIG_MAP)
    await fill(kube_client, "a")
    await kube_client.patch(CONFIG_MAP, "a", {"data": {"colour": "red"}}, namespace="acme")
    await kube_client.delete(CONFIG_MAP, "a", namespace="acme")
    await fill(kube_client, "b")
    assert await take(kube_client, 4, resource_version=listing.resource_version) == [
        ("ADDED", "a"),
        ("MODIFIED", "a"),
        ("DELETED", "a"),
        ("ADDED", "b"),
    ]


async def test_watch_without_a_version(kube_client: Client) -> None:
    """A watch without a version starts with what is there, then goes on live."""
    await fill(kube_client, "a", "b")
    async with asyncio.timeout(10), aclosing(kube_client.watch(CONFIG_MAP, namespace="acme")) as events:
        seen = [name_of((await anext(events)).object), name_of((await anext(events)).object)]
        await fill(kube_client, "c")
        async for event in events:
            if event.type is not EventType.BOOKMARK:
                seen.append(name_of(event.object))
                break
    assert seen == ["a", "b", "c"]


async def test_watch_with_a_selector(kube_client: Client) -> None:
    """Coming into a selection is ADDED, leaving it DELETED, changing inside it MODIFIED; the rest is not reported."""
    listing = await kube_client.list(CONFIG_MAP)
    await fill(kube_client, "a", "other")
    for value in ("one", "one", None):
        patch = {"metadata": {"labels": {"tier": value}}, "data": {"value": str(value)}}
        await kube_client.patch(CONFIG_MAP, "a", patch, namespace="acme")
        await kube_client.patch(CONFIG_MAP, "a", {"data": {"more": str(value)}}, namespace="acme")
    seen = await take(kube_client, 3, resource_version=listing.resource_version, labels="tier=one")
    assert seen == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


async def test_watch_of_one_namespace(kube_client: Client) -> None:
    """A watch of one namespace says nothing of others."""
    listing = await kube_client.list(CONFIG_MAP)
    await fill(kube_client, "there", namespace="globex")
    await fill(kube_client, "here")
    seen = await take(kube_client, 1, resource_version=listing.resource_version, namespace="acme")
    assert seen == [("ADDED", "here")]


async def test_a_deletion_has_a_version_of_its_own(kube_client: Client) -> None:
    """DELETED carries the last state under a version later than any before, so that a watch can resume after it."""
    await fill(kube_client, "a")
    listing = await kube_client.list(CONFIG_MAP)
    await kube_client.delete(CONFIG_MAP, "a", namespace="acme")
    watch = kube_client.watch(CONFIG_MAP, resource_version=listing.resource_version)
    async with asyncio.timeout(10), aclosing(watch) as events:
        event = await anext(events)
    assert (event.type, event.object["data"]) == (EventType.DELETED, {"colour": "green"})
    assert int(event.object["metadata"]["resourceVersion"]) > int(listing.resource_version)


async def test_selectors_are_checked_before_a_watch_opens(kube_client: Client) -> None:
    """A watch with a selector that cannot be is refused, not silent."""
    with pytest.raises(errors.BadRequest):
        await take(kube_client, 1, fields="data.colour=green")
