"""The compiler: which objects mean a repository, what becomes of them, and what their authors hear of mistakes."""

from typing import Any

import pytest

import factories
from krate.models.branchprotection import BranchProtection
from krate.models.refpolicy import RefPolicy
from krate.models.repository import Repository
from krate_git import compiler, document, expressions
from krate_git.compiler import CompileFailed, Problem

WEB = Repository.model_validate(factories.make_repository("web", metadata={"labels": {"tier": "gold"}}))


def protection(name: str = "main", **parts: Any) -> BranchProtection:
    base = {"metadata": {"uid": f"uid-{name}", "generation": 3}}
    return BranchProtection.model_validate(factories.make_branch_protection(name, **factories.merge(base, parts)))


def policy(name: str = "internal", **parts: Any) -> RefPolicy:
    base = {"metadata": {"uid": f"uid-{name}", "generation": 5}}
    return RefPolicy.model_validate(factories.make_ref_policy(name, **factories.merge(base, parts)))


def with_rules(*rules: dict[str, Any]) -> RefPolicy:
    return policy(spec={"rules": list(rules)})


def test_a_document_with_its_sources_and_fragments():
    """The document decodes to its value, sources carry uid and generation, each fragment has a digest of its own."""
    compiled = compiler.compile_policies(WEB, [protection("b"), protection("a")], [policy()])
    assert document.decode(compiled.policy.document) == compiled.document
    assert compiled.policy.digest == document.digest(compiled.policy.document)
    assert [str(rules.source) for rules in compiled.document.branches] == ["BranchProtection/a", "BranchProtection/b"]
    assert compiled.policy.sources == (
        {"kind": "BranchProtection", "uid": "uid-a", "generation": 3},
        {"kind": "BranchProtection", "uid": "uid-b", "generation": 3},
        {"kind": "RefPolicy", "uid": "uid-internal", "generation": 5},
    )
    assert compiled.fragments == {
        "uid-a": document.digest(document.encode(compiled.document.branches[0])),
        "uid-b": document.digest(document.encode(compiled.document.branches[1])),
        "uid-internal": document.digest(document.encode(compiled.document.refs[0])),
    }


def test_no_rules_compile_to_a_document_all_the_same():
    """A repository that nothing means gets an empty document, so that it accepts pushes."""
    compiled = compiler.compile_policies(WEB, [], [])
    assert compiled.document == document.Document("web")
    assert compiled.policy.sources == ()


def test_order_and_generations_change_no_digest():
    """The document depends on the rules alone, not on the order or versions of the objects."""
    one = compiler.compile_policies(WEB, [protection("a"), protection("b")], [])
    other = compiler.compile_policies(
        WEB, [protection("b", metadata={"generation": 9}), protection("a", spec={"branches": ["main"]})], []
    )
    assert one.policy.digest == other.policy.digest


def test_every_field_of_a_protection_reaches_the_document():
    """Nothing that a user can write is lost on the way to the receive path."""
    spec = {
        "branches": ["main", "release/*"],
        "requirePullRequest": False,
        "requiredApprovals": 2,
        "requireDistinctTeams": True,
        "dismissStaleApprovals": False,
        "requiredChecks": [{"context": "z"}, {"context": "a", "reporter": "bot"}],
        "requireUpToDate": True,
        "requireLinearHistory": True,
        "allowForcePush": True,
        "allowDeletion": True,
        "pushers": ["robot"],
        "bypass": ["root"],
    }
    (found,) = compiler.compile_policies(WEB, [protection(spec=spec)], []).document.branches
    assert found == document.BranchRules(
        document.Source("BranchProtection", "main"),
        ("main", "release/*"),
        require_pull_request=False,
        required_approvals=2,
        require_distinct_teams=True,
        dismiss_stale_approvals=False,
        required_checks=(document.CheckRule("a", "bot"), document.CheckRule("z")),
        require_up_to_date=True,
        require_linear_history=True,
        allow_force_push=True,
        allow_deletion=True,
        pushers=("robot",),
        bypass=("root",),
    )


SELECTORS = [
    ({"repositorySelector": {}}, True),
    ({"repositorySelector": {"matchLabels": {"tier": "gold"}}}, True),
    ({"repositorySelector": {"matchLabels": {"tier": "iron"}}}, False),
    ({"repositorySelector": {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}}, True),
    ({"repositorySelector": {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}}, False),
    ({"repositoryRef": {"name": "web"}, "repositorySelector": None}, True),
    ({"repositoryRef": {"name": "api"}, "repositorySelector": None}, False),
    ({"repositorySelector": None}, False),
]


@pytest.mark.parametrize(("spec", "want"), SELECTORS, ids=[str(spec) for spec, _ in SELECTORS])
def test_which_repositories_an_object_means(spec: dict[str, Any], *, want: bool):
    """By name or by label; an object that names neither means none."""
    assert compiler.means(protection(spec=spec).spec, WEB) is want


def refuse(text: str) -> expressions.Predicate:
    raise expressions.ExpressionError(f"no such function in {text}")


PROBLEMS = [
    ("a bad branch glob", protection(spec={"branches": ["main", "re[1]"]}), "spec.branches[1]", "'[' stands in no ref"),
    (
        "a branch as a ref",
        protection(spec={"branches": ["refs/heads/main"]}),
        "spec.branches[0]",
        "without refs/heads/",
    ),
    ("a bad ref glob", with_rules({"name": "a", "refs": ["refs/a b"], "deny": True}), "spec.rules[0].refs[0]", "' '"),
    (
        "a branch as a ref glob",
        with_rules({"name": "a", "refs": ["main"], "deny": True}),
        "spec.rules[0].refs[0]",
        "in full",
    ),
    (
        "a pattern outside RE2",
        with_rules({"name": "a", "require": {"message": "(?=x)"}}),
        "spec.rules[0].require.message",
        "no RE2 pattern: invalid perl operator: (?=",
    ),
    (
        "an author pattern outside RE2",
        with_rules({"name": "ok", "deny": True}, {"name": "b", "require": {"authorEmail": "("}}),
        "spec.rules[1].require.authorEmail",
        "no RE2 pattern",
    ),
    (
        "an expression",
        with_rules({"name": "a", "expression": "f()"}),
        "spec.rules[0].expression",
        "no such function in f()",
    ),
    ("a rule without a rule", with_rules({"name": "a"}), "spec.rules[0]", "asks for nothing"),
]


@pytest.mark.parametrize(("item", "field", "message"), [row[1:] for row in PROBLEMS], ids=[row[0] for row in PROBLEMS])
def test_mistakes_name_their_object_and_field(item: BranchProtection | RefPolicy, field: str, message: str):
    """A field that cannot be enforced is a problem with the object's kind, name and uid."""
    is_policy = isinstance(item, RefPolicy)
    with pytest.raises(CompileFailed) as caught:
        compiler.compile_policies(
            WEB, [] if is_policy else [item], [item] if is_policy else [], compile_expression=refuse
        )
    (problem,) = caught.value.problems
    kind = "RefPolicy" if is_policy else "BranchProtection"
    assert problem == Problem(kind, item.metadata.name, item.metadata.uid, field, problem.message)
    assert message in problem.message
    assert str(caught.value) == f"{kind}/{item.metadata.name}: {field}: {problem.message}"


def test_all_mistakes_are_named_at_once():
    """Authors need not fix one to hear of the next; objects that mean another repository do not count."""
    wrong = protection("wrong", spec={"branches": ["a b", "c?"]})
    elsewhere = protection("elsewhere", spec={"branches": ["a b"], "repositorySelector": None})
    with pytest.raises(CompileFailed) as caught:
        compiler.compile_policies(WEB, [elsewhere, wrong], [with_rules({"name": "x"})])
    assert [(problem.name, problem.field) for problem in caught.value.problems] == [
        ("wrong", "spec.branches[0]"),
        ("wrong", "spec.branches[1]"),
        ("internal", "spec.rules[0]"),
    ]


def test_without_an_engine_expressions_do_not_compile():
    """A policy that nobody could evaluate is refused, not ignored."""
    with pytest.raises(CompileFailed, match="no CEL engine"):
        compiler.compile_policies(WEB, [], [with_rules({"name": "a", "expression": "true"})])
