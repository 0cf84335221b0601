"""Judges a push or a merge: the host's own rules, branch protections and ref policies, in that order.

Everything is decided from values and from `Facts`, which are read through the push's quarantine; nothing here does
I/O of its own. A push is one decision: one refused ref refuses them all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from krate.models.refpolicy import RefOperation
from krate_git import demands, expressions, protection, refrules, reserved
from krate_git.document import Document
from krate_git.interface import ZERO, Finding, MergeFacts, Push, RefUpdate, Verdict
from krate_git.pushes import Facts
from krate_git.repositories import HEADS

FIRST_PUSH: Final = "firstPush"


@dataclass(frozen=True, slots=True)
class Situation:
    """What the host knows of the repository when it judges, under the repository's lock."""

    default_branch: str
    archived: bool = False
    never_pushed: bool = False
    """Whether the repository never held a ref."""
    document: Document | None = None
    """The compiled rules; a repository that never had any accepts no push."""
    home: str = ""
    """Address of the repository's page, for messages; empty when there is none."""


def evaluate(
    push: Push,
    situation: Situation,
    facts: Facts,
    *,
    merge: MergeFacts | None = None,
    compile_expression: expressions.Compile = expressions.unavailable,
) -> Verdict:
    """The verdict on a push, or on a merge when `merge` is given.

    Args:
        push: updates, who asks, and how they arrive.
        situation: what the host knows of the repository.
        facts: what the push brings.
        merge: approvals and checks of the pull request; a plain push has none.
        compile_expression: turns the CEL expressions of ref policies into predicates.
    """
    host = tuple(
        reserved.findings(push, facts.refs, default_branch=situation.default_branch, archived=situation.archived)
    )
    if host:
        # The facts of an impossible update mean nothing, so no other rule looks at them.
        return Verdict(host)
    if situation.document is None:
        return Verdict((reserved.no_document(push),))
    operations = {update: facts.operation(update) for update in push.updates}
    branches = _judge_branches(push, situation, facts=facts, operations=operations, merge=merge)
    refs = tuple(
        finding
        for rules in situation.document.refs
        for finding in refrules.findings(
            rules,
            push,
            facts=facts,
            operations=operations,
            default_branch=situation.default_branch,
            compile_expression=compile_expression,
        )
    )
    return Verdict((*branches.findings, *refs), branches.bypassed)


def _judge_branches(
    push: Push,
    situation: Situation,
    *,
    facts: Facts,
    operations: dict[RefUpdate, RefOperation],
    merge: MergeFacts | None,
) -> Verdict:
    """Findings of the protections, less what the caller may bypass and what a first push is exempt from."""
    assert situation.document is not None  # noqa: S101 - evaluate() refuses before
    first = situation.never_pushed and _creates_default(push, situation.default_branch)
    findings: list[Finding] = []
    bypassed: set[str] = set()
    for update in push.updates:
        if not update.ref.startswith(HEADS):
            continue
        case = protection.Case(push, update, operations[update], facts, situation.default_branch, merge, situation.home)
        branch = update.ref.removeprefix(HEADS)
        for rules in demands.rules_of(situation.document, branch, default_branch=situation.default_branch):
            broken = tuple(protection.findings(rules, case))
            if broken and push.caller.username in rules.bypass:
                bypassed.add(str(rules.source))
            elif first:
                findings += _without_pull_request_rules(broken)
            else:
                findings += broken
    return Verdict(tuple(findings), tuple(sorted(bypassed)))


def _creates_default(push: Push, default_branch: str) -> bool:
    return any(
        update.ref == HEADS + default_branch and update.old == ZERO and update.new != ZERO for update in push.updates
    )


def _without_pull_request_rules(broken: Iterable[Finding]) -> Iterable[Finding]:
    """The First push rule of the design's kinds page: exempt from what needs a pull request, and from nothing else."""
    for finding in broken:
        if finding.rule in protection.NEEDS_PULL_REQUEST:
            text = f"the first push of a repository is exempt from {finding.rule}"
            yield Finding(finding.source, FIRST_PUSH, finding.ref, text, enforced=False)
        else:
            yield finding
