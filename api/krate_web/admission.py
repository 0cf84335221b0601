"""Admission policies as rows: which of them would judge work on a repository."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from krate import errors, kinds
from krate.kinds import Kind, Scope
from krate.models.policies import (
    MatchResources,
    NamedRule,
    NamespacedValidatingPolicy,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidatingPolicy,
    Validation,
)
from krate.selectors import from_object
from krate_web.policies import JUDGED, Judged, Rule
from krate_web.standing import Tone

_ACTIONS: Final = {"Deny": "Enforce", "Audit": "Audit", "Warn": "Warn"}


def judged(match: MatchResources | None, namespace_labels: Mapping[str, str]) -> tuple[Judged, ...]:
    """Which requests of a repository's work match, by rules and namespace; object selectors depend on the object."""
    if match is None:
        return ()
    try:
        namespaces = from_object(match.namespace_selector.dump()) if match.namespace_selector else None
    except errors.BadRequest:
        return ()
    if namespaces is not None and not namespaces.matches(namespace_labels):
        return ()
    return tuple(
        request
        for request in JUDGED
        if any(_matches(rule, request) for rule in match.resource_rules)
        and not any(_matches(rule, request) for rule in match.exclude_resource_rules)
    )


def _matches(rule: NamedRule, request: Judged) -> bool:
    kind = request.kind
    scope = rule.scope or "*"
    return (
        _has(rule.operations, request.operation)
        and _has(rule.api_groups, kind.group)
        and _has(rule.api_versions, kind.version)
        and scope in {"*", Scope.NAMESPACED if kind.namespaced else Scope.CLUSTER}
        and any(_resource(pattern, kind.plural, request.subresource) for pattern in rule.resources)
    )


def _has(values: Iterable[str], wanted: str) -> bool:
    return any(value in {"*", wanted} for value in values)


def _resource(pattern: str, plural: str, subresource: str) -> bool:
    """`*` is every resource without subresources, `*/*` everything, `pulls/*` all below pulls (meta/v1 Rule)."""
    name, slash, below = pattern.partition("/")
    if name not in {"*", plural}:
        return False
    return below in {"*", subresource} if slash else not subresource


def validating(kind: Kind, body: Mapping[str, Any], labels: Mapping[str, str]) -> Rule | None:
    """A Kyverno policy as a row; None when nothing of a repository's work matches it."""
    model = ValidatingPolicy if kind is kinds.VALIDATING_POLICY else NamespacedValidatingPolicy
    policy = model.model_validate(body)
    requests = judged(policy.spec.match_constraints, labels)
    if not requests:
        return None
    evaluation = policy.spec.evaluation
    off = evaluation is not None and evaluation.admission is not None and evaluation.admission.enabled is False
    found = policy.status.condition_status
    if off:
        tone, state = Tone.QUIET, "off: evaluation.admission.enabled is false"
    elif found is None or found.ready is None:
        tone, state = Tone.WARN, "not evaluated yet"
    else:
        tone, state = (Tone.OK, "ready") if found.ready else (Tone.BAD, found.message or "not ready")
    return Rule(
        kind=kind,
        name=policy.metadata.name,
        namespace=policy.metadata.namespace,
        mode=_mode(policy.spec.validation_actions),
        tone=tone,
        state=state,
        summary=_summary(requests, policy.spec.match_constraints),
        details=_messages(policy.spec.validations),
        version=policy.metadata.resource_version,
    )


def bound(
    policies: Sequence[Mapping[str, Any]], bindings: Sequence[Mapping[str, Any]], labels: Mapping[str, str]
) -> tuple[Rule, ...]:
    """ValidatingAdmissionPolicies through each of their bindings; a policy without a binding judges nothing."""
    by_name = {body["metadata"]["name"]: ValidatingAdmissionPolicy.model_validate(body) for body in policies}
    found: list[Rule] = []
    for body in bindings:
        binding = ValidatingAdmissionPolicyBinding.model_validate(body)
        policy = by_name.get(binding.spec.policy_name)
        if policy is None:
            continue
        requests = judged(policy.spec.match_constraints, labels)
        if binding.spec.match_resources is not None:
            limited = binding.spec.match_resources
            # A binding may leave out the rules and limit by namespace or object only.
            within = judged(limited, labels) if limited.resource_rules else _everywhere(limited, labels)
            requests = tuple(request for request in requests if request in within)
        if requests:
            found.append(_vap_rule(policy, binding, requests))
    return tuple(found)


def _everywhere(match: MatchResources, labels: Mapping[str, str]) -> tuple[Judged, ...]:
    every = NamedRule(operations=("*",), api_groups=("*",), api_versions=("*",), resources=("*", "*/*"))
    return judged(match.model_copy(update={"resource_rules": (every,)}), labels)


def _vap_rule(
    policy: ValidatingAdmissionPolicy, binding: ValidatingAdmissionPolicyBinding, requests: Sequence[Judged]
) -> Rule:
    warnings = (policy.status.type_checking or {}).get("expressionWarnings") or []
    return Rule(
        kind=kinds.VALIDATING_ADMISSION_POLICY,
        name=policy.metadata.name,
        namespace="",
        mode=_mode(binding.spec.validation_actions),
        tone=Tone.BAD if warnings else Tone.OK,
        state=f"{len(warnings)} expressions have problems" if warnings else "bound",
        summary=_summary(requests, policy.spec.match_constraints),
        details=_messages(policy.spec.validations),
        binding=binding.metadata.name,
        version=policy.metadata.resource_version,
    )


def _mode(actions: Sequence[str]) -> str:
    return " + ".join(_ACTIONS.get(action, action) for action in actions) or "Enforce"


def _summary(requests: Sequence[Judged], match: MatchResources | None) -> str:
    """`create, update pullrequests; create reviews`."""
    by_resource: dict[str, list[str]] = {}
    for request in requests:
        below = f"/{request.subresource}" if request.subresource else ""
        by_resource.setdefault(request.kind.plural + below, []).append(request.operation.lower())
    words = "; ".join(f"{', '.join(operations)} {resource}" for resource, operations in by_resource.items())
    limited = match is not None and match.object_selector is not None and match.object_selector.dump()
    return f"{words}, with matching labels" if limited else words


def _messages(validations: Sequence[Validation]) -> tuple[str, ...]:
    return tuple(entry.message or entry.expression for entry in validations)
