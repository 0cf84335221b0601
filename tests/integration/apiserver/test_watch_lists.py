"""Watches that list first, and bookmarks."""

import pytest

import served_api
from api_watches import BOOKMARKS, STREAMED, make, take, version, watch
from krate_api.registry import pacing
from served_api import API

END = {"k8s.io/initial-events-end": "true"}


@pytest.mark.parametrize("params", [STREAMED, {**STREAMED, "resourceVersion": "0"}, BOOKMARKS], ids=str)
def test_streamed_list(admin: API, namespace: str, params: dict[str, str]) -> None:
    """A streamed list ends in exactly one bookmark that says so, with the version of the store."""
    first = make(admin, namespace, "a")
    other = served_api.new_namespace(admin)
    make(admin, other, "later")
    with watch(admin, namespace, **params) as events:
        added, bookmark = take(events, 2)
        assert added == {"type": "ADDED", "object": first}
        assert bookmark == {
            "type": "BOOKMARK",
            "object": {
                "kind": "ConfigMap",
                "apiVersion": "v1",
                "metadata": {"resourceVersion": version(admin), "annotations": END},
            },
        }
        second = make(admin, namespace, "b")
        assert take(events, 1) == [{"type": "ADDED", "object": second}]


def test_streamed_list_of_nothing(admin: API, namespace: str) -> None:
    """A streamed list that holds nothing, or selects nothing, still ends in its bookmark."""
    make(admin, namespace, "a")
    elsewhere = served_api.new_namespace(admin)
    for where, selector in ((elsewhere, {}), (namespace, {"labelSelector": "no=thing"})):
        with watch(admin, where, **STREAMED, **selector) as events:
            (bookmark,) = take(events, 1)
            assert bookmark["object"]["metadata"] == {"resourceVersion": version(admin), "annotations": END}


def test_streamed_list_without_bookmarks(admin: API, namespace: str) -> None:
    """Who allows no bookmarks gets none."""
    make(admin, namespace, "a")
    params = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
    with watch(admin, namespace, **params) as events:
        take(events, 1)
        second = make(admin, namespace, "b")
        assert take(events, 1) == [{"type": "ADDED", "object": second}]


def test_periodic_bookmarks(admin: API, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bookmarks tell a version that can be resumed from, never one beyond an event that is still to be sent."""
    monkeypatch.setattr(pacing, "BOOKMARK", 0.02)
    first = make(admin, namespace, "a")
    params = {"resourceVersion": first["metadata"]["resourceVersion"], **BOOKMARKS}
    seen = 0
    with watch(admin, namespace, **params) as events:
        for number in range(5):
            made = make(admin, namespace, f"b{number}")
            for event in events:
                at = int(event["object"]["metadata"]["resourceVersion"])
                assert at >= seen
                seen = at
                if event["type"] == "ADDED":
                    assert event["object"] == made
                    break
                assert event == {
                    "type": "BOOKMARK",
                    "object": {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"resourceVersion": str(at)}},
                }
                assert at < int(made["metadata"]["resourceVersion"])
        assert next(event for event in events if event["type"] == "BOOKMARK")


def test_bookmark_before_the_end(admin: API, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shortly before its deadline a watch tells a version to resume from."""
    monkeypatch.setattr(pacing, "BEFORE_END", 0.5)
    made = make(admin, namespace, "a")
    params = {"resourceVersion": made["metadata"]["resourceVersion"], "timeoutSeconds": "1", **BOOKMARKS}
    with watch(admin, namespace, **params) as events:
        assert [event["type"] for event in events] == ["BOOKMARK"]
