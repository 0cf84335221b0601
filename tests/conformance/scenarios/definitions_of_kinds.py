"""CustomResourceDefinition itself: what is refused, what the server fills in, and its end."""

import copy
from collections.abc import Callable
from typing import Any

from conformance.definitions import PULLS
from conformance.recording import Session
from processes import until

PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
OBJECT: dict[str, Any] = {"type": "object"}


def _base(schema: dict[str, Any] | None = None, group: str = "two.example.com") -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": [
                {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema or OBJECT}}
            ],
        },
    }


def _changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    body = copy.deepcopy(_base())
    change(body["spec"])
    return body


def _established(definition: dict[str, Any]) -> bool:
    return any(
        one["type"] == "Established" and one["status"] == "True"
        for one in definition.get("status", {}).get("conditions") or ()
    )


def stored(s: Session) -> None:
    s.get("pulls", f"{PATH}/{PULLS['metadata']['name']}")
    s.get("status", f"{PATH}/{PULLS['metadata']['name']}/status")
    s.post("exists", PATH, PULLS)
    s.post("dry run", PATH, _base(), query={"dryRun": "All"})


SHAPES: tuple[tuple[str, Callable[[dict[str, Any]], object]], ...] = (
    ("no group", lambda spec: spec.pop("group")),
    ("no scope", lambda spec: spec.pop("scope")),
    ("bad scope", lambda spec: spec.update(scope="Nope")),
    ("no versions", lambda spec: spec.update(versions=[])),
    ("no plural", lambda spec: spec["names"].pop("plural")),
    ("no kind", lambda spec: spec["names"].pop("kind")),
    ("bad kind", lambda spec: spec["names"].update(kind="a b")),
    ("bad short name", lambda spec: spec["names"].update(shortNames=["A B"])),
    ("no storage", lambda spec: spec["versions"][0].update(storage=False)),
    ("two storages", lambda spec: spec["versions"].append({**spec["versions"][0], "name": "v2"})),
    ("version twice", lambda spec: spec["versions"].append({**spec["versions"][0], "storage": False})),
    ("bad version", lambda spec: spec["versions"][0].update(name="V 1")),
    ("no schema", lambda spec: spec["versions"][0].pop("schema")),
    ("preserve unknown", lambda spec: spec.update(preserveUnknownFields=True)),
    (
        "bad column",
        lambda spec: spec["versions"][0].update(
            additionalPrinterColumns=[{"name": "X", "type": "nope", "jsonPath": "spec"}]
        ),
    ),
    ("bad scale", lambda spec: spec["versions"][0].update(subresources={"scale": {"specReplicasPath": "x"}})),
    ("bad selectable field", lambda spec: spec["versions"][0].update(selectableFields=[{"jsonPath": ".spec.x"}])),
    ("conversion", lambda spec: spec.update(conversion={"strategy": "Nope"})),
    ("webhook without details", lambda spec: spec.update(conversion={"strategy": "Webhook"})),
)


def shapes(s: Session) -> None:
    for label, change in SHAPES:
        s.post(label, PATH, _changed(change), query={"dryRun": "All"})
    s.post("name", PATH, {**_base(), "metadata": {"name": "other.two.example.com"}}, query={"dryRun": "All"})
    s.post("no spec", PATH, {k: v for k, v in _base().items() if k != "spec"}, query={"dryRun": "All"})
    s.post("protected group", PATH, _base(group="x.k8s.io"), query={"dryRun": "All"})
    s.post("unknown field", PATH, {**_base(), "nope": 1}, query={"dryRun": "All", "fieldValidation": "Strict"})


def _field(**schema: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": {"x": schema}}}}


STRUCTURES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("not an object", {"type": "string"}),
    ("no type", {"properties": {"spec": {"type": "object"}}}),
    ("field without a type", _field()),
    ("unknown type", _field(type="nope")),
    ("array without items", _field(type="array")),
    ("two item schemas", _field(type="array", items=[{"type": "string"}])),
    ("reference", _field(**{"$ref": "#/x"})),
    ("unique items", _field(type="array", uniqueItems=True, items={"type": "string"})),
    ("additional false", _field(type="object", additionalProperties=False)),
    (
        "properties and additional",
        _field(type="object", properties={"a": {"type": "string"}}, additionalProperties={"type": "string"}),
    ),
    ("bad pattern", _field(type="string", pattern="(")),
    ("default of another type", _field(type="string", default=1)),
    ("default beyond the schema", _field(type="object", default={"a": 1})),
    ("default in a union", _field(type="string", anyOf=[{"default": "x"}])),
    ("type in a union", _field(type="string", anyOf=[{"type": "string"}])),
    ("map without keys", _field(type="array", items=OBJECT, **{"x-kubernetes-list-type": "map"})),
    (
        "map with unknown keys",
        _field(
            type="array",
            items={"type": "object", "properties": {}},
            **{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]},
        ),
    ),
    (
        "map with optional keys",
        _field(
            type="array",
            items={"type": "object", "properties": {"k": {"type": "string"}}},
            **{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]},
        ),
    ),
    ("bad list type", _field(type="array", items={"type": "string"}, **{"x-kubernetes-list-type": "nope"})),
    ("list type on a text", _field(type="string", **{"x-kubernetes-list-type": "set"})),
    ("set of objects", _field(type="array", items=OBJECT, **{"x-kubernetes-list-type": "set"})),
    ("preserve false", _field(type="object", **{"x-kubernetes-preserve-unknown-fields": False})),
    ("embedded without properties", _field(type="object", **{"x-kubernetes-embedded-resource": True})),
    ("int or string with a type", _field(type="string", **{"x-kubernetes-int-or-string": True})),
    (
        "metadata restricted",
        {
            "type": "object",
            "properties": {"metadata": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 5}}}},
        },
    ),
    (
        "metadata labels restricted",
        {
            "type": "object",
            "properties": {"metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}},
        },
    ),
    ("rule does not compile", _field(type="string", **{"x-kubernetes-validations": [{"rule": "self +"}]})),
    ("rule is no boolean", _field(type="string", **{"x-kubernetes-validations": [{"rule": "self"}]})),
    ("rule on an unknown field", _field(type="object", **{"x-kubernetes-validations": [{"rule": "self.nope == 1"}]})),
    ("empty rule", _field(type="string", **{"x-kubernetes-validations": [{"rule": ""}]})),
    ("bad reason", _field(type="string", **{"x-kubernetes-validations": [{"rule": "true", "reason": "Nope"}]})),
    ("bad fieldPath", _field(type="string", **{"x-kubernetes-validations": [{"rule": "true", "fieldPath": ".a"}]})),
    (
        "oldSelf in an atomic list",
        _field(type="array", items={"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf"}]}),
    ),
    (
        "expensive rule",
        _field(
            type="array",
            items={"type": "array", "items": {"type": "string"}},
            **{"x-kubernetes-validations": [{"rule": "self.all(a, self.all(b, a.all(c, b.all(d, c == d))))"}]},
        ),
    ),
    ("nullable default", _field(type="string", nullable=True, default=None)),
    ("minimum above maximum", _field(type="integer", minimum=3, maximum=1)),
)


def structures(s: Session) -> None:
    for label, schema in STRUCTURES:
        s.post(label, PATH, _base(schema), query={"dryRun": "All"})


def life(s: Session) -> None:
    group = f"{s.namespace}.example.com"
    body = _base(group=group)
    at = f"{PATH}/things.{group}"
    s.quiet("POST", PATH, body)
    until("it is established", lambda: _established(s.quiet("GET", at)))
    made = s.quiet("GET", at)
    s.put("immutable scope", at, {**made, "spec": {**made["spec"], "scope": "Cluster"}})
    s.put("immutable group", at, {**made, "spec": {**made["spec"], "group": "x.example.com"}})
    s.merge("generation moves", at, {"spec": {"names": {"shortNames": ["th"]}}})
    until("the name is accepted", lambda: "th" in s.quiet("GET", at)["status"]["acceptedNames"].get("shortNames", []))
    s.merge("status is not yours", at, {"status": {"storedVersions": []}})
    s.merge("stored versions emptied", f"{at}/status", {"status": {"storedVersions": []}})
    s.merge(
        "storage version removed",
        at,
        {
            "spec": {
                "versions": [{"name": "v2", "served": True, "storage": True, "schema": {"openAPIV3Schema": OBJECT}}]
            }
        },
    )
    s.delete("delete", at)


SCENARIOS = (stored, shapes, structures, life)
