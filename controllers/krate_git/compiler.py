"""Compiles the protections and policies of one repository into one document; pure, objects in and a value out.

Everything that could fail while somebody pushes (a pattern, a glob, an expression) is tried here, so that it fails
where its author sees it: in the condition `Compiled` of the object that holds it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from krate import selectors
from krate.models.branchprotection import BranchProtection, BranchProtectionSpec
from krate.models.refpolicy import RefPolicy, RefPolicySpec, RefRequirement
from krate.models.refpolicy import RefRule as RefRuleModel
from krate.models.repository import Repository
from krate_git import document, expressions, globs, patterns
from krate_git.interface import GitError, RefPolicyDocument

BRANCH_PROTECTION: Final = "BranchProtection"
REF_POLICY: Final = "RefPolicy"


@dataclass(frozen=True, slots=True)
class Problem:
    """A field of an object that cannot be compiled."""

    kind: str
    name: str
    uid: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}: {self.field}: {self.message}"


class CompileFailed(GitError):
    """the policies of the repository do not compile."""

    def __init__(self, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__("; ".join(map(str, problems)) or None)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the host is to enforce for one repository."""

    policy: RefPolicyDocument
    """Document, its digest and its sources `{kind, uid, generation}`, as HostedRefPolicy carries them."""
    document: document.Document
    fragments: Mapping[str, str]
    """Digest of each source's own rules, by uid."""


def compile_policies(
    repository: Repository,
    protections: Iterable[BranchProtection],
    policies: Iterable[RefPolicy],
    *,
    compile_expression: expressions.Compile = expressions.unavailable,
) -> Compiled:
    """The document of one repository from those of the given objects that mean it.

    Args:
        repository: the repository; its name and labels are looked at.
        protections: BranchProtections of its namespace.
        policies: RefPolicies of its namespace.
        compile_expression: tries CEL expressions.

    Raises:
        CompileFailed: one or more fields are wrong; every problem names its object and field.
    """
    meant_protections = sorted((item for item in protections if means(item.spec, repository)), key=_name)
    meant_policies = sorted((item for item in policies if means(item.spec, repository)), key=_name)
    problems = tuple(
        problem
        for found in (
            *map(_protection_problems, meant_protections),
            *(_policy_problems(item, compile_expression) for item in meant_policies),
        )
        for problem in found
    )
    if problems:
        raise CompileFailed(problems)
    branches = {item.metadata.uid: _branch_rules(item) for item in meant_protections}
    refs = {item.metadata.uid: _ref_rules(item) for item in meant_policies}
    compiled = document.Document(repository.metadata.name, tuple(branches.values()), tuple(refs.values()))
    text = document.encode(compiled)
    return Compiled(
        RefPolicyDocument(document.digest(text), text, _sources(meant_protections, meant_policies)),
        compiled,
        {uid: document.digest(document.encode(rules)) for uid, rules in (branches | refs).items()},
    )


def means(spec: BranchProtectionSpec | RefPolicySpec, repository: Repository) -> bool:
    """Whether a protection or policy of the same namespace means this repository; by default it means none."""
    if spec.repository_ref is not None and spec.repository_ref.name == repository.metadata.name:
        return True
    if spec.repository_selector is None:
        return False
    selector = selectors.from_object(spec.repository_selector.dump())
    return selector is not None and selector.matches(repository.metadata.labels)


def _name(item: BranchProtection | RefPolicy) -> str:
    return item.metadata.name


def _sources(
    protections: Iterable[BranchProtection], policies: Iterable[RefPolicy]
) -> tuple[Mapping[str, str | int], ...]:
    kinds = [(BRANCH_PROTECTION, item.metadata) for item in protections]
    kinds += [(REF_POLICY, item.metadata) for item in policies]
    return tuple({"kind": kind, "uid": found.uid, "generation": found.generation} for kind, found in kinds)


def _branch_rules(item: BranchProtection) -> document.BranchRules:
    spec = item.spec
    return document.BranchRules(
        source=document.Source(BRANCH_PROTECTION, item.metadata.name),
        branches=tuple(sorted(spec.branches)),
        require_pull_request=spec.require_pull_request,
        required_approvals=spec.required_approvals,
        require_distinct_teams=spec.require_distinct_teams,
        dismiss_stale_approvals=spec.dismiss_stale_approvals,
        required_checks=tuple(
            sorted(
                (document.CheckRule(check.context, check.reporter) for check in spec.required_checks),
                key=lambda check: (check.context, check.reporter),
            )
        ),
        require_up_to_date=spec.require_up_to_date,
        require_linear_history=spec.require_linear_history,
        allow_force_push=spec.allow_force_push,
        allow_deletion=spec.allow_deletion,
        pushers=tuple(sorted(spec.pushers)),
        bypass=tuple(sorted(spec.bypass)),
    )


def _ref_rules(item: RefPolicy) -> document.RefRules:
    return document.RefRules(
        source=document.Source(REF_POLICY, item.metadata.name),
        mode=item.spec.mode,
        failure_policy=item.spec.failure_policy,
        rules=tuple(_ref_rule(rule) for rule in item.spec.rules),
    )


def _ref_rule(rule: RefRuleModel) -> document.RefRule:
    require = document.Requirement(**rule.require.model_dump()) if rule.require is not None else None
    return document.RefRule(
        name=rule.name,
        refs=tuple(sorted(rule.refs)),
        operations=tuple(sorted(rule.operations)),
        deny=rule.deny,
        require=require,
        expression=rule.expression,
        message=rule.message,
    )


def _protection_problems(item: BranchProtection) -> Iterable[Problem]:
    for position, glob in enumerate(item.spec.branches):
        text = globs.problem(glob)
        if glob.startswith("refs/"):
            text = "branches are named without refs/heads/"
        if text:
            yield _problem(item, f"spec.branches[{position}]", text)


def _policy_problems(item: RefPolicy, compile_expression: expressions.Compile) -> Iterable[Problem]:
    for position, rule in enumerate(item.spec.rules):
        field = f"spec.rules[{position}]"
        for index, glob in enumerate(rule.refs):
            text = globs.problem(glob)
            if not text and not glob.startswith(("refs/", "*")):
                text = "refs are named in full, as in refs/heads/main"
            if text:
                yield _problem(item, f"{field}.refs[{index}]", text)
        if rule.expression:
            try:
                compile_expression(rule.expression)
            except expressions.ExpressionError as error:
                yield _problem(item, f"{field}.expression", str(error))
        if rule.require is not None:
            yield from _requirement_problems(item, field, rule.require)
        if not (rule.deny or rule.expression or rule.require):
            yield _problem(item, field, "the rule asks for nothing: set deny, require or expression")


def _requirement_problems(item: RefPolicy, field: str, require: RefRequirement) -> Iterable[Problem]:
    for name, pattern in {"message": require.message, "authorEmail": require.author_email}.items():
        if text := patterns.problem(pattern):
            yield _problem(item, f"{field}.require.{name}", f"no RE2 pattern: {text}")


def _problem(item: BranchProtection | RefPolicy, field: str, message: str) -> Problem:
    kind = BRANCH_PROTECTION if isinstance(item, BranchProtection) else REF_POLICY
    return Problem(kind, item.metadata.name, item.metadata.uid, field, message)
