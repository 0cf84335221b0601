"""Object metadata: what may stand in it, what only the server writes, and how names are made.

Rules and texts follow AS/pkg/registry/rest/{create,update}.go; what values may be is in `metadata_rules`.
"""

import secrets
import uuid
from collections.abc import Mapping
from typing import Any, Final

import orjson

from krate import errors
from krate.names import Finalizer

_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX: Final = 5
_MAX_PREFIX: Final = 63 - _SUFFIX


def generated_name(prefix: str) -> str:
    """A name from `generateName`: 58 characters of the prefix and five random ones that spell no word."""
    return prefix[:_MAX_PREFIX] + "".join(secrets.choice(_ALPHABET) for _ in range(_SUFFIX))


def wipe(metadata: dict[str, Any]) -> None:
    """Drop from the metadata of a new object what only the server says, in place."""
    for member in ("deletionTimestamp", "deletionGracePeriodSeconds", "generation"):
        metadata.pop(member, None)


def begin(obj: dict[str, Any], *, namespace: str, now: str, generation: bool) -> None:
    """Set what the server sets on a new object; whatever the client sent there is gone."""
    metadata = obj["metadata"]
    wipe(metadata)
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
    ".metadata.ownerReferences contains duplicate entries{}; API server dedups owner references in 1.20+, and may "
    "reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: "
)
_LATER: Final = " after mutating admission happens"
"""When upstream looks at what a patch made."""


def deduplicate_owners(obj: dict[str, Any], *, patched: bool) -> str:
    """Drop equal owner references; answers a warning where there were any.

    Args:
        obj: the object.
        patched: whether a patch made it.
    """
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
    return _DUPLICATE_OWNERS.format(_LATER if patched else "") + ", ".join(dict.fromkeys(twice))


STANDARD_FINALIZERS: Final = frozenset(map(str, (Finalizer.ORPHAN, Finalizer.FOREGROUND, Finalizer.NAMESPACE)))
"""Those that need no domain."""


def finalizer_warnings(obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[str]:
    """What to tell about new finalizers of custom resources whose names others might choose too."""
    before = set((old or {"metadata": {}})["metadata"].get("finalizers") or ())
    found: list[str] = []
    for item in sorted(set(obj["metadata"].get("finalizers") or ()) - before - STANDARD_FINALIZERS):
        if "/" not in item:
            path = " including a path (/)" if "." in item else ""
            found.append(
                f"metadata.finalizers: {errors.quoted(item)}: prefer a domain-qualified finalizer name{path} "
                "to avoid accidental conflicts with other finalizer writers"
            )
    return found
