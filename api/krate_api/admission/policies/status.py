"""What stands in a policy's status: whether it is in force, and every expression that is not."""

from collections.abc import Mapping
from typing import Any, Final

from krate import kinds
from krate_api.admission.policies import kyverno
from krate_api.admission.policies.evaluation import uncompiled
from krate_api.admission.policies.expressions import Problem
from krate_api.admission.policies.index import Builders, Policy

_READY: Final = "Policy is ready"


def policy_status(policy: Mapping[str, Any], builders: Builders) -> dict[str, Any]:
    """The status to write into a policy; a pure function of its spec and generation.

    Args:
        policy: a ValidatingAdmissionPolicy, ValidatingPolicy or NamespacedValidatingPolicy.
        builders: compiles specs; the same one for many policies shares caches.

    Returns:
        For Kyverno's kinds `conditionStatus` with ready and message; for a ValidatingAdmissionPolicy
        observedGeneration and, as far as there are any, `typeChecking.expressionWarnings`. Bindings have none: {}.
    """
    if policy.get("apiVersion") == kinds.VALIDATING_POLICY.api_version:
        message = _kyverno_problem(Policy(policy, builders.kyverno))
        return {"conditionStatus": {"ready": not message, "message": message or _READY}}
    if policy.get("kind") == kinds.VALIDATING_ADMISSION_POLICY.name:
        warnings = _warnings(Policy(policy, builders.admission))
        status: dict[str, Any] = {"observedGeneration": policy["metadata"].get("generation", 1), "typeChecking": {}}
        if warnings:
            status["typeChecking"] = {"expressionWarnings": warnings}
        return status
    return {}


def _kyverno_problem(policy: Policy) -> str:
    """Why a Kyverno policy is not, or not wholly, in force."""
    if not kyverno.judges_requests(policy):
        return ""
    problems = [_text(problem) for problem in policy.expressions.problems]
    if not policy.match.rules:
        problems.insert(0, "spec.matchConstraints: a resource rule is required; the policy looks at nothing")
    if policy.match_problem:
        problems.insert(0, f"spec.matchConstraints: {policy.match_problem}")
    if problems:
        effect = "refuses" if policy.fails_closed else "lets through"
        problems.append(f"failurePolicy {effect} what the policy looks at")
    return "; ".join(problems)


def _warnings(policy: Policy) -> list[dict[str, str]]:
    """Upstream's ExpressionWarnings, for every expression and not only for validations."""
    found = [
        {"fieldRef": problem.path, "warning": uncompiled(problem.error)} for problem in policy.expressions.problems
    ]
    if policy.match_problem:
        found.append({"fieldRef": "spec.matchConstraints", "warning": policy.match_problem})
    if not policy.match.rules:
        found.append(
            {"fieldRef": "spec.matchConstraints", "warning": "without resourceRules the policy looks at nothing"}
        )
    return found


def _text(problem: Problem) -> str:
    place = f" (line {problem.error.line}, column {problem.error.column})" if problem.error.line else ""
    return f"{problem.path}: {problem.error.message}{place}"
