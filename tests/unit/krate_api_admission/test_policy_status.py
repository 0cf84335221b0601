"""A policy's status says whether it is in force, and what is wrong where."""

import pytest

import factories
from krate_api.admission.policies import status
from krate_api.admission.policies.index import Builders

BUILDERS = Builders()
RULES = {"resourceRules": [factories.PULL_REQUEST_RULE]}


def of(policy: dict) -> dict:
    return status.policy_status(policy, BUILDERS)


KYVERNO = {
    "ready": ({}, True, "Policy is ready"),
    "no rules": (
        {"matchConstraints": {"resourceRules": []}},
        False,
        (
            "spec.matchConstraints: a resource rule is required; the policy looks at nothing; "
            "failurePolicy refuses what the policy looks at"
        ),
    ),
    "does not compile": (
        {"validations": [{"expression": "true"}, {"expression": "quantity('1') == 1"}], "failurePolicy": "Ignore"},
        False,
        (
            "spec.validations[1].expression: quantity() is not supported by the built-in policy engine "
            "(line 1, column 9); failurePolicy lets through what the policy looks at"
        ),
    ),
    "several problems": (
        {
            "variables": [{"name": "v", "expression": "1 +"}],
            "matchConditions": [{"name": "c", "expression": "object.spec"}],
            "validations": [{"expression": "true", "messageExpression": "1"}],
            "auditAnnotations": [{"key": "k", "valueExpression": "2"}],
        },
        False,
        (
            "spec.variables[0].expression: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', "
            "'!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER} "
            "(line 1, column 4); "
            "spec.matchConditions[0].expression: must evaluate to bool but got dyn; "
            "spec.validations[0].messageExpression: must evaluate to string but got int; "
            "spec.auditAnnotations[0].valueExpression: must evaluate to string or null but got int; "
            "failurePolicy refuses what the policy looks at"
        ),
    ),
    "selector": (
        {"matchConstraints": {**RULES, "namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}}},
        False,
        (
            'spec.matchConstraints: "Like" is not a valid label selector operator; '
            "failurePolicy refuses what the policy looks at"
        ),
    ),
    "variables in conditions": (
        {
            "variables": [{"name": "v", "expression": "1"}],
            "matchConditions": [{"name": "c", "expression": "variables.v == 1"}],
        },
        False,
        (
            "spec.matchConditions[0].expression: undeclared reference to 'variables.v' (in container '') "
            "(line 1, column 10); failurePolicy refuses what the policy looks at"
        ),
    ),
    "not for admission": ({"evaluation": {"admission": {"enabled": False}}, "validations": [{"expression": "nope"}]},
                          True, "Policy is ready"),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "ready", "message"), KYVERNO.values(), ids=KYVERNO)
def test_kyverno_policies(spec, ready, message):
    """Ready, or every problem with its path and place, and what that means for requests."""
    expected = {"conditionStatus": {"ready": ready, "message": message}}
    assert of(factories.make_validating_policy(spec=spec)) == expected
    assert of(factories.make_namespaced_validating_policy(spec=spec)) == expected


def test_admission_policies_without_problems():
    """The generation that was looked at, and nothing to warn of."""
    policy = factories.make_admission_policy(metadata={"generation": 3})
    assert of(policy) == {"observedGeneration": 3, "typeChecking": {}}


def test_warnings_of_admission_policies():
    """Every expression that does not compile is a warning at its field, as upstream's type checking writes them."""
    policy = factories.make_admission_policy(
        spec={
            "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
            "variables": [{"name": "v", "expression": "semver('1.0.0')"}],
            "validations": [
                {"expression": "params.data.x == 'y'"},
                {"expression": "object.spec.x", "messageExpression": "nope"},
            ],
        }
    )
    assert of(policy)["typeChecking"]["expressionWarnings"] == [
        {
            "fieldRef": "spec.variables[0].expression",
            "warning": (
                "compilation failed: ERROR: <input>:1:7: semver() is not supported by the built-in policy engine\n"
                " | semver('1.0.0')\n | ......^"
            ),
        },
        {
            "fieldRef": "spec.validations[1].expression",
            "warning": "must evaluate to bool but got dyn (expression 'object.spec.x')",
        },
        {
            "fieldRef": "spec.validations[1].messageExpression",
            "warning": (
                "compilation failed: ERROR: <input>:1:1: undeclared reference to 'nope' (in container '')\n"
                " | nope\n | ^"
            ),
        },
    ]


def test_admission_policies_that_look_at_nothing():
    """A policy without rules says so."""
    policy = factories.make_admission_policy(spec={"matchConstraints": {"resourceRules": []}})
    assert of(policy)["typeChecking"]["expressionWarnings"] == [
        {"fieldRef": "spec.matchConstraints", "warning": "without resourceRules the policy looks at nothing"}
    ]


def test_bindings_have_no_status():
    """Upstream gives a binding none."""
    assert of(factories.make_admission_binding()) == {}


def test_the_status_is_a_function_of_the_spec():
    """Asking twice, with what the first answer wrote, gives the same answer: nothing is written for ever."""
    policy = factories.make_validating_policy(spec={"validations": [{"expression": "nope"}]})
    first = of(policy)
    assert of({**policy, "status": first}) == first
