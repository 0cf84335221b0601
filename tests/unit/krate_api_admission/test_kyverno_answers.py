"""Kyverno policies, as a client sees them answer through Kyverno's webhooks."""

import pytest

import factories
from admission_rooms import Room, request
from krate_api.admission.interface import Review

BLANK = factories.make_pull_request(spec={"body": " \n"})
GOOD = factories.make_pull_request()
PREFIX = 'admission webhook "vpol.validate.kyverno.svc-fail" denied the request: '


def policy(name: str = "pr-description", **spec: object) -> dict:
    return factories.make_validating_policy(name, spec=spec)


async def test_the_status_of_a_denial():
    """A refused request gets what a webhook denial without code or reason becomes: HTTP 400 and no reason."""
    example = {
        "variables": [{"name": "d", "expression": "object.spec.?body.orValue('')"}],
        "validations": [
            {
                "expression": "variables.d.trim() != ''",
                "messageExpression": "'pull request ' + object.metadata.name + ' must have a description'",
            }
        ],
    }
    status, review = await Room(policy(**example)).judge(request(BLANK))
    assert status == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f"{PREFIX}Policy pr-description failed: pull request web-1 must have a description",
        "code": 400,
    }
    assert review == Review()


async def test_what_agrees_passes():
    """A request that every policy accepts is accepted, without a word."""
    assert await Room(policy()).judge(request(GOOD)) == (None, Review())


@pytest.mark.parametrize(
    ("actions", "denied", "warnings", "annotations"),
    [
        (["Deny"], True, [], {}),
        ([], True, [], {}),
        (["Warn"], False, ["Policy pr-description failed: say what changes"], {}),
        (["Audit"], False, [], {"vpol.validate.kyverno.svc-fail/pr-description": "failed: say what changes"}),
        (
            ["Warn", "Audit"],
            False,
            ["Policy pr-description failed: say what changes"],
            {"vpol.validate.kyverno.svc-fail/pr-description": "failed: say what changes"},
        ),
    ],
    ids=["deny", "default", "warn", "audit", "warn-and-audit"],
)
async def test_validation_actions(actions, denied, warnings, annotations):
    """Deny refuses, Warn tells the author, Audit records; without any it is Deny."""
    status, review = await Room(policy(validationActions=actions)).judge(request(BLANK))
    assert (denied, Review(warnings, annotations)) == (status is not None, review)


async def test_several_failing_policies_are_told_together():
    """Policies of one webhook speak in name order, joined by a semicolon."""
    room = Room(policy("zeta"), policy("alpha"), policy("mid", validations=[{"expression": "true"}]))
    assert await room.message(request(BLANK)) == (
        f"{PREFIX}Policy alpha failed: say what changes; Policy zeta failed: say what changes"
    )


VALIDATIONS = [
    ("first that fails", [{"expression": "true"}, {"expression": "1 == 2", "message": "m1"}, {"expression": "false",
     "message": "m2"}], "Policy pr-description failed: m1"),
    ("default message", [{"expression": "true"}, {"expression": "false"}],
     "Policy pr-description failed: CEL expression validation failed at index 1"),
    ("message expression wins", [{"expression": "false", "message": "m", "messageExpression": "'from ' + 'cel'"}],
     "Policy pr-description failed: from cel"),
    ("broken message expression", [{"expression": "false", "messageExpression": "'x' + object.spec.nope"}],
     "Policy pr-description failed: failed to evaluate message expression: no such key: nope"),
    ("no answer", [{"expression": "object.spec.nope == 1"}],
     "Policy pr-description error: error: no such key: nope"),
    ("no answer, ignored by nobody", [{"expression": "object.spec.title.size() / 0 == 1"}],
     "Policy pr-description error: error: division by zero"),
]  # fmt: skip


@pytest.mark.parametrize(("validations", "text"), [row[1:] for row in VALIDATIONS], ids=[row[0] for row in VALIDATIONS])
async def test_validations(validations, text):
    """The first validation that does not hold, or has no answer, decides what is said."""
    assert await Room(policy(validations=validations)).message(request(GOOD)) == PREFIX + text


async def test_an_error_denies_whatever_failure_policy_says():
    """Kyverno answers "not allowed" when an expression has no answer; failurePolicy is about calls that fail."""
    room = Room(policy(failurePolicy="Ignore", validations=[{"expression": "object.spec.nope == 1"}]))
    assert await room.message(request(GOOD)) == (
        'admission webhook "vpol.validate.kyverno.svc-ignore" denied the request: '
        "Policy pr-description error: error: no such key: nope"
    )


BROKEN = [
    (
        [{"expression": "quantity(object.spec.size).isGreaterThan(quantity('1Gi'))"}],
        (
            "Policy pr-description error: error: spec.validations[0].expression: compilation failed: "
            "ERROR: <input>:1:9: quantity() is not supported by the built-in policy engine\n"
            " | quantity(object.spec.size).isGreaterThan(quantity('1Gi'))\n | ........^"
        ),
    ),
    (
        [{"expression": "true"}, {"expression": "object.spec.draft"}],
        (
            "Policy pr-description error: error: spec.validations[1].expression: "
            "must evaluate to bool but got dyn (expression 'object.spec.draft')"
        ),
    ),
    (
        [{"expression": "true", "messageExpression": "nope"}],
        (
            "Policy pr-description error: error: spec.validations[0].messageExpression: compilation failed: "
            "ERROR: <input>:1:1: undeclared reference to 'nope' (in container '')\n | nope\n | ^"
        ),
    ),
]


@pytest.mark.parametrize(("validations", "text"), BROKEN, ids=["unsupported", "type", "message"])
async def test_a_policy_that_does_not_compile_follows_its_failure_policy(validations, text):
    """Fail refuses what the policy looks at, naming policy and expression; Ignore lets it through."""
    assert await Room(policy(validations=validations)).message(request(GOOD)) == PREFIX + text
    assert await Room(policy(validations=validations, failurePolicy="Ignore")).judge(request(GOOD)) == (None, Review())


async def test_a_policy_that_does_not_compile_does_what_its_actions_say():
    """A broken policy that only audits refuses nothing."""
    status, review = await Room(policy(validationActions=["Audit"], validations=[{"expression": "nope"}])).judge(
        request(GOOD)
    )
    assert status is None
    assert list(review.annotations) == ["vpol.validate.kyverno.svc-fail/pr-description"]
