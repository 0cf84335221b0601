"""What a schema can say: CEL, unions, embedded resources, versions, the scale subresource."""

from typing import Any

from conformance.definitions import widget
from conformance.recording import Session


def values(s: Session) -> None:
    def make(label: str, **spec: Any) -> None:
        name = f"v-{s.namespace}"
        s.post(label, s.widgets, widget(name, **spec))
        s.quiet("DELETE", f"{s.widgets}/{name}")

    make("defaults")
    make("int", port=80)
    make("text for int-or-string", port="http")
    make("float for int-or-string", port=1.5)
    make("bool for int-or-string", port=True)
    make("pattern", size="A1")
    make("nullable", size=None)
    make("rule holds", limit=3, replicas=2)
    make("rule fails", limit=1, replicas=2)
    make("rule and value fail", limit=1, replicas=-2)
    make("date", when="2020-01-01T00:00:00Z")
    make("no date", when="x")
    make("free", free={"a": {"b": 1}})
    make("free is text", free="x")
    make(
        "embedded", template={"apiVersion": "v1", "kind": "X", "metadata": {"name": "x", "labels": {"a": "b"}}, "z": 1}
    )
    make("embedded without kind", template={"apiVersion": "v1"})
    make("embedded with bad metadata", template={"apiVersion": "v1", "kind": "X", "metadata": {"labels": {"a": 1}}})
    make("embedded with unknown metadata", template={"apiVersion": "v1", "kind": "X", "metadata": {"nope": 1}})
    make("embedded with a bad name", template={"apiVersion": "v1", "kind": "X", "metadata": {"name": "A_"}})
    make("additional", labels={"a": "12345"})
    make("additional too long", labels={"a": "123456"})
    make("additional of another type", labels={"a": 1})
    make("one of", oneOrOther={"a": "x"})
    make("both of one", oneOrOther={"a": "x", "b": "y"})
    make("none of one", oneOrOther={})
    make("fixed", fixed="x")


def changes(s: Session) -> None:
    name = f"c-{s.namespace}"
    at = f"{s.widgets}/{name}"
    s.post("before", s.widgets, widget(name, fixed="a", size="abc", replicas=2))
    s.merge("fixed changes", at, {"spec": {"fixed": "b"}})
    s.merge("fixed stays", at, {"spec": {"fixed": "a", "replicas": 3}})
    s.merge("fixed goes", at, {"spec": {"fixed": None}})
    s.merge("fixed comes", at, {"spec": {"fixed": "z"}})
    s.merge("rule fails", at, {"spec": {"limit": 1}})
    s.merge("generation by status", f"{at}/status", {"status": {"replicas": 1}})
    s.quiet("DELETE", at)


def versions(s: Session) -> None:
    name = f"v-{s.namespace}"
    at = f"{s.widgets}/{name}"
    beta = at.replace("/v1/", "/v1beta1/")
    s.post(
        "created in the older version",
        s.widgets.replace("/v1/", "/v1beta1/"),
        {**widget(name, size="abc"), "apiVersion": "ref.example.com/v1beta1"},
    )
    s.get("read in the newer", at)
    s.get("read in the older", beta)
    s.merge("patched in the older", beta, {"spec": {"size": "def"}})
    s.get(
        "listed in the older", s.widgets.replace("/v1/", "/v1beta1/"), query={"fieldSelector": f"metadata.name={name}"}
    )
    s.delete("deleted in the older", beta)


def scales(s: Session) -> None:
    name = f"s-{s.namespace}"
    at = f"{s.widgets}/{name}"
    made = s.post("before", s.widgets, widget(name))
    s.get("scale", f"{at}/scale")
    s.merge("patch", f"{at}/scale", {"spec": {"replicas": 5}})
    s.get("object", at)
    scale = s.quiet("GET", f"{at}/scale")
    s.put("put", f"{at}/scale", {**scale, "spec": {"replicas": 6}})
    s.put("stale put", f"{at}/scale", {**scale, "spec": {"replicas": 7}})
    s.put(
        "put without a version",
        f"{at}/scale",
        {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": name}, "spec": {"replicas": 8}},
    )
    s.merge("negative", f"{at}/scale", {"spec": {"replicas": -1}})
    s.merge("no number", f"{at}/scale", {"spec": {"replicas": "x"}})
    s.apply(
        "apply",
        f"{at}/scale",
        {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": name}, "spec": {"replicas": 9}},
        query={"force": "true"},
    )
    s.merge("status", f"{at}/status", {"status": {"replicas": 4, "selector": "a=b"}})
    s.get("with a status", f"{at}/scale")
    s.get("as a table", f"{at}/scale", accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    s.get("managers", at)
    s.delete("delete scale", f"{at}/scale")
    s.get("of nothing", f"{s.widgets}/nope/scale")
    assert made["kind"] == "Widget"
    s.quiet("DELETE", at)


SCENARIOS = (values, changes, versions, scales)
