"""Metadata of objects and of those embedded in them: read as Go reads an ObjectMeta, and validated.

After AX/pkg/apiserver/schema/objectmeta and apimachinery pkg/api/validation/objectmeta.go.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from krate import names
from krate.errors import Cause, CauseType
from krate.names import Finalizer
from krate_api.schemas import causes, gofmt, gotypes
from krate_api.schemas.godecoding import Decoder, mismatch
from krate_api.schemas.gotypes import ListOf, MapOf, Scalar, Struct, members

MAX_ANNOTATIONS: Final = 256 * 1024
_OWNER_TEXTS: Final = ("apiVersion", "kind", "name", "uid")
_UID: Final = Scalar("types.UID")
_OWNER: Final = Struct(
    "OwnerReference",
    {
        **members(gotypes.STRING, *_OWNER_TEXTS[:3], always=True),
        **members(_UID, "uid", always=True),
        **members(gotypes.BOOL, "controller", "blockOwnerDeletion", pointer=True),
    },
)
_MANAGED: Final = Struct(
    "ManagedFieldsEntry",
    {
        **members(gotypes.STRING, "manager", "apiVersion", "fieldsType", "subresource"),
        **members(Scalar("v1.ManagedFieldsOperationType"), "operation"),
        **members(gotypes.TIME, "time"),
        **members(gotypes.ANY, "fieldsV1"),
    },
)
_STRING_MAP: Final = MapOf(gotypes.STRING, "map[string]string")
META: Final = Struct(
    "ObjectMeta",
    {
        **members(gotypes.STRING, "name", "generateName", "namespace", "selfLink", "resourceVersion"),
        **members(_UID, "uid"),
        **members(gotypes.INT64, "generation"),
        **members(gotypes.INT64, "deletionGracePeriodSeconds", pointer=True),
        **members(gotypes.TIME, "creationTimestamp", "deletionTimestamp"),
        **members(_STRING_MAP, "labels", "annotations"),
        **members(gotypes.STRINGS, "finalizers"),
        **members(ListOf(_OWNER, f"[]{_OWNER.word}"), "ownerReferences"),
        **members(ListOf(_MANAGED, f"[]{_MANAGED.word}"), "managedFields"),
    },
)
_BANNED: Final = ("v1", "Event")
"""Events are so many and so short of life that nothing may hang on one (BannedOwners)."""
_GROUP_VERSION: Final = re.compile(r"(?:[^/]*/)?[^/]+")


def coerce(value: Any, path: str) -> tuple[dict[str, Any], list[str]]:
    """Metadata without what an ObjectMeta does not have and without what is empty, and the paths that went.

    Raises:
        Malformed: it is no ObjectMeta; the message is encoding/json's.
    """
    decoder = Decoder(alone=True)
    if value is None:
        return {}, []
    if not isinstance(value, dict):
        raise mismatch(value, ("", ""), META.word)
    return decoder.struct(value, META, path), decoder.unknown


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
    yield from owner_problems(metadata.get("ownerReferences", []), causes.child(path, "ownerReferences"))
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


def owner_problems(owners: Sequence[Mapping[str, Any]], path: str) -> Iterable[Cause]:
    """What is wrong with owner references."""
    for owner in owners:
        if not _GROUP_VERSION.fullmatch(owner["apiVersion"]):
            yield causes.invalid(causes.child(path, "apiVersion"), owner["apiVersion"], "version must not be empty")
        for member in _OWNER_TEXTS[1:]:
            if not owner[member]:
                yield causes.invalid(causes.child(path, member), "", "must not be empty")
        if (owner["apiVersion"], owner["kind"]) == _BANNED:
            yield _told(_shown(owner), "/v1, Kind=Event is disallowed from being an owner", path)
    controllers = [f"{owner['kind']}/{owner['name']}" for owner in owners if owner.get("controller")]
    if len(controllers) > 1:
        # Upstream names every further one, each time with all of them.
        found = f'Found "true" in references for {controllers[0]} and {controllers[1]}'
        shown = f"[{','.join(map(_shown, owners))}]"
        yield _told(shown, f"Only one reference can have Controller set to true. {found}", path)


def _told(shown: str, detail: str, path: str) -> Cause:
    return Cause(CauseType.INVALID, f"Invalid value: {shown}: {detail}", path)


def _shown(owner: Mapping[str, Any]) -> str:
    """An owner as Go prints it: members in the order of their struct."""
    texts = (f'"{name}":{gofmt.encode(owner[name])}' for name in _OWNER.members if name in owner)
    return f"{{{','.join(texts)}}}"


def finalizer_problems(finalizers: list[str], path: str) -> Iterable[Cause]:
    """What is wrong with finalizers."""
    for item in finalizers:
        yield from (causes.invalid(path, item, problem) for problem in names.label_key_problems(item))
    if Finalizer.ORPHAN in finalizers and Finalizer.FOREGROUND in finalizers:
        yield causes.invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set")
