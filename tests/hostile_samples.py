"""Requests that are made to hurt: what an API server must answer with a Status, while it goes on serving others.

Bodies are made when they are asked for, of a size that is asked for: at `LARGEST` some have three mebibytes, which is
all that a request may have.
"""

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

MEBIBYTE = 1024 * 1024
LIMIT = 3 * MEBIBYTE
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUP = "hostile.example.com"
MAPS = "/api/v1/namespaces/default/configmaps"
OBJECTS = f"/apis/{GROUP}/v1/namespaces/default"

JSON = "application/json"
YAML = "application/yaml"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
OPERATIONS = "application/json-patch+json"

LARGEST = 90_000
"""Fields of the largest object: with its managed fields it just fits."""

Body = Callable[[int], bytes]
"""A body of so many fields, items or whatever it has many of."""


@dataclass(frozen=True)
class Hostile:
    """One request, and what may be answered to it."""

    name: str
    method: str
    path: str
    codes: frozenset[int]
    body: Body = lambda _: b""
    media: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    quick: bool = False
    """Whether the answer is quickly found, so that others need not be answered meanwhile."""


def definition(kind: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A definition in the group of these samples."""
    plural = f"{kind.lower()}s"
    spec = {"type": "object", "properties": {"spec": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": spec}}],
        },
    }


def _ruled(rule: str, **more: Any) -> dict[str, Any]:
    item = {"type": "string", "maxLength": 10, "x-kubernetes-validations": [{"rule": rule}]}
    return {"type": "object", "properties": {"items": {"type": "array", "items": item, **more}}}


PREPARED = (
    definition("Free", {"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
    definition("Ruled", _ruled("self != 'x' && self.size() < 10", maxItems=300_000)),
    definition("Patterned", {"type": "object", "additionalProperties": {"type": "string", "pattern": "^(a+)+$"}}),
    definition("Listed", {
        "type": "object",
        "properties": {
            "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            "map": {
                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                "items": {"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}}},
            },
        },
    }),
)  # fmt: skip
"""Definitions that the samples need."""


def thing(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def _json(make: Callable[[int], Any]) -> Body:
    return lambda many: json.dumps(make(many), separators=(",", ":")).encode()


def _map(data: str) -> Body:
    return lambda _: b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"h"},"data":' + data.encode() + b"}"


def _repeated(count: int) -> bytes:
    return b'{"apiVersion":"v1","kind":"ConfigMap","data":{' + b",".join([b'"a":"b"'] * count) + b"}}"


def _wide(count: int) -> dict[str, Any]:
    fields = {f"field{number:06}": {"type": "string", "description": "x" * 40} for number in range(count)}
    return definition("Wide", {"type": "object", "properties": fields})


def _patterns(count: int) -> dict[str, Any]:
    fields = {f"f{number}": {"type": "string", "pattern": f"^(a{number}+)+(b|c|d)*[a-z]{{1,100}}$"}
              for number in range(count)}  # fmt: skip
    return definition("Patterns", {"type": "object", "properties": fields})


def _rules(count: int) -> dict[str, Any]:
    rules = [{"rule": f"self.all(x, self.exists(y, x == y && x > {number}))"} for number in range(count)]
    return definition("Rules", {"type": "array", "items": {"type": "integer"}, "x-kubernetes-validations": rules})


def _alternatives(levels: int) -> dict[str, Any]:
    """Alternatives inside alternatives: a validator that tries all of them tries two to the power of `levels`."""
    inside: dict[str, Any] = {"maxLength": 1}
    for _ in range(levels):
        inside = {"anyOf": [inside, inside]}
    return definition("Alternatives", {"type": "string", **inside})


def _laughs(_: int) -> bytes:
    lines = ["apiVersion: v1", "kind: ConfigMap", "metadata: {name: h}", "a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join(lines).encode()


def _fields(depth: int, width: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(depth):
        found = {"f:a": found}
    return {f"f:x{number}": found for number in range(width)}


def _managed(fields: Callable[[int], Any]) -> Body:
    entry = {"manager": "m", "operation": "Update", "apiVersion": "v1", "time": "2026-01-01T00:00:00Z",
             "fieldsType": "FieldsV1"}  # fmt: skip
    return _json(lambda many: {"metadata": {"managedFields": [{**entry, "fieldsV1": fields(many)}]}})


def _applied(kind: str, name: str, make: Callable[[int], dict[str, Any]]) -> Body:
    return _json(lambda many: thing(kind, name, **make(many)))


OK, BAD, INVALID, LARGE = (frozenset(codes) for codes in ((200, 201), (400,), (422,), (413,)))

SAMPLES: tuple[Hostile, ...] = (
    # Texts that are no objects.
    Hostile("lists inside each other", "POST", MAPS, BAD, lambda _: b"[" * LIMIT),
    Hostile("objects inside each other", "POST", MAPS, BAD, _map('{"a":' * 400_000 + "1" + "}" * 400_000)),
    Hostile("a number of a million digits", "POST", MAPS, BAD, _map('{"a":' + "9" * MEBIBYTE + "}")),
    Hostile("NaN", "POST", MAPS, BAD, _map('{"a":NaN}'), quick=True),
    Hostile("no UTF-8", "POST", MAPS, BAD, lambda _: b'{"a":"\xff' + b"\x80" * MEBIBYTE + b'"}'),
    Hostile("a field 300,000 times", "POST", MAPS + "?fieldValidation=Strict", BAD, lambda _: _repeated(300_000)),
    Hostile("a byte too many", "POST", MAPS, LARGE, lambda _: b" " * (LIMIT + 1), quick=True),
    Hostile("a gzip bomb", "POST", MAPS, BAD, lambda _: gzip.compress(b" " * 100 * MEBIBYTE, 9),
            headers={"content-encoding": "gzip"}),
    Hostile("a billion laughs", "POST", MAPS, BAD, _laughs, YAML),
    Hostile("a billion laughs applied", "PATCH", f"{MAPS}/h?fieldManager=m", BAD, _laughs, APPLY),
    Hostile("a mebibyte of YAML", "POST", MAPS, OK,
            lambda many: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\ndata:\n"
            + b"".join(b"  k%06d: v\n" % n for n in range(many)), YAML),
    Hostile("flow sequences that never end", "POST", MAPS, BAD, lambda _: b"[" * LIMIT, YAML),
    # Large objects.
    Hostile("a large object", "POST", f"{OBJECTS}/frees", OK,
            _applied("Free", "large", lambda many: {f"f{n}": n for n in range(many)})),
    Hostile("a large object again", "PUT", f"{OBJECTS}/frees/large", INVALID,  # without a version, once it is read
            _applied("Free", "large", lambda many: {f"f{n}": n + 1 for n in range(many)})),
    Hostile("a large apply", "PATCH", f"{OBJECTS}/frees/applied?fieldManager=m", OK,
            _applied("Free", "applied", lambda many: {f"f{n}": n for n in range(many // 2)}), APPLY),
    Hostile("a large apply in conflict", "PATCH", f"{OBJECTS}/frees/applied?fieldManager=n", frozenset({409}),
            _applied("Free", "applied", lambda many: {f"f{n}": n + 1 for n in range(many // 2)}), APPLY),
    Hostile("a set of many", "POST", f"{OBJECTS}/listeds", OK,
            _applied("Listed", "set", lambda many: {"set": [str(n) for n in range(many)]})),
    Hostile("a set of many twice", "POST", f"{OBJECTS}/listeds", INVALID,
            _applied("Listed", "twice", lambda many: {"set": [str(n) for n in range(many // 2)] * 2})),
    Hostile("a list of many keys", "PATCH", f"{OBJECTS}/listeds/map?fieldManager=m", OK,
            _applied("Listed", "map", lambda many: {"map": [{"k": str(n)} for n in range(many // 3)]}), APPLY),
    Hostile("a pattern for many values", "POST", f"{OBJECTS}/patterneds", INVALID,
            _applied("Patterned", "p", lambda many: {f"f{n}": "a" * 40 + "b" for n in range(many // 5)})),
    Hostile("a rule for many items", "POST", f"{OBJECTS}/ruleds", frozenset({201, 422}),
            _applied("Ruled", "r", lambda many: {"items": [f"v{n}" for n in range(many)]})),
    # Patches.
    Hostile("too many operations", "PATCH", f"{MAPS}/kube-root", LARGE,
            _json(lambda _: [{"op": "test", "path": "/a", "value": 1}] * 10_001), OPERATIONS),
    Hostile("the front of a long list", "PATCH", f"{OBJECTS}/frees/list", OK,
            _json(lambda many: [{"op": "add", "path": "/spec/list/0", "value": 1}] * (many // 9)), OPERATIONS),
    Hostile("copies of copies", "PATCH", f"{OBJECTS}/frees/list", LARGE,
            _json(lambda many: [{"op": "copy", "from": "/spec", "path": f"/spec/c{n}"} for n in range(many // 9)]),
            OPERATIONS),
    Hostile("tests of a long list", "PATCH", f"{OBJECTS}/frees/list", INVALID,
            _json(lambda many: [{"op": "test", "path": "/spec/list", "value": [0] * 50}] * (many // 9)), OPERATIONS),
    Hostile("a large merge patch", "PATCH", f"{OBJECTS}/frees/applied", OK,
            _json(lambda many: {"spec": {"more": {f"f{n}": n for n in range(many // 3)}}}), MERGE),
    Hostile("a large strategic patch", "PATCH", "/api/v1/namespaces/default/serviceaccounts/h", OK,
            _json(lambda many: {"secrets": [{"name": str(n)} for n in range(many // 2)]}), STRATEGIC),
    Hostile("an order that is long", "PATCH", "/api/v1/namespaces/default/serviceaccounts/h", OK,
            _json(lambda many: {"$setElementOrder/secrets": [{"name": str(n)} for n in reversed(range(many // 2))]}),
            STRATEGIC),
    Hostile("managers deep down", "PATCH", f"{OBJECTS}/frees/list", frozenset({200, 400, 422}),
            _managed(lambda _: _fields(60, 1000)), MERGE),
    Hostile("managers of many fields", "PATCH", f"{OBJECTS}/frees/list", frozenset({200, 400, 422}),
            _managed(lambda many: {f"f:x{n}": {} for n in range(many)}), MERGE),
    # Definitions.
    Hostile("a definition of three mebibytes", "POST", DEFINITIONS, OK, _json(lambda many: _wide(many // 3))),
    Hostile("an object of it", "POST", f"{OBJECTS}/wides", OK, _applied("Wide", "a", lambda _: {"field000001": "x"})),
    Hostile("another schema for it", "PATCH", f"{DEFINITIONS}/wides.{GROUP}", OK,
            _json(lambda many: {"spec": _wide(many // 3 - 1)["spec"]}), MERGE),
    Hostile("a list of its objects", "GET", f"{OBJECTS}/wides", OK, quick=True),
    Hostile("many patterns", "POST", DEFINITIONS, OK, _json(lambda many: _patterns(many // 15))),
    Hostile("an object for many patterns", "POST", f"{OBJECTS}/patternss", frozenset({201, 422}),
            _applied("Patterns", "a", lambda _: {"f1": "a1b"})),
    Hostile("many rules that cost too much", "POST", DEFINITIONS, INVALID, _json(lambda many: _rules(many // 90))),
    Hostile("alternatives inside alternatives", "POST", DEFINITIONS, frozenset({201, 422}),
            _json(lambda many: _alternatives(many.bit_length() - 3))),
    Hostile("a review of three mebibytes", "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", OK,
            lambda many: b'{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","x":['
            + b"1," * 15 * many + b'1],"spec":{"nonResourceAttributes":{"path":"/","verb":"get"}}}'),
    # Addresses.
    Hostile("a selector of a mebibyte", "GET", f"{MAPS}?labelSelector=" + "a%2C" * (MEBIBYTE // 4),
            frozenset({400, 414, 431}), quick=True),
    Hostile("a selector of 60 KiB", "GET", f"{MAPS}?labelSelector=" + "a%2C" * 15_000 + "a",
            frozenset({200, 400, 431}), quick=True),
    Hostile("a set of values of 60 KiB", "GET", f"{MAPS}?labelSelector=a+in+(" + "b%2C" * 15_000 + "b)",
            frozenset({200, 400, 431}), quick=True),
)  # fmt: skip


STORED: tuple[tuple[str, Body], ...] = (
    (f"{OBJECTS}/frees", _applied("Free", "list", lambda many: {"list": [0] * 15 * many})),
    ("/api/v1/namespaces/default/serviceaccounts",
     _json(lambda _: {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "h"}})),
)  # fmt: skip
"""Objects that patches work on, and where they are created."""
