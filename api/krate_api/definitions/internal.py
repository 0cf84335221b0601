"""The form in which kube-apiserver validates a definition, because its messages name fields of that form.

What every version says alike (schema, subresources, columns, selectable fields) stands at the top there, and the
webhook of a conversion is flat (AX/pkg/apis/apiextensions/v1/conversion.go). Of one version that is everything.
"""

from collections.abc import Mapping
from typing import Any, Final

Spec = dict[str, Any]

SHARED: Final = {
    "schema": "validation",
    "subresources": "subresources",
    "additionalPrinterColumns": "additionalPrinterColumns",
    "selectableFields": "selectableFields",
}
"""Member of a version -> member of the whole that says it for all versions."""


def internal(spec: Mapping[str, Any]) -> Spec:
    """The spec of a decoded definition in the internal form; nothing inside is copied."""
    versions = [dict(version) for version in spec["versions"] or ()]
    found: Spec = {**spec, "versions": versions if spec["versions"] is not None else None}
    if versions:
        found["version"] = versions[0]["name"]
    for member, whole in SHARED.items():
        values = [version.get(member) for version in versions]
        if values and all(value == values[0] for value in values):
            if values[0] is not None:
                found[whole] = values[0]
            for version in versions:
                version.pop(member, None)
    conversion = spec.get("conversion")
    if conversion is not None:
        webhook = conversion.get("webhook") or {}
        found["conversion"] = {
            "strategy": conversion["strategy"],
            "webhookClientConfig": webhook.get("clientConfig"),
            "conversionReviewVersions": webhook.get("conversionReviewVersions") or [],
        }
    return found


def shown(versions: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    """Versions as a message shows them: under the names of Go's fields."""
    members = ("name", "served", "storage", "deprecated", "deprecationWarning", *SHARED)
    absent: dict[str, Any] = {"deprecated": False}
    if versions is None:
        return None
    return [{key[0].upper() + key[1:]: one.get(key, absent.get(key)) for key in members} for one in versions]
