"""Bindings put policies in force, limit them, and bring their parameters."""

import pytest

import factories
from admission_rooms import Room, request
from krate import kinds
from krate_api.admission.interface import Operation

BLANK = factories.make_pull_request(spec={"body": ""})
GOOD = factories.make_pull_request()
CONFIG_MAPS = {"apiVersion": "v1", "kind": "ConfigMap"}
LIMIT = {
    "expression": "object.spec.body.size() <= int(params.data.limit)",
    "messageExpression": "'at most ' + string(params.data.limit)",
}


def limits(name: str, limit: int, *, namespace: str = "acme", **labels: str) -> dict:
    return factories.make_config_map(
        name, namespace=namespace, metadata={"labels": labels}, data={"limit": str(limit), "colour": None}
    )


def with_params(ref: dict | None, *params: dict, validations: tuple[dict, ...] = (LIMIT,), **spec: object) -> Room:
    binding = {"paramRef": ref} if ref is not None else {}
    return Room(
        factories.make_admission_policy(spec={"paramKind": CONFIG_MAPS, "validations": list(validations), **spec}),
        factories.make_admission_binding(spec=binding),
        params=params,
    )


async def test_without_a_binding_a_policy_is_not_in_force():
    """A policy alone judges nothing, and nothing has to be predicted for it."""
    room = Room(factories.make_admission_policy())
    assert room.vap.interested(request(BLANK)) is False
    assert await room.message(request(BLANK)) == ""
    room.put(factories.make_admission_binding(policy="another"))
    assert room.vap.interested(request(BLANK)) is False
    room.put(factories.make_admission_binding())
    assert room.vap.interested(request(BLANK)) is True
    assert "say what changes" in await room.message(request(BLANK))


@pytest.mark.parametrize(
    ("resources", "bound"),
    [
        ({}, True),
        ({"namespaceSelector": {"matchLabels": {"tier": "gold"}}}, True),
        ({"namespaceSelector": {"matchLabels": {"tier": "tin"}}}, False),
        ({"objectSelector": {"matchLabels": {"size": "L"}}}, False),
        ({"resourceRules": [{**factories.PULL_REQUEST_RULE, "operations": ["UPDATE"]}]}, False),
        ({"resourceRules": [{**factories.PULL_REQUEST_RULE, "resourceNames": ["web-1"]}]}, True),
        ({"excludeResourceRules": [factories.PULL_REQUEST_RULE]}, False),
    ],
    ids=["none", "namespace", "other-namespace", "object", "operation", "name", "excluded"],
)
async def test_a_binding_limits_its_policy(resources, bound):
    """Rules and selectors of a binding are asked after those of the policy; none means all of the policy's."""
    room = Room(factories.make_admission_policy(), factories.make_admission_binding(spec={"matchResources": resources}))
    assert (await room.message(request(BLANK)) != "") is bound


async def test_an_unreadable_selector_of_a_binding():
    """It fails the binding, which follows the policy's failurePolicy."""
    broken = {"matchResources": {"objectSelector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}}}
    room = Room(factories.make_admission_policy(), factories.make_admission_binding(spec=broken))
    assert (await room.message(request(GOOD))).endswith(
        "with binding 'everywhere' denied request: failed to configure binding: "
        '"Like" is not a valid label selector operator'
    )
    room.put(factories.make_admission_policy(spec={"failurePolicy": "Ignore"}), "MODIFIED")
    assert await room.message(request(GOOD)) == ""


async def test_a_parameter_by_name():
    """The object in the request's namespace is `params`, with its kind and version."""
    shape = {"expression": "params.kind == 'ConfigMap' && params.apiVersion == 'v1' && params.metadata.name == 'l'"}
    room = with_params({"name": "l"}, limits("l", 5), validations=(shape, LIMIT))
    assert (await room.message(request(GOOD))).endswith("denied request: at most 5")
    assert room.params.asked == ["ConfigMap/acme/l"]


async def test_a_parameter_in_another_namespace():
    """A reference may name a namespace."""
    room = with_params({"name": "l", "namespace": "shared"}, limits("l", 1, namespace="shared"))
    assert (await room.message(request(GOOD))).endswith("denied request: at most 1")


async def test_parameters_by_label():
    """Every object that the selector finds is a parameter; any failing one denies."""
    room = with_params(
        {"selector": {"matchLabels": {"use": "yes"}}},
        limits("a", 1000, use="yes"),
        limits("b", 7, use="yes"),
        limits("c", 1, use="no"),
    )
    assert (await room.message(request(GOOD))).endswith("denied request: at most 7")
    everything = with_params({"selector": {}}, limits("c", 1, use="no"))
    assert (await everything.message(request(GOOD))).endswith("denied request: at most 1")


@pytest.mark.parametrize(("action", "denied"), [("Allow", False), ("Deny", True)])
@pytest.mark.parametrize("ref", [{"name": "gone"}, {"selector": {"matchLabels": {"a": "b"}}}], ids=["name", "selector"])
async def test_missing_parameters(action, denied, ref):
    """Without a parameter the binding does not apply, or denies, as it says."""
    room = with_params({**ref, "parameterNotFoundAction": action})
    expected = (
        "ValidatingAdmissionPolicy 'has-body' with binding 'everywhere' denied request: failed to configure binding: "
        "no params found for policy binding with `Deny` parameterNotFoundAction"
    )
    message = await room.message(request(GOOD))
    assert message.partition("forbidden: ")[2] == (expected if denied else "")


MISTAKES = {
    "unknown kind": (
        {"paramKind": {"apiVersion": "v1", "kind": "Nope"}},
        {"name": "l"},
        "paramKind kind `v1, Kind=Nope` not known",
    ),
    "both": ({}, {"name": "l", "selector": {}}, "paramRef.name and paramRef.selector are mutually exclusive"),
    "neither": ({}, {"parameterNotFoundAction": "Allow"}, "one of name or selector must be provided"),
    "namespace of a cluster-scoped kind": (
        {"paramKind": {"apiVersion": "v1", "kind": "Namespace"}},
        {"name": "acme", "namespace": "x"},
        "paramRef.namespace must not be provided for a cluster-scoped `paramKind`",
    ),
    "bad selector": (
        {},
        {"selector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}},
        '"Like" is not a valid label selector operator',
    ),
}


@pytest.mark.parametrize(("spec", "ref", "text"), MISTAKES.values(), ids=MISTAKES)
async def test_mistakes_in_references(spec, ref, text):
    """A reference that does not fit its kind fails the binding; Ignore lets requests through."""
    assert (await with_params(ref, **spec).message(request(GOOD))).endswith(f"failed to configure binding: {text}")
    assert await with_params(ref, **spec, failurePolicy="Ignore").message(request(GOOD)) == ""


async def test_namespaced_parameters_of_cluster_scoped_requests():
    """A request outside any namespace cannot have a parameter of its own namespace."""
    rule = {"apiGroups": ["krate.a5c.ai"], "apiVersions": ["*"], "operations": ["*"], "resources": ["organizations"]}
    room = with_params({"name": "l"}, matchConstraints={"resourceRules": [rule]})
    message = await room.message(request(factories.make_organization(), kind=kinds.ORGANIZATION))
    assert message.endswith("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources")


async def test_no_parameters_where_none_are_given():
    """A binding without paramRef evaluates with null; a policy without paramKind does not know the word."""
    without_ref = with_params(None, validations=({"expression": "params == null", "message": "m"},))
    assert await without_ref.message(request(GOOD)) == ""
    without_kind = Room(
        factories.make_admission_policy(spec={"validations": [{"expression": "params == null"}]}),
        factories.make_admission_binding(spec={"paramRef": {"name": "l"}}),
    )
    assert "undeclared reference to 'params'" in await without_kind.message(request(GOOD))
    assert without_kind.params.asked == []


async def test_annotations_of_several_bindings_are_joined():
    """Distinct values stand side by side, the same value once."""
    annotation = {"key": "limit", "valueExpression": "string(params.data.limit)"}
    room = with_params(
        {"selector": {}},
        limits("a", 1000),
        limits("b", 2000),
        limits("c", 1000),
        auditAnnotations=[annotation],
    )
    _, review = await room.judge(request(GOOD))
    assert review.annotations == {"has-body/limit": "1000, 2000"}


async def test_a_namespace_that_is_gone():
    """A selector for a namespace that does not exist fails the policy; one that names it answers 404."""
    selecting = {
        "resourceRules": [factories.PULL_REQUEST_RULE],
        "namespaceSelector": {"matchLabels": {"tier": "gold"}},
    }
    room = Room(
        factories.make_admission_policy(spec={"matchConstraints": selecting}), factories.make_admission_binding()
    )
    lost = request(factories.make_pull_request(namespace="lost"))
    assert (await room.message(lost)).endswith(
        "ValidatingAdmissionPolicy 'has-body' denied request: failed to configure policy: namespaces \"lost\" not found"
    )
    naming = Room(
        factories.make_admission_policy(spec={"validations": [{"expression": "namespaceObject != null"}]}),
        factories.make_admission_binding(),
    )
    status, _ = await naming.judge(lost)
    assert status
    assert (status["code"], status["message"]) == (404, 'namespaces "lost" not found')


async def test_requests_about_namespaces():
    """A Namespace goes by its own labels, has itself for `request.namespace`, and no `namespaceObject`."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["namespaces"]}
    room = Room(
        factories.make_admission_policy(
            spec={
                "matchConstraints": {
                    "resourceRules": [rule],
                    "namespaceSelector": {"matchLabels": {"tier": "gold"}},
                },
                "validations": [
                    {"expression": "namespaceObject == null && request.namespace == 'acme'", "message": "shape"},
                    {"expression": "request.operation != 'DELETE'", "message": "keep it"},
                ],
            }
        ),
        factories.make_admission_binding(),
    )
    acme, plain = room.namespaces["acme"], factories.make(kinds.NAMESPACE, "acme")
    assert await room.message(request(acme, kind=kinds.NAMESPACE)) == ""
    gone = request(None, old=acme, kind=kinds.NAMESPACE, operation=Operation.DELETE)
    assert (await room.message(gone)).endswith("denied request: keep it")
    assert await room.message(request(plain, old=acme, kind=kinds.NAMESPACE, operation=Operation.UPDATE)) == ""
    assert room.looked_up == []
