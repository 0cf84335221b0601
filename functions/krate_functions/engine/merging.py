"""Three-way merge: what was wanted last, what is wanted now, what stands. Until server-side apply exists.

A field belongs to us when we wanted it last time. What we want now is laid over what stands; what we wanted and want no
more is removed; everything else is somebody else's and stays. Lists are replaced as a whole, except owner references.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final

from krate_functions.composition import Object

_IDENTITY: Final = frozenset({"apiVersion", "kind"})
_OURS: Final = ("labels", "annotations")
"""Parts of metadata that a composer may fill."""


def merge(last: Object | None, wanted: Object, live: Object) -> dict[str, Any]:
    """What should stand.

    Args:
        last: what was wanted last time; None when nobody remembers, and then nothing is removed.
        wanted: what is wanted now, complete with metadata.
        live: what stands.
    """
    found = _maps(_body(last or {}), _body(wanted), _body(live))
    metadata = copy.deepcopy(dict(live["metadata"]))
    before = (last or {}).get("metadata") or {}
    for part in _OURS:
        merged = _maps(before.get(part) or {}, wanted["metadata"].get(part) or {}, metadata.get(part) or {})
        if merged or part in metadata:
            metadata[part] = merged
    metadata["ownerReferences"] = _owners(
        metadata.get("ownerReferences") or [], wanted["metadata"].get("ownerReferences") or []
    )
    kept = {key: live[key] for key in (*_IDENTITY, "status") if key in live}
    return {**kept, "metadata": metadata, **found}


def _body(obj: Object) -> dict[str, Any]:
    """An object without its identity, its metadata, and what is nobody's wish."""
    return {key: value for key, value in obj.items() if key not in _IDENTITY and key not in {"metadata", "status"}}


def _maps(last: Mapping[str, Any], wanted: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, have in live.items():
        if key in wanted or key not in last:
            found[key] = copy.deepcopy(have)
    for key, want in wanted.items():
        have, before = live.get(key), last.get(key)
        if isinstance(want, Mapping) and isinstance(have, Mapping):
            found[key] = _maps(before if isinstance(before, Mapping) else {}, want, have)
        else:
            found[key] = copy.deepcopy(want)
    return found


def _owners(live: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Owners of both; of one UID, what is wanted, in the place where it stands."""
    by_uid = {owner["uid"]: dict(owner) for owner in live}
    by_uid.update({owner["uid"]: dict(owner) for owner in wanted})
    return list(by_uid.values())


def status(last: Mapping[str, Any], wanted: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a status; conditions are left as they stand."""
    return _maps({key: value for key, value in last.items() if key != "conditions"}, wanted, live)


def difference(live: Mapping[str, Any], merged: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON merge patch (RFC 7386) that turns `live` into `merged`; empty when they are equal."""
    found: dict[str, Any] = {}
    for key in live:
        if key not in merged:
            found[key] = None
    for key, want in merged.items():
        have = live.get(key)
        if key in live and have == want:
            continue
        if isinstance(want, Mapping) and isinstance(have, Mapping):
            found[key] = difference(have, want)
        else:
            found[key] = copy.deepcopy(want)
    return found
