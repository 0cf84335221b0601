"""The webhooks through which Kyverno would answer, because their names are part of what a client reads.

Kyverno groups policies into webhooks (pkg/controllers/webhook/validating.go): one for each policy with match
conditions, `matchPolicy: Exact` or a timeout, and one for all others that share selectors and failurePolicy. Failing
policies of one webhook are told together, and one webhook's denial is all that a client sees.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from krate import names
from krate_api.admission.policies.index import Policy

CLUSTER: Final = "vpol.validate.kyverno.svc"
NAMESPACED: Final = "nvpol.validate.kyverno.svc"


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook and its policies, in name order."""

    name: str
    policies: tuple[Policy, ...]


def group(policies: Iterable[Policy], prefix: str) -> tuple[Webhook, ...]:
    """The webhooks of all policies of one kind, in the order of Kyverno's configuration.

    Args:
        policies: those that judge requests, sorted by namespace and name.
        prefix: CLUSTER or NAMESPACED.
    """
    alone: list[tuple[Policy, str]] = []
    shared: dict[str, list[Policy]] = {}
    for policy in policies:
        if _fine_grained(policy):
            qualified = f"{policy.namespace}-{policy.name}" if policy.namespace else policy.name
            alone.append((policy, f"{prefix}-{_failure(policy)}-finegrained-{qualified}"))
        else:
            shared.setdefault(_selectors(policy), []).append(policy)
    found = [Webhook(name, (policy,)) for policy, name in sorted(alone, key=lambda pair: not pair[0].fails_closed)]
    for key in sorted(shared):
        suffix = f"-{key[:8]}" if len(shared) > 1 else ""
        for failure in ("fail", "ignore"):
            members = [policy for policy in shared[key] if _failure(policy) == failure]
            if members:
                by_name = sorted(members, key=lambda policy: policy.name)
                found.append(Webhook(f"{prefix}-{failure}{suffix}", tuple(by_name)))
    return tuple(found)


def _failure(policy: Policy) -> str:
    return "fail" if policy.fails_closed else "ignore"


def _fine_grained(policy: Policy) -> bool:
    settings: Mapping[str, Any] = policy.spec.get("webhookConfiguration") or {}
    constraints: Mapping[str, Any] = policy.spec.get("matchConstraints") or {}
    return bool(
        policy.spec.get("matchConditions")
        or constraints.get("matchPolicy") == "Exact"
        or settings.get("timeoutSeconds") is not None
    )


def _selectors(policy: Policy) -> str:
    """Digest of the selectors, of the JSON that Go writes of them."""
    constraints: Mapping[str, Any] = policy.spec.get("matchConstraints") or {}
    namespaces = constraints.get("namespaceSelector")
    if policy.namespace:
        only = {"key": str(names.Label.NAMESPACE_NAME), "operator": "In", "values": [policy.namespace]}
        namespaces = {"matchExpressions": [only]}
    pair = [_selector(namespaces), _selector(constraints.get("objectSelector"))]
    return hashlib.sha256(json.dumps(pair, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def _selector(selector: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A label selector with the members in the order of its Go type, and labels sorted."""
    if selector is None:
        return None
    labels: Mapping[str, str] = selector.get("matchLabels") or {}
    terms: Sequence[Mapping[str, Any]] = selector.get("matchExpressions") or ()
    found = {
        "matchLabels": dict(sorted(labels.items())),
        "matchExpressions": [
            {key: term[key] for key in ("key", "operator", "values") if key in term} for term in terms
        ],
    }
    return {key: value for key, value in found.items() if value}
