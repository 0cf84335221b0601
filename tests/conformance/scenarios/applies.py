"""Server-side apply: ownership, conflicts, what is pruned."""

import json

from conformance.definitions import VERSION, meta, pull, widget
from conformance.recording import Session


def create_and_share(s: Session) -> None:
    at = f"{s.pulls}/o"
    full = pull("o", reviewers=[{"name": "x", "ok": True}], tags=["q"])
    s.apply("new", at, full)
    s.apply("again", at, full)
    s.apply("conflict", at, pull("o", title="two"), "b")
    s.apply("two conflicts", at, pull("o", title="two", reviewers=[{"name": "x", "ok": False}]), "b")
    s.apply("same value", at, pull("o"), "b")
    s.apply("forced", at, pull("o", title="two", reviewers=[{"name": "y"}]), "b", query={"force": "true"})
    s.apply("forced again", at, pull("o", title="two", reviewers=[{"name": "y"}]), "b", query={"force": "true"})
    s.apply("a gives up its lists", at, {"apiVersion": VERSION, "kind": "Pull", "metadata": {"name": "o"}})
    s.merge("an update takes a field", at, {"spec": {"title": "three"}})
    s.apply("conflict with an update", at, pull("o", title="four"), "b")
    s.apply("both change it to the same", at, pull("o", title="three"), "b")
    s.apply("dry run", at, pull("o", title="five"), "b", query={"dryRun": "All", "force": "true"})
    s.get("as it is", at)


def refusals(s: Session) -> None:
    at = f"{s.pulls}/r"
    s.ask("no manager", "PATCH", at, pull("r"), media="application/apply-patch+yaml")
    s.apply("long manager", at, pull("r"), "m" * 200)
    s.apply("uid of nothing", at, meta(pull("r"), uid="1"))
    s.apply("managedFields", at, meta(pull("r"), managedFields=[{"manager": "x"}]))
    s.apply("no type", at, {"metadata": {"name": "r"}})
    s.apply("another kind", at, {**pull("r"), "kind": "Nope"})
    s.apply("another version", at, {**pull("r"), "apiVersion": "ref.example.com/v2"})
    s.apply("another name", at, pull("other"))
    s.apply("no name", at, {"apiVersion": VERSION, "kind": "Pull", "metadata": {}, "spec": {"title": "x"}})
    s.apply("another namespace", at, meta(pull("r"), namespace="other"))
    s.apply("unknown field", at, pull("r", nope=1))
    s.apply("unknown field, Strict", at, pull("r", nope=1), query={"fieldValidation": "Strict"})
    s.apply(
        "duplicate key",
        at,
        b'{"apiVersion":"ref.example.com/v1","kind":"Pull","metadata":{"name":"r"},"spec":{"title":"a","title":"b"}}',
    )
    s.apply("duplicate list key", at, pull("r", reviewers=[{"name": "x"}, {"name": "x"}]))
    s.apply("duplicate set item", at, pull("r", tags=["x", "x"]))
    s.apply("list item without a key", at, pull("r", reviewers=[{"ok": True}]))
    s.apply("wrong type", at, pull("r", title=1))
    s.apply("invalid value", at, pull("r", n=0))
    s.apply("malformed", at, b"{nope: [")
    s.apply("empty", at, b"")
    s.apply("a list", at, b"[]")
    s.apply("null values", at, pull("r", n=None))
    s.apply("bad dry run", at, pull("r2"), query={"dryRun": "x"})
    text = b"apiVersion: ref.example.com/v1\nkind: Pull\nmetadata: {name: %s}\nspec: {title: x}\n"
    s.apply("yaml with a boolean for a name", f"{s.pulls}/y", text % b"y")
    s.apply("yaml", f"{s.pulls}/text", text % b"text")
    s.apply("stale version", f"{s.pulls}/text", meta(pull("text"), resourceVersion="1"))
    s.ask("cbor", "PATCH", at, b"", media="application/apply-patch+cbor", query={"fieldManager": "a"})


def subresources(s: Session) -> None:
    at = f"{s.pulls}/s"
    s.apply("status of nothing", f"{at}/status", {**pull("s"), "status": {"phase": "x"}})
    s.apply("new", at, {**pull("s"), "status": {"phase": "ignored"}})
    s.apply(
        "status",
        f"{at}/status",
        {"apiVersion": VERSION, "kind": "Pull", "metadata": {"name": "s"}, "status": {"phase": "x"}},
        "b",
    )
    s.apply("status with a spec", f"{at}/status", {**pull("s", title="nope"), "status": {"phase": "y"}}, "b")
    s.apply(
        "status conflict",
        f"{at}/status",
        {"apiVersion": VERSION, "kind": "Pull", "metadata": {"name": "s"}, "status": {"phase": "z"}},
        "c",
    )
    s.apply(
        "labels and owners",
        at,
        meta(
            pull("s"),
            labels={"l": "1"},
            finalizers=["e.com/f"],
            ownerReferences=[{"apiVersion": "v1", "kind": "X", "name": "n", "uid": "u"}],
        ),
    )
    s.apply("labels gone", at, pull("s"))


def managers(s: Session) -> None:
    at = f"{s.pulls}/m"
    s.post("before", s.pulls, pull("m"), query={"fieldManager": "first"})
    for number in range(12):
        s.merge(
            f"manager {number}", at, {"metadata": {"labels": {f"l{number}": "1"}}}, query={"fieldManager": f"m{number}"}
        )
    s.merge("managers cleared by a patch", at, {"metadata": {"managedFields": [{}]}})
    s.apply("after that", at, pull("m", n=2))
    s.merge("bad managers", at, {"metadata": {"managedFields": [{"manager": "x", "operation": "Nope"}]}})


def migration(s: Session) -> None:
    """What kubectl does when somebody goes from client-side to server-side apply."""
    at = f"{s.pulls}/k"
    last = json.dumps(meta(pull("k", n=3), annotations={}))
    annotated = meta(pull("k", n=3), annotations={"kubectl.kubernetes.io/last-applied-configuration": last})
    s.post("client side", s.pulls, annotated, query={"fieldManager": "kubectl-client-side-apply"})
    s.apply("server side", at, pull("k", title="two"), "kubectl")
    s.apply("another manager", at, pull("k", title="three"), "other")


def atoms(s: Session) -> None:
    name = f"w-{s.namespace}"
    at = f"{s.widgets}/{name}"
    s.apply("maps", at, widget(name, labels={"a": "1"}, whole={"a": "1"}, free={"x": {"y": [1, 2]}}, port="http"))
    s.apply("merged by key", at, widget(name, labels={"b": "1"}), "b")
    s.apply("atomic conflict", at, widget(name, whole={"b": "1"}), "b")
    s.apply("atomic forced", at, widget(name, whole={"b": "1"}, labels={"b": "1"}), "b", query={"force": "true"})
    s.apply(
        "in the older version",
        at.replace("/v1/", "/v1beta1/"),
        {**widget(name, labels={"c": "1"}), "apiVersion": "ref.example.com/v1beta1"},
        "c",
    )
    s.apply(
        "embedded", at, widget(name, template={"apiVersion": "v1", "kind": "X", "metadata": {"name": "t"}, "z": 1}), "d"
    )
    s.apply("free form", at, widget(name, free={"x": {"y": [3]}}), "e")
    s.get("as it is", at)
    s.quiet("DELETE", at)


SCENARIOS = (create_and_share, refusals, subresources, managers, migration, atoms)
