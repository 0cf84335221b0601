"""Lists: order, selection through the index, and pages of one snapshot while others write."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import store_rooms
from krate import selectors
from krate.selectors import Selector
from krate_api.store.interface import Put, Remove, Store
from store_rooms import RESOURCE, Engine, key, names_of, put, remove
from store_samples import Selection, ordered

LABELS = (
    "",
    "colour=red",
    "colour=",
    "colour",
    "!colour",
    "colour!=red",
    "colour in (red,blue)",
    "colour in (red)",
    "colour notin (red,blue)",
    "colour=red,size=1",
    "colour=red,size",
    "colour=red,colour=blue",
    "size>1",
    "nothing=here",
)
FIELDS = (
    "",
    "metadata.name=n010",
    "metadata.name!=n010",
    "metadata.name=n010,metadata.name=n011",
    "metadata.namespace=acme",
    "metadata.namespace!=acme",
    "metadata.name=n010,metadata.namespace=globex",
    "spec.size=2",
    "spec.size!=2",
    "spec.owner=",
    "spec.owner=alice,spec.size=1",
    "spec.owner!=alice,metadata.name!=n000",
)


@pytest.mark.parametrize("labels", LABELS, ids=lambda text: text or "any labels")
async def test_selection(filled: tuple[Store, list[Put]], labels: str) -> None:
    """Whatever an index serves, a list holds exactly what the selectors match, in key order, page by page as well."""
    store, operations = filled
    for fields, namespace in itertools.product(FIELDS, ("", "acme", "globex", "nobody")):
        selection = Selection(selectors.parse_labels(labels), selectors.parse_fields(fields), namespace)
        want = ordered([one for one in operations if selection.takes(one)])
        assert await names_of(store, **selection.arguments) == want
        assert await paged(store, selection, limit=7) == want


async def paged(store: Store, selection: Selection, *, limit: int) -> list[str]:
    """A list read page by page at one snapshot."""
    found: list[str] = []
    after: tuple[str, str] | None = None
    at: int | None = None
    while True:
        page = await store.page(RESOURCE, limit=limit, after=after, at=at, **selection.arguments)
        at = at or page.version
        assert page.version == at
        assert len(page.items) <= limit
        found += [f"{item.key.namespace}/{item.key.name}" for item in page.items]
        if not page.more:
            return found
        after = (page.items[-1].key.namespace, page.items[-1].key.name)


WORDS = st.sampled_from(["", "a", "b", "c", "é", "a=b", "a,b", "%", "_", "'"])
KEYS = st.sampled_from(["x", "y", "spec.x"])
OBJECTS = st.lists(st.tuples(st.dictionaries(KEYS, WORDS, max_size=3), st.dictionaries(KEYS, WORDS, max_size=3)),
                   max_size=12)  # fmt: skip
REQUIREMENTS = st.builds(
    selectors.Requirement,
    KEYS,
    st.sampled_from([one for one in selectors.Operator if one not in {"gt", "lt"}]),
    st.frozensets(WORDS, min_size=1, max_size=2),
)
SELECTORS = st.builds(lambda found: Selector(tuple(found)), st.lists(REQUIREMENTS, max_size=3))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(objects=OBJECTS, labels=SELECTORS, fields=SELECTORS)
async def test_index_equals_brute_force(
    engine: Engine, objects: list[tuple[dict[str, str], dict[str, str]]], labels: Selector, fields: Selector
) -> None:
    """For any labels, fields and selectors, now and in an earlier snapshot, the index finds what matching finds."""
    store = engine.open()
    resource = f"{store.version('counter.example.com')}.example.com"
    await store.commit([put("tick", resource="counter.example.com", namespace=resource)])
    operations = [
        put(f"n{number:02}", resource=resource, labels=some, fields=more) for number, (some, more) in enumerate(objects)
    ]
    await store.commit(operations)
    selection = Selection(labels, fields)
    want = ordered([one for one in operations if selection.takes(one)])
    assert await names_of(store, resource, **selection.arguments) == want
    then = store.version(resource)
    await store.commit([put("late", resource=resource)])
    await store.commit([remove(one.key.name, expect=n + 2, resource=resource) for n, one in enumerate(operations)])
    assert await names_of(store, resource, at=then, **selection.arguments) == want
    await store.close()


async def test_selector_of_many_terms(filled: tuple[Store, list[Put]]) -> None:
    """A selector of more terms than a database joins tables is answered like any other."""
    store, operations = filled
    await store.commit([put("busy", labels={f"l{number}": "x" for number in range(200)})])
    text = ",".join(f"l{number}=x" for number in range(200))
    assert await names_of(store, labels=selectors.parse_labels(text)) == ["acme/busy"]
    assert await names_of(store, labels=selectors.parse_labels(text + ",l3=y")) == []
    assert len(await names_of(store)) == len(operations) + 1


async def test_index_follows_changes(store: Store) -> None:
    """An object whose labels and fields change is found by the new ones only, and by none once it is gone."""
    red, blue = selectors.parse_labels("colour=red"), selectors.parse_labels("colour=blue")
    big = selectors.parse_fields("spec.size=big")
    await store.commit([put(labels={"colour": "red"}, fields={"spec.size": "big"})])
    assert [await names_of(store, labels=red), await names_of(store, fields=big)] == [["acme/a"], ["acme/a"]]
    await store.commit([put(expect=2, labels={"colour": "blue"}, fields={"spec.size": ""})])
    assert [await names_of(store, labels=red), await names_of(store, fields=big)] == [[], []]
    assert await names_of(store, labels=blue) == ["acme/a"]
    await store.commit([remove(expect=3)])
    assert await names_of(store, labels=blue) == []


async def test_key_order_is_byte_order(store: Store) -> None:
    """Lists are in byte order of namespace and name, not in anybody's alphabet."""
    names = ["a-b", "a.b", "a0", "aa", "b", "Z", "é", "z"]
    await store.commit([put(name) for name in names] + [put("a", namespace="a-b"), put("a", namespace="a")])
    want = ["a-b/a", "a/a"] + [f"acme/{name}" for name in sorted(names, key=str.encode)]
    assert await names_of(store) == sorted(want, key=lambda one: tuple(part.encode() for part in one.split("/")))


async def test_remaining(filled: tuple[Store, list[Put]]) -> None:
    """Every page of a plain list says how many objects follow; a selected one does not; the last page says nothing."""
    store, operations = filled
    first = await store.page(RESOURCE, limit=25)
    after = (first.items[-1].key.namespace, first.items[-1].key.name)
    second = await store.page(RESOURCE, limit=25, after=after, at=first.version)
    last_key = second.items[-1].key
    third = await store.page(RESOURCE, limit=25, after=(last_key.namespace, last_key.name), at=first.version)
    assert [(len(page.items), page.more, page.remaining) for page in (first, second, third)] == [
        (25, True, len(operations) - 25),
        (25, True, len(operations) - 50),
        (10, False, None),
    ]
    selected = await store.page(RESOURCE, limit=2, labels=selectors.parse_labels("colour=red"))
    assert (selected.more, selected.remaining) == (True, None)
    exact = await store.page(RESOURCE, limit=60)
    assert (exact.more, exact.remaining) == (False, None)


async def test_remaining_of_an_earlier_state(filled: tuple[Store, list[Put]]) -> None:
    """What follows a page is counted in the state that the page shows, whatever has happened since."""
    store, _ = filled
    then = store.version(RESOURCE)
    for namespace in ("", "acme"):
        whole = await store.page(RESOURCE, namespace=namespace)
        last = whole.items[-1]
        await store.commit([Remove(last.key, last.version)])
        await store.commit([put(f"zz{namespace}"), put(f"aa{namespace}", namespace="globex")])
        page = await store.page(RESOURCE, namespace=namespace, limit=7, at=whole.version)
        assert (page.more, page.remaining) == (True, len(whole.items) - 7)
    assert (await store.page(RESOURCE, at=then, limit=59)).remaining == 1


async def test_point_reads(store: Store) -> None:
    """One object is read by resource, namespace and name; anything else is absent."""
    (stored,) = await store_rooms.write(store, put())
    absent = [await store.get(other) for other in (key("b"), key(namespace="b"), key(resource="b"), key("A"))]
    assert await store.get(key()) == stored
    assert absent == [None] * 4
