"""What one branch demands, merged over all protections.

The receive path, the pull-request controller and the merge service all ask here, so that none of them can be stricter
or laxer than the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from krate_git import globs
from krate_git.document import BranchRules, CheckRule, Document

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Demand(Generic[V]):
    """One merged rule and the objects it comes from, as `BranchProtection/main`; sources are empty when nobody asks."""

    value: V
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Demands:
    """Everything a branch demands of a change; the strictest source wins each rule."""

    branch: str
    sources: tuple[str, ...] = ()
    """Protections that match the branch; empty means unprotected."""
    pull_request: Demand[bool] = Demand(value=False)
    approvals: Demand[int] = Demand(0)
    distinct_teams: Demand[bool] = Demand(value=False)
    dismiss_stale_approvals: Demand[bool] = Demand(value=False)
    checks: tuple[Demand[CheckRule], ...] = ()
    """By context; the same context may be asked of several reporters."""
    up_to_date: Demand[bool] = Demand(value=False)
    linear_history: Demand[bool] = Demand(value=False)
    no_force_push: Demand[bool] = Demand(value=False)
    no_deletion: Demand[bool] = Demand(value=False)


def rules_of(document: Document, branch: str, *, default_branch: str) -> tuple[BranchRules, ...]:
    """Protections that match a branch, by its short name."""
    return tuple(rules for rules in document.branches if applies(rules, branch, default_branch=default_branch))


def applies(rules: BranchRules, branch: str, *, default_branch: str) -> bool:
    """Whether a protection speaks of the branch; one that lists no branches speaks of the default branch."""
    return globs.matches(rules.branches, branch) if rules.branches else branch == default_branch


def merged(document: Document, branch: str, *, default_branch: str, user: str = "") -> Demands:
    """The merged rules for a branch.

    Args:
        document: the compiled document of the repository.
        branch: short name.
        default_branch: what protections without branches mean.
        user: leaves out protections that this user bypasses.
    """
    found = [
        rules
        for rules in rules_of(document, branch, default_branch=default_branch)
        if not user or user not in rules.bypass
    ]
    most = max((rules.required_approvals for rules in found), default=0)
    return Demands(
        branch=branch,
        sources=tuple(str(rules.source) for rules in found),
        pull_request=_asked(found, [rules.require_pull_request for rules in found]),
        approvals=Demand(most, _named(rules for rules in found if most and rules.required_approvals == most)),
        distinct_teams=_asked(found, [rules.require_distinct_teams for rules in found]),
        dismiss_stale_approvals=_asked(found, [rules.dismiss_stale_approvals for rules in found]),
        checks=_checks(found),
        up_to_date=_asked(found, [rules.require_up_to_date for rules in found]),
        linear_history=_asked(found, [rules.require_linear_history for rules in found]),
        no_force_push=_asked(found, [not rules.allow_force_push for rules in found]),
        no_deletion=_asked(found, [not rules.allow_deletion for rules in found]),
    )


def _asked(found: Iterable[BranchRules], asks: Iterable[bool]) -> Demand[bool]:
    sources = _named(rules for rules, ask in zip(found, asks, strict=True) if ask)
    return Demand(bool(sources), sources)


def _named(found: Iterable[BranchRules]) -> tuple[str, ...]:
    return tuple(str(rules.source) for rules in found)


def _checks(found: Iterable[BranchRules]) -> tuple[Demand[CheckRule], ...]:
    asked: dict[CheckRule, list[str]] = {}
    for rules in found:
        for check in rules.required_checks:
            asked.setdefault(check, []).append(str(rules.source))
    order = sorted(asked, key=lambda check: (check.context, check.reporter))
    return tuple(Demand(check, tuple(asked[check])) for check in order)
