"""What the metadata of a stored object may be (AM/pkg/api/validation/objectmeta.go), in upstream's words."""

from collections.abc import Mapping
from typing import Any

import orjson

from krate import errors
from krate.errors import Cause, CauseType
from krate_api.registry import metadata
from krate_api.resources import Resource
from krate_api.schemas import objectmeta


def problems(obj: Mapping[str, Any], resource: Resource) -> list[Cause]:
    """What is wrong with the metadata of an object about to be stored."""
    meta = obj["metadata"]
    finalizers = objectmeta.finalizer_problems(meta.get("finalizers") or [], "metadata.finalizers")
    return [*_name_problems(meta, resource), *_parts(meta), *finalizers]


def _name_problems(meta: Mapping[str, Any], resource: Resource) -> list[Cause]:
    prefix, name = meta.get("generateName", ""), meta.get("name", "")
    # What is put behind a prefix ends it well, so its own last hyphen does no harm.
    masked = f"{prefix[:-2]}a" if len(prefix) > 1 and prefix.endswith("-") else prefix
    found = [_invalid("metadata.generateName", prefix, one) for one in resource.name_problems(masked)] if prefix else []
    if not name and not prefix:
        text = "Required value: name or generateName is required"
        found.append(Cause(CauseType.REQUIRED, text, "metadata.name"))
    elif name:
        found += [_invalid("metadata.name", name, one) for one in resource.name_problems(name)]
    return found


def changed(obj: Mapping[str, Any], old: Mapping[str, Any]) -> list[Cause]:
    """What an update may not do to metadata (ValidateObjectMetaAccessorUpdate)."""
    now, before = obj["metadata"], old["metadata"]
    found = _new_finalizers(now, before)
    for member in ("uid", "deletionTimestamp", "deletionGracePeriodSeconds"):
        if now.get(member) != before.get(member):
            shown = orjson.dumps(now.get(member)).decode()
            found.append(Cause(CauseType.INVALID, f"Invalid value: {shown}: field is immutable", f"metadata.{member}"))
    return [*found, *_parts(now)]


def _parts(meta: Mapping[str, Any]) -> list[Cause]:
    """What is looked at in creates and in updates."""
    return [
        *objectmeta.label_problems(meta.get("labels") or {}, "metadata.labels"),
        *objectmeta.annotation_problems(meta.get("annotations") or {}, "metadata.annotations"),
        *objectmeta.owner_problems(meta.get("ownerReferences") or [], "metadata.ownerReferences"),
    ]


def unqualified(obj: Mapping[str, Any]) -> list[Cause]:
    """Finalizers that may not stand in Kubernetes' own kinds (KK/pkg/apis/core/validation)."""
    text = "name is neither a standard finalizer name nor is it fully qualified"
    return [
        _invalid(f"metadata.finalizers[{at}]", item, text)
        for at, item in enumerate(obj["metadata"].get("finalizers") or [])
        if "/" not in item and item not in metadata.STANDARD_FINALIZERS
    ]


def _invalid(field: str, value: str, problem: str) -> Cause:
    return Cause(CauseType.INVALID, f"Invalid value: {errors.quoted(value)}: {problem}", field)


def _new_finalizers(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[Cause]:
    """An object that is being deleted takes no new finalizers."""
    if "deletionTimestamp" not in before:
        return []
    added = sorted(set(now.get("finalizers") or []) - set(before.get("finalizers") or []))
    if not added:
        return []
    shown = ", ".join(f'"{item}"' for item in added)
    text = (
        "Forbidden: no new finalizers can be added if the object is being deleted, "
        f"found new finalizers []string{{{shown}}}"
    )
    return [Cause(CauseType.FORBIDDEN, text, "metadata.finalizers")]
