"""Refusals and failures as people need them."""

import pytest

import factories
import web_rules
from krate import errors, kinds
from krate.errors import Cause
from krate_kube.interface import Unreachable
from krate_web import problems
from krate_web.problems import FieldProblem, Problem

PROBLEMS = {
    "kyverno": (
        errors.BadRequest(
            'admission webhook "vpol.validate.kyverno.svc-fail" denied the request: Policy require-x failed: say why'
        ),
        Problem(
            title="require-x refused this",
            message="say why",
            policy="require-x",
            policy_kind="ValidatingPolicy",
            code=400,
        ),
    ),
    "native": (
        errors.Forbidden("pulls \"n\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no"),
        Problem(title="p refused this", message="no", policy="p", policy_kind="ValidatingAdmissionPolicy", code=403),
    ),
    "webhook": (
        errors.BadRequest('admission webhook "w.example" denied the request: no'),
        Problem(
            title="w.example refused this", message="no", policy="w.example", policy_kind="admission webhook", code=400
        ),
    ),
    "fields": (
        errors.Invalid.of(
            kind="PullRequest",
            group="forge.krate.a5c.ai",
            name="x",
            causes=[Cause("FieldValueInvalid", "no such branch", "spec.source.branch")],
        ),
        Problem(
            title="Some of this cannot be accepted",
            message='PullRequest.forge.krate.a5c.ai "x" is invalid: spec.source.branch: no such branch',
            fields=(FieldProblem("spec.source.branch", "no such branch"),),
            code=422,
        ),
    ),
    "conflict": (
        errors.Conflict("the head moved"),
        Problem(
            title="Somebody was faster",
            message="the head moved",
            advice="Look at what changed, then try again.",
            code=409,
        ),
    ),
    "unreachable": (
        Unreachable("cannot connect"),
        Problem(
            title="The API server cannot be reached",
            message="cannot connect",
            advice="Nothing was changed. Try again when it is back; what you typed stays here.",
            code=503,
        ),
    ),
}


@pytest.mark.parametrize(("error", "want"), PROBLEMS.values(), ids=list(PROBLEMS))
def test_problems(error, want):
    """A refusal keeps who refused, what was said and where; a failure says whether anything was changed."""
    assert problems.of(error) == want


INPUTS = [
    ("spec.body", "body"),
    ("spec.source.branch", "source"),
    ("spec.reviewers[0]", "reviewers"),
    ("metadata.name", "name"),
    ("", ""),
]


@pytest.mark.parametrize(("path", "name"), INPUTS)
def test_which_input_a_field_is(path, name):
    """A path of the object leads to the input that fills it."""
    assert FieldProblem(path, "").input == name


async def test_the_fields_a_policy_reads_are_found_in_the_policy(world):
    """Kyverno names no field: the policy's own expression does, and only the failing validation's."""
    policy = web_rules.require_description()
    policy["spec"]["validations"].append({"expression": "object.spec.title.size() < 80", "message": "shorter"})
    await world.store.delete(kinds.VALIDATING_POLICY, "require-description")
    world.store.seed(policy)
    problem = problems.of(
        errors.BadRequest("Policy require-description failed: say in the description why this change is needed")
    )
    found = await problems.explained(world.client("token-alice"), problem, namespace="acme")
    assert [entry.field for entry in found.fields] == ["spec.body"]
    assert found.policy_href == "/-/manifest/validatingpolicies.policies.kyverno.io/-/require-description"
    world.denied.add(("alice", "get", "validatingpolicies"))
    assert (await problems.explained(world.client("token-alice"), problem, namespace="acme")) == problem


EXPRESSIONS = {
    "a field": ("object.spec.body.size() > 3", [], ["spec.body"]),
    "an optional field": ("object.spec.?body.orValue('').trim() != ''", [], ["spec.body"]),
    "a field of a field": ("object.spec.source.branch.startsWith('x')", [], ["spec.source.branch"]),
    "several": ("object.spec.title != object.spec.body", [], ["spec.title", "spec.body"]),
    "a variable": ("variables.words != ''", [("words", "object.spec.?body.orValue('')")], ["spec.body"]),
    "variables of variables": (
        "variables.a",
        [("a", "variables.b"), ("b", "variables.a + object.spec.title")],
        ["spec.title"],
    ),
    "an unknown variable": ("variables.gone", [], []),
    "nothing of the spec": ("object.metadata.name != ''", [], []),
}


@pytest.mark.parametrize(("expression", "variables", "want"), EXPRESSIONS.values(), ids=list(EXPRESSIONS))
async def test_which_fields_an_expression_reads(world, expression, variables, want):
    """Fields are found in the validation, and in the variables that it uses."""
    spec = {
        "variables": [{"name": name, "expression": text} for name, text in variables],
        "validations": [{"expression": expression, "message": "a folded\nmessage"}],
    }
    world.store.seed(factories.make(kinds.VALIDATING_POLICY, "p", spec=spec))
    problem = problems.of(errors.BadRequest("Policy p failed: a folded message"))
    found = await problems.explained(world.client("token-alice"), problem, namespace="acme")
    assert [entry.field for entry in found.fields] == want
