"""Delete and delete collections."""

from conformance.definitions import meta, pull
from conformance.recording import Session


def _fresh(s: Session, name: str, *finalizers: str) -> tuple[str, dict[str, object]]:
    body = meta(pull(name), finalizers=list(finalizers))
    return f"{s.pulls}/{name}", s.quiet("POST", s.pulls, body)


def one(s: Session) -> None:
    at, _ = _fresh(s, "a")
    s.delete("missing", f"{s.pulls}/missing")
    s.delete("dry run", at, query={"dryRun": "All"})
    s.delete("dry run in the body", at, {"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": ["All"]})
    s.delete("bad policy", at, query={"propagationPolicy": "Foo"})
    s.delete("both policies", at, {"propagationPolicy": "Orphan", "orphanDependents": True})
    s.delete("bad uid", at, {"preconditions": {"uid": "bad"}})
    s.delete("bad version", at, {"preconditions": {"resourceVersion": "1"}})
    s.delete("bad dry run", at, {"dryRun": ["x"]})
    s.delete("malformed options", at, b"{nope")
    s.delete("options of another kind", at, {"kind": "Nope", "apiVersion": "v1"})
    at, _ = _fresh(s, "v9")
    s.delete("options of another version", at, {"kind": "DeleteOptions", "apiVersion": "v9"})
    at, _ = _fresh(s, "body")
    s.delete(
        "options of our group", at, {"kind": "DeleteOptions", "apiVersion": "ref.example.com/v1", "dryRun": ["All"]}
    )
    s.delete("options as yaml", at, b"dryRun: [All]", media="application/yaml")
    s.delete("options as text", at, b"x", media="text/plain")
    at, _ = _fresh(s, "unknown")
    s.delete("unknown option", at, {"nope": 1, "dryRun": ["All"]})
    at, _ = _fresh(s, "grace")
    s.delete("grace period", at, {"gracePeriodSeconds": 30})


def propagation(s: Session) -> None:
    at, _ = _fresh(s, "b")
    s.delete("foreground", at, query={"propagationPolicy": "Foreground"})
    s.delete("foreground again", at, query={"propagationPolicy": "Foreground"})
    s.delete("then background", at, query={"propagationPolicy": "Background"})
    at, _ = _fresh(s, "c")
    s.delete("orphan", at, {"propagationPolicy": "Orphan"})
    at, _ = _fresh(s, "d", "e.com/f")
    s.delete("orphanDependents false", at, {"orphanDependents": False})
    at, _ = _fresh(s, "e")
    s.delete("orphanDependents true", at, {"orphanDependents": True})
    at, obj = _fresh(s, "g")
    s.delete("right uid", at, {"preconditions": {"uid": obj["metadata"]["uid"]}})
    at, _ = _fresh(s, "h")
    s.delete("background", at, query={"propagationPolicy": "Background"})
    at, _ = _fresh(s, "n")
    s.delete("negative grace", at, {"gracePeriodSeconds": -1})


def collections(s: Session) -> None:
    for number in range(5):
        labels = {"l": "1"} if number % 2 else {"l": "2"}
        s.quiet("POST", s.pulls, meta(pull(f"p{number}"), labels=labels))
    s.delete("dry run", s.pulls, query={"dryRun": "All"})
    s.delete("by label", s.pulls, query={"labelSelector": "l=1"})
    s.delete("by field", s.pulls, query={"fieldSelector": "metadata.name=p0"})
    s.delete("bad selector", s.pulls, query={"labelSelector": "a b c"})
    s.delete("limited", s.pulls, query={"limit": "1"})
    s.get("left", s.pulls)
    s.delete("the rest, in the background", s.pulls, {"propagationPolicy": "Background"})
    s.delete("nothing left", s.pulls)
    s.delete("everywhere", "/apis/ref.example.com/v1/pulls")
    s.quiet("POST", s.pulls, meta(pull("f"), finalizers=["e.com/f"]))
    s.delete("with a finalizer", s.pulls)
    s.quiet("PATCH", f"{s.pulls}/f", {"metadata": {"finalizers": None}}, media="application/merge-patch+json")


SCENARIOS = (one, propagation, collections)
