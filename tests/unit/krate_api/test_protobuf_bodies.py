"""Protobuf bodies: written here by hand from the published .proto files, read by the server, and fuzzed."""

import base64
import struct
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from krate_api import protobuf
from krate_api.protobuf_fields import ENVELOPE, MESSAGES, TYPE_META, Shape

PROTOBUF_KINDS = sorted(set(MESSAGES) - {ENVELOPE, "TypeMeta"})


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = b""
    while value > 0x7F:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


def field(number: int, value: bytes | str | int) -> bytes:
    """One field, as Go writes it."""
    if isinstance(value, int):
        return varint(number << 3) + varint(int(value))
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def entry(number: int, key: str, value: str | bytes) -> bytes:
    return field(number, field(1, key) + field(2, value))


def body(kind: str, raw: bytes, api_version: str = "v1") -> bytes:
    """A whole body: magic, and an envelope around `raw`."""
    type_meta = field(1, api_version) + field(2, kind)
    return protobuf.MAGIC + field(1, type_meta) + field(2, raw) + field(3, "") + field(4, "")


def time(seconds: int, nanos: int = 0) -> bytes:
    return field(1, seconds) + (field(2, nanos) if nanos else b"")


NAMED = field(1, "a") + field(3, "acme")
"""ObjectMeta of name a in namespace acme."""
META = {"name": "a", "namespace": "acme"}

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
        + field(2, field(1, "me") + field(2, 15) + field(3, time(1_700_000_000, 123_456_000)) + field(5, -1)),
        {
            "metadata": META,
            "spec": {
                "holderIdentity": "me",
                "leaseDurationSeconds": 15,
                "acquireTime": "2023-11-14T22:13:20.123456Z",
                "leaseTransitions": -1,
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
}  # fmt: skip


@pytest.mark.parametrize("kind", DECODED)
def test_decode(kind: str) -> None:
    """A body becomes the object that JSON would have said, type and all."""
    raw, want = DECODED[kind]
    assert protobuf.decode(body(kind, raw), kind) == {"apiVersion": "v1", "kind": kind, **want}


def test_absence() -> None:
    """Go writes empty texts, plain zeros and zero times for what is absent; all are absent."""
    raw = field(1, field(1, "a") + field(2, "") + field(3, "") + field(7, 0) + field(8, b""))
    assert protobuf.decode(body("ConfigMap", raw), "ConfigMap")["metadata"] == {"name": "a"}


def test_unknown_fields_are_skipped() -> None:
    """What a newer client knows and we do not is passed over, whatever its encoding."""
    unknown = field(99, 5) + field(98, b"x") + varint(97 << 3 | 1) + b"8" * 8 + varint(96 << 3 | 5) + b"4" * 4
    raw = unknown + field(1, unknown + NAMED) + unknown
    assert protobuf.decode(body("ConfigMap", raw), "ConfigMap")["metadata"] == META


def test_map_entries_without_parts() -> None:
    """A map entry without key or value has empty ones."""
    raw = field(2, b"") + field(2, field(1, "k")) + field(2, field(2, "v"))
    assert protobuf.decode(body("ConfigMap", raw), "ConfigMap")["data"] == {"": "v", "k": ""}


def nested(depth: int) -> bytes:
    """Label selectors inside each other, through a field that is no selector: hostile nesting."""
    raw = b""
    for _ in range(depth):
        raw = field(1, raw)
    return raw


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "JSON": b'{"kind": "ConfigMap"}',
    "magic alone, then rubbish": protobuf.MAGIC + b"\xff",
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
    "an envelope without its text": protobuf.MAGIC + field(1, 5),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name: str) -> None:
    """What is no such message is Malformed and nothing else."""
    kind = "Namespace" if name.startswith("a time") else "ConfigMap"
    with pytest.raises(protobuf.Malformed):
        protobuf.decode(MALFORMED[name], kind)


@given(st.binary(max_size=200), st.sampled_from(PROTOBUF_KINDS))
@example(struct.pack("<Q", 0), "ConfigMap")
def test_any_bytes_decode_or_are_malformed(raw: bytes, kind: str) -> None:
    """No bytes do anything but decode or be malformed, with and without an envelope."""
    for data in (raw, protobuf.MAGIC + raw, body(kind, raw)):
        try:
            assert isinstance(protobuf.decode(data, kind), dict)
        except protobuf.Malformed:
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
        assert isinstance(protobuf.decode(body(kind, raw), kind), dict)
    except protobuf.Malformed:
        return


SCALARS: dict[Shape, st.SearchStrategy[tuple[Any, Any]]] = {
    Shape.STRING: st.text(min_size=1, max_size=5).map(lambda text: (text, text)),
    Shape.BYTES: st.binary(max_size=5).map(lambda raw: (raw, base64.b64encode(raw).decode())),
    Shape.INT: st.integers(-(2**63), 2**63 - 1).map(lambda number: (number, number)),
    Shape.COUNT: st.integers(1, 2**63 - 1).map(lambda number: (number, number)),
    Shape.BOOL: st.booleans().map(lambda flag: (flag, flag)),
    Shape.TIME: st.just((time(0), "1970-01-01T00:00:00Z")),
    Shape.LIST: st.lists(st.text(max_size=3), max_size=3).map(
        lambda texts: (b"".join(field(1, text) for text in texts), texts)
    ),
}


def samples(name: str, depth: int = 0) -> st.SearchStrategy[tuple[bytes, dict[str, Any]]]:
    """A message with some of its fields set: its bytes and its JSON."""

    @st.composite
    def build(draw: st.DrawFn) -> tuple[bytes, dict[str, Any]]:
        raw, found = b"", {}
        for number, one in MESSAGES[name].items():
            if depth > 3 or not draw(st.booleans()):
                continue
            value = samples(one.message, depth + 1) if one.shape is Shape.MESSAGE else SCALARS[one.shape]
            wire, shown = draw(value)
            if one.map:
                raw, found[one.name] = raw + entry(number, "k", wire), {"k": shown}
            elif one.repeated:
                raw, found[one.name] = raw + field(number, wire) * 2, [shown, shown]
            else:
                raw, found[one.name] = raw + field(number, wire), shown
        return raw, found

    return build()


@given(st.data(), st.sampled_from(PROTOBUF_KINDS))
def test_every_field_of_the_table_is_read(data: st.DataObject, kind: str) -> None:
    """Whatever of a message's known fields is set comes back under its JSON name."""
    raw, want = data.draw(samples(kind))
    assert protobuf.message(kind, raw) == want


def test_type_of_the_envelope() -> None:
    """Version and kind come from the envelope, whatever kind the address wants: the server compares them."""
    decoded = protobuf.decode(body("Secret", field(1, NAMED), "v9"), "ConfigMap")
    assert (decoded["apiVersion"], decoded["kind"]) == ("v9", "Secret")
    assert TYPE_META not in decoded
