"""Which requests Kyverno policies judge, and what they see of them."""

import pytest

import factories
from admission_rooms import Room, request
from krate import kinds
from krate_api.admission.interface import Operation, Review

BLANK = factories.make_pull_request(spec={"body": " \n"})
GOOD = factories.make_pull_request()
PREFIX = 'admission webhook "vpol.validate.kyverno.svc-fail" denied the request: '


def policy(name: str = "pr-description", **spec: object) -> dict:
    return factories.make_validating_policy(name, spec=spec)


FINE_GRAINED = 'admission webhook "vpol.validate.kyverno.svc-fail-finegrained-pr-description" denied the request: '
FAILED = FINE_GRAINED + "Policy pr-description failed: say what changes"
FORBIDDEN = 'pullrequests.forge.krate.a5c.ai "web-1" is forbidden: '
CONDITIONS = {
    "hold": (["request.userInfo.username == 'alice'"], "Fail", FAILED),
    "do not hold": (["!('dev' in request.userInfo.groups)"], "Fail", ""),
    "one does not": (["true", "false"], "Fail", ""),
    "no answer": (
        ["object.spec.nope == 1"],
        "Fail",
        FORBIDDEN + "expression 'object.spec.nope == 1' resulted in error: no such key: nope",
    ),
    "two without an answer": (
        ["object.a == 1", "object.b == 1"],
        "Fail",
        (
            FORBIDDEN + "[expression 'object.a == 1' resulted in error: no such key: a, "
            "expression 'object.b == 1' resulted in error: no such key: b]"
        ),
    ),
    "a false one beside one without an answer": (["object.a == 1", "false"], "Fail", ""),
    "no answer, ignored": (["object.spec.nope == 1"], "Ignore", ""),
    "Kyverno's own, no answer": (
        ["namespaceObject.metadata.labels.nope == 'x'"],
        "Fail",
        FINE_GRAINED + "Policy pr-description error: failed to load context: no such key: nope",
    ),
    "namespace": (["namespaceObject.metadata.labels.tier == 'gold'"], "Fail", FAILED),
}


@pytest.mark.parametrize(("conditions", "failure", "text"), CONDITIONS.values(), ids=CONDITIONS)
async def test_match_conditions(conditions, failure, text):
    """All must hold; any false one skips the policy; one without an answer is the API server's 403."""
    entries = [{"name": f"c{index}", "expression": expression} for index, expression in enumerate(conditions)]
    room = Room(policy(matchConditions=entries, failurePolicy=failure))
    assert await room.message(request(BLANK)) == text


async def test_a_condition_without_an_answer_is_forbidden():
    """The API server cannot tell whether to call the webhook: 403."""
    room = Room(policy(matchConditions=[{"name": "c", "expression": "object.nope == 1"}]))
    status, _ = await room.judge(request(BLANK))
    assert status
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert status["details"] | {"causes": []} == {
        "name": "web-1",
        "group": "forge.krate.a5c.ai",
        "kind": "pullrequests",
        "causes": [],
    }


@pytest.mark.parametrize(
    ("constraints", "meant"),
    [
        ({"namespaceSelector": {"matchLabels": {"tier": "gold"}}}, True),
        ({"namespaceSelector": {"matchLabels": {"tier": "tin"}}}, False),
        ({"objectSelector": {"matchLabels": {"size": "L"}}}, False),
        ({"excludeResourceRules": [factories.PULL_REQUEST_RULE]}, False),
        ({"resourceRules": [{**factories.PULL_REQUEST_RULE, "operations": ["DELETE"]}]}, False),
        ({"resourceRules": []}, False),
    ],
    ids=["namespace", "other-namespace", "object", "excluded", "operation", "no-rules"],
)
async def test_match_constraints(constraints, meant):
    """A policy looks at what rules and selectors mean, and at nothing when it has no rule."""
    room = Room(policy(matchConstraints={"resourceRules": [factories.PULL_REQUEST_RULE], **constraints}))
    assert (await room.message(request(BLANK)) != "") is meant


@pytest.mark.parametrize(
    "evaluation", [{"admission": {"enabled": False}}, {"mode": "JSON"}], ids=["admission-off", "json"]
)
async def test_policies_that_do_not_judge_requests(evaluation):
    """Background-only policies and those for arbitrary JSON are no part of admission."""
    room = Room(policy(evaluation=evaluation))
    assert room.kyverno.interested(request(BLANK)) is False
    assert await room.judge(request(BLANK)) == (None, Review())


async def test_namespaced_policies_end_at_their_namespace():
    """A NamespacedValidatingPolicy judges its own namespace, through its own webhook."""
    room = Room(factories.make_namespaced_validating_policy("local"))
    elsewhere = factories.make_pull_request(namespace="other", spec={"body": ""})
    assert await room.judge(request(elsewhere)) == (None, Review())
    assert await room.message(request(BLANK)) == (
        'admission webhook "nvpol.validate.kyverno.svc-fail" denied the request: Policy local failed: say what changes'
    )


async def test_two_policies_of_one_name_in_two_namespaces():
    """They do not shadow each other."""
    room = Room(
        factories.make_namespaced_validating_policy("local"),
        factories.make_namespaced_validating_policy(
            "local", namespace="other", spec={"validations": [{"expression": "true"}]}
        ),
    )
    assert "Policy local failed" in await room.message(request(BLANK))
    assert await room.message(request(factories.make_pull_request(namespace="other", spec={"body": ""}))) == ""


async def test_deletion_has_an_empty_object():
    """In Kyverno an object that is not there is the empty map: on DELETE the old one speaks."""
    rule = {**factories.PULL_REQUEST_RULE, "operations": ["DELETE"]}
    room = Room(
        policy(
            matchConstraints={"resourceRules": [rule]},
            validations=[
                {"expression": "object.?spec.?body.orValue('gone') == 'gone'"},
                {"expression": "oldObject.metadata.name != 'web-1'", "messageExpression": "'keep ' + request.name"},
            ],
        )
    )
    assert await room.message(request(None, old=GOOD, operation=Operation.DELETE)) == (
        f"{PREFIX}Policy pr-description failed: keep web-1"
    )


async def test_the_request_holds_the_objects():
    """`request.object` and `request.oldObject` are there for policies that look at them."""
    checks = [
        {"expression": "request.object.spec.title == object.spec.title && request.oldObject.spec.title == 'before'"},
        {"expression": "request.operation == 'UPDATE' && request.kind.kind == 'PullRequest'"},
    ]
    old = factories.make_pull_request(spec={"title": "before"})
    room = Room(policy(validations=checks))
    assert await room.message(request(GOOD, old=old, operation=Operation.UPDATE)) == ""
    with_other_title = factories.make_pull_request(spec={"title": "earlier"})
    assert "index 0" in await room.message(request(GOOD, old=with_other_title, operation=Operation.UPDATE))


async def test_subresources():
    """A rule for a subresource judges the body that was posted to it."""
    rule = {**factories.PULL_REQUEST_RULE, "operations": ["CREATE"], "resources": ["pullrequests/merge"]}
    room = Room(
        policy(
            matchConstraints={"resourceRules": [rule]},
            validations=[
                {
                    "expression": "object.spec.method == 'Squash' || request.subResource != 'merge'",
                    "messageExpression": "'use Squash, not ' + object.spec.method + ' (' + request.kind.kind + ')'",
                }
            ],
        )
    )
    body = {"kind": "PullRequestMerge", "metadata": {"name": "web-1"}, "spec": {"method": "Merge"}, "pullRequest": GOOD}
    asked = request(body, subresource="merge", namespace="acme")
    assert (
        await room.message(asked) == f"{PREFIX}Policy pr-description failed: use Squash, not Merge (PullRequestMerge)"
    )
    assert await room.message(request(BLANK)) == ""


async def test_audit_annotations_can_fail():
    """An annotation without an answer is an error of the policy, as in Kyverno."""
    broken = {"auditAnnotations": [{"key": "k", "valueExpression": "string(object.spec.nope)"}]}
    assert await Room(policy(**broken)).message(request(BLANK)) == (
        f"{PREFIX}Policy pr-description error: error: failed to evaluate auditAnnotation 'k': no such key: nope"
    )
    assert await Room(policy(**broken)).message(request(GOOD)) == (
        f"{PREFIX}Policy pr-description error: failed to load context: "
        "failed to evaluate auditAnnotation 'k': no such key: nope"
    )
    fine = {"auditAnnotations": [{"key": "k", "valueExpression": "object.spec.?nope.hasValue() ? 'y' : 'n'"}]}
    assert await Room(policy(**fine)).judge(request(GOOD)) == (None, Review())


@pytest.mark.parametrize(
    "kind",
    [
        kinds.VALIDATING_POLICY,
        kinds.NAMESPACED_VALIDATING_POLICY,
        kinds.VALIDATING_ADMISSION_POLICY,
        kinds.VALIDATING_ADMISSION_POLICY_BINDING,
        kinds.SELF_SUBJECT_ACCESS_REVIEW,
    ],
    ids=lambda kind: kind.name,
)
async def test_a_policy_cannot_lock_the_door_behind_itself(kind):
    """Policies stay repairable: one that refuses everything refuses no policy and no access review."""
    everything = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]}
    room = Room(policy(matchConstraints={"resourceRules": [everything]}, validations=[{"expression": "false"}]))
    item = factories.make(kind, "x")
    assert await room.message(request(item, kind=kind)) == ""
    assert await room.message(request(None, kind=kind, old=item, operation=Operation.DELETE)) == ""
    assert "denied the request" in await room.message(request(factories.make_config_map(), kind=kinds.CONFIG_MAP))


async def test_unreadable_selectors_follow_the_failure_policy():
    """A selector with an operator that does not exist fails the policy, not the server."""
    constraints = {
        "resourceRules": [factories.PULL_REQUEST_RULE],
        "objectSelector": {"matchExpressions": [{"key": "a", "operator": "Like"}]},
    }
    assert await Room(policy(matchConstraints=constraints)).message(request(GOOD)) == (
        f'{PREFIX}Policy pr-description error: error: "Like" is not a valid label selector operator'
    )
    assert await Room(policy(matchConstraints=constraints, failurePolicy="Ignore")).message(request(GOOD)) == ""


async def test_values_without_a_form_deny():
    """What cannot be handed to the engine whole is not judged by halves."""
    huge = factories.make_pull_request(spec={"size": 2**70})
    assert await Room(policy()).message(request(huge)) == (
        f"{PREFIX}Policy pr-description error: failed to load context: object holds an integer beyond 64 bits"
    )


async def test_a_nul_hides_nothing():
    """A body that goes on behind a NUL is judged whole."""
    room = Room(policy(validations=[{"expression": "!object.spec.body.contains('secret')", "message": "no secrets"}]))
    assert await room.message(request(factories.make_pull_request(spec={"body": "fine\0secret"}))) == (
        f"{PREFIX}Policy pr-description failed: no secrets"
    )


async def test_namespaces_are_looked_up_once_and_only_when_asked_for():
    """A policy that does not name the namespace costs no look-up."""
    plain = Room(policy())
    await plain.judge(request(GOOD))
    assert plain.looked_up == []
    asking = Room(
        policy("a", validations=[{"expression": "namespaceObject.metadata.name == 'acme'"}]),
        policy("b", matchConstraints={"namespaceSelector": {"matchLabels": {"tier": "gold"}}}),
    )
    await asking.judge(request(GOOD))
    assert asking.looked_up == ["acme"]
