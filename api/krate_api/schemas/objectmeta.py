"""Metadata inside embedded resources: read as Go reads an ObjectMeta, and validated as that of any object.

After AX/pkg/apiserver/schema/objectmeta and apimachinery pkg/api/validation/objectmeta.go; texts of wrong types are
those of encoding/json.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from krate import names
from krate.errors import Cause, CauseType
from krate.names import Finalizer
from krate_api.schemas import causes, gofmt

MAX_ANNOTATIONS: Final = 256 * 1024
_TIME: Final = '"2006-01-02T15:04:05Z07:00"'


class Malformed(ValueError):
    """Metadata has a member of a wrong type."""


@dataclass(frozen=True, slots=True)
class _Struct:
    """A type of Go: members by name, and those that are written even when they are empty."""

    name: str
    members: Mapping[str, Any]
    always: tuple[str, ...] = ()


_OWNER_TEXTS: Final = ("apiVersion", "kind", "name", "uid")
_OWNER: Final = _Struct(
    "OwnerReference",
    {**dict.fromkeys(_OWNER_TEXTS, "string"), "controller": "bool", "blockOwnerDeletion": "bool"},
    _OWNER_TEXTS,
)
_MANAGED: Final = _Struct(
    "ManagedFieldsEntry",
    {
        **dict.fromkeys(("manager", "operation", "apiVersion", "fieldsType", "subresource"), "string"),
        "time": "time",
        "fieldsV1": "any",
    },
)
_META: Final = _Struct(
    "ObjectMeta",
    {
        **dict.fromkeys(("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion"), "string"),
        **dict.fromkeys(("generation", "deletionGracePeriodSeconds"), "int64"),
        **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), "time"),
        **dict.fromkeys(("labels", "annotations"), "map[string]string"),
        "finalizers": "[]string",
        "ownerReferences": [_OWNER],
        "managedFields": [_MANAGED],
    },
)
_PLAIN: Final = {"string": str, "bool": bool, "int64": int}
_EMPTY: Final = ("", 0, [], {}, None)


def coerce(value: Any, path: str) -> tuple[dict[str, Any], list[str]]:
    """Metadata without what an ObjectMeta does not have and without what is empty, and the paths that went.

    Raises:
        Malformed: it is no ObjectMeta; the message is encoding/json's.
    """
    unknown: list[str] = []
    if value is None:
        return {}, unknown
    if not isinstance(value, dict):
        raise Malformed(f"json: cannot unmarshal {gofmt.word(value)} into Go value of type v1.ObjectMeta")
    return _struct(value, _META, "", path, unknown), unknown


def _struct(value: Mapping[str, Any], shape: _Struct, field: str, path: str, unknown: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = dict.fromkeys(shape.always, "")
    for name, item in value.items():
        wanted, below = shape.members.get(name), causes.child(path, name)
        if wanted is None:
            unknown.append(below)
            continue
        where = causes.child(field, name)
        if isinstance(wanted, list) and item is not None:
            read = _structs(item, wanted[0], (shape.name, where), below, unknown)
        else:
            read = _member(item, wanted, f"{shape.name}.{where}")
        if read is not None and (wanted == "bool" or read not in _EMPTY):
            found[name] = read
    return found


def _member(item: Any, wanted: Any, go: str) -> Any:
    if item is None or wanted == "any":
        return item
    if wanted == "map[string]string":
        return {key: _text(text, go) for key, text in _container(item, dict, go, wanted).items()}
    if wanted == "[]string":
        return [_text(text, go) for text in _container(item, list, go, wanted)]
    if wanted == "time":
        return _time(item)
    if type(item) is not _PLAIN[wanted]:
        exact = f" {item}" if wanted == "int64" and isinstance(item, float) else ""
        raise Malformed(f"json: cannot unmarshal {gofmt.word(item)}{exact} into Go struct field {go} of type {wanted}")
    return item


def _structs(item: Any, shape: _Struct, at: tuple[str, str], path: str, unknown: list[str]) -> list[Any]:
    kind, go, field = f"v1.{shape.name}", ".".join(at), at[1]
    found: list[Any] = []
    for number, one in enumerate(_container(item, list, go, f"[]{kind}")):
        entry = {} if one is None else _container(one, dict, go, kind)
        found.append(_struct(entry, shape, field, causes.child(path, number), unknown))
    return found


def _container(item: Any, kind: type, go: str, wanted: str) -> Any:
    if not isinstance(item, kind):
        raise Malformed(f"json: cannot unmarshal {gofmt.word(item)} into Go struct field {go} of type {wanted}")
    return item


def _text(item: Any, go: str) -> str:
    return "" if item is None else _container(item, str, go, "string")


def _time(item: Any) -> str:
    if not isinstance(item, str):
        raise Malformed(f"json: cannot unmarshal {gofmt.word(item)} into Go value of type string")
    try:
        moment = datetime.datetime.fromisoformat(item)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Malformed(f'parsing time "{item}" as {_TIME}: cannot parse "{item}" as "2006"')
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def problems(metadata: Mapping[str, Any], path: str) -> Iterable[Cause]:
    """What is wrong with coerced metadata of an embedded object, whose name may be missing."""
    for name in ("generateName", "name"):
        text = metadata.get(name, "")
        for problem in names.path_segment_problems(text) if text else ():
            yield causes.invalid(causes.child(path, name), text, problem)
    if metadata.get("namespace"):
        for problem in names.label_problems(metadata["namespace"]):
            yield causes.invalid(causes.child(path, "namespace"), metadata["namespace"], problem)
    if metadata.get("generation", 0) < 0:
        detail = "must be greater than or equal to 0"
        yield causes.invalid(causes.child(path, "generation"), metadata["generation"], detail)
    yield from label_problems(metadata.get("labels", {}), causes.child(path, "labels"))
    yield from annotation_problems(metadata.get("annotations", {}), causes.child(path, "annotations"))
    yield from _owner_problems(metadata.get("ownerReferences", []), causes.child(path, "ownerReferences"))
    yield from finalizer_problems(metadata.get("finalizers", []), causes.child(path, "finalizers"))


def label_problems(labels: Mapping[str, str], path: str) -> Iterable[Cause]:
    """What is wrong with labels."""
    for key, value in labels.items():
        yield from (causes.invalid(path, key, problem) for problem in names.label_key_problems(key))
        yield from (causes.invalid(path, value, problem) for problem in names.label_value_problems(value))


def annotation_problems(annotations: Mapping[str, str], path: str) -> Iterable[Cause]:
    """What is wrong with annotations, and whether they are too large together."""
    for key in annotations:
        yield from (causes.invalid(path, key, problem) for problem in names.label_key_problems(key.lower()))
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > MAX_ANNOTATIONS:
        yield causes.too_long(path, MAX_ANNOTATIONS)


def _owner_problems(owners: list[dict[str, Any]], path: str) -> Iterable[Cause]:
    first = ""
    for owner in owners:
        for member, detail in zip(_OWNER_TEXTS, ("version must not be empty", *["must not be empty"] * 3), strict=True):
            if not owner[member]:
                yield causes.invalid(causes.child(path, member), "", detail)
        if owner.get("controller"):
            name = f"{owner['kind']}/{owner['name']}"
            if first:
                found = f'Found "true" in references for {first} and {name}'
                text = f"Only one reference can have Controller set to true. {found}"
                yield Cause(CauseType.INVALID, f"Invalid value: {_shown(owners)}: {text}", path)
            first = first or name


def _shown(owners: list[dict[str, Any]]) -> str:
    """Owners as Go prints them: members in the order of their struct."""
    texts = (
        ",".join(f'"{name}":{gofmt.encode(owner[name])}' for name in _OWNER.members if name in owner)
        for owner in owners
    )
    return f"[{','.join(f'{{{text}}}' for text in texts)}]"


def finalizer_problems(finalizers: list[str], path: str) -> Iterable[Cause]:
    """What is wrong with finalizers."""
    for item in finalizers:
        yield from (causes.invalid(path, item, problem) for problem in names.label_key_problems(item))
    if Finalizer.ORPHAN in finalizers and Finalizer.FOREGROUND in finalizers:
        yield causes.invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set")
