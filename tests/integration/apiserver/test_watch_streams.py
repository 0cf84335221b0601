"""Watches as streams: every event once under load, slow and half-closed readers, frames."""

import contextlib
import json
import socket
import ssl
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest

import api_answers
import served_api
from api_answers import config_map
from api_watches import make, take, version, watch
from krate import kinds
from krate_api import streaming
from served_api import API, ServedAPI

CM = kinds.CONFIG_MAP


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
    assert [api_answers.untyped(state[name]) for name in sorted(state)] == listed


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


def open_watches(admin: API) -> float:
    start = 'krate_apiserver_longrunning_requests{group="",resource="configmaps"}'
    lines = admin.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start))


def test_watcher_that_stops_reading_is_ended(
    served: ServedAPI, admin: API, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes nothing any more loses the connection; who reads, however late, misses nothing."""
    monkeypatch.setattr(streaming, "STALL", 0.5)
    before = open_watches(admin)
    path = f"{served_api.collection(CM, namespace)}?watch=true"
    with contextlib.closing(raw_connection(served)) as lazy, watch(admin, namespace) as events:
        lazy.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert lazy.recv(12) == b"HTTP/1.1 200"
        assert open_watches(admin) == before + 2
        for number in range(60):
            api_answers.created(admin, CM, config_map(f"b{number:02}", {"k": "x" * 100_000}), namespace)
            assert take(events, 1)[0]["object"]["metadata"]["name"] == f"b{number:02}"
        served_api.until(lambda: open_watches(admin) == before + 1)
        made = make(admin, namespace, "after")
        assert take(events, 1) == [{"type": "ADDED", "object": made}]


def test_half_closed_client_is_let_go(served: ServedAPI, admin: API, namespace: str) -> None:
    """A client that vanishes without a word does not keep its watch."""
    before = open_watches(admin)
    path = f"{served_api.collection(CM, namespace)}?watch=true"
    gone = raw_connection(served)
    gone.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert gone.recv(12) == b"HTTP/1.1 200"
    served_api.until(lambda: open_watches(admin) == before + 1)
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset instead of a goodbye
    gone.close()
    served_api.until(lambda: open_watches(admin) == before)


def test_frames_are_lines(admin: API, namespace: str) -> None:
    """Every frame is one line of JSON, whatever stands in the object."""
    api_answers.created(admin, CM, config_map("a", {"k": 'line\nbreak \u2028 \u00e9 "quoted"'}), namespace)
    params = {"watch": "true", "timeoutSeconds": "1"}
    text = admin.list(CM, namespace=namespace, **params).content
    (line,) = text.splitlines()
    assert json.loads(line)["object"]["data"]["k"] == 'line\nbreak \u2028 \u00e9 "quoted"'
