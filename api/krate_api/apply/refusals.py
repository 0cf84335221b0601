"""What server-side apply answers instead of an object, in upstream's words."""

import itertools
import operator
from collections.abc import Iterator, Mapping
from typing import Any, Final

from krate import errors
from krate.errors import Cause, CauseType
from krate_api.apply import elements, managedfields
from krate_api.apply.updating import Conflicts

_MAX_TEXT: Final = 256 * 1024


def conflict(found: Conflicts) -> errors.Conflict:
    """The 409 for fields that others own; details name neither the object nor its kind."""
    count = sum(1 for _ in found.pairs())
    told = list(_told(found))
    causes = [Cause(CauseType.FIELD_MANAGER_CONFLICT, f"conflict with {owner}", path) for owner, path in told]
    if count == 1:
        text = f"Apply failed with 1 conflict: conflict with {told[0][0]}: {told[0][1]}"
    else:
        lines = [
            "\n".join([f"conflicts with {owner}:", *(f"- {path}" for _, path in pairs)])
            for owner, pairs in itertools.groupby(told, key=operator.itemgetter(0))
        ]
        text = f"Apply failed with {count} conflicts: " + "\n".join(lines)
    return errors.Conflict(text, causes=causes)


def _told(found: Conflicts) -> Iterator[tuple[str, str]]:
    """Owner and field of every conflict, until `_MAX_TEXT`: long names of many fields must not become gigabytes."""
    room = _MAX_TEXT
    for owner, path in found.pairs():
        pair = _shown(owner), elements.text(path)[:_MAX_TEXT]
        yield pair
        room -= sum(map(len, pair))
        if room < 0:
            return


def _shown(owner: str) -> str:
    words = managedfields.parts(owner)
    text = errors.quoted(words.get("manager", ""))
    if "subresource" in words:
        text += f" with subresource {errors.quoted(words['subresource'])}"
    return f"{text} using {words['apiVersion']}" if words["operation"] == managedfields.UPDATE else text


def kind(obj: Mapping[str, Any]) -> str:
    """Group, version and kind as Go prints them: `forge.example/v1, Kind=Pull`."""
    group, _, version = str(obj.get("apiVersion") or "").rpartition("/")
    return f"{group}/{version}, Kind={obj.get('kind') or ''}"


def subject(obj: Mapping[str, Any]) -> str:
    """The object of an error of typing: `default/x; forge.example/v1, Kind=Pull`."""
    meta = obj.get("metadata")
    meta = meta if isinstance(meta, dict) else {}
    namespace, name = (part if isinstance(part := meta.get(key), str) else "" for key in ("namespace", "name"))
    return f"{namespace}/{name}; {kind(obj)}"
