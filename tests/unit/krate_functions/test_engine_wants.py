"""From a changed object back to whoever required it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krate_functions.composition import Selector
from krate_functions.engine import matching
from krate_functions.engine.wants import Wants


def team(name: str = "platform", namespace: str = "acme", **labels: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "Team", "metadata": metadata}


ALL = Selector("v1", "Team", namespace="acme")
ONE = Selector("v1", "Team", "platform", namespace="acme")
LABELLED = Selector("v1", "Team", labels={"tier": "gold"})


@pytest.mark.parametrize(
    ("selector", "obj", "want"),
    [
        (ALL, team(), True),
        (ALL, team(namespace="other"), False),
        (ONE, team(), True),
        (ONE, team("docs"), False),
        (LABELLED, team(tier="gold"), True),
        (LABELLED, team(tier="lead"), False),
        (LABELLED, team(namespace="other", tier="gold"), True),
        (ALL, {**team(), "kind": "Repository"}, False),
    ],
)
def test_matching(selector: Selector, obj: dict[str, Any], want: bool) -> None:  # noqa: FBT001 - a table
    """A requirement matches by kind, namespace, and name or labels; the way back agrees."""
    wants: Wants[str] = Wants()
    wants.put("key", {"step": {"name": selector}})
    assert matching.matches(selector, obj) is want
    assert wants.who([obj]) == ({"key"} if want else set())


def test_a_change_concerns_whoever_wanted_it_before_or_after() -> None:
    """An object that leaves a selection concerns its holder as much as one that enters."""
    wants: Wants[str] = Wants()
    wants.put("gold", {"s": {"n": LABELLED}})
    wants.put("silver", {"s": {"n": Selector("v1", "Team", labels={"tier": "silver"})}})
    assert wants.who([team(tier="gold"), team(tier="silver")]) == {"gold", "silver"}


def test_replacing_and_dropping() -> None:
    """What is required no more wakes nobody, and leaves nothing behind."""
    wants: Wants[str] = Wants()
    wants.put("key", {"s": {"a": ALL, "b": LABELLED}})
    wants.put("key", {"s": {"a": ONE}})
    assert (wants.who([team("docs")]), wants.who([team()])) == (set(), {"key"})
    assert wants.of("key") == {"s": {"a": ONE}}
    wants.drop("key")
    assert (wants.who([team()]), wants.of("key"), dict(wants._by_bucket)) == (set(), {}, {})


SELECTORS = st.builds(
    Selector,
    st.just("v1"),
    st.just("Team"),
    st.sampled_from(("", "a", "b")),
    st.sampled_from(({}, {"t": "x"})),
    st.sampled_from(("", "acme", "other")),
)
HOLDERS = st.dictionaries(st.integers(0, 5), st.dictionaries(st.sampled_from("mn"), SELECTORS, max_size=2), max_size=5)


@given(HOLDERS, HOLDERS, st.sampled_from(("a", "b")), st.sampled_from(("acme", "other")), st.booleans())
def test_the_index_agrees_with_a_scan(before: Any, after: Any, name: str, namespace: str, labelled: Any) -> None:
    """However requirements come and go, the index finds exactly what looking at all of them finds."""
    wants: Wants[int] = Wants()
    for holders in (before, after):
        for key, selectors in holders.items():
            wants.put(key, {"s": selectors})
    obj = team(name, namespace, **({"t": "x"} if labelled else {}))
    now = {**before, **after}
    want = {key for key, held in now.items() if any(matching.matches(selector, obj) for selector in held.values())}
    assert wants.who([obj]) == want
