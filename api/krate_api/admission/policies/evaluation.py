"""Evaluating policies for one request: pure, bounded, for one thread.

`Answers` holds the request's values ready for the engine, so that they are made ready once and not for every policy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from krate_api.admission.interface import Request
from krate_api.admission.policies import inputs
from krate_api.admission.policies.expressions import Annotation, Check, Compiled, Condition
from krate_api.admission.policies.index import Policy
from krate_api.admission.policies.lookups import Object
from krate_cel import values
from krate_cel.composition import Frame
from krate_cel.errors import CompileError, EvaluationError

_MAX_MESSAGE: Final = 5 * 1024
"""Bytes of an evaluated message (AS/pkg/apis/cel/config.go, MaxEvaluatedMessageExpressionSizeBytes)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A validation that does not hold, or could not be evaluated."""

    message: str
    index: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """The value of an audit annotation, or the error that denies in its place."""

    key: str
    value: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a ValidatingAdmissionPolicy says of a request: nothing, when all is well."""

    verdicts: Sequence[Verdict] = ()
    published: Sequence[Published] = ()


class Answers:
    """The values of one request.

    Args:
        request: the request under admission.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._prepared: dict[tuple[bool, bool, bool], values.Inputs] = {}

    def prepared(self, *, namespace: Object | None, kyverno: bool = False, with_objects: bool = False) -> values.Inputs:
        """object, oldObject, request and namespaceObject, ready for the engine; the same ones when asked again.

        In Kyverno an object that is not there is the empty map (admissionutils.ExtractResources gives an Unstructured
        without content), in Kubernetes it is null.

        Args:
            namespace: the request's Namespace, or None.
            kyverno: whether a Kyverno policy asks.
            with_objects: whether `request` holds the objects too.

        Raises:
            EvaluationError: a value has no form in CEL.
        """
        key = (namespace is not None, kyverno, with_objects)
        if key not in self._prepared:
            new, old = self._request.object, self._request.old
            self._prepared[key] = values.Inputs(
                {
                    "object": {} if kyverno and new is None else new,
                    "oldObject": {} if kyverno and old is None else old,
                    "request": inputs.request_variable(self._request, with_objects=with_objects),
                    "namespaceObject": inputs.namespace_variable(namespace),
                }
            )
        return self._prepared[key]

    def judge(self, policy: Policy, *, param: Object | None, namespace: Object | None) -> Judgement:
        """What a ValidatingAdmissionPolicy says, with one parameter.

        Args:
            policy: the policy.
            param: the parameter object, or None.
            namespace: the request's Namespace, where any expression names it.
        """
        found = policy.expressions
        try:
            # Upstream gives match conditions no namespace (matchconditions/matcher.go).
            if not _met(self._frame(policy, param=param, namespace=None), found.conditions):
                return Judgement()
            frame = self._frame(policy, param=param, namespace=namespace)
        except _Unanswered as problem:
            return Judgement([Verdict(str(problem))] if policy.fails_closed else ())
        except EvaluationError as problem:
            return Judgement([Verdict(problem.message)] if policy.fails_closed else ())
        verdicts: list[Verdict] = []
        for index, check in enumerate(found.checks):
            try:
                if not answer(frame, check.program):
                    verdicts.append(Verdict(_message(frame, check), index, check.reason))
            except _Unanswered as problem:
                if policy.fails_closed:
                    verdicts.append(Verdict(str(problem), index))
        published = [_published(frame, annotation) for annotation in found.annotations]
        return Judgement(verdicts, [each for each in published if each.value or (each.error and policy.fails_closed)])

    def _frame(self, policy: Policy, *, param: Object | None, namespace: Object | None) -> Frame:
        found = self.prepared(namespace=namespace)
        if policy.spec.get("paramKind"):
            found = found.extended({"params": param})
        return policy.expressions.composition.frame(found)


class _Unanswered(Exception):
    """an expression has no answer; the text is upstream's."""


def answer(frame: Frame, program: Compiled) -> Any:
    """The value of an expression.

    Raises:
        _Unanswered: it does not compile, or there is none.
    """
    if isinstance(program, CompileError):
        raise _Unanswered(f"compilation error: {uncompiled(program)}")
    try:
        return frame.evaluate(program)
    except EvaluationError as problem:
        raise _Unanswered(f"expression '{program.expression}' resulted in error: {problem.message}") from None


def uncompiled(problem: CompileError) -> str:
    """Why an expression does not compile, with the expression."""
    if problem.line:
        return f"compilation failed: {problem.detail}"
    return f"{problem.message} (expression '{problem.expression}')"


def _met(frame: Frame, conditions: Sequence[Condition]) -> bool:
    """Whether all conditions hold; a false one decides even beside one without an answer.

    Raises:
        _Unanswered: none is false, and some have no answer.
    """
    problems: list[str] = []
    for condition in conditions:
        try:
            if not answer(frame, condition.program):
                return False
        except _Unanswered as problem:
            problems.append(str(problem))
    if problems:
        raise _Unanswered(aggregate(problems))
    return True


def aggregate(problems: Sequence[str]) -> str:
    """Several errors as one text (apimachinery, util/errors NewAggregate): each once, in brackets."""
    distinct = list(dict.fromkeys(problems))
    return distinct[0] if len(distinct) == 1 else f"[{', '.join(distinct)}]"


def _message(frame: Frame, check: Check) -> str:
    """What the user reads: the evaluated message unless it is unusable, the fixed one, or the expression."""
    text = ""
    if check.message_program is not None:
        try:
            text = str(answer(frame, check.message_program)).strip()
        except _Unanswered:
            text = ""
        if len(text.encode()) > _MAX_MESSAGE or "\n" in text:
            text = ""
    return text or check.message.strip() or f"failed expression: {check.expression.strip()}"


def _published(frame: Frame, annotation: Annotation) -> Published:
    try:
        value = answer(frame, annotation.program)
    except _Unanswered as problem:
        return Published(annotation.key, error=str(problem))
    return Published(annotation.key, value="" if value is None else value.strip())
