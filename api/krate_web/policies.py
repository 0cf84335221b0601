"""Which protections and policies judge a repository, found by evaluating their own match rules; nobody wires them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from krate import kinds, models, selectors
from krate.conditions import Status, Type
from krate.kinds import Kind
from krate.models.branchprotection import Protection
from krate.models.meta import ConditionView, LabelSelector, Ref
from krate.models.refpolicy import RefRule
from krate_web.standing import Tone

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the page."""

    kind: Kind
    name: str
    namespace: str
    mode: str
    """Enforce, Audit or Warn."""
    tone: Tone
    state: str
    """Whether it is in force, in words."""
    summary: str
    details: tuple[str, ...] = ()
    binding: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A request that may be judged on the way of a repository's work."""

    kind: Kind
    operation: str
    subresource: str = ""

    @property
    def words(self) -> str:
        below = f"/{self.subresource}" if self.subresource else ""
        return f"{self.operation.lower()} {self.kind.plural}{below}"


JUDGED: Final = (
    *(
        Judged(kind, operation)
        for kind in (kinds.PULL_REQUEST, kinds.REVIEW, kinds.COMMENT, kinds.CHECK)
        for operation in ("CREATE", "UPDATE", "DELETE")
    ),
    Judged(kinds.PULL_REQUEST, "CREATE", "merge"),
    Judged(kinds.REPOSITORY, "UPDATE"),
    Judged(kinds.REPOSITORY, "DELETE"),
)


def targets(repository: models.Repository, ref: Ref | None, selector: LabelSelector | None) -> bool:
    """Whether a reference or a label selector of the same namespace means this repository."""
    if ref is not None:
        return ref.name == repository.metadata.name
    parsed = selectors.from_object(selector.dump() if selector is not None else None)
    return parsed is not None and parsed.matches(repository.metadata.labels)


def _enforced(conditions: Sequence[ConditionView]) -> tuple[Tone, str]:
    """Whether the Git host enforces it, in words; Compiled speaks where compiling failed."""
    by_type = {entry.type: entry for entry in conditions}
    compiled, enforced = by_type.get(Type.COMPILED), by_type.get(Type.ENFORCED)
    if compiled is not None and compiled.status == Status.FALSE:
        return Tone.BAD, compiled.message or "cannot be compiled"
    if enforced is None:
        return Tone.WARN, "not yet enforced"
    if enforced.status == Status.TRUE:
        return Tone.OK, "enforced"
    return Tone.WARN, enforced.message or "not enforced"


def protection(found: models.BranchProtection, default_branch: str) -> Rule:
    """A branch protection as a row."""
    tone, state = _enforced(found.status.conditions)
    branches = ", ".join(found.spec.branches) or default_branch
    return Rule(
        kind=kinds.BRANCH_PROTECTION,
        name=found.metadata.name,
        namespace=found.metadata.namespace,
        mode="Enforce",
        tone=tone,
        state=state,
        summary=branches,
        details=tuple(protection_words(found.spec)),
        version=found.metadata.resource_version,
    )


def protection_words(spec: Protection) -> Iterable[str]:
    """What a protection demands, one clause each."""
    if spec.require_pull_request:
        yield "changes arrive by pull request"
    if spec.required_approvals:
        teams = " from different teams" if spec.require_distinct_teams else ""
        yield f"{spec.required_approvals} approval{'s' if spec.required_approvals > 1 else ''}{teams}"
    for check in spec.required_checks:
        yield f"check {check.context}" + (f" by {check.reporter}" if check.reporter else "")
    if spec.require_up_to_date:
        yield "up to date with the target"
    if spec.require_linear_history:
        yield "linear history"
    yield "force push allowed" if spec.allow_force_push else "no force push"
    yield "deletion allowed" if spec.allow_deletion else "no deletion"
    if spec.pushers:
        yield f"{', '.join(spec.pushers)} may push directly"
    if spec.bypass:
        yield f"{', '.join(spec.bypass)} may bypass"


def ref_policy(found: models.RefPolicy) -> Rule:
    """A ref policy as a row."""
    tone, state = _enforced(found.status.conditions)
    refs = dict.fromkeys(ref for rule in found.spec.rules for ref in rule.refs)
    return Rule(
        kind=kinds.REF_POLICY,
        name=found.metadata.name,
        namespace=found.metadata.namespace,
        mode=str(found.spec.mode),
        tone=tone,
        state=state,
        summary=", ".join(refs),
        details=tuple(_rule_words(rule) for rule in found.spec.rules),
        version=found.metadata.resource_version,
    )


def _rule_words(rule: RefRule) -> str:
    what = "refused always" if rule.deny else rule.expression
    if rule.require is not None:
        asked = {key: value for key, value in rule.require.dump().items() if value}
        what = ", ".join(f"{key}: {value}" if value is not True else key for key, value in asked.items())
    return f"{rule.name}: {rule.message or what}"
