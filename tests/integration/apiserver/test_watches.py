"""Watches: resuming, initial events, bookmarks, selector transitions, errors in the stream, and how they end."""

from typing import Any

import pytest

import api_answers
import api_watches
import served_api
from api_answers import failure
from api_watches import STREAMED, make, take, version, watch
from krate import kinds
from served_api import API, ServedAPI

END = {"k8s.io/initial-events-end": "true"}

CM = kinds.CONFIG_MAP
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"


def test_current_state_comes_first(admin: API, namespace: str) -> None:
    """Without a version the objects that are there come as ADDED, then what happens."""
    first, second = make(admin, namespace, "a"), make(admin, namespace, "b")
    with watch(admin, namespace) as events:
        assert take(events, 2) == [{"type": "ADDED", "object": first}, {"type": "ADDED", "object": second}]
        third = make(admin, namespace, "c")
        changed = admin.change(CM, "a", {"data": {"k": "v"}}, namespace=namespace).json()
        admin.remove(CM, "b", namespace=namespace)
        found = take(events, 3)
    gone = int(changed["metadata"]["resourceVersion"]) + 1
    assert found == [
        {"type": "ADDED", "object": third},
        {"type": "MODIFIED", "object": changed},
        {"type": "DELETED", "object": {**second, "metadata": {**second["metadata"], "resourceVersion": str(gone)}}},
    ]


def test_resume(admin: API, namespace: str) -> None:
    """With a version exactly what happened after it comes, whether long ago or to come."""
    first = make(admin, namespace, "a")
    since = first["metadata"]["resourceVersion"]
    second = make(admin, namespace, "b")
    with watch(admin, namespace, resourceVersion=since) as events:
        assert take(events, 1) == [{"type": "ADDED", "object": second}]
        third = make(admin, namespace, "c")
        assert take(events, 1) == [{"type": "ADDED", "object": third}]
    assert api_watches.history(admin, CM, namespace, since=int(since)) == [
        {"type": "ADDED", "object": second},
        {"type": "ADDED", "object": third},
    ]


def test_from_now(admin: API, namespace: str) -> None:
    """`sendInitialEvents=false` without a version starts now."""
    make(admin, namespace, "a")
    with watch(admin, namespace, sendInitialEvents="false", resourceVersionMatch="NotOlderThan") as events:
        second = make(admin, namespace, "b")
        assert take(events, 1) == [{"type": "ADDED", "object": second}]


def test_selector_transitions(admin: API, namespace: str) -> None:
    """An object that leaves a selection is DELETED with its last matching state, one that enters it is ADDED."""
    since = version(admin)
    first = make(admin, namespace, "a", state="open")

    def label(**labels: str | None) -> dict[str, Any]:
        patch = {"metadata": {"labels": labels}}
        return admin.change(CM, "a", patch, namespace=namespace).json()

    def at(number: int, obj: dict[str, Any]) -> dict[str, Any]:
        return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(number)}}

    left = label(state="closed")
    label(other="x")
    back = label(state="open")
    more = label(other="y")
    label(other="y")  # changes nothing
    admin.remove(CM, "a", namespace=namespace)
    versions = [int(obj["metadata"]["resourceVersion"]) for obj in (left, more)]
    found = api_watches.history(admin, CM, namespace, since=int(since), labelSelector="state=open")
    assert found == [
        {"type": "ADDED", "object": first},
        {"type": "DELETED", "object": at(versions[0], first)},
        {"type": "ADDED", "object": back},
        {"type": "MODIFIED", "object": more},
        {"type": "DELETED", "object": at(versions[1] + 1, more)},
    ]


def test_field_selector_transitions(admin: API, namespace: str) -> None:
    """Selectable fields enter and leave as labels do."""
    since = admin.list(kinds.EVENT, limit="1").json()["metadata"]["resourceVersion"]
    event = {**served_api.typed(kinds.EVENT), "metadata": {"name": "e"}, "type": "Normal", "reason": "R"}
    api_answers.created(admin, kinds.EVENT, event, namespace)
    for value in ("Warning", "Normal"):
        admin.change(kinds.EVENT, "e", {"type": value}, namespace=namespace)
    found = api_watches.history(admin, kinds.EVENT, namespace, since=int(since), fieldSelector="type=Warning")
    assert [event["type"] for event in found] == ["ADDED", "DELETED"]


def test_other_namespaces_are_not_told(admin: API, namespace: str) -> None:
    """A watch of a namespace tells nothing of another; one of all namespaces tells of all."""
    since = version(admin)
    elsewhere = served_api.new_namespace(admin)
    make(admin, elsewhere, "there")
    here = make(admin, namespace, "here")
    assert api_watches.history(admin, CM, namespace, since=int(since)) == [{"type": "ADDED", "object": here}]
    everywhere = api_watches.history(admin, CM, since=int(since))
    assert [event["object"]["metadata"]["name"] for event in everywhere] == ["there", "here"]


def test_too_old(served: ServedAPI, admin: API, namespace: str) -> None:
    """A version that is compacted away: 200, one ERROR of 410 in the stream, and the end."""
    make(admin, namespace, "a")
    make(admin, namespace, "b")
    served.run(lambda: served.core.store.compact(CM.resource, keep=0, before=10.0**12))
    feed = served.core.feeds.of(CM.resource)
    served.run(lambda: _forget(feed))
    floor = version(admin)
    with watch(admin, namespace, resourceVersion="1") as events:
        assert list(events) == [
            {
                "type": "ERROR",
                "object": {
                    "kind": "Status",
                    "apiVersion": "v1",
                    "metadata": {},
                    "status": "Failure",
                    "message": f"too old resource version: 1 ({floor})",
                    "reason": "Expired",
                    "code": 410,
                },
            }
        ]
    with watch(admin, namespace, resourceVersion=floor) as events:
        made = make(admin, namespace, "c")
        assert take(events, 1) == [{"type": "ADDED", "object": made}]


async def _forget(feed: Any) -> None:
    """What a feed keeps in memory is gone, as after a restart."""
    feed._ring.clear()


def test_future(admin: API, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version in the future: a plain watch waits in silence, one with initial events ends in an error."""
    monkeypatch.setattr("krate_api.registry.listing.FRESHNESS", 0.05)
    make(admin, namespace, "a")
    assert api_watches.history(admin, CM, namespace, since=99_999_999) == []
    with watch(admin, namespace, **STREAMED, resourceVersion="99999999") as events:
        (event,) = list(events)
        assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 504, "Timeout")


NEEDS = "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
LONELY = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "initial events without match": (
        {"sendInitialEvents": "true"},
        NEEDS,
    ),
    "initial events that are exact": (
        {"sendInitialEvents": "true", "resourceVersionMatch": "Exact"},
        f'[{NEEDS}, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]',
    ),
    "match without initial events": (
        {"resourceVersionMatch": "NotOlderThan", "resourceVersion": "1"},
        f"resourceVersionMatch: Forbidden: {LONELY}",
    ),
    "continue": (
        {"continue": "x"},
        "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_options_that_contradict(admin: API, namespace: str, name: str) -> None:
    """Options of a watch that contradict each other: 422 before the stream begins."""
    params, text = REFUSED[name]
    answer = admin.list(CM, namespace=namespace, watch="true", **params)
    assert (answer.status_code, failure(answer)["message"]) == (422, f'ListOptions.meta.k8s.io "" is invalid: {text}')


def test_timeout(admin: API, namespace: str) -> None:
    """A watch ends cleanly after the seconds it asked for; a negative number ends it at once."""
    for seconds in ("1", "-5"):
        with watch(admin, namespace, timeoutSeconds=seconds) as events:
            assert list(events) == []


def test_tables(admin: API, namespace: str) -> None:
    """As Tables, each event is a table of one row; columns are described once; a bookmark is a row of nothing."""
    first = make(admin, namespace, "a")
    with watch(admin, namespace, accept=TABLE, **STREAMED) as events:
        added, bookmark = take(events, 2)
        admin.change(CM, "a", {"data": {"k": "v"}}, namespace=namespace)
        (changed,) = take(events, 1)
    assert (added["type"], bookmark["type"], changed["type"]) == ("ADDED", "BOOKMARK", "MODIFIED")
    tables = [event["object"] for event in (added, bookmark, changed)]
    assert [table["kind"] for table in tables] == ["Table"] * 3
    assert [column["name"] for column in added["object"]["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert [table["columnDefinitions"] for table in tables[1:]] == [None, None]
    assert added["object"]["rows"][0]["object"]["metadata"] == first["metadata"]
    assert changed["object"]["rows"][0]["cells"][:2] == ["a", 1]
    (row,) = bookmark["object"]["rows"]
    assert (row["cells"], row["object"]["metadata"]["annotations"]) == (["", None, None], END)


def test_partial_metadata(admin: API, namespace: str) -> None:
    """As metadata alone: objects and bookmarks are PartialObjectMetadata, which metadata informers sync on."""
    first = make(admin, namespace, "a")
    with watch(admin, namespace, accept=PARTIAL, **STREAMED) as events:
        added, bookmark = take(events, 2)
    want = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    assert added == {"type": "ADDED", "object": {**want, "metadata": first["metadata"]}}
    assert bookmark["object"]["metadata"]["annotations"] == END
    assert {key: bookmark["object"][key] for key in want} == want


def test_informer_accept_header(admin: API, namespace: str) -> None:
    """The Accept of a metadata informer, protobuf first, is answered in its JSON choice."""
    accept = (
        "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,"
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
    )
    make(admin, namespace, "a")
    with watch(admin, namespace, accept=accept, **STREAMED) as events:
        assert take(events, 1)[0]["object"]["kind"] == "PartialObjectMetadata"
    yaml = {"accept": "application/yaml"}
    assert admin.get(served_api.collection(CM, namespace), params={"watch": "true"}, headers=yaml).status_code == 406
