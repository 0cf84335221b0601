"""Label and field selectors of a request as one predicate over objects."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from krate import errors, selectors
from krate.kinds import Kind
from krate_kube.interface import Object

Matches = Callable[[Object], bool]


def matching(kind: Kind, labels: str, fields: str) -> Matches:
    """What a request with these selectors means.

    Raises:
        BadRequest: one of them cannot be parsed, or names a field that is not selectable.
    """
    by_label, by_field = selectors.parse_labels(labels), selectors.parse_fields(fields)
    paths = {requirement.key for requirement in by_field.requirements}
    for path in sorted(paths - {"metadata.name", "metadata.namespace", *kind.selectable}):
        raise errors.BadRequest(f"field label not supported: {path}")

    def matches(found: Object) -> bool:
        if not by_label.matches(found["metadata"].get("labels") or {}):
            return False
        return by_field.matches({path: field_text(found, path) for path in paths})

    return matches


def value_at(found: Any, path: str) -> Any:
    """The value at a dotted path; None when it is not there."""
    for part in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def field_text(found: Object, path: str) -> str:
    """The value at `path` as field selectors compare it: what is absent or no scalar is ""."""
    value = value_at(found, path)
    if value is None or (isinstance(value, Mapping | Sequence) and not isinstance(value, str)):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
