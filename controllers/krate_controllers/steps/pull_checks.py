"""Checks of the head commit: how many, and whether the required ones succeeded."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from krate import conditions
from krate.conditions import Condition, Reason, Type
from krate.models import PullRequest
from krate.models.check import CheckState
from krate_controllers.deps import PullDeps
from krate_controllers.outcomes import Done, Outcome
from krate_controllers.steps import protection
from krate_git.demands import Demand, Demands
from krate_git.document import CheckRule
from krate_kube.interface import Object

_PASSED: Final = frozenset({CheckState.SUCCESS, CheckState.SKIPPED})
_FAILED: Final = frozenset({CheckState.FAILURE, CheckState.ERROR})

Latest = Mapping[tuple[str, str], str]
"""State by context and reporter."""


async def count_checks(view: PullRequest, deps: PullDeps) -> Outcome:
    """Counts of the latest checks of the head, and the condition ChecksPassed."""
    namespace, repository, head = view.metadata.namespace, view.spec.repository, view.status.head_sha
    states = latest(await deps.checks(namespace, repository, head))
    user = view.status.merge_request.user if view.status.merge_request else ""
    demands = await deps.demands(namespace, repository, view.spec.target.branch, user)
    passed = sum(state in _PASSED for state in states.values())
    failed = sum(state in _FAILED for state in states.values())
    counts = {"passed": passed, "failed": failed, "pending": len(states) - passed - failed}
    return Done(status={"checks": counts}, conditions=(checks_passed(head, states, demands),))


def latest(checks: Iterable[Object]) -> dict[tuple[str, str], str]:
    """The state that counts: the newest check of each context and reporter."""
    found: dict[tuple[str, str], str] = {}
    for check in sorted(checks, key=_age):
        reporter = (check.get("status") or {}).get("reporter", "")
        found[check["spec"]["context"], reporter] = check["spec"]["state"]
    return found


def _age(check: Mapping[str, Any]) -> tuple[str, int]:
    """Creation time has whole seconds; within one the version decides."""
    metadata = check["metadata"]
    return metadata.get("creationTimestamp") or "", int(metadata.get("resourceVersion") or 0)


def checks_passed(head: str, states: Latest, demands: Demands | None) -> Condition:
    """What the protections of the target branch demand of checks."""
    if demands is None:
        text = "The rules of the repository are not compiled yet: wait."
        return conditions.unknown(Type.CHECKS_PASSED, Reason.PENDING, text)
    if not demands.checks:
        return conditions.true(Type.CHECKS_PASSED, Reason.NOT_REQUIRED, "No check is required.")
    verdicts = [(demand, _state(demand.value, states)) for demand in demands.checks]
    failed = [demand for demand, state in verdicts if state in _FAILED]
    if failed:
        text = f"{_contexts(failed)} failed on {head[:10]}, and {_asking(failed)}: fix it and push."
        return conditions.false(Type.CHECKS_PASSED, Reason.CHECKS_FAILED, text)
    pending = [demand for demand, state in verdicts if state not in _PASSED]
    if pending:
        text = f"{_contexts(pending)} has not succeeded on {head[:10]} yet, and {_asking(pending)}: wait for it."
        return conditions.false(Type.CHECKS_PASSED, Reason.CHECKS_PENDING, text)
    return conditions.true(Type.CHECKS_PASSED, Reason.CHECKS_SUCCEEDED, f"{_contexts(demands.checks)} succeeded.")


def _state(rule: CheckRule, states: Latest) -> str:
    """The state that answers a rule; of several reporters a success is enough, as at merge time."""
    found = {
        state
        for (context, reporter), state in states.items()
        if context == rule.context and rule.reporter in {"", reporter}
    }
    for wanted in (_PASSED, _FAILED):
        if hit := sorted(found & wanted):
            return hit[0]
    return CheckState.PENDING


def _contexts(rules: Sequence[Demand[CheckRule]]) -> str:
    return protection.named([_context(rule.value) for rule in rules])


def _context(rule: CheckRule) -> str:
    return f"{rule.context} (by {rule.reporter})" if rule.reporter else rule.context


def _asking(rules: Iterable[Demand[CheckRule]]) -> str:
    return f"{protection.named(sorted({source for rule in rules for source in rule.sources}))} requires it"
