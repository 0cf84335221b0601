"""Policies are grouped into the webhooks that Kyverno 1.19 registers, under its names."""

import factories
from admission_rooms import Room, request
from krate_api.admission.interface import Review

BLANK = factories.make_pull_request(spec={"body": ""})
GOLD = {"namespaceSelector": {"matchLabels": {"b": "2", "a": "1"}}}
LABELLED = {"matchExpressions": [{"operator": "Exists", "key": "x"}]}
RULES = {"resourceRules": [factories.PULL_REQUEST_RULE]}


def policy(name: str, **spec: object) -> dict:
    return factories.make_validating_policy(name, spec=spec)


def groups(room: Room) -> list[tuple[str, list[str]]]:
    return [(webhook.name, [policy.name for policy in webhook.policies]) for webhook in room.kyverno.webhooks()]


def test_plain_policies_share_a_webhook():
    """One for those that fail closed, one for those that do not."""
    room = Room(policy("b"), policy("a"), policy("c", failurePolicy="Ignore"))
    assert groups(room) == [
        ("vpol.validate.kyverno.svc-fail", ["a", "b"]),
        ("vpol.validate.kyverno.svc-ignore", ["c"]),
    ]


def test_some_policies_have_a_webhook_of_their_own():
    """Match conditions, an exact match policy and a timeout each ask for one."""
    room = Room(
        policy("conditions", matchConditions=[{"name": "c", "expression": "true"}]),
        policy("exact", matchConstraints={**RULES, "matchPolicy": "Exact"}),
        policy("timeout", webhookConfiguration={"timeoutSeconds": 5}),
        policy("ignore", webhookConfiguration={"timeoutSeconds": 5}, failurePolicy="Ignore"),
        policy("plain", webhookConfiguration={}),
        factories.make_namespaced_validating_policy("own", spec={"webhookConfiguration": {"timeoutSeconds": 5}}),
    )
    assert groups(room) == [
        ("vpol.validate.kyverno.svc-fail-finegrained-conditions", ["conditions"]),
        ("vpol.validate.kyverno.svc-fail-finegrained-exact", ["exact"]),
        ("vpol.validate.kyverno.svc-fail-finegrained-timeout", ["timeout"]),
        ("vpol.validate.kyverno.svc-ignore-finegrained-ignore", ["ignore"]),
        ("vpol.validate.kyverno.svc-fail", ["plain"]),
        ("nvpol.validate.kyverno.svc-fail-finegrained-acme-own", ["own"]),
    ]


def test_selectors_make_groups():
    """Policies with other selectors stand apart, named by Kyverno's digest of them (checked against its Go code)."""
    room = Room(
        policy("everywhere"),
        policy("gold", matchConstraints={**RULES, **GOLD}),
        policy("gold-too", matchConstraints={**RULES, **GOLD}),
        policy("labelled", matchConstraints={**RULES, "objectSelector": LABELLED}),
    )
    assert groups(room) == [
        ("vpol.validate.kyverno.svc-fail-618e6c03", ["labelled"]),
        ("vpol.validate.kyverno.svc-fail-95cb9b4f", ["everywhere"]),
        ("vpol.validate.kyverno.svc-fail-df5b942d", ["gold", "gold-too"]),
    ]


def test_namespaced_policies_are_grouped_by_their_namespace():
    """A namespace is a selector; with one namespace there is no suffix."""
    one = Room(factories.make_namespaced_validating_policy("a"), factories.make_namespaced_validating_policy("b"))
    assert groups(one) == [("nvpol.validate.kyverno.svc-fail", ["a", "b"])]
    one.put(factories.make_namespaced_validating_policy("a", namespace="other"))
    assert [members for _, members in groups(one)] in ([["a"], ["a", "b"]], [["a", "b"], ["a"]])
    assert all(name.startswith("nvpol.validate.kyverno.svc-fail-") for name, _ in groups(one))


def test_policies_that_judge_no_requests_have_no_webhook():
    """Background-only policies are registered nowhere."""
    assert groups(Room(policy("p", evaluation={"admission": {"enabled": False}}))) == []


def test_groups_follow_the_policies():
    """A policy added or removed is in the next answer."""
    room = Room(policy("a"))
    assert groups(room) == [("vpol.validate.kyverno.svc-fail", ["a"])]
    room.put(policy("b"))
    assert groups(room) == [("vpol.validate.kyverno.svc-fail", ["a", "b"])]
    room.put(policy("a"), "DELETED")
    assert groups(room) == [("vpol.validate.kyverno.svc-fail", ["b"])]


async def test_one_webhook_is_told_and_all_warn():
    """Webhooks are asked together: the client sees the first denial, and the warnings of all."""
    room = Room(
        policy("a-warns", validationActions=["Warn"]),
        policy("b-denies", matchConditions=[{"name": "c", "expression": "true"}]),
        policy("c-denies"),
        factories.make_namespaced_validating_policy("d-warns", spec={"validationActions": ["Warn"]}),
    )
    status, review = await room.judge(request(BLANK))
    assert status
    assert status["message"] == (
        'admission webhook "vpol.validate.kyverno.svc-fail-finegrained-b-denies" denied the request: '
        "Policy b-denies failed: say what changes"
    )
    assert review == Review(["Policy a-warns failed: say what changes", "Policy d-warns failed: say what changes"], {})
