"""ValidatingAdmissionPolicy as kube-apiserver evaluates it, with its texts and codes.

The decisions follow AS/pkg/admission/plugin/policy/validating/{dispatcher,validator}.go and
AS/pkg/admission/plugin/webhook/matchconditions/matcher.go. Policies and bindings are taken by name, so that the first
denial, which is what a client sees, is always the same one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from krate import errors, kinds, matching
from krate_api.admission.interface import Request, Review
from krate_api.admission.policies import inputs, params, refusals
from krate_api.admission.policies.evaluation import Answers, Verdict
from krate_api.admission.policies.index import Binding, Policy, PolicyIndex
from krate_api.admission.policies.lookups import Namespaces, Object, Params

FAILURE_ANNOTATION: Final = "validation.policy.admission.k8s.io/validation_failure"
"""Audit annotation of a failed validation whose binding says Audit: a JSON list."""

_MAX_ANNOTATION: Final = 10 * 1024


class ValidatingAdmissionPolicyValidator:
    """The step of validating admission that runs ValidatingAdmissionPolicies.

    Args:
        index: what is known of policies.
        namespaces: finds a Namespace.
        params: finds parameters.
    """

    def __init__(self, index: PolicyIndex, *, namespaces: Namespaces, params: Params) -> None:
        self._index = index
        self._namespaces = namespaces
        self._params = params

    def interested(self, request: Request) -> bool:
        """Whether rules of a bound policy mean the request."""
        return any(self._index.bindings(policy.name) for policy in self._looking_at(request))

    async def validate(self, request: Request, review: Review) -> None:
        """Raise the first denial; warnings and annotations go to the review.

        Raises:
            StatusError: a policy denies; Invalid unless the validation names another reason.
            NotFound: the request's namespace does not exist and a policy looks at it.
        """
        policies = self._looking_at(request)
        if policies:
            call = _Call(request, review, self._namespaces)
            for policy in policies:
                await self._judge(call, policy)
            call.finish()

    def _looking_at(self, request: Request) -> tuple[Policy, ...]:
        if refusals.exempt_from_admission_policies(request.kind):
            return ()
        return self._index.looking_at(kinds.VALIDATING_ADMISSION_POLICY, inputs.target(request))

    async def _judge(self, call: "_Call", policy: Policy) -> None:
        try:
            if not await call.means(policy.match, policy.match_problem):
                return
        except _ConfigurationError as problem:
            call.misconfigured(policy, None, f"failed to configure policy: {problem}")
            return
        annotations: dict[str, list[str]] = {}
        for binding in self._index.bindings(policy.name):
            try:
                if not await self._bound(call, binding):
                    continue
                found = await params.collect(
                    self._params,
                    kind=policy.spec.get("paramKind"),
                    ref=binding.spec.get("paramRef"),
                    namespace=call.target.namespace,
                )
            except (_ConfigurationError, params.ParamError) as problem:
                call.misconfigured(policy, binding, f"failed to configure binding: {problem}")
                continue
            for param in found:
                namespace = await call.namespace() if policy.expressions.names("namespaceObject") else None
                call.evaluate(policy, binding, param, namespace, annotations)
        for key, values in annotations.items():
            call.review.annotations[f"{policy.name}/{key}"] = ", ".join(values)

    async def _bound(self, call: "_Call", binding: Binding) -> bool:
        """Whether a binding's own limits let the request in; one without rules means all of the policy's."""
        if not binding.spec.get("matchResources"):
            return True
        return binding.match.matches_rules(call.target) and await call.means(binding.match, binding.match_problem)


class _ConfigurationError(Exception):
    """the policy or binding cannot be applied."""


@dataclass(frozen=True, slots=True)
class _Denial:
    policy: str
    binding: str
    message: str
    reason: str = ""

    def text(self) -> str:
        bound = f" with binding '{self.binding}'" if self.binding else ""
        return f"ValidatingAdmissionPolicy '{self.policy}'{bound} denied request: {self.message}"


@dataclass(slots=True)
class _Call:
    """One request on its way through all policies."""

    request: Request
    review: Review
    namespaces: Namespaces
    denials: list[_Denial] = field(default_factory=list[_Denial])
    failures: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    target: matching.Target = field(init=False)
    answers: Answers = field(init=False)
    _namespace: Object | None = None

    def __post_init__(self) -> None:
        self.target = inputs.target(self.request)
        self.answers = Answers(self.request)

    async def namespace(self) -> Object | None:
        """The request's Namespace; None for a Namespace itself and what stands in none."""
        if self._namespace is None and self.request.namespace and not self.target.is_namespace:
            self._namespace = await self.namespaces(self.request.namespace)
            if self._namespace is None:
                raise errors.NotFound.of(plural="namespaces", group="", name=self.request.namespace)
        return self._namespace

    async def means(self, match: matching.Match, problem: str) -> bool:
        """Whether selectors let the request in; the rules have been asked."""
        if problem:
            raise _ConfigurationError(problem)
        if not match.matches_objects(self.request.object, self.request.old):
            return False
        labels: Mapping[str, str] = {}
        if match.needs_namespace(self.target):
            try:
                labels = matching.labels_of(await self.namespace())
            except errors.NotFound as missing:
                raise _ConfigurationError(missing.message) from None
        return match.matches_namespace(self.target, labels, new=self.request.object, old=self.request.old)

    def misconfigured(self, policy: Policy, binding: Binding | None, message: str) -> None:
        if policy.fails_closed:
            self.denials.append(_Denial(policy.name, binding.name if binding else "", message))

    def evaluate(
        self,
        policy: Policy,
        binding: Binding,
        param: Object | None,
        namespace: Object | None,
        annotations: dict[str, list[str]],
    ) -> None:
        """Evaluate one policy with one parameter, and do what the binding says about failures."""
        judgement = self.answers.judge(policy, param=param, namespace=namespace)
        actions: Sequence[str] = binding.spec.get("validationActions") or ()
        for verdict in judgement.verdicts:
            self._act(policy, binding, verdict, actions)
        for annotation in judgement.published:
            if annotation.error:
                self.denials.append(_Denial(policy.name, binding.name, annotation.error))
            elif annotation.value[:_MAX_ANNOTATION] not in annotations.setdefault(annotation.key, []):
                annotations[annotation.key].append(annotation.value[:_MAX_ANNOTATION])

    def _act(self, policy: Policy, binding: Binding, verdict: Verdict, actions: Sequence[str]) -> None:
        if "Deny" in actions:
            self.denials.append(_Denial(policy.name, binding.name, verdict.message, verdict.reason))
        if "Warn" in actions:
            self.review.warnings.append(
                f"Validation failed for ValidatingAdmissionPolicy '{policy.name}' with binding '{binding.name}': "
                f"{verdict.message}"
            )
        if "Audit" in actions:
            self.failures.append(
                {
                    "message": verdict.message,
                    "policy": policy.name,
                    "binding": binding.name,
                    "expressionIndex": verdict.index,
                    "validationActions": list(actions),
                }
            )

    def finish(self) -> None:
        """Write down what was only audited, and raise the first denial."""
        if self.failures:
            self.review.annotations[FAILURE_ANNOTATION] = json.dumps(self.failures, separators=(",", ":"))
        if self.denials:
            denial = self.denials[0]
            raise refusals.forbidden(self.request, denial.text(), reason=denial.reason or "Invalid")
