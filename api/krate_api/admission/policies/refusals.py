"""Who is exempt from policies, and the Status of a refusal."""

from typing import Final

from krate import errors, kinds
from krate.errors import Cause, StatusError
from krate.kinds import Kind
from krate_api.admission.interface import Request

_ADMISSION: Final = "admissionregistration.k8s.io"
_REVIEWS: Final = frozenset({"authentication.k8s.io", "authorization.k8s.io"})
_POLICIES: Final = frozenset({
    "validatingadmissionpolicies", "validatingadmissionpolicybindings", "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
})  # fmt: skip
_CODES: Final[dict[str, type[StatusError]]] = {
    "Invalid": errors.Invalid,
    "Forbidden": errors.Forbidden,
    "Unauthorized": errors.Unauthorized,
    "RequestEntityTooLarge": errors.RequestEntityTooLarge,
}
"""Reasons that a validation may name; upstream answers any other with 422."""


def exempt_from_admission_policies(kind: Kind) -> bool:
    """Whether ValidatingAdmissionPolicies leave a kind alone.

    Policies and bindings, so that a bad one can be repaired, and reviews (KK/pkg/kubeapiserver/admission/exclusion).
    """
    return kind.group in _REVIEWS or (kind.group == _ADMISSION and kind.plural in _POLICIES)


def exempt_from_kyverno(kind: Kind) -> bool:
    """Whether Kyverno policies leave a kind alone.

    What webhooks are never called for (rules.go, IsExemptAdmissionConfigurationResource), and Kyverno's own policies:
    who locks himself out of a cluster deletes Kyverno's webhook configurations, and there are none here.
    """
    return kind.group in _REVIEWS or kind.group in {_ADMISSION, kinds.KYVERNO_GROUP}


def forbidden(request: Request, message: str, *, reason: str) -> StatusError:
    """`pulls.forge.example "n" is forbidden: ...` with the code of `reason` (AS/pkg/admission/errors.go)."""
    found = errors.Forbidden.of(
        plural=request.kind.plural, group=request.kind.group, name=_name(request), message=message
    )
    kind = _CODES.get(reason, errors.Invalid)
    return kind(found.message, details=found.details, causes=(Cause("", message),), reason=reason)


def denied_by_webhook(name: str, message: str) -> StatusError:
    """What a client sees of a webhook that denies without code or reason, as Kyverno does: 400."""
    return StatusError(f'admission webhook "{name}" denied the request: {message}', code=400, reason="")


def _name(request: Request) -> str:
    metadata = (request.object or {}).get("metadata") or {}
    return request.name or metadata.get("name") or metadata.get("generateName") or "Unknown"
