"""Admission policies as rows: which of them would judge work on a repository."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from krate import errors, kinds, matching
from krate.kinds import Kind
from krate.models.policies import (
    MatchResources,
    NamespacedValidatingPolicy,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidatingPolicy,
    Validation,
)
from krate_web.policies import JUDGED, Judged, Rule
from krate_web.standing import Tone

_ACTIONS: Final = {"Deny": "Enforce", "Audit": "Audit", "Warn": "Warn"}


@dataclass(frozen=True, slots=True)
class Subject:
    """The repository whose work is judged."""

    namespace: str
    name: str
    namespace_labels: Mapping[str, str] = field(default_factory=dict[str, str])


def judged(match: Mapping[str, Any] | None, repository: Subject) -> tuple[Judged, ...]:
    """Which requests of a repository's work a MatchResources means; object selectors depend on the object.

    The rules are `krate.matching`'s, the very ones by which the server judges.
    """
    try:
        parsed = matching.parse(match)
    except errors.BadRequest:  # a label selector that is none: the server evaluates no such policy
        return ()
    return tuple(request for request in JUDGED if _means(parsed, request, repository))


def _means(match: matching.Match, request: Judged, repository: Subject) -> bool:
    kind = request.kind
    target = matching.Target(
        operation=request.operation,
        group=kind.group,
        version=kind.version,
        resource=kind.plural,
        subresource=request.subresource,
        namespace=repository.namespace,
        name=repository.name if kind is kinds.REPOSITORY else None,
    )
    return match.matches_rules(target) and match.matches_namespace(target, repository.namespace_labels)


def validating(kind: Kind, body: Mapping[str, Any], repository: Subject) -> Rule | None:
    """A Kyverno policy as a row; None when nothing of a repository's work matches it."""
    model = ValidatingPolicy if kind is kinds.VALIDATING_POLICY else NamespacedValidatingPolicy
    policy = model.model_validate(body)
    requests = judged(_match(body, "matchConstraints"), repository)
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
    policies: Sequence[Mapping[str, Any]], bindings: Sequence[Mapping[str, Any]], repository: Subject
) -> tuple[Rule, ...]:
    """ValidatingAdmissionPolicies through each of their bindings; a policy without a binding judges nothing."""
    by_name = {body["metadata"]["name"]: body for body in policies}
    found: list[Rule] = []
    for body in bindings:
        binding = ValidatingAdmissionPolicyBinding.model_validate(body)
        policy = by_name.get(binding.spec.policy_name)
        if policy is None:
            continue
        within = judged(_match(body, "matchResources"), repository)
        requests = [request for request in judged(_match(policy, "matchConstraints"), repository) if request in within]
        if requests:
            found.append(_vap_rule(ValidatingAdmissionPolicy.model_validate(policy), binding, requests))
    return tuple(found)


def _match(body: Mapping[str, Any], member: str) -> Mapping[str, Any] | None:
    return (body.get("spec") or {}).get(member)


def _vap_rule(
    policy: ValidatingAdmissionPolicy, binding: ValidatingAdmissionPolicyBinding, requests: Sequence[Judged]
) -> Rule:
    warnings = policy.status.type_checking.expression_warnings if policy.status.type_checking else ()
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
