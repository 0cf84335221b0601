"""Events have two groups and one store: what is written in one is read, watched and selected in the other."""

from typing import Any

import pytest

import served_api
from api_answers import created
from api_watches import take, watch
from krate import kinds
from krate.kinds import Kind
from served_api import API

NAMED, CORE = kinds.NAMED_EVENT, kinds.EVENT


def event(name: str, namespace: str, **members: Any) -> dict[str, Any]:
    return {
        **served_api.typed(NAMED),
        "metadata": {"name": name},
        "eventTime": "2020-01-01T00:00:00.000001Z",
        "reportingController": "e.com/c",
        "reportingInstance": "i",
        "action": "Acted",
        "reason": "Happened",
        "type": "Normal",
        "regarding": {"kind": "Repository", "name": "web", "namespace": namespace},
        "note": "it happened",
        **members,
    }


def test_one_event_by_two_names(admin: API, namespace: str) -> None:
    """The core group has the same object, of the same version, by its own names, and deletes it too."""
    made = created(admin, NAMED, event("a", namespace), namespace)
    read = admin.read(CORE, "a", namespace=namespace).json()
    assert (read["apiVersion"], read["message"], read["involvedObject"], read["reportingComponent"]) == (
        "v1",
        made["note"],
        made["regarding"],
        made["reportingController"],
    )
    assert read["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    assert "generation" not in made["metadata"]
    assert {"note", "regarding", "reportingController"} & read.keys() == set()
    assert admin.remove(CORE, "a", namespace=namespace).status_code == 200
    assert admin.read(NAMED, "a", namespace=namespace).status_code == 404


@pytest.mark.parametrize(
    ("kind", "member", "selector"),
    [(NAMED, "note", "regarding.name=web"), (CORE, "message", "involvedObject.name=web")],
    ids=["named", "core"],
)
def test_events_of_the_core_group(admin: API, namespace: str, kind: Kind, member: str, selector: str) -> None:
    """What the core group holds is listed, selected and watched in both groups, in each by its names."""
    about = {"kind": "Repository", "name": "web", "namespace": namespace}
    body = {**served_api.typed(CORE), "metadata": {"name": "b"}, "involvedObject": about, "message": "m", "count": 3}
    created(admin, CORE, body, namespace)
    (item,) = admin.list(kind, namespace=namespace, fieldSelector=selector).json()["items"]
    assert item[member] == "m"
    with watch(admin, namespace, kind=kind, fieldSelector=selector) as events:
        admin.change(CORE, "b", {"message": "n"}, namespace=namespace)
        first, second = take(events, 2)
    found = [(one["type"], one["object"]["apiVersion"], one["object"][member]) for one in (first, second)]
    assert found == [("ADDED", kind.api_version, "m"), ("MODIFIED", kind.api_version, "n")]


def test_source(admin: API, namespace: str) -> None:
    """Who reports an event is its source, where no component is named."""
    about = {"kind": "Repository", "name": "web", "namespace": namespace}
    created(admin, NAMED, event("new", namespace), namespace)
    old = {**served_api.typed(CORE), "metadata": {"name": "old"}, "involvedObject": about, "source": {"component": "c"}}
    created(admin, CORE, old, namespace)
    found = {
        source: [
            one["metadata"]["name"]
            for one in admin.list(CORE, namespace=namespace, fieldSelector=f"source={source}").json()["items"]
        ]
        for source in ("c", "e.com/c")
    }
    assert found == {"c": ["old"], "e.com/c": ["new"]}
