"""kubectl itself: what people see must be the same, line by line."""

import json

from conformance.definitions import meta, pull, widget
from conformance.recording import Session


def _file(obj: dict[str, object]) -> str:
    return json.dumps(obj)


def shows(s: Session) -> None:
    s.kubectl("get nothing", "get", "pulls")
    for number in range(3):
        s.quiet(
            "POST",
            s.pulls,
            meta(pull(f"p{number}", n=number + 1, state="closed" if number else "open"), labels={"l": "x"}),
        )
    s.kubectl("get", "get", "pulls")
    s.kubectl("get by short name", "get", "pl", "p1")
    s.kubectl("get by full name", "get", "pulls.v1.ref.example.com/p1", "-o", "name")
    s.kubectl("wide", "get", "pulls", "-o", "wide")
    s.kubectl("labels", "get", "pulls", "--show-labels")
    s.kubectl("a column of a label", "get", "pulls", "-L", "l", "--no-headers")
    s.kubectl("several kinds", "get", "pulls,secrets")
    s.kubectl("category", "get", "ref")
    s.kubectl("jsonpath", "get", "pulls", "-o", "jsonpath={range .items[*]}{.metadata.name}={.spec.n} {end}")
    s.kubectl("custom columns", "get", "pulls", "-o", "custom-columns=A:.metadata.name,B:.spec.state")
    s.kubectl("sorted", "get", "pulls", "--sort-by", "{.spec.n}")
    s.kubectl("selector", "get", "pulls", "-l", "l=x", "--field-selector", "spec.state=open")
    s.kubectl("bad field selector", "get", "pulls", "--field-selector", "spec.title=x")
    s.kubectl("chunks", "get", "pulls", "--chunk-size", "1")
    s.kubectl("missing", "get", "pull", "nope")
    s.kubectl("missing, ignored", "get", "pull", "nope", "--ignore-not-found")
    s.kubectl("yaml", "get", "pull", "p1", "-o", "yaml")
    s.kubectl("yaml with managers", "get", "pull", "p1", "-o", "yaml", "--show-managed-fields")
    s.kubectl("describe", "describe", "pull", "p1")
    s.kubectl("raw", "get", "--raw", f"{s.pulls}/nope")


def explains(s: Session) -> None:
    s.kubectl("explain", "explain", "pulls")
    s.kubectl("recursive", "explain", "pulls", "--recursive")
    s.kubectl("field", "explain", "pulls.spec.title")
    s.kubectl("list field", "explain", "pulls.spec.reviewers")
    s.kubectl("enum", "explain", "pulls.spec.state")
    s.kubectl("metadata", "explain", "pulls.metadata.ownerReferences")
    s.kubectl("missing field", "explain", "pulls.spec.nope")
    s.kubectl("older version", "explain", "widgets.spec", "--api-version", "ref.example.com/v1beta1")
    s.kubectl("int or string", "explain", "widgets.spec.port")
    s.kubectl("as version 2", "explain", "pulls.spec", "--output", "plaintext-openapiv2")
    s.kubectl("resources", "api-resources", "--api-group", "ref.example.com", "-o", "wide")
    s.kubectl("resources by name", "api-resources", "--api-group", "ref.example.com", "-o", "name", "--verbs", "list")


def writes(s: Session) -> None:
    one = _file(pull("k"))
    two = _file(pull("k", n=2))
    s.kubectl("create", "create", "-f", "-", stdin=one)
    s.kubectl("create again", "create", "-f", "-", stdin=one)
    s.kubectl("apply what was created", "apply", "-f", "-", stdin=two)
    s.kubectl("apply again", "apply", "-f", "-", stdin=two)
    s.kubectl("apply, dry on the server", "apply", "--dry-run=server", "-f", "-", stdin=_file(pull("k", n=3)))
    s.kubectl("apply something invalid", "apply", "-f", "-", stdin=_file(pull("k", n=0)))
    s.kubectl("apply an unknown field", "apply", "-f", "-", stdin=_file(pull("k", nope=1)))
    s.kubectl("apply an unknown field, warned", "apply", "--validate=warn", "-f", "-", stdin=_file(pull("k", nope=1)))
    s.kubectl("apply an unknown kind", "apply", "-f", "-", stdin=_file({**pull("k"), "kind": "Nope"}))
    s.kubectl("diff", "diff", "-f", "-", stdin=_file(pull("k", n=2)))
    s.kubectl("replace", "replace", "-f", "-", stdin=_file(pull("k", n=5)))
    s.kubectl("label", "label", "pull", "k", "a=b")
    s.kubectl("label again", "label", "pull", "k", "a=c")
    s.kubectl("annotate", "annotate", "pull", "k", "a=b")
    s.kubectl("patch", "patch", "pull", "k", "--type", "merge", "-p", '{"spec":{"n":7}}')
    s.kubectl("json patch", "patch", "pull", "k", "--type", "json", "-p", '[{"op":"remove","path":"/spec/n"}]')
    s.kubectl("strategic patch", "patch", "pull", "k", "-p", '{"spec":{"n":8}}')
    s.kubectl(
        "patch of the status",
        "patch",
        "pull",
        "k",
        "--subresource",
        "status",
        "--type",
        "merge",
        "-p",
        '{"status":{"phase":"x"}}',
    )
    s.kubectl("wait", "wait", "pull/k", "--for=jsonpath={.status.phase}=x", "--timeout=5s")
    s.kubectl("wait in vain", "wait", "pull/k", "--for=condition=Nope", "--timeout=1s")
    s.kubectl("delete, dry", "delete", "pull", "k", "--dry-run=server")
    s.kubectl("delete", "delete", "pull", "k")
    s.kubectl("delete again", "delete", "pull", "k")
    s.kubectl("delete by label", "delete", "pulls", "-l", "a=b")


def applies(s: Session) -> None:
    server = ("apply", "--server-side", "-f", "-")
    s.kubectl("apply", *server, stdin=_file(pull("k", tags=["a"])))
    s.kubectl("apply again", *server, stdin=_file(pull("k", tags=["a"])))
    s.kubectl("conflict", *server, "--field-manager", "other", stdin=_file(pull("k", title="two")))
    s.kubectl("forced", *server, "--field-manager", "other", "--force-conflicts", stdin=_file(pull("k", title="two")))
    s.kubectl("unknown field", *server, stdin=_file(pull("k", nope=1)))
    s.kubectl("diff", "diff", "--server-side", "-f", "-", stdin=_file(pull("k", title="three", tags=["a"])))
    s.kubectl("client side first", "apply", "-f", "-", stdin=_file(pull("m", n=2)))
    s.kubectl("then server side", *server, stdin=_file(pull("m", n=3)))
    s.kubectl("managers", "get", "pull", "m", "-o", "yaml", "--show-managed-fields")
    s.kubectl("last applied", "apply", "view-last-applied", "pull", "m", "-o", "json")
    s.kubectl("pruned", *server, stdin=_file(pull("m")))
    s.kubectl("result", "get", "pull", "m", "-o", "jsonpath={.spec}")


def scales(s: Session) -> None:
    name = f"k-{s.namespace}"
    s.quiet("POST", s.widgets, widget(name))
    s.kubectl("scale", "scale", f"widget/{name}", "--replicas=3")
    s.kubectl("scale from another count", "scale", f"widget/{name}", "--current-replicas=9", "--replicas=4")
    s.kubectl("scale a pull", "scale", "pull/nope", "--replicas=3")
    s.kubectl("get the subresource", "get", "widget", name, "--subresource", "scale")
    s.kubectl("delete", "delete", "widget", name, "--cascade=foreground", "--wait=false")
    s.quiet("PATCH", f"{s.widgets}/{name}", {"metadata": {"finalizers": None}}, media="application/merge-patch+json")


def rights(s: Session) -> None:
    s.kubectl("can I", "auth", "can-i", "create", "pulls")
    s.kubectl("can I everything", "auth", "can-i", "--list")
    s.kubectl("can nobody", "auth", "can-i", "create", "pulls", "--as", "nobody")
    s.kubectl("as nobody", "get", "pulls", "--as", "nobody")
    s.kubectl("whoami as somebody", "auth", "whoami", "--as", "somebody", "--as-group", "g", "-o", "json")


SCENARIOS = (shows, explains, writes, applies, scales, rights)
