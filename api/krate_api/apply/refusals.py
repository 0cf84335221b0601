"""What server-side apply answers instead of an object, in upstream's words."""

from collections.abc import Mapping
from typing import Any

from krate import errors
from krate.errors import Cause, CauseType
from krate_api.apply import elements, managedfields
from krate_api.apply.updating import Conflicts


def conflict(found: Conflicts) -> errors.Conflict:
    """The 409 for fields that others own; details name neither the object nor its kind."""
    pairs = [(_shown(owner), elements.text(path)) for owner, path in found.pairs()]
    causes = [Cause(CauseType.FIELD_MANAGER_CONFLICT, f"conflict with {owner}", path) for owner, path in pairs]
    if len(pairs) == 1:
        text = f"Apply failed with 1 conflict: conflict with {pairs[0][0]}: {pairs[0][1]}"
    else:
        lines = [
            "\n".join([f"conflicts with {_shown(owner)}:", *(f"- {elements.text(path)}" for path in fields)])
            for owner, fields in found.found.items()
        ]
        text = f"Apply failed with {len(pairs)} conflicts: " + "\n".join(lines)
    return errors.Conflict(text, causes=causes)


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
    return f"{meta.get('namespace') or ''}/{meta.get('name') or ''}; {kind(obj)}"
