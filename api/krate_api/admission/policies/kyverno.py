"""Kyverno's ValidatingPolicy and NamespacedValidatingPolicy, as a client sees them through Kyverno's webhooks.

Evaluation follows Kyverno 1.19 (pkg/cel/policies/vpol/{compiler/policy,engine/engine}.go) and its answers
(pkg/webhooks/resource/vpol/handler.go): the first validation that does not hold decides, an expression without an
answer denies whatever failurePolicy says, because Kyverno answers "not allowed" and failurePolicy is about calls that
fail. Match conditions are the API server's before they are Kyverno's, so one without an answer is a 403.

One thing differs. Kyverno's admission refuses to store a policy that does not compile, and never evaluates one; here
it is stored, says so in its status, and with failurePolicy Fail refuses what it looks at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from krate import kinds, matching
from krate_api.admission.interface import Request, Review
from krate_api.admission.policies import inputs, refusals, webhooks
from krate_api.admission.policies.evaluation import Answers, aggregate, uncompiled
from krate_api.admission.policies.expressions import Annotation, Check, Condition
from krate_api.admission.policies.index import Policy, PolicyIndex
from krate_api.admission.policies.lookups import Namespaces, Object
from krate_api.admission.policies.webhooks import Webhook
from krate_cel.composition import Frame
from krate_cel.environment import Program
from krate_cel.errors import CompileError, EvaluationError


class Result(StrEnum):
    """How a policy that does not agree disagrees, in the words of Kyverno's answers."""

    FAILED = "failed"
    ERROR = "error"
    FORBIDDEN = "forbidden"
    """The API server could not tell whether to call the webhook."""


@dataclass(frozen=True, slots=True)
class Objection:
    """What a policy has against a request."""

    policy: Policy
    result: Result
    message: str

    def text(self) -> str:
        return f"Policy {self.policy.name} {self.result}: {self.message}"


class KyvernoValidator:
    """The step of validating admission that runs Kyverno's CEL policies.

    Args:
        index: what is known of policies.
        namespaces: finds a Namespace.
    """

    def __init__(self, index: PolicyIndex, *, namespaces: Namespaces) -> None:
        self._index = index
        self._namespaces = namespaces
        self._webhooks: tuple[int, tuple[Webhook, ...]] = (-1, ())

    def interested(self, request: Request) -> bool:
        """Whether rules of a policy mean the request."""
        return bool(self._looking_at(request))

    async def validate(self, request: Request, review: Review) -> None:
        """Raise what the first denying webhook would answer; warnings and annotations go to the review.

        Raises:
            StatusError: 400 without a reason, as Kyverno's denials are.
            Forbidden: a match condition has no answer.
        """
        policies = self._looking_at(request)
        if not policies:
            return
        target = inputs.target(request)
        namespace: Object | None = None
        if request.namespace and any(_needs_namespace(policy, target) for policy in policies):
            namespace = await self._namespaces(request.namespace)
        answers = Answers(request)
        objections = {
            policy: objection
            for policy in policies
            if _means(policy, request, target=target, namespace=namespace)
            and (objection := judge(policy, answers, namespace=namespace)) is not None
        }
        if objections:
            self._answer(request, review, objections)

    def webhooks(self) -> tuple[Webhook, ...]:
        """All webhooks that Kyverno would register for the policies of now."""
        revision = self._index.revision
        if self._webhooks[0] != revision:
            cluster = filter(judges_requests, self._index.policies(kinds.VALIDATING_POLICY))
            namespaced = filter(judges_requests, self._index.policies(kinds.NAMESPACED_VALIDATING_POLICY))
            found = webhooks.group(cluster, webhooks.CLUSTER) + webhooks.group(namespaced, webhooks.NAMESPACED)
            self._webhooks = (revision, found)
        return self._webhooks[1]

    def _looking_at(self, request: Request) -> tuple[Policy, ...]:
        if refusals.exempt_from_kyverno(request.kind):
            return ()
        target = inputs.target(request)
        found = self._index.looking_at(kinds.VALIDATING_POLICY, target)
        if target.namespace:
            own = self._index.looking_at(kinds.NAMESPACED_VALIDATING_POLICY, target)
            found += tuple(policy for policy in own if policy.namespace == target.namespace)
        return tuple(filter(judges_requests, found))

    def _answer(self, request: Request, review: Review, objections: Mapping[Policy, Objection]) -> None:
        """Tell every webhook's warnings, then raise the first denial."""
        denials: list[Exception] = []
        for webhook in self.webhooks():
            told = [objections[policy] for policy in webhook.policies if policy in objections]
            forbidden = next((each for each in told if each.result is Result.FORBIDDEN), None)
            if forbidden is not None:
                denials.append(refusals.forbidden(request, forbidden.message, reason="Forbidden"))
                continue
            denied = [each.text() for each in told if "Deny" in _actions(each.policy)]
            review.warnings += [each.text() for each in told if "Warn" in _actions(each.policy)]
            for each in told:
                if "Audit" in _actions(each.policy):
                    review.annotations[f"{webhook.name}/{each.policy.name}"] = f"{each.result}: {each.message}"
            if denied:
                denials.append(refusals.denied_by_webhook(webhook.name, "; ".join(denied)))
        if denials:
            raise denials[0]


def judge(policy: Policy, answers: Answers, *, namespace: Object | None) -> Objection | None:
    """What one policy has against a request whose rules and selectors it means; None when nothing."""
    found = policy.expressions
    broken = policy.match_problem
    if found.problems and not broken:
        broken = f"{found.problems[0].path}: {uncompiled(found.problems[0].error)}"
    if broken:
        return Objection(policy, Result.ERROR, f"error: {broken}") if policy.fails_closed else None
    try:
        with_objects = found.selects("request.object", "request.oldObject")
        ready = answers.prepared(namespace=namespace, kyverno=True, with_objects=with_objects)
        frame = found.composition.frame(ready)
    except EvaluationError as problem:
        return Objection(policy, Result.ERROR, f"failed to load context: {problem.message}")
    met = _conditions(policy, frame)
    if met is not None:
        return met if isinstance(met, Objection) else None
    return _checks(policy, frame)


def _conditions(policy: Policy, frame: Frame) -> Objection | bool | None:
    """None when all hold, False when one does not, an objection when that cannot be told."""
    outside: list[str] = []
    inside: list[str] = []
    for condition in policy.expressions.conditions:
        try:
            if not frame.evaluate(_compiled(condition)):
                return False
        except EvaluationError as problem:
            expression = _compiled(condition).expression
            if "namespaceObject" in _compiled(condition).names:  # Kyverno keeps these to itself
                inside.append(problem.message)
            else:
                outside.append(f"expression '{expression}' resulted in error: {problem.message}")
    if not outside and not inside:
        return None
    if not policy.fails_closed:
        return False
    if outside:
        return Objection(policy, Result.FORBIDDEN, aggregate(outside))
    return Objection(policy, Result.ERROR, f"failed to load context: {'; '.join(inside)}")


def _checks(policy: Policy, frame: Frame) -> Objection | None:
    """The first validation that does not hold or has no answer."""
    for index, check in enumerate(policy.expressions.checks):
        try:
            if frame.evaluate(_compiled(check)):
                continue
            message = _message(frame, check) or f"CEL expression validation failed at index {index}"
            _annotations(policy, frame)
        except EvaluationError as problem:
            return Objection(policy, Result.ERROR, f"error: {problem.message}")
        return Objection(policy, Result.FAILED, message)
    try:
        _annotations(policy, frame)
    except EvaluationError as problem:
        return Objection(policy, Result.ERROR, f"failed to load context: {problem.message}")
    return None


def _message(frame: Frame, check: Check) -> str:
    if not isinstance(check.message_program, Program):
        return check.message
    try:
        return str(frame.evaluate(check.message_program))
    except EvaluationError as problem:
        return f"failed to evaluate message expression: {problem.message}"


def _annotations(policy: Policy, frame: Frame) -> None:
    """Audit annotations belong to Kyverno's reports; here they can only fail."""
    for annotation in policy.expressions.annotations:
        try:
            frame.evaluate(_compiled(annotation))
        except EvaluationError as problem:
            raise EvaluationError(f"failed to evaluate auditAnnotation '{annotation.key}': {problem.message}") from None


def _compiled(piece: Condition | Check | Annotation) -> Program:
    """The program of a piece; a policy with pieces that do not compile is not evaluated."""
    if isinstance(piece.program, CompileError):
        raise piece.program.again()
    return piece.program


def _means(policy: Policy, request: Request, *, target: matching.Target, namespace: Object | None) -> bool:
    """Whether selectors let the request in; unreadable ones do, and the policy is an error then."""
    new, old = request.object, request.old
    return policy.match.matches_objects(new, old) and policy.match.matches_namespace(
        target, matching.labels_of(namespace), new=new, old=old
    )


def _needs_namespace(policy: Policy, target: matching.Target) -> bool:
    return policy.match.needs_namespace(target) or policy.expressions.names("namespaceObject")


def judges_requests(policy: Policy) -> bool:
    """Whether a policy is evaluated at admission: not when that is off, nor when it is for arbitrary JSON."""
    evaluation: Mapping[str, Any] = policy.spec.get("evaluation") or {}
    admission: Mapping[str, Any] = evaluation.get("admission") or {}
    return admission.get("enabled") is not False and evaluation.get("mode") != "JSON"


def _actions(policy: Policy) -> Sequence[str]:
    return policy.spec.get("validationActions") or ("Deny",)
