"""Groups of the Kubernetes project: a definition there names the review that approved it (AX/pkg/apihelpers)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from krate.errors import Cause
from krate_api.schemas.causes import invalid, required

ANNOTATION: Final = "api-approved.kubernetes.io"
_PROTECTED: Final = ("k8s.io", "kubernetes.io")
_PATH: Final = f"metadata.annotations[{ANNOTATION}]"
_SEE: Final = "see https://github.com/kubernetes/enhancements/pull/1111"


class Approval(StrEnum):
    """What the annotation says; the value is the reason of the condition."""

    MISSING = "MissingAnnotation"
    BYPASSED = "UnapprovedAnnotation"
    APPROVED = "ApprovedAnnotation"
    INVALID = "InvalidAnnotation"


def protected(group: str) -> bool:
    """Whether the group belongs to the Kubernetes project."""
    return any(group == domain or group.endswith(f".{domain}") for domain in _PROTECTED)


def approval(obj: Mapping[str, Any]) -> tuple[Approval, str]:
    """What the annotation of a definition says, and a sentence about it."""
    value: str = (obj["metadata"].get("annotations") or {}).get(ANNOTATION, "")
    if not value:
        return Approval.MISSING, f'protected groups must have approval annotation "{ANNOTATION}", {_SEE}'
    if value.startswith("unapproved"):
        return Approval.BYPASSED, f'not approved: "{value}"'
    try:
        url = urlsplit(value)
    except ValueError:
        url = urlsplit("")
    if url.scheme and url.netloc:
        return Approval.APPROVED, f"approved in {value}"
    text = f'with either a URL or a reason starting with "unapproved", {_SEE}'
    return Approval.INVALID, f'protected groups must have approval annotation "{ANNOTATION}" {text}'


def problems(obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
    """What is wrong with the annotation; one that was accepted before is not looked at again."""
    if not protected(obj["spec"]["group"]):
        return []
    state, reason = approval(obj)
    if old is not None and approval(old)[0] is state:
        return []
    match state:
        case Approval.MISSING:
            return [required(_PATH, reason)]
        case Approval.INVALID:
            return [invalid(_PATH, obj["metadata"]["annotations"][ANNOTATION], reason)]
        case _:
            return []
