"""What the metadata of a stored object may be (AM/pkg/api/validation/objectmeta.go), in upstream's words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from krate import errors
from krate.errors import Cause, CauseType
from krate_api.resources import Resource
from krate_api.schemas import objectmeta


def problems(obj: Mapping[str, Any], resource: Resource) -> list[Cause]:
    """What is wrong with the metadata of an object about to be stored."""
    metadata = obj["metadata"]
    found = [*_name_problems(metadata, resource)]
    found += objectmeta.label_problems(metadata.get("labels") or {}, "metadata.labels")
    found += objectmeta.annotation_problems(metadata.get("annotations") or {}, "metadata.annotations")
    found += _owner_problems(metadata.get("ownerReferences") or [])
    found += objectmeta.finalizer_problems(metadata.get("finalizers") or [], "metadata.finalizers")
    return found


def _name_problems(metadata: Mapping[str, Any], resource: Resource) -> list[Cause]:
    prefix, name = metadata.get("generateName", ""), metadata.get("name", "")
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
    """What an update may not change (ValidateObjectMetaAccessorUpdate)."""
    now, before = obj["metadata"], old["metadata"]
    found = _new_finalizers(now, before)
    for member in ("uid", "deletionTimestamp", "deletionGracePeriodSeconds"):
        if now.get(member) != before.get(member):
            shown = orjson.dumps(now.get(member)).decode()
            found.append(Cause(CauseType.INVALID, f"Invalid value: {shown}: field is immutable", f"metadata.{member}"))
    return found


def _invalid(field: str, value: str, problem: str) -> Cause:
    return Cause(CauseType.INVALID, f"Invalid value: {errors.quoted(value)}: {problem}", field)


_OWNERS: Final = "metadata.ownerReferences"
_BANNED: Final = ("v1", "Event")
"""Events are so many and so short of life that nothing may hang on one (BannedOwners)."""
_ORDER: Final = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")
_GROUP_VERSION: Final = re.compile(r"(?:[^/]*/)?[^/]+")


def _shown(owner: Mapping[str, Any]) -> str:
    return orjson.dumps({key: owner.get(key, "") for key in _ORDER if key in owner or key in _ORDER[:4]}).decode()


def _owner_problems(owners: Sequence[Mapping[str, Any]]) -> list[Cause]:
    found: list[Cause] = []
    controllers: list[str] = []
    for owner in owners:
        version, kind, name = owner.get("apiVersion", ""), owner.get("kind", ""), owner.get("name", "")
        if not _GROUP_VERSION.fullmatch(version):
            found.append(_invalid(f"{_OWNERS}.apiVersion", version, "version must not be empty"))
        found += [_invalid(f"{_OWNERS}.{part}", "", "must not be empty") for part in _ORDER[1:4] if not owner.get(part)]
        if (version, kind) == _BANNED:
            text = f"Invalid value: {_shown(owner)}: /v1, Kind=Event is disallowed from being an owner"
            found.append(Cause(CauseType.INVALID, text, _OWNERS))
        if owner.get("controller"):
            controllers.append(f"{kind}/{name}")
    for other in controllers[1:]:
        shown = ",".join(map(_shown, owners))
        text = (
            f"Invalid value: [{shown}]: Only one reference can have Controller set to true. "
            f'Found "true" in references for {controllers[0]} and {other}'
        )
        found.append(Cause(CauseType.INVALID, text, _OWNERS))
        break  # upstream names every further one, each time with all of them
    return found


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
