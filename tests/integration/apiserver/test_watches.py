"""Watches: resuming, initial events, bookmarks, selector transitions, errors in the stream, and how they end."""

import contextlib
import itertools
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

import api_answers
import served_api
from api_answers import failure
from krate import kinds
from krate_api.registry import watching
from served_api import API, ServedAPI

CM = kinds.CONFIG_MAP
END = {"k8s.io/initial-events-end": "true"}
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"


def config_map(name: str, data: dict[str, str] | None = None, **labels: str) -> dict[str, Any]:
    meta = {"name": name, **({"labels": labels} if labels else {})}
    return {**served_api.typed(CM), "metadata": meta, **({"data": data} if data else {})}


def make(admin: API, namespace: str, name: str, **labels: str) -> dict[str, Any]:
    return api_answers.created(admin, CM, config_map(name, **labels), namespace)


@contextlib.contextmanager
def watch(admin: API, namespace: str, *, accept: str = "", **params: str) -> Iterator[Iterator[dict[str, Any]]]:
    headers = {"accept": accept} if accept else {}
    options = {"watch": "true", "timeoutSeconds": "20", **params}
    with admin.stream("GET", served_api.collection(CM, namespace), params=options, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["transfer-encoding"] == "chunked"
        yield served_api.events(answer)


def take(events: Iterator[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    return list(itertools.islice(events, count))


def shown(event: dict[str, Any]) -> tuple[str, str, str]:
    meta = event["object"]["metadata"]
    return event["type"], meta.get("name", ""), meta["resourceVersion"]


def version(admin: API) -> str:
    return admin.list(CM, limit="1").json()["metadata"]["resourceVersion"]


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
    assert served_api.history(admin, CM, namespace, since=int(since)) == [
        {"type": "ADDED", "object": second},
        {"type": "ADDED", "object": third},
    ]


def test_from_now(admin: API, namespace: str) -> None:
    """`sendInitialEvents=false` without a version starts now."""
    make(admin, namespace, "a")
    with watch(admin, namespace, sendInitialEvents="false", resourceVersionMatch="NotOlderThan") as events:
        second = make(admin, namespace, "b")
        assert take(events, 1) == [{"type": "ADDED", "object": second}]


BOOKMARKS = {"allowWatchBookmarks": "true"}
STREAMED = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", **BOOKMARKS}


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
    monkeypatch.setattr(watching, "BOOKMARK", 0.02)
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
    found = served_api.history(admin, CM, namespace, since=int(since), labelSelector="state=open")
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
    found = served_api.history(admin, kinds.EVENT, namespace, since=int(since), fieldSelector="type=Warning")
    assert [event["type"] for event in found] == ["ADDED", "DELETED"]


def test_other_namespaces_are_not_told(admin: API, namespace: str) -> None:
    """A watch of a namespace tells nothing of another; one of all namespaces tells of all."""
    since = version(admin)
    elsewhere = served_api.new_namespace(admin)
    make(admin, elsewhere, "there")
    here = make(admin, namespace, "here")
    assert served_api.history(admin, CM, namespace, since=int(since)) == [{"type": "ADDED", "object": here}]
    everywhere = served_api.history(admin, CM, since=int(since))
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
    assert served_api.history(admin, CM, namespace, since=99_999_999) == []
    with watch(admin, namespace, **STREAMED, resourceVersion="99999999") as events:
        (event,) = list(events)
        assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 504, "Timeout")


LONELY = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "initial events without match": (
        {"sendInitialEvents": "true"},
        "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    ),
    "initial events that are exact": (
        {"sendInitialEvents": "true", "resourceVersionMatch": "Exact"},
        "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    ),
    "match without initial events": (
        {"resourceVersionMatch": "NotOlderThan", "resourceVersion": "1"},
        f"resourceVersionMatch: Forbidden: {LONELY}",
    ),
    "continue": ({"continue": "x"}, "continue: Forbidden: continue is forbidden for watch"),
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


def test_bookmark_before_the_end(admin: API, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shortly before its deadline a watch tells a version to resume from."""
    monkeypatch.setattr(watching, "BEFORE_END", 0.5)
    made = make(admin, namespace, "a")
    params = {"resourceVersion": made["metadata"]["resourceVersion"], "timeoutSeconds": "1", **BOOKMARKS}
    with watch(admin, namespace, **params) as events:
        assert [event["type"] for event in events] == ["BOOKMARK"]


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


def test_headers_come_at_once(admin: API, namespace: str) -> None:
    """A watch with nothing to tell has answered before anything happens."""
    with watch(admin, namespace, resourceVersion=version(admin)) as events:
        made = make(admin, namespace, "a")
        assert take(events, 1) == [{"type": "ADDED", "object": made}]


def test_every_event_once_under_load(admin: API, namespace: str) -> None:
    """Twenty watchers see every event of eight writers, once, in one order, and reach the list that is there."""
    since = version(admin)
    total = 8 * 15 * 2
    found: list[list[dict[str, Any]]] = []

    def follow() -> None:
        with watch(admin, namespace, resourceVersion=since) as events:
            found.append(take(events, total))

    def write(number: int) -> None:
        for step in range(15):
            name = f"w{number}-{step}"
            make(admin, namespace, name)
            if step % 3:
                admin.change(CM, name, {"data": {"k": "v"}}, namespace=namespace)
            else:
                admin.remove(CM, name, namespace=namespace)

    watchers = [threading.Thread(target=follow) for _ in range(20)]
    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in (*watchers, *writers):
        thread.start()
    for thread in (*watchers, *writers):
        thread.join(60)
    assert len(found) == 20
    assert all(events == found[0] for events in found)
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in found[0]]
    assert versions == sorted(set(versions))
    state: dict[str, Any] = {}
    for event in found[0]:
        name = event["object"]["metadata"]["name"]
        if event["type"] == "DELETED":
            del state[name]
        else:
            state[name] = event["object"]
    listed = admin.list(CM, namespace=namespace).json()["items"]
    assert sorted(state.values(), key=lambda obj: obj["metadata"]["name"]) == listed


def raw_connection(served: ServedAPI) -> ssl.SSLSocket:
    """A TLS connection with a tiny window, for a client that does not read."""
    pair = served.core.authority.issue("krate-admin", organisations=["system:masters"])
    where = urlsplit(served.url)
    plain = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.connect((where.hostname, where.port))
    return served.trust(pair).wrap_socket(plain, server_hostname=where.hostname)


def test_slow_reader_hurts_nobody(served: ServedAPI, admin: API, namespace: str) -> None:
    """A watcher that reads nothing holds up neither writers nor other watchers, and the server keeps nothing for it."""
    path = f"{served_api.collection(CM, namespace)}?watch=true"
    with contextlib.closing(raw_connection(served)) as lazy, watch(admin, namespace) as events:
        lazy.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert lazy.recv(12) == b"HTTP/1.1 200"
        for number in range(60):
            body = config_map(f"b{number:02}", {"k": "x" * 100_000})
            api_answers.created(admin, CM, body, namespace)
        names = [event["object"]["metadata"]["name"] for event in take(events, 60)]
        assert names == [f"b{number:02}" for number in range(60)]


def test_half_closed_client_is_let_go(served: ServedAPI, admin: API, namespace: str) -> None:
    """A client that vanishes without a word does not keep its watch."""

    def open_watches() -> float:
        start = 'krate_apiserver_longrunning_requests{group="",resource="configmaps"}'
        lines = admin.get("/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start))

    before = open_watches()
    path = f"{served_api.collection(CM, namespace)}?watch=true"
    gone = raw_connection(served)
    gone.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert gone.recv(12) == b"HTTP/1.1 200"
    served_api.until(lambda: open_watches() == before + 1)
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset instead of a goodbye
    gone.close()
    served_api.until(lambda: open_watches() == before)


def test_frames_are_lines(admin: API, namespace: str) -> None:
    """Every frame is one line of JSON, whatever stands in the object."""
    api_answers.created(admin, CM, config_map("a", {"k": 'line\nbreak \u2028 \u00e9 "quoted"'}), namespace)
    params = {"watch": "true", "timeoutSeconds": "1"}
    text = admin.list(CM, namespace=namespace, **params).content
    (line,) = text.splitlines()
    assert json.loads(line)["object"]["data"]["k"] == 'line\nbreak \u2028 \u00e9 "quoted"'
