"""Organisations as their composer is given them, and what it makes of them."""

from typing import Any

import composites
import factories
from krate_functions import dispatch
from krate_functions.composition import Desired

LABELS = {"app.kubernetes.io/managed-by": "krate", "krate.a5c.ai/organization": "acme"}
RBAC = "rbac.authorization.k8s.io"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "acme", "labels": LABELS}}
NOTHING = {"namespace": [], "teams": []}

SPEC = {
    "visibility": "Public",
    "owners": [{"kind": "User", "name": "robin"}, {"kind": "Group", "name": "leads"}],
    "defaults": {"branchProtection": {"requirePullRequest": True, "requiredApprovals": 1}},
}


def organization(**parts: Any) -> dict[str, Any]:
    return composites.existing(factories.make_organization(**parts))


def compose(
    xr: dict[str, Any],
    observed: dict[str, Any] | None = None,
    required: dict[str, Any] | None = None,
    *,
    given: dict[str, Any] | None = None,
) -> dispatch.Answer:
    found = NOTHING if required is None else required
    return dispatch.answer(xr, observed or {}, found, given or composites.compose_input())


def objects_of(desired: Desired) -> dict[str, Any]:
    return {name: composed.object for name, composed in desired.resources.items()}


def said(desired: Desired) -> dict[str, tuple[str, str, str]]:
    return {str(c.type): (str(c.status), str(c.reason), c.message) for c in desired.conditions}


def settled(xr: dict[str, Any], required: dict[str, Any], given: dict[str, Any] | None = None) -> dispatch.Answer:
    """Compose until nothing changes, every controller doing its work in between."""
    observed: dict[str, Any] = {}
    for _ in range(5):
        answer = compose(xr, observed, required, given=given)
        after = composites.observed(answer, xr)
        if after == observed:
            return answer
        observed = after
    raise AssertionError("no fixpoint after five passes")
