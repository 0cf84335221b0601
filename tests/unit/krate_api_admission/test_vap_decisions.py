"""ValidatingAdmissionPolicies decide, and say so, as kube-apiserver does."""

import json

import pytest

import factories
from admission_rooms import Room, request
from krate import kinds
from krate_api.admission.interface import Operation, Review

BLANK = factories.make_pull_request(spec={"body": " \n"})
GOOD = factories.make_pull_request()
BOUND = "ValidatingAdmissionPolicy 'has-body' with binding 'everywhere' denied request: "
PREFIX = f'pullrequests.forge.krate.a5c.ai "web-1" is forbidden: {BOUND}'


def room(*, actions: tuple[str, ...] = ("Deny",), **spec: object) -> Room:
    return Room(
        factories.make_admission_policy(spec=spec),
        factories.make_admission_binding(spec={"validationActions": list(actions)}),
    )


def checks(*validations: dict) -> Room:
    return room(validations=list(validations))


async def test_the_status_of_a_denial():
    """A refused request gets 422 Invalid, the text and details of upstream, and the message as its cause."""
    status, review = await room().judge(request(BLANK))
    causes = status and status["details"].pop("causes")
    assert status == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f"{PREFIX}say what changes",
        "reason": "Invalid",
        "details": {"name": "web-1", "group": "forge.krate.a5c.ai", "kind": "pullrequests"},
        "code": 422,
    }
    assert [cause["message"] for cause in causes or ()] == [f"{BOUND}say what changes"]
    assert review == Review()


async def test_what_agrees_passes():
    """A request that every policy accepts is accepted, without a word."""
    assert await room().judge(request(GOOD)) == (None, Review())


@pytest.mark.parametrize(
    ("reason", "code"),
    [("Forbidden", 403), ("Unauthorized", 401), ("RequestEntityTooLarge", 413), ("Invalid", 422), ("", 422)],
)
async def test_reasons(reason, code):
    """A validation may name one of four reasons; the code follows, Invalid is the default."""
    found = checks({"expression": "false", "message": "no", **({"reason": reason} if reason else {})})
    status, _ = await found.judge(request(GOOD))
    assert status
    assert (status["code"], status["reason"], status["message"]) == (code, reason or "Invalid", f"{PREFIX}no")


MESSAGES = {
    "message": ({"message": " m "}, "m"),
    "expression as message": ({}, "failed expression: 1 == 2"),
    "evaluated": (
        {"message": "m", "messageExpression": "' got ' + string(object.spec.title)"},
        "got Rotate signing keys",
    ),
    "evaluated to blanks": ({"message": "m", "messageExpression": "' '"}, "m"),
    "evaluated to lines": ({"message": "m", "messageExpression": "'a\\nb'"}, "m"),
    "evaluated to too much": ({"message": "m", "messageExpression": "object.spec.body.replace('K', 'x') + 'y'"}, "m"),
    "without an answer": ({"message": "m", "messageExpression": "'a' + object.nope"}, "m"),
    "without an answer or message": ({"messageExpression": "'a' + object.nope"}, "failed expression: 1 == 2"),
    "not a text": ({"message": "m", "messageExpression": "object.spec.title"}, "m"),
    "not an expression": ({"message": "m", "messageExpression": "1 +"}, "m"),
}


@pytest.mark.parametrize(("validation", "text"), MESSAGES.values(), ids=MESSAGES)
async def test_messages(validation, text):
    """The evaluated message if it is usable, else the fixed one, else the expression."""
    long = factories.make_pull_request(spec={"body": "x" * 6000})
    asked = request(long if "body" in validation.get("messageExpression", "") else GOOD)
    assert await checks({"expression": " 1 == 2 ", **validation}).message(asked) == PREFIX + text


ERRORS = {
    "no answer": (
        {"validations": [{"expression": "object.spec.nope == 1", "message": "m"}]},
        "expression 'object.spec.nope == 1' resulted in error: no such key: nope",
    ),
    "does not compile": (
        {"validations": [{"expression": "object.spec.nope(1)"}]},
        (
            "compilation error: compilation failed: ERROR: <input>:1:17: undeclared reference to 'nope' "
            "(in container '')\n | object.spec.nope(1)\n | ................^"
        ),
    ),
    "unsupported": (
        {"validations": [{"expression": "authorizer.path('/x').check('get').allowed()"}]},
        (
            "compilation error: compilation failed: ERROR: <input>:1:1: authorizer is not supported by the "
            "built-in policy engine\n | authorizer.path('/x').check('get').allowed()\n | ^"
        ),
    ),
    "not a bool": (
        {"validations": [{"expression": "object.spec.draft"}]},
        "compilation error: must evaluate to bool but got dyn (expression 'object.spec.draft')",
    ),
    "variable without an answer": (
        {
            "variables": [{"name": "v", "expression": "object.spec.nope"}],
            "validations": [{"expression": "variables.v == 1"}],
        },
        (
            "expression 'variables.v == 1' resulted in error: "
            'composited variable "v" fails to evaluate: no such key: nope'
        ),
    ),
    "condition without an answer": (
        {"matchConditions": [{"name": "c", "expression": "object.nope == 1"}]},
        "expression 'object.nope == 1' resulted in error: no such key: nope",
    ),
    "conditions without an answer": (
        {
            "matchConditions": [
                {"name": "c", "expression": "object.nope == 1"},
                {"name": "d", "expression": "object.none == 1"},
                {"name": "e", "expression": "true"},
            ]
        },
        (
            "[expression 'object.nope == 1' resulted in error: no such key: nope, "
            "expression 'object.none == 1' resulted in error: no such key: none]"
        ),
    ),
    "annotation without an answer": (
        {
            "validations": [{"expression": "true"}],
            "auditAnnotations": [{"key": "k", "valueExpression": "string(object.nope)"}],
        },
        "expression 'string(object.nope)' resulted in error: no such key: nope",
    ),
    "unreadable selector": (
        {
            "matchConstraints": {
                "resourceRules": [factories.PULL_REQUEST_RULE],
                "objectSelector": {"matchExpressions": [{"key": "a", "operator": "Like"}]},
            }
        },
        None,
    ),
}


@pytest.mark.parametrize(("spec", "text"), ERRORS.values(), ids=ERRORS)
async def test_errors_follow_the_failure_policy(spec, text):
    """What cannot be evaluated denies under Fail, naming policy and expression, and is nothing under Ignore."""
    expected = PREFIX + text if text else (
        'pullrequests.forge.krate.a5c.ai "web-1" is forbidden: ValidatingAdmissionPolicy \'has-body\' denied request: '
        'failed to configure policy: "Like" is not a valid label selector operator'
    )  # fmt: skip
    assert await room(**spec).message(request(GOOD)) == expected
    assert await room(**spec, failurePolicy="Ignore").judge(request(GOOD)) == (None, Review())


async def test_a_false_condition_skips_the_policy():
    """One condition that does not hold is enough, even beside one without an answer."""
    conditions = [{"name": "a", "expression": "object.nope == 1"}, {"name": "b", "expression": "1 == 2"}]
    assert await room(matchConditions=conditions).judge(request(BLANK)) == (None, Review())


async def test_conditions_see_variables_but_no_namespace():
    """As upstream: variables are there, `namespaceObject` is null until the validations."""
    found = room(
        variables=[{"name": "n", "expression": "namespaceObject == null"}],
        matchConditions=[{"name": "c", "expression": "variables.n"}],
        validations=[{"expression": "namespaceObject.metadata.labels.tier == 'gold' && !variables.n", "message": "m"}],
    )
    assert await found.message(request(GOOD)) == ""


@pytest.mark.parametrize("actions", [("Warn",), ("Audit",), ("Warn", "Audit"), ("Deny", "Audit"), ()], ids=str)
async def test_validation_actions(actions):
    """Warn tells the author, Audit records what failed as upstream's JSON, Deny refuses."""
    status, review = await room(actions=actions).judge(request(BLANK))
    failure = {
        "message": "say what changes",
        "policy": "has-body",
        "binding": "everywhere",
        "expressionIndex": 0,
        "validationActions": list(actions),
    }
    warning = "Validation failed for ValidatingAdmissionPolicy 'has-body' with binding 'everywhere': say what changes"
    key = "validation.policy.admission.k8s.io/validation_failure"
    assert (status is not None) is ("Deny" in actions)
    assert review.warnings == ([warning] if "Warn" in actions else [])
    assert [json.loads(text) for text in review.annotations.values()] == ([[failure]] if "Audit" in actions else [])
    assert set(review.annotations) <= {key}


async def test_audit_annotations():
    """Values are recorded under the policy's name; null and blank record nothing."""
    annotations = [
        {"key": "title", "valueExpression": "' ' + string(object.spec.title)"},
        {"key": "none", "valueExpression": "null"},
        {"key": "blank", "valueExpression": "'  '"},
        {"key": "long", "valueExpression": "object.spec.body.replace('x', 'yy')"},
    ]
    _, review = await room(auditAnnotations=annotations).judge(
        request(factories.make_pull_request(spec={"body": "x" * 9000}))
    )
    assert review.annotations == {"has-body/title": "Rotate signing keys", "has-body/long": "y" * 10240}


async def test_the_first_denial_by_name_is_told():
    """Of several denials the client sees the first policy's, by name; all validations of one are looked at."""
    found = Room(
        factories.make_admission_policy("b", spec={"validations": [{"expression": "false", "message": "from b"}]}),
        factories.make_admission_policy(
            "a",
            spec={
                "validations": [
                    {"expression": "true"},
                    {"expression": "false", "message": "one"},
                    {"expression": "false", "message": "two"},
                ]
            },
        ),
        factories.make_admission_binding("b", policy="b"),
        factories.make_admission_binding("y", policy="a", spec={"validationActions": ["Warn"]}),
        factories.make_admission_binding("z", policy="a"),
    )
    status, review = await found.judge(request(GOOD))
    assert status
    assert status["message"].endswith("ValidatingAdmissionPolicy 'a' with binding 'z' denied request: one")
    assert [warning.rpartition(": ")[2] for warning in review.warnings] == ["one", "two"]


async def test_deletion_has_no_object():
    """On DELETE `object` is null and `oldObject` is what goes."""
    found = room(
        matchConstraints={"resourceRules": [{**factories.PULL_REQUEST_RULE, "operations": ["DELETE"]}]},
        validations=[
            {"expression": "object == null && request.operation == 'DELETE'"},
            {"expression": "oldObject.metadata.name != 'web-1'", "message": "keep it"},
        ],
    )
    assert await found.message(request(None, old=GOOD, operation=Operation.DELETE)) == f"{PREFIX}keep it"


@pytest.mark.parametrize(
    "kind",
    [
        kinds.VALIDATING_ADMISSION_POLICY,
        kinds.VALIDATING_ADMISSION_POLICY_BINDING,
        kinds.SELF_SUBJECT_ACCESS_REVIEW,
        kinds.SELF_SUBJECT_REVIEW,
    ],
    ids=lambda kind: kind.name,
)
async def test_policies_do_not_judge_policies(kind):
    """A policy that refuses everything cannot keep itself from being repaired; Kyverno's kinds it may judge."""
    everything = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]}
    found = room(matchConstraints={"resourceRules": [everything]}, validations=[{"expression": "false"}])
    assert found.vap.interested(request(factories.make(kind, "x"), kind=kind)) is False
    assert await found.message(request(factories.make(kind, "x"), kind=kind)) == ""
    other = factories.make_validating_policy()
    assert "denied request" in await found.message(request(other, kind=kinds.VALIDATING_POLICY))


async def test_names_in_denials():
    """An object without a name yet is called by what its name begins with, or Unknown."""
    unnamed = factories.make_pull_request(spec={"body": ""})
    del unnamed["metadata"]["name"]
    assert '"Unknown" is forbidden' in await room().message(request(unnamed, name=""))
    unnamed["metadata"]["generateName"] = "web-"
    assert '"web-" is forbidden' in await room().message(request(unnamed, name=""))
