"""Watches that end by themselves: everything that happened since a version, and initial states."""

from conformance.definitions import meta, pull
from conformance.recording import Session
from conformance.scenarios.reads import PARTIAL, PARTIAL_LIST, TABLE


def _watch(s: Session, name: str, accept: str = "application/json", /, **query: str) -> None:
    s.get(name, s.pulls, accept=accept, query={"watch": "true", "timeoutSeconds": "1", **query})


def _start(s: Session) -> str:
    return s.quiet("POST", s.pulls, pull("start"))["metadata"]["resourceVersion"]


def events(s: Session) -> None:
    since = _start(s)
    at = f"{s.pulls}/a"
    merge = {"media": "application/merge-patch+json"}
    s.quiet("POST", s.pulls, pull("a"))
    s.quiet("PATCH", at, {"spec": {"state": "closed"}}, **merge)
    s.quiet("PATCH", at, {"spec": {"state": "open"}}, **merge)
    s.quiet("PATCH", at, {"spec": {"state": "open"}}, **merge)
    s.quiet("PATCH", at, {"metadata": {"labels": {"l": "1"}}}, **merge)
    s.quiet("PATCH", at, {"metadata": {"labels": {"l": None}}}, **merge)
    s.quiet("DELETE", at)
    _watch(s, "all", resourceVersion=since)
    _watch(s, "field", resourceVersion=since, fieldSelector="spec.state=open")
    _watch(s, "label", resourceVersion=since, labelSelector="l=1")
    _watch(s, "not the label", resourceVersion=since, labelSelector="!l")
    _watch(s, "name", resourceVersion=since, fieldSelector="metadata.name=a")
    _watch(s, "another name", resourceVersion=since, fieldSelector="metadata.name=b")
    _watch(s, "table", TABLE, resourceVersion=since)
    _watch(s, "partial", PARTIAL, resourceVersion=since)
    _watch(s, "partial list", PARTIAL_LIST, resourceVersion=since)
    _watch(s, "stream", "application/json;stream=watch", resourceVersion=since)
    _watch(s, "yaml", "application/yaml", resourceVersion=since)
    _watch(s, "html", "text/html", resourceVersion=since)
    s.get("legacy path", s.pulls.replace("/v1/", "/v1/watch/"), query={"timeoutSeconds": "1", "resourceVersion": since})
    s.get(
        "legacy path of one",
        s.pulls.replace("/v1/", "/v1/watch/") + "/a",
        query={"timeoutSeconds": "1", "resourceVersion": since},
    )
    s.get("watch on one", at, query={"watch": "true", "timeoutSeconds": "1", "resourceVersion": since})


def initial(s: Session) -> None:
    _start(s)
    s.quiet("POST", s.pulls, meta(pull("b"), labels={"l": "1"}))
    full = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    _watch(s, "no version")
    _watch(s, "zero", resourceVersion="0")
    _watch(s, "watch-list", **full)
    _watch(s, "watch-list from zero", **full, resourceVersion="0")
    _watch(s, "watch-list, nothing matches", **full, labelSelector="nope")
    _watch(s, "watch-list, label", **full, labelSelector="l=1")
    _watch(s, "watch-list, table", TABLE, **full)
    _watch(s, "watch-list, partial", PARTIAL, **full)
    _watch(s, "watch-list without bookmarks", sendInitialEvents="true", resourceVersionMatch="NotOlderThan")
    _watch(s, "no initial events", sendInitialEvents="false", resourceVersionMatch="NotOlderThan")
    _watch(s, "bookmarks, no version", allowWatchBookmarks="true")
    _watch(s, "initial events without match", sendInitialEvents="true")
    _watch(s, "match without initial events", resourceVersionMatch="NotOlderThan")
    _watch(s, "exact", sendInitialEvents="true", resourceVersionMatch="Exact")
    _watch(s, "continue", **{"continue": "x"})
    _watch(s, "too old", resourceVersion="1")
    _watch(s, "future", resourceVersion="99999999")
    _watch(s, "future watch-list", **full, resourceVersion="99999999")
    _watch(s, "a word", resourceVersion="x")
    _watch(s, "bad selector", labelSelector="a b c")
    _watch(s, "bad field", fieldSelector="spec.title=x")
    _watch(s, "limit", limit="1")
    s.get("watch=1", s.pulls, query={"watch": "1", "timeoutSeconds": "1"})
    s.get("watch=false", s.pulls, query={"watch": "false"})
    s.get("watch=0", s.pulls, query={"watch": "0"})
    s.get("watch empty", s.pulls, query={"watch": "", "timeoutSeconds": "1"})
    s.get("watch=x", s.pulls, query={"watch": "x", "timeoutSeconds": "1"})
    s.get("bad timeout", s.pulls, query={"watch": "1", "timeoutSeconds": "x"})


SCENARIOS = (events, initial)
