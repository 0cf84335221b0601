"""Object metadata: what may stand in it, what only the server writes, and how names are made.

Rules and texts follow AM/pkg/api/validation/objectmeta.go and AS/pkg/registry/rest/{create,update}.go.
"""

import secrets
import uuid
from collections.abc import Mapping
from typing import Any, Final

import orjson

from krate import errors, names
from krate.errors import Cause, CauseType
from krate.kinds import Kind
from krate.names import Finalizer
from krate_api.resources import Resource

_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX: Final = 5
_MAX_PREFIX: Final = 63 - _SUFFIX
MAX_ANNOTATIONS: Final = 256 * 1024

_NULL: Final = type(None)
MEMBERS: Final[Mapping[str, tuple[type, ...]]] = {
    "name": (str,),
    "generateName": (str,),
    "namespace": (str,),
    "selfLink": (str,),
    "uid": (str,),
    "resourceVersion": (str,),
    "generation": (int,),
    "creationTimestamp": (str, _NULL),
    "deletionTimestamp": (str, _NULL),
    "deletionGracePeriodSeconds": (int, _NULL),
    "labels": (dict, _NULL),
    "annotations": (dict, _NULL),
    "ownerReferences": (list, _NULL),
    "finalizers": (list, _NULL),
    "managedFields": (list, _NULL),
}
"""What metadata may hold (meta/v1 ObjectMeta)."""
_OWNER: Final[Mapping[str, tuple[type, ...]]] = {
    "apiVersion": (str,),
    "kind": (str,),
    "name": (str,),
    "uid": (str,),
    "controller": (bool, _NULL),
    "blockOwnerDeletion": (bool, _NULL),
}
_WORDS: Final = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}
_GO: Final = {str: "string", int: "int64", bool: "bool", dict: "map[string]string", list: "[]string"}
_NEVER_SENT: Final = ("selfLink", "managedFields")


def normalise(obj: dict[str, Any], kind: Kind) -> list[str]:
    """Check the types of metadata and drop what is unknown, null or empty; answers unknown paths.

    Raises:
        BadRequest: a member has the wrong type.
    """
    metadata = obj.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        raise _wrong_type(kind, "metadata", metadata, "v1.ObjectMeta")
    unknown = _known(metadata, MEMBERS, kind, "metadata")
    for member in list(metadata):
        value = metadata[member]
        if member in _NEVER_SENT or value in (None, [], {}) or value == "":
            del metadata[member]
    for number, owner in enumerate(metadata.get("ownerReferences", [])):
        if not isinstance(owner, dict):
            raise _wrong_type(kind, "metadata.ownerReferences", owner, "v1.OwnerReference")
        unknown += _known(owner, _OWNER, kind, f"metadata.ownerReferences[{number}]")
    _check_texts(metadata, kind)
    return unknown


def _known(value: dict[str, Any], members: Mapping[str, tuple[type, ...]], kind: Kind, path: str) -> list[str]:
    """Drop members that are not known, answer their paths, and check the types of the others."""
    unknown: list[str] = []
    for member in list(value):
        wanted = members.get(member)
        if wanted is None:
            del value[member]
            unknown.append(f"{path}.{member}")
        elif type(value[member]) not in wanted:
            raise _wrong_type(kind, f"{path}.{member}", value[member], _GO[wanted[0]])
    return unknown


def _check_texts(metadata: Mapping[str, Any], kind: Kind) -> None:
    for item in metadata.get("finalizers", []):
        if not isinstance(item, str):
            raise _wrong_type(kind, "metadata.finalizers", item, "string")
    for member in ("labels", "annotations"):
        for key, value in metadata.get(member, {}).items():
            if not isinstance(value, str):
                raise _wrong_type(kind, f"metadata.{member}.{key}", value, "string")


def _wrong_type(kind: Kind, field: str, value: Any, wanted: str) -> errors.BadRequest:
    found = _WORDS.get(type(value), "null")
    return errors.BadRequest(
        f'{kind.name} in version "{kind.version}" cannot be handled as a {kind.name}: json: cannot unmarshal {found} '
        f"into Go struct field ObjectMeta.{field} of type {wanted}"
    )


def generated_name(prefix: str) -> str:
    """A name from `generateName`: 58 characters of the prefix and five random ones that spell no word."""
    return prefix[:_MAX_PREFIX] + "".join(secrets.choice(_ALPHABET) for _ in range(_SUFFIX))


def begin(obj: dict[str, Any], *, namespace: str, now: str, generation: bool) -> None:
    """Set what the server sets on a new object; whatever the client sent there is gone."""
    metadata = obj["metadata"]
    for member in ("deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion"):
        metadata.pop(member, None)
    metadata["uid"] = str(uuid.uuid4())
    metadata["creationTimestamp"] = now
    if generation:
        metadata["generation"] = 1
    if namespace:
        metadata["namespace"] = namespace
    else:
        metadata.pop("namespace", None)


_RESTORED: Final = ("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "uid")


def restore(obj: dict[str, Any], old: Mapping[str, Any]) -> None:
    """Put back on an update what only the server writes."""
    for member in _RESTORED:
        if member in old["metadata"]:
            obj["metadata"][member] = old["metadata"][member]
        else:
            obj["metadata"].pop(member, None)
    if "namespace" in old["metadata"]:
        obj["metadata"]["namespace"] = old["metadata"]["namespace"]
    obj["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]


def problems(obj: Mapping[str, Any], resource: Resource) -> list[Cause]:
    """What is wrong with the metadata of an object about to be stored."""
    metadata = obj["metadata"]
    found = [_invalid("metadata.name", metadata["name"], one) for one in resource.name_problems(metadata["name"])]
    found += _label_problems(metadata.get("labels") or {})
    found += _annotation_problems(metadata.get("annotations") or {})
    found += _owner_problems(metadata.get("ownerReferences") or [])
    found += _finalizer_problems(metadata.get("finalizers") or [])
    return found


def _label_problems(labels: Mapping[str, str]) -> list[Cause]:
    found: list[Cause] = []
    for key, value in labels.items():
        found += [_invalid("metadata.labels", key, problem) for problem in names.label_key_problems(key)]
        found += [_invalid("metadata.labels", value, problem) for problem in names.label_value_problems(value)]
    return found


def _invalid(field: str, value: str, problem: str) -> Cause:
    return Cause(CauseType.INVALID, f"Invalid value: {errors.quoted(value)}: {problem}", field)


def _annotation_problems(annotations: Mapping[str, str]) -> list[Cause]:
    found = [
        _invalid("metadata.annotations", key, problem)
        for key in annotations
        for problem in names.label_key_problems(key.lower())
    ]
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > MAX_ANNOTATIONS:
        text = f"Too long: may not be more than {MAX_ANNOTATIONS} bytes"
        found.append(Cause(CauseType.TOO_LONG, text, "metadata.annotations"))
    return found


def _owner_problems(owners: list[dict[str, Any]]) -> list[Cause]:
    found = [
        Cause(
            CauseType.INVALID,
            f'Invalid value: "": {member} must not be empty',
            f"metadata.ownerReferences[{number}].{member}",
        )
        for number, owner in enumerate(owners)
        for member in ("apiVersion", "kind", "name", "uid")
        if not isinstance(owner.get(member), str) or not owner[member]
    ]
    if sum(owner.get("controller") is True for owner in owners) > 1:
        text = "Invalid value: Only one reference can have Controller set to true"
        found.append(Cause(CauseType.INVALID, text, "metadata.ownerReferences"))
    return found


def _finalizer_problems(finalizers: list[str]) -> list[Cause]:
    found = [
        _invalid("metadata.finalizers", item, problem)
        for item in finalizers
        for problem in names.label_key_problems(item)
    ]
    if Finalizer.ORPHAN in finalizers and Finalizer.FOREGROUND in finalizers:
        text = "Invalid value: finalizer orphan and foregroundDeletion cannot be both set"
        found.append(Cause(CauseType.INVALID, text, "metadata.finalizers"))
    return found


def new_finalizers(obj: Mapping[str, Any], old: Mapping[str, Any]) -> list[Cause]:
    """An object that is being deleted takes no new finalizers."""
    if "deletionTimestamp" not in old["metadata"]:
        return []
    before = set(old["metadata"].get("finalizers") or [])
    added = [item for item in obj["metadata"].get("finalizers") or [] if item not in before]
    if not added:
        return []
    shown = ", ".join(f'"{item}"' for item in added)
    text = (
        "Forbidden: no new finalizers can be added if the object is being deleted, "
        f"found new finalizers []string{{{shown}}}"
    )
    return [Cause(CauseType.FORBIDDEN, text, "metadata.finalizers")]


def deduplicate_owners(obj: dict[str, Any]) -> list[str]:
    """Drop equal owner references; answers a warning for each."""
    owners = obj["metadata"].get("ownerReferences")
    if not owners:
        return []
    kept: dict[bytes, Any] = {}
    warnings: list[str] = []
    for owner in owners:
        identity = orjson.dumps(owner, option=orjson.OPT_SORT_KEYS)
        if identity in kept:
            warnings.append(
                ".metadata.ownerReferences contains duplicate entries; "
                f"API server dedups owner references: {owner.get('uid')}"
            )
        else:
            kept[identity] = owner
    obj["metadata"]["ownerReferences"] = list(kept.values())
    return warnings
