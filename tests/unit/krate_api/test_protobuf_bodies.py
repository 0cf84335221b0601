"""Protobuf bodies: written here by hand from the published .proto files, read by the server, and fuzzed."""

import base64
import struct
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from krate_api.protobuf import messages
from krate_api.protobuf.fields import BARE, ENVELOPE, MESSAGES, TYPE_META
from protobuf_writing import Double, body, entry, field, time, varint

PROTOBUF_KINDS = sorted(set(MESSAGES) - {ENVELOPE, "TypeMeta", *BARE})


NAMED = field(1, "a") + field(3, "acme")
"""ObjectMeta of name a in namespace acme."""
META = {"name": "a", "namespace": "acme"}

SCHEMA = (
    field(5, "object") + field(8, field(1, b'{"size": 1.5}')) + field(9, Double(10.0)) + field(11, Double(0.5))
    + field(10, False) + field(13, 0) + field(20, field(1, b'"red"')) + field(20, field(1, b"null"))
    + field(24, field(1, field(5, "string"))) + field(29, field(1, "size") + field(2, field(5, "number")))
    + field(30, field(1, False)) + field(33, field(1, True) + field(2, field(5, "integer"))) + field(3, "")
    + field(37, True) + field(38, False) + field(40, False) + field(44, field(1, "self.size > 0") + field(6, True))
)  # fmt: skip
"""Every odd form of a schema; Go writes its plain booleans always."""
SCHEMA_SHOWN = {
    "type": "object",
    "default": {"size": 1.5},
    "maximum": 10,
    "minimum": 0.5,
    "maxLength": 0,
    "enum": ["red", None],
    "items": {"type": "string"},
    "properties": {"size": {"type": "number"}},
    "additionalProperties": False,
    "additionalItems": {"type": "integer"},
    "nullable": True,
    "x-kubernetes-preserve-unknown-fields": False,
    "x-kubernetes-validations": [{"rule": "self.size > 0", "optionalOldSelf": True}],
}

DECODED: dict[str, tuple[bytes, dict[str, Any]]] = {
    "ConfigMap": (
        field(1, NAMED + entry(11, "x", "y") + entry(12, "n", ""))
        + entry(2, "colour", "green") + entry(2, "", "empty key") + entry(3, "raw", b"\x00\xff") + field(4, True),
        {
            "metadata": {**META, "labels": {"x": "y"}, "annotations": {"n": ""}},
            "data": {"colour": "green", "": "empty key"},
            "binaryData": {"raw": base64.b64encode(b"\x00\xff").decode()},
            "immutable": True,
        },
    ),
    "Secret": (
        field(1, NAMED) + entry(2, "k", b"v") + field(3, "Opaque") + entry(4, "s", "t"),
        {"metadata": META, "data": {"k": "dg=="}, "type": "Opaque", "stringData": {"s": "t"}},
    ),
    "ClusterRole": (
        field(1, field(1, "r"))
        + field(2, field(1, "get") + field(1, "list") + field(2, "") + field(3, "configmaps") + field(4, "one"))
        + field(2, field(1, "get") + field(5, "/metrics"))
        + field(3, field(1, entry(1, "a", "b") + field(2, field(1, "k") + field(2, "In") + field(3, "v")))),
        {
            "metadata": {"name": "r"},
            "rules": [
                {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["one"]},
                {"verbs": ["get"], "nonResourceURLs": ["/metrics"]},
            ],
            "aggregationRule": {
                "clusterRoleSelectors": [
                    {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}]}
                ]
            },
        },
    ),
    "Namespace": (
        field(1, field(1, "n") + field(5, "uid-1") + field(6, "12") + field(7, 3) + field(8, time(1_700_000_000))
              + field(13, field(1, "Pod") + field(3, "p") + field(4, "u") + field(5, "v1") + field(6, True))
              + field(14, "x/y"))
        + field(2, field(1, "kubernetes")) + field(3, field(1, "Active")),
        {
            "metadata": {
                "name": "n", "uid": "uid-1", "resourceVersion": "12", "generation": 3,
                "creationTimestamp": "2023-11-14T22:13:20Z",
                "ownerReferences": [{"kind": "Pod", "name": "p", "uid": "u", "apiVersion": "v1", "controller": True}],
                "finalizers": ["x/y"],
            },
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        },
    ),
    "Lease": (
        field(1, NAMED)
        + field(2, field(1, "me") + field(2, 15) + field(3, time(1_700_000_000, 123_456_000))
            + field(4, time(1_700_000_000)) + field(5, -1)),
        {
            "metadata": META,
            "spec": {
                "holderIdentity": "me",
                "leaseDurationSeconds": 15,
                "acquireTime": "2023-11-14T22:13:20.123456Z",
                "renewTime": "2023-11-14T22:13:20.000000Z",
                "leaseTransitions": -1,
            },
        },
    ),
    "ValidatingAdmissionPolicy": (
        field(1, field(1, "p")) + field(2, field(2, field(3, field(1, "one")
            + field(2, field(1, "CREATE") + field(2, field(1, "apps") + field(2, "v1") + field(3, "deployments")))))
            + field(3, field(1, "object.spec.replicas > 1") + field(2, "too few"))),
        {
            "metadata": {"name": "p"},
            "spec": {
                "matchConstraints": {"resourceRules": [{
                    "resourceNames": ["one"], "operations": ["CREATE"],
                    "apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"],
                }]},
                "validations": [{"expression": "object.spec.replicas > 1", "message": "too few"}],
            },
        },
    ),
    "DeleteOptions": (
        field(1, 0) + field(2, field(1, "u") + field(2, "7")) + field(3, False) + field(4, "Background")
            + field(5, "All"),
        {
            "gracePeriodSeconds": 0,
            "preconditions": {"uid": "u", "resourceVersion": "7"},
            "orphanDependents": False,
            "propagationPolicy": "Background",
            "dryRun": ["All"],
        },
    ),
    "SelfSubjectAccessReview": (
        field(1, b"") + field(2, field(1, field(2, "get") + field(3, "g") + field(5, "pulls"))),
        {"metadata": {}, "spec": {"resourceAttributes": {"verb": "get", "group": "g", "resource": "pulls"}}},
    ),
    "CustomResourceDefinition": (
        field(1, field(1, "widgets.example.com"))
        + field(2, field(1, "example.com") + field(3, field(1, "widgets") + field(3, "w") + field(4, "Widget"))
            + field(4, "Namespaced")
            + field(7, field(1, "v1") + field(2, True) + field(3, False) + field(4, field(1, SCHEMA))
                + field(5, field(1, b"")) + field(7, False))
            + field(10, False))
        + field(3, field(1, field(1, "Established") + field(2, "True") + field(6, 0)) + field(2, field(1, ""))),
        {
            "metadata": {"name": "widgets.example.com"},
            "spec": {
                "group": "example.com", "scope": "Namespaced",
                "names": {"plural": "widgets", "shortNames": ["w"], "kind": "Widget"},
                "versions": [{
                    "name": "v1", "served": True, "storage": False, "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": SCHEMA_SHOWN},
                }],
            },
            "status": {"conditions": [{"type": "Established", "status": "True"}], "acceptedNames": {}},
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", DECODED)
def test_decode(kind: str) -> None:
    """A body becomes the object that JSON would have said, type and all."""
    raw, want = DECODED[kind]
    assert messages.decode(body(kind, raw), kind) == {"apiVersion": "v1", "kind": kind, **want}


def test_absence() -> None:
    """Go writes empty texts, plain zeros and zero times for what is absent; all are absent."""
    raw = field(1, field(1, "a") + field(2, "") + field(3, "") + field(7, 0) + field(8, b""))
    assert messages.decode(body("ConfigMap", raw), "ConfigMap")["metadata"] == {"name": "a"}


def test_unknown_fields_are_skipped() -> None:
    """What a newer client knows and we do not is passed over, whatever its encoding."""
    unknown = field(99, 5) + field(98, b"x") + varint(97 << 3 | 1) + b"8" * 8 + varint(96 << 3 | 5) + b"4" * 4
    raw = unknown + field(1, unknown + NAMED) + unknown
    assert messages.decode(body("ConfigMap", raw), "ConfigMap")["metadata"] == META


def test_map_entries_without_parts() -> None:
    """A map entry without key or value has empty ones."""
    raw = field(2, b"") + field(2, field(1, "k")) + field(2, field(2, "v"))
    assert messages.decode(body("ConfigMap", raw), "ConfigMap")["data"] == {"": "v", "k": ""}


def nested(depth: int) -> bytes:
    """Label selectors inside each other, through a field that is no selector: hostile nesting."""
    raw = b""
    for _ in range(depth):
        raw = field(1, raw)
    return raw


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "JSON": b'{"kind": "ConfigMap"}',
    "magic alone, then rubbish": messages.MAGIC + b"\xff",
    "a length beyond the end": body("ConfigMap", varint(1 << 3 | 2) + varint(100) + b"x"),
    "a length beyond everything": body("ConfigMap", varint(1 << 3 | 2) + varint(1 << 63)),
    "a number that never ends": body("ConfigMap", varint(1 << 3) + b"\xff" * 20),
    "a number that is cut": body("ConfigMap", b"\x80"),
    "a group": body("ConfigMap", varint(1 << 3 | 3)),
    "a text that is none": body("ConfigMap", field(1, field(1, b"\xff\xfe"))),
    "a text as number": body("ConfigMap", field(1, field(1, 5))),
    "a number as text": body("ConfigMap", field(4, b"true")),
    "a map as number": body("ConfigMap", field(2, 5)),
    "a map key as number": body("ConfigMap", field(2, field(1, 5))),
    "a message as number": body("ConfigMap", field(1, 5)),
    "a time beyond all times": body("Namespace", field(1, field(8, time(1 << 62)))),
    "a time before all times": body("Namespace", field(1, field(8, time(-(1 << 62))))),
    "a time of the year 20000": body("Namespace", field(1, field(8, time(568_971_820_800)))),
    "a time of too many nanoseconds": body("Namespace", field(1, field(8, time(1, 1_000_000_000)))),
    "a time of negative nanoseconds": body("Namespace", field(1, field(8, time(1, -1)))),
    "a time of bytes": body("Namespace", field(1, field(8, field(1, b"x")))),
    "an envelope without its text": messages.MAGIC + field(1, 5),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name: str) -> None:
    """What is no such message is Malformed and nothing else."""
    kind = "Namespace" if name.startswith("a time") else "ConfigMap"
    with pytest.raises(messages.Malformed):
        messages.decode(MALFORMED[name], kind)


@given(st.binary(max_size=200), st.sampled_from(PROTOBUF_KINDS))
@example(struct.pack("<Q", 0), "ConfigMap")
def test_any_bytes_decode_or_are_malformed(raw: bytes, kind: str) -> None:
    """No bytes do anything but decode or be malformed, with and without an envelope."""
    for data in (raw, messages.MAGIC + raw, body(kind, raw)):
        try:
            assert isinstance(messages.decode(data, kind), dict)
        except messages.Malformed:
            continue


FIELDS = st.builds(
    field, st.integers(1, 20), st.binary(max_size=20) | st.integers(-(2**63), 2**63) | st.text(max_size=8)
)
TREES = st.recursive(st.lists(FIELDS, max_size=4).map(b"".join),
                     lambda inner: st.lists(st.builds(field, st.integers(1, 15),
                         inner), max_size=4).map(b"".join))  # fmt: skip


@given(TREES, st.sampled_from(PROTOBUF_KINDS))
def test_any_fields_decode_or_are_malformed(raw: bytes, kind: str) -> None:
    """Well-formed fields in the wrong places are decoded, skipped or malformed."""
    try:
        assert isinstance(messages.decode(body(kind, raw), kind), dict)
    except messages.Malformed:
        return


def test_type_of_the_envelope() -> None:
    """Version and kind come from the envelope, whatever kind the address wants: the server compares them."""
    decoded = messages.decode(body("Secret", field(1, NAMED), "v9"), "ConfigMap")
    assert (decoded["apiVersion"], decoded["kind"]) == ("v9", "Secret")
    assert TYPE_META not in decoded
