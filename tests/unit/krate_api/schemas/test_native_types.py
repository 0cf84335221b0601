"""Kubernetes' own objects decoded as Go decodes them; the refusals were heard from a real kube-apiserver."""

from typing import Any

import pytest

from krate import kinds
from krate.kinds import Kind
from krate.schema import Schema, structural
from krate_api.schemas import gotypes, nativetypes
from krate_api.schemas.godecoding import Malformed
from krate_api.schemas.gotypes import ListOf, MapOf, Struct

MAP, ROLE, BINDING, LEASE = kinds.CONFIG_MAP, kinds.ROLE, kinds.ROLE_BINDING, kinds.LEASE
REVIEW = kinds.SUBJECT_ACCESS_REVIEW
UNMARSHAL = "json: cannot unmarshal"
WRONG: list[tuple[Kind, dict[str, Any], str]] = [
    (MAP, {"metadata": []}, f"{UNMARSHAL} array into Go struct field ConfigMap.metadata of type v1.ObjectMeta"),
    (
        MAP,
        {"metadata": {"generation": 1.5}},
        f"{UNMARSHAL} number 1.5 into Go struct field ObjectMeta.metadata.generation of type int64",
    ),
    (
        MAP,
        {"metadata": {"creationTimestamp": 5}},
        f"{UNMARSHAL} number into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
    ),
    (
        MAP,
        {"metadata": {"ownerReferences": [{"controller": "x"}]}},
        f"{UNMARSHAL} string into Go struct field OwnerReference.metadata.ownerReferences.controller of type bool",
    ),
    (MAP, {"data": {"k": 1}}, f"{UNMARSHAL} number into Go struct field ConfigMap.data of type string"),
    (MAP, {"data": []}, f"{UNMARSHAL} array into Go struct field ConfigMap.data of type map[string]string"),
    (MAP, {"binaryData": {"a": 5}}, f"{UNMARSHAL} number into Go struct field ConfigMap.binaryData of type []uint8"),
    (MAP, {"binaryData": {"a": "?"}}, "illegal base64 data at input byte 0"),
    (MAP, {"immutable": "x"}, f"{UNMARSHAL} string into Go struct field ConfigMap.immutable of type bool"),
    (ROLE, {"rules": [5]}, f"{UNMARSHAL} number into Go struct field Role.rules of type v1.PolicyRule"),
    (
        ROLE,
        {"rules": [{"verbs": "x"}]},
        f"{UNMARSHAL} string into Go struct field PolicyRule.rules.verbs of type []string",
    ),
    (
        BINDING,
        {"roleRef": {"name": 5}},
        f"{UNMARSHAL} number into Go struct field RoleRef.roleRef.name of type string",
    ),
    (kinds.SECRET, {"type": 5}, f"{UNMARSHAL} number into Go struct field Secret.type of type v1.SecretType"),
    (
        kinds.NAMESPACE,
        {"spec": {"finalizers": [5]}},
        f"{UNMARSHAL} number into Go struct field NamespaceSpec.spec.finalizers of type v1.FinalizerName",
    ),
    (
        LEASE,
        {"spec": {"leaseDurationSeconds": 5_000_000_000}},
        f"{UNMARSHAL} number 5000000000 into Go struct field LeaseSpec.spec.leaseDurationSeconds of type int32",
    ),
    (
        LEASE,
        {"spec": {"renewTime": "2020-01-01T00:00:00Z"}},
        'parsing time "2020-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
    ),
    (
        REVIEW,
        {"spec": {"extra": {"a": "b"}}},
        f"{UNMARSHAL} string into Go struct field SubjectAccessReviewSpec.spec.extra of type v1.ExtraValue",
    ),
    (
        REVIEW,
        {"spec": {"extra": {"a": [1]}}},
        f"{UNMARSHAL} number into Go struct field SubjectAccessReviewSpec.spec.extra of type string",
    ),
]


@pytest.mark.parametrize(("kind", "members", "text"), WRONG, ids=lambda value: str(value)[:40])
def test_wrong_types(kind: Kind, members: dict[str, Any], text: str) -> None:
    """A value of another type is refused with the struct around it, the path of its field and what Go wants there."""
    with pytest.raises(Malformed) as caught:
        nativetypes.decode({**members}, nativetypes.root(kind))
    assert str(caught.value) == text


FORMS: list[tuple[Kind, dict[str, Any], dict[str, Any], list[str]]] = [
    (MAP, {"data": {}, "binaryData": None, "immutable": False}, {"immutable": False}, []),
    (MAP, {"data": {"a": None}, "binaryData": {"b": "AA=\n="}}, {"data": {"a": ""}, "binaryData": {"b": "AA=="}}, []),
    (ROLE, {"rules": [{"verbs": [], "apiGroups": []}]}, {"rules": [{"verbs": []}]}, []),
    (
        BINDING,
        {"z": 1, "subjects": [{"kind": "User", "name": "a", "y": 1}], "roleRef": {"name": ""}},
        {"subjects": [{"kind": "User", "name": "a"}], "roleRef": {"name": ""}},
        ["z", "subjects[0].y"],
    ),
    (
        LEASE,
        {"spec": {"leaseDurationSeconds": 0, "renewTime": "2020-01-01T01:00:00.5+01:00".replace(".5", ".500000")}},
        {"spec": {"leaseDurationSeconds": 0, "renewTime": "2020-01-01T00:00:00.500000Z"}},
        [],
    ),
    (
        kinds.EVENT,
        {"count": 0, "firstTimestamp": "0001-01-01T00:00:00Z", "lastTimestamp": "2020-01-01T00:00:00.9Z"},
        {"lastTimestamp": "2020-01-01T00:00:00Z"},
        [],
    ),
]


@pytest.mark.parametrize(("kind", "sent", "kept", "unknown"), FORMS, ids=lambda value: str(value)[:40])
def test_forms(kind: Kind, sent: dict[str, Any], kept: dict[str, Any], unknown: list[str]) -> None:
    """What the types omit when it is empty goes, times and bytes are written one way, and unknown fields are named."""
    obj = {**sent}
    assert (nativetypes.decode(obj, nativetypes.root(kind)), obj) == (unknown, {"metadata": {}, **kept})


NATIVE = [kind for kind in kinds.KINDS if kind.native and kind is not kinds.CUSTOM_RESOURCE_DEFINITION]


def fields(schema: Schema, path: str) -> set[str]:
    """Paths of everything that a schema has."""
    found: set[str] = set()
    for name, inner in (schema.get("properties") or {}).items():
        found |= {f"{path}.{name}"} | fields(inner, f"{path}.{name}")
    for word in ("items", "additionalProperties"):
        found |= fields(schema[word], path) if schema.get(word) else set()
    return found


def members(shape: gotypes.Shape, path: str) -> set[str]:
    """Paths of everything that a type has."""
    if isinstance(shape, ListOf | MapOf):
        return members(shape.of, path)
    if not isinstance(shape, Struct):
        return set()
    return {
        found
        for name, member in shape.members.items()
        for found in ({f"{path}.{name}"} | members(member.shape, f"{path}.{name}"))
    }


@pytest.mark.parametrize("kind", NATIVE, ids=lambda kind: kind.resource)
def test_models_and_types_have_the_same_fields(kind: Kind) -> None:
    """What is decoded is what is validated and published: no field of one is missing in the other."""
    published = fields(structural(kind.model), "")
    decoded = {path for path in members(nativetypes.root(kind), "") if not path.startswith(".metadata.")}
    assert decoded == published
