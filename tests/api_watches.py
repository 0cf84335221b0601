"""Watches of the API server under test: events as they come."""

import contextlib
import itertools
import json
from collections.abc import Iterator
from typing import Any

import httpx2

from api_answers import config_map, created
from krate import kinds
from krate.kinds import Kind
from served_api import API, collection

CM = kinds.CONFIG_MAP
BOOKMARKS = {"allowWatchBookmarks": "true"}
STREAMED = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", **BOOKMARKS}


def make(admin: API, namespace: str, name: str, **labels: str) -> dict[str, Any]:
    """A ConfigMap."""
    return created(admin, CM, config_map(name, **labels), namespace)


def events(response: httpx2.Response) -> Iterator[dict[str, Any]]:
    """Events of a watch that is being streamed."""
    for line in response.iter_lines():
        yield json.loads(line)


def history(client: API, kind: Kind, namespace: str = "", *, since: int = 0, **params: str) -> list[dict[str, Any]]:
    """Every event after a version up to now: a watch that ends at once."""
    options = {"watch": "true", "resourceVersion": str(since), "timeoutSeconds": "1", **params}
    with client.stream("GET", collection(kind, namespace), params=options) as answer:
        assert answer.status_code == 200, answer.read()
        return [event for event in events(answer) if event["type"] != "BOOKMARK"]


@contextlib.contextmanager
def watch(
    admin: API, namespace: str, *, accept: str = "", kind: Kind = CM, **params: str
) -> Iterator[Iterator[dict[str, Any]]]:
    headers = {"accept": accept} if accept else {}
    options = {"watch": "true", "timeoutSeconds": "20", **params}
    with admin.stream("GET", collection(kind, namespace), params=options, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["transfer-encoding"] == "chunked"
        yield events(answer)


def take(events: Iterator[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    return list(itertools.islice(events, count))


def shown(event: dict[str, Any]) -> tuple[str, str, str]:
    meta = event["object"]["metadata"]
    return event["type"], meta.get("name", ""), meta["resourceVersion"]


def version(admin: API) -> str:
    return admin.list(CM, limit="1").json()["metadata"]["resourceVersion"]
