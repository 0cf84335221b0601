"""PUT and the patches."""

from typing import Any

from conformance.definitions import meta, pull
from conformance.recording import Session


def puts(s: Session) -> None:
    at = f"{s.pulls}/u"
    old = s.post("before", s.pulls, pull("u"))
    s.put("no version", at, pull("u"))
    s.put("stale version", at, meta(pull("u"), resourceVersion="1"))
    s.put("version is a word", at, meta(pull("u"), resourceVersion="x"))
    s.put("another uid", at, meta(old, uid="other"))
    s.put("another name", at, meta(old, name="v"))
    s.put("another namespace", at, meta(old, namespace="other"))
    s.put("missing object", f"{s.pulls}/nope", meta(pull("nope"), resourceVersion="1"))
    s.put("identical", at, old)
    new = s.put(
        "server's own members",
        at,
        {
            **meta(old, generation=77, creationTimestamp="2001-01-01T00:00:00Z"),
            "status": {"phase": "x"},
            "spec": {**old["spec"], "n": 3},
        },
    )
    s.put("identical again", at, new)
    s.put("labels only", at, meta(new, labels={"a": "1"}))
    s.put(
        "invalid",
        at,
        {**meta(new, resourceVersion=s.quiet("GET", at)["metadata"]["resourceVersion"]), "spec": {"title": "x" * 30}},
    )
    s.put("managers cleared", at, meta(s.quiet("GET", at), managedFields=[]))
    s.put("dry run", at, {**s.quiet("GET", at), "spec": {"title": "dry"}}, query={"dryRun": "All"})
    s.get("not stored", at)


def statuses(s: Session) -> None:
    at = f"{s.pulls}/u"
    s.post("before", s.pulls, pull("u"))
    s.merge("status by the main endpoint", at, {"status": {"phase": "x"}})
    s.merge(
        "status with labels and spec",
        f"{at}/status",
        {"metadata": {"labels": {"a": "1"}}, "spec": {"n": 5}, "status": {"phase": "x"}},
    )
    s.get("status read", f"{at}/status")
    s.merge("the same again", f"{at}/status", {"status": {"phase": "x"}})
    old = s.quiet("GET", at)
    s.put("put of status", f"{at}/status", {**old, "status": {"phase": "y"}, "spec": {"title": "other"}})
    s.put("stale put of status", f"{at}/status", {**old, "status": {"phase": "z"}})
    s.merge("invalid status", f"{at}/status", {"status": {"phase": 1}})
    s.merge("unknown status", f"{at}/status", {"status": {"nope": 1}}, query={"fieldValidation": "Strict"})
    s.merge("status of nothing", f"{s.pulls}/nope/status", {"status": {}})
    s.delete("delete status", f"{at}/status")
    s.post("post status", f"{at}/status", old)
    s.get("unknown subresource", f"{at}/nope")


def merges(s: Session) -> None:
    at = f"{s.pulls}/u"
    s.post("before", s.pulls, pull("u", n=2))
    s.merge("title", at, {"spec": {"title": "two"}})
    s.merge("again", at, {"spec": {"title": "two"}})
    s.merge("label", at, {"metadata": {"labels": {"a": "1"}}})
    s.merge("null", at, {"spec": {"n": None}})
    s.merge("wrong type", at, {"spec": {"title": 1}})
    s.merge("unknown, default", at, {"spec": {"nope": 1}})
    s.merge("unknown, Strict", at, {"spec": {"nope": 1}}, query={"fieldValidation": "Strict"})
    s.merge("duplicate, Strict", at, b'{"spec":{"n":1,"n":2}}', query={"fieldValidation": "Strict"})
    s.merge("duplicate, default", at, b'{"spec":{"n":1,"n":2}}')
    s.merge("another name", at, {"metadata": {"name": "v"}})
    s.merge("another namespace", at, {"metadata": {"namespace": "v"}})
    s.merge("another uid", at, {"metadata": {"uid": "v"}})
    s.merge("another kind", at, {"kind": "Other"})
    s.merge("another apiVersion", at, {"apiVersion": "v1"})
    s.merge("stale version", at, {"metadata": {"resourceVersion": "1"}, "spec": {"n": 3}})
    s.merge("a list", at, [])
    s.merge("a text", at, b'"x"')
    s.merge("empty", at, b"")
    s.merge("malformed", at, b"{nope")
    s.merge("force", at, {}, query={"force": "true"})
    s.merge("missing object", f"{s.pulls}/nope", {"spec": {"n": 3}})
    s.merge("spec gone", at, {"spec": None})
    s.merge("timestamps", at, {"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z", "generation": 9}})
    s.merge("dry run", at, {"spec": {"n": 9}}, query={"dryRun": "All"})
    s.merge("bad dry run", at, {"spec": {"n": 9}}, query={"dryRun": "x"})


def json_patches(s: Session) -> None:
    at = f"{s.pulls}/u"
    s.post("before", s.pulls, pull("u", tags=["a", "b"]))

    def one(name: str, *operations: Any) -> None:
        s.json_patch(name, at, list(operations))

    one("add", {"op": "add", "path": "/spec/n", "value": 4})
    one("replace missing", {"op": "replace", "path": "/spec/zzz", "value": 4})
    one("test fails", {"op": "test", "path": "/spec/n", "value": 5})
    one("test holds", {"op": "test", "path": "/spec/n", "value": 4})
    one("bad path", {"op": "remove", "path": "/spec/nope"})
    one("bad pointer", {"op": "remove", "path": "spec"})
    one("bad op", {"op": "nope", "path": "/spec"})
    one("list append", {"op": "add", "path": "/spec/tags/-", "value": "c"})
    one("list index", {"op": "replace", "path": "/spec/tags/0", "value": "z"})
    one("list beyond", {"op": "add", "path": "/spec/tags/9", "value": "z"})
    one("negative index", {"op": "remove", "path": "/spec/tags/-1"})
    one("move", {"op": "move", "from": "/spec/tags/0", "path": "/spec/tags/1"})
    one("copy", {"op": "copy", "from": "/spec/title", "path": "/metadata/labels"})
    one("no value", {"op": "add", "path": "/spec/n"})
    one("invalid result", {"op": "replace", "path": "/spec/n", "value": 0})
    one("name", {"op": "replace", "path": "/metadata/name", "value": "v"})
    one("whole document", {"op": "replace", "path": "", "value": {}})
    one("empty")
    one("version tested", {"op": "test", "path": "/metadata/resourceVersion", "value": "1"})
    one("unknown, default", {"op": "add", "path": "/spec/bogus", "value": 1})
    s.json_patch(
        "unknown, Strict", at, [{"op": "add", "path": "/spec/bogus", "value": 1}], query={"fieldValidation": "Strict"}
    )
    s.json_patch("an object", at, {})
    s.json_patch("malformed", at, b"{nope")
    s.json_patch("not objects", at, [1])
    s.json_patch("too many", at, [{"op": "test", "path": "/kind", "value": "Pull"}] * 10_001)
    strategic = "application/strategic-merge-patch+json"
    s.ask("strategic", "PATCH", at, {}, media=strategic)
    s.ask("plain json", "PATCH", at, {}, media="application/json")
    s.ask("no media type", "PATCH", at, {}, media="")


def deleting(s: Session) -> None:
    at = f"{s.pulls}/u"
    s.post("before", s.pulls, meta(pull("u"), finalizers=["e.com/f"]))
    s.delete("delete", at)
    s.delete("again", at)
    s.post("create meanwhile", s.pulls, pull("u"))
    s.merge("add a finalizer", at, {"metadata": {"finalizers": ["e.com/f", "e.com/g"]}})
    s.merge("change the spec", at, {"spec": {"n": 8}})
    s.merge("remove the timestamp", at, {"metadata": {"deletionTimestamp": None}})
    s.merge("remove the finalizer", at, {"metadata": {"finalizers": None}})
    s.get("gone", at)


SCENARIOS = (puts, statuses, merges, json_patches, deleting)
