"""The informer never misses a change and never repeats one, whatever the server and the connection do."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import factories
from krate import errors, kinds
from krate_kube import watch
from krate_kube.actions import Action
from krate_kube.interface import EventType, Object, Unreachable
from krate_kube.memory import MemoryClient
from krate_kube.watch import Change, Informer

CONFIG_MAP = kinds.CONFIG_MAP


NUMBERS = map(str, itertools.count())


async def no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


class Replica:
    """State rebuilt from changes alone; it objects to a change that does not fit."""

    def __init__(self) -> None:
        self.objects: dict[watch.Key, Object] = {}
        self.bookmarks = 0

    def apply(self, change: Change) -> None:
        if change.type is EventType.BOOKMARK:
            self.bookmarks += 1
            return
        key = watch.key_of(change.object)
        known = self.objects.get(key)
        match change.type:
            case EventType.ADDED:
                assert known is None, f"{key} was added twice"
            case EventType.MODIFIED:
                assert known is not None, f"{key} was modified before it was added"
                assert int(watch.version_of(known)) < int(watch.version_of(change.object)), f"{key} went back"
                assert known == change.old
            case _:
                assert known is not None, f"{key} was deleted before it was added"
        if change.type is EventType.DELETED:
            del self.objects[key]
        else:
            self.objects[key] = change.object


@asynccontextmanager
async def following(client: MemoryClient, **options: str) -> AsyncIterator[tuple[Informer, Replica]]:
    informer, replica = Informer(client, CONFIG_MAP, sleep=no_pause, **options), Replica()
    task = asyncio.create_task(informer.run(replica.apply))
    try:
        async with asyncio.timeout(5):
            await informer.synced.wait()
        yield informer, replica
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled():
            task.result()


async def settled(client: MemoryClient, informer: Informer, replica: Replica) -> None:
    """Wait until the informer stands where the server does."""
    want = {watch.key_of(found): found for found in client.ledger.select(CONFIG_MAP, "", lambda _found: True)}
    async with asyncio.timeout(5):
        while informer.cache != want or replica.objects != want:  # noqa: ASYNC110 - the twin has no event for it
            await asyncio.sleep(0)


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["create", "patch", "delete", "recreate", "end", "compact", "fail", "yield"]),
        st.sampled_from("abc"),
    ),
    max_size=40,
)


async def perform(client: MemoryClient, verb: str, name: str) -> None:
    """One step of a random history; what does not apply is left out."""
    try:
        match verb:
            case "create":
                await client.create(CONFIG_MAP, factories.make_config_map(name))
            case "patch":
                await client.patch(CONFIG_MAP, name, {"data": {"n": next(NUMBERS)}}, namespace="acme")
            case "delete":
                await client.delete(CONFIG_MAP, name, namespace="acme")
            case "recreate":
                await client.delete(CONFIG_MAP, name, namespace="acme")
                await client.create(CONFIG_MAP, factories.make_config_map(name))
            case "end":
                client.end_watches()
            case "compact":
                client.compact()
                client.end_watches()
            case "fail":
                fail_once(client)
                client.end_watches()
            case _:
                for _ in range(5):
                    await asyncio.sleep(0)
    except (errors.AlreadyExists, errors.NotFound):
        pass


def fail_once(client: MemoryClient) -> None:
    """The next list or watch finds no server."""

    def refuse(action: Action) -> None:
        if action.verb in {"list", "watch"}:
            client.interceptor = None
            raise Unreachable

    client.interceptor = refuse


@settings(max_examples=60, deadline=None)
@given(OPERATIONS)
def test_no_history_confuses_it(operations: list[tuple[str, str]]) -> None:
    """After any history of writes, ended watches, lost versions and failures, cache and changes equal the server."""

    async def story() -> None:
        client = MemoryClient(namespaces=["acme"])
        async with following(client) as (informer, replica):
            for verb, name in operations:
                await perform(client, verb, name)
            await settled(client, informer, replica)

    asyncio.run(story())


async def test_a_lost_version_is_worked_out() -> None:
    """After 410 the new listing is compared: the gone are DELETED, the changed MODIFIED, the re-created both."""
    client = MemoryClient(namespaces=["acme"])
    for name in ("gone", "changed", "again", "same"):
        await client.create(CONFIG_MAP, factories.make_config_map(name))
    changes: list[tuple[str, str, bool]] = []
    informer = Informer(client, CONFIG_MAP, sleep=no_pause)
    stream = informer.follow()
    for _ in range(5):
        await anext(stream)
    await client.delete(CONFIG_MAP, "gone", namespace="acme")
    await client.delete(CONFIG_MAP, "again", namespace="acme")
    await client.create(CONFIG_MAP, factories.make_config_map("again"))
    await client.patch(CONFIG_MAP, "changed", {"data": {"colour": "red"}}, namespace="acme")
    client.compact()
    async for change in stream:
        if change.type is EventType.BOOKMARK:
            break
        changes.append((change.type.value, change.object["metadata"]["name"], change.listed))
    await stream.aclose()
    assert sorted(changes) == [
        ("ADDED", "again", True),
        ("DELETED", "again", True),
        ("DELETED", "gone", True),
        ("MODIFIED", "changed", True),
    ]


@pytest.mark.parametrize(
    "refusal", [errors.Forbidden(), errors.Unauthorized(), errors.NotFound(), errors.BadRequest()], ids=str
)
async def test_refusals_end_it(refusal: errors.StatusError) -> None:
    """A refusal that waiting does not cure is raised to the caller."""
    client = MemoryClient()

    def refuse(_action: Action) -> None:
        raise refusal

    client.interceptor = refuse
    with pytest.raises(type(refusal)):
        await anext(Informer(client, CONFIG_MAP, sleep=no_pause).follow())


async def test_trouble_is_told_and_waited_out() -> None:
    """Failures are reported with growing pauses, and forgotten once the server reports something again."""
    client = MemoryClient(namespaces=["acme"])
    told: list[tuple[str, float]] = []
    slept: list[float] = []

    def refuse(_action: Action) -> None:
        if len(told) == 3:
            client.interceptor = None
            return
        raise Unreachable

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0)

    client.interceptor = refuse
    informer = Informer(
        client, CONFIG_MAP, sleep=sleep, troubled=lambda failure, pause: told.append((str(failure), pause))
    )
    stream = informer.follow()
    assert (await anext(stream)).type is EventType.BOOKMARK
    await stream.aclose()
    assert [pause for _, pause in told] == slept
    assert all(
        low <= pause <= high for pause, (low, high) in zip(slept, [(0.1, 0.2), (0.2, 0.4), (0.4, 0.8)], strict=True)
    )


async def test_a_server_that_ends_watches_at_once_is_not_hammered() -> None:
    """Watches that end at once without an event are asked for more and more slowly."""
    client = MemoryClient()
    slept: list[float] = []
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 8:
            enough.set()
            await asyncio.Event().wait()

    def end(action: Action) -> None:
        if action.verb == "watch":
            asyncio.get_running_loop().call_soon(client.end_watches)

    client.interceptor = end
    task = asyncio.create_task(Informer(client, CONFIG_MAP, sleep=sleep).run(lambda _change: None))
    async with asyncio.timeout(5):
        await enough.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert slept[-1] > 10 * slept[0]


async def test_selection() -> None:
    """An informer of a selection sees what enters and leaves it."""
    client = MemoryClient(namespaces=["acme"])
    await client.create(CONFIG_MAP, factories.make_config_map("a", metadata={"labels": {"tier": "one"}}))
    await client.create(CONFIG_MAP, factories.make_config_map("b"))
    async with following(client, labels="tier=one") as (informer, _replica):
        assert informer.get("a", namespace="acme") is not None
        await client.patch(CONFIG_MAP, "b", {"metadata": {"labels": {"tier": "one"}}}, namespace="acme")
        await client.patch(CONFIG_MAP, "a", {"metadata": {"labels": {"tier": None}}}, namespace="acme")
        async with asyncio.timeout(5):
            while [found["metadata"]["name"] for found in informer.select(namespace="acme")] != ["b"]:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0)


async def test_without_a_cache() -> None:
    """Without a cache nothing is listed: first a BOOKMARK, then what happens; after 410 another BOOKMARK."""
    client = MemoryClient(namespaces=["acme"])
    for name in ("a", "b", "c"):
        await client.create(CONFIG_MAP, factories.make_config_map(name))
    informer = Informer(client, CONFIG_MAP, sleep=no_pause, cached=False)
    stream = informer.follow()
    first = await anext(stream)
    await client.patch(CONFIG_MAP, "a", {"data": {"colour": "red"}}, namespace="acme")
    second = await anext(stream)
    await client.delete(CONFIG_MAP, "b", namespace="acme")
    client.compact()
    client.end_watches()
    third = await anext(stream)
    await stream.aclose()
    assert [change.type for change in (first, second, third)] == [
        EventType.BOOKMARK,
        EventType.MODIFIED,
        EventType.BOOKMARK,
    ]
    assert (second.object["data"], informer.cache) == ({"colour": "red"}, {})


async def test_what_is_kept() -> None:
    """The cache holds what `keep` leaves, while changes carry the whole object."""
    client = MemoryClient(namespaces=["acme"])
    await client.create(CONFIG_MAP, factories.make_config_map("a"))
    informer = Informer(client, CONFIG_MAP, keep=watch.metadata_only)
    stream = informer.follow()
    change = await anext(stream)
    await stream.aclose()
    assert (change.object["data"], "data" in informer.cache["acme", "a"]) == ({"colour": "green"}, False)


async def test_cancelling_closes_the_watch() -> None:
    """Leaving ends the watch on the server as well."""
    client = MemoryClient()
    async with following(client):
        pass
    assert not client.ledger._watchers
