"""Object metadata: what may stand in it, what only the server writes, and how names are made.

Rules and texts follow AS/pkg/registry/rest/{create,update}.go; what values may be is in `metadata_rules`.
"""

import secrets
import uuid
from collections.abc import Mapping
from typing import Any, Final

import orjson

from krate import clock, errors
from krate.names import Finalizer
from krate_api import bodies

_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX: Final = 5
_MAX_PREFIX: Final = 63 - _SUFFIX

MEMBERS: Final[Mapping[str, tuple[type, str]]] = {
    "name": (str, "string"),
    "generateName": (str, "string"),
    "namespace": (str, "string"),
    "selfLink": (str, "string"),
    "uid": (str, "types.UID"),
    "resourceVersion": (str, "string"),
    "generation": (int, "int64"),
    "creationTimestamp": (str, "string"),
    "deletionTimestamp": (str, "string"),
    "deletionGracePeriodSeconds": (int, "int64"),
    "labels": (dict, "map[string]string"),
    "annotations": (dict, "map[string]string"),
    "ownerReferences": (list, "[]v1.OwnerReference"),
    "finalizers": (list, "[]string"),
    "managedFields": (list, "[]v1.ManagedFieldsEntry"),
}
"""What metadata may hold (meta/v1 ObjectMeta), and how Go names the types."""
_OWNER: Final[Mapping[str, tuple[type, str]]] = {
    "apiVersion": (str, "string"),
    "kind": (str, "string"),
    "name": (str, "string"),
    "uid": (str, "types.UID"),
    "controller": (bool, "bool"),
    "blockOwnerDeletion": (bool, "bool"),
}
_TIMES: Final = ("creationTimestamp", "deletionTimestamp")
_RFC3339: Final = "2006-01-02T15:04:05Z07:00"


class WrongType(Exception):
    """a member of metadata has the wrong type, in the words of Go's decoder."""


def normalise(obj: dict[str, Any]) -> list[str]:
    """Check the types of metadata and drop what is unknown, null or empty; answers unknown paths.

    Raises:
        WrongType: a member has the wrong type.
    """
    metadata = obj.get("metadata")
    if metadata is None:
        metadata = obj["metadata"] = {}
    if not isinstance(metadata, dict):
        raise WrongType(f"{bodies.cannot_unmarshal(metadata)} Go value of type v1.ObjectMeta")
    unknown = _known(metadata, MEMBERS, "metadata", "ObjectMeta.")
    for member in list(metadata):
        if member == "selfLink" or metadata[member] in (None, [], {}) or metadata[member] == "":
            del metadata[member]
    for number, owner in enumerate(metadata.get("ownerReferences", [])):
        _check_item(owner, dict, "ownerReferences", "v1.OwnerReference")
        unknown += _known(owner, _OWNER, f"metadata.ownerReferences[{number}]", "OwnerReference.ownerReferences.")
    _check_parts(metadata)
    return unknown


def _known(value: dict[str, Any], members: Mapping[str, tuple[type, str]], path: str, struct: str) -> list[str]:
    """Drop members that are null or not known, answer the paths of the latter, and check the types of the others."""
    unknown: list[str] = []
    for member in sorted(value):
        if member not in members:
            del value[member]
            unknown.append(f"{path}.{member}")
        elif value[member] is None:
            del value[member]
        elif type(value[member]) is not members[member][0]:
            wanted = "string" if member in _TIMES else f"struct field {struct}{member} of type {members[member][1]}"
            kind = "value of type " if member in _TIMES else ""
            raise WrongType(f"{bodies.cannot_unmarshal(value[member])} Go {kind}{wanted}")
    return unknown


def _check_parts(metadata: Mapping[str, Any]) -> None:
    for member, wanted, name in (
        ("finalizers", str, "string"),
        ("managedFields", dict, "v1.ManagedFieldsEntry"),
    ):
        for item in metadata.get(member, []):
            _check_item(item, wanted, member, name)
    for member in ("labels", "annotations"):
        for value in metadata.get(member, {}).values():
            _check_item(value, str, member, "string")
    for member in _TIMES:
        text = metadata.get(member)
        if text is not None:
            _check_time(text)


def _check_item(item: Any, wanted: type, member: str, name: str) -> None:
    if not isinstance(item, wanted):
        raise WrongType(f"{bodies.cannot_unmarshal(item)} Go struct field ObjectMeta.{member} of type {name}")


def _check_time(text: str) -> None:
    try:
        clock.parse(text)
    except ValueError:
        raise WrongType(f'parsing time "{text}" as "{_RFC3339}": cannot parse "{text}" as "2006"') from None


def generated_name(prefix: str) -> str:
    """A name from `generateName`: 58 characters of the prefix and five random ones that spell no word."""
    return prefix[:_MAX_PREFIX] + "".join(secrets.choice(_ALPHABET) for _ in range(_SUFFIX))


def begin(obj: dict[str, Any], *, namespace: str, now: str, generation: bool) -> None:
    """Set what the server sets on a new object; whatever the client sent there is gone."""
    metadata = obj["metadata"]
    for member in ("deletionTimestamp", "deletionGracePeriodSeconds", "generation"):
        metadata.pop(member, None)
    metadata["uid"] = str(uuid.uuid4())
    metadata["creationTimestamp"] = now
    if generation:
        metadata["generation"] = 1
    if namespace:
        metadata["namespace"] = namespace
    else:
        metadata.pop("namespace", None)


def restore(obj: dict[str, Any], old: Mapping[str, Any]) -> None:
    """Put back on an update what only the server writes, where a client may not even try to change it.

    A deletionTimestamp that appears out of nowhere stays, so that validation can refuse it.
    """
    now, before = obj["metadata"], old["metadata"]
    for member in ("creationTimestamp", "generation", "namespace"):
        _put_back(now, before, member)
    if "deletionTimestamp" in before:
        now["deletionTimestamp"] = before["deletionTimestamp"]
    for member in ("uid", "deletionGracePeriodSeconds"):
        if member in before:
            now.setdefault(member, before[member])
    now["resourceVersion"] = before["resourceVersion"]


def _put_back(now: dict[str, Any], before: Mapping[str, Any], member: str) -> None:
    if member in before:
        now[member] = before[member]
    else:
        now.pop(member, None)


_DUPLICATE_OWNERS: Final = (
    ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject "
    "such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: "
)


def deduplicate_owners(obj: dict[str, Any]) -> str:
    """Drop equal owner references; answers a warning where there were any."""
    owners: list[dict[str, Any]] = obj["metadata"].get("ownerReferences") or []
    kept: dict[bytes, Any] = {}
    twice: list[str] = []
    for owner in owners:
        identity = orjson.dumps(owner, option=orjson.OPT_SORT_KEYS)
        if identity in kept:
            twice.append(str(owner.get("uid", "")))
        kept.setdefault(identity, owner)
    if not twice:
        return ""
    obj["metadata"]["ownerReferences"] = list(kept.values())
    return _DUPLICATE_OWNERS + ", ".join(dict.fromkeys(twice))


_OURS: Final = frozenset({str(Finalizer.ORPHAN), str(Finalizer.FOREGROUND), str(Finalizer.NAMESPACE)})


def finalizer_warnings(obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[str]:
    """What to tell about new finalizers of custom resources whose names others might choose too."""
    before = set((old or {"metadata": {}})["metadata"].get("finalizers") or ())
    found: list[str] = []
    for item in sorted(set(obj["metadata"].get("finalizers") or ()) - before - _OURS):
        if "/" not in item:
            path = " including a path (/)" if "." in item else ""
            found.append(
                f"metadata.finalizers: {errors.quoted(item)}: prefer a domain-qualified finalizer name{path} "
                "to avoid accidental conflicts with other finalizer writers"
            )
    return found
