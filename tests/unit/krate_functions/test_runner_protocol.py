"""The function protocol, message by message."""

import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from crossplane.function.proto.v1 import run_function_pb2 as fnv1
from crossplane.function.proto.v1 import run_function_pb2_grpc as grpcv1
from google.protobuf import json_format, struct_pb2

import composites
import factories
from krate_functions import inproc, protocol, runner, wire
from krate_functions.composition import Event, Selector, Severity
from krate_functions.engine import remote

TEAM = composites.existing(factories.make_team())
GIVEN = composites.compose_input(ttl_seconds=60)


def request(
    xr: dict[str, Any] = TEAM, given: dict[str, Any] | None = GIVEN, **required: Any
) -> fnv1.RunFunctionRequest:
    found = protocol.Request(xr, input=given, required=required)
    message = remote.write_request(found)
    message.meta.tag = "tag"
    return message


ANSWERS: dict[str, Any] = {"teams": [TEAM], "namespace": [composites.namespace()]}


def test_requirements_first() -> None:
    """The first response asks for teams and namespace, carries tag and ttl, and wants nothing."""
    assert json_format.MessageToDict(runner.respond(request())) == {
        "meta": {"tag": "tag", "ttl": "60s"},
        "desired": {"composite": {}},
        "context": {},
        "requirements": {
            "resources": {
                "teams": {"apiVersion": "krate.a5c.ai/v1alpha1", "kind": "Team", "namespace": "acme"},
                "namespace": {"apiVersion": "v1", "kind": "Namespace", "matchName": "acme"},
            }
        },
    }


RBAC = "rbac.authorization.k8s.io"
LABELS = {"app.kubernetes.io/managed-by": "krate", "krate.a5c.ai/team": "platform"}
COMPOSED = {
    "developers": {
        "ready": "READY_FALSE",
        "resource": {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "krate-team-platform", "namespace": "acme", "labels": LABELS},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "krate-developer"},
            "subjects": [
                {"apiGroup": RBAC, "kind": "User", "name": "alice"},
                {"apiGroup": RBAC, "kind": "User", "name": "bob"},
            ],
        },
    },
    "host": {
        "ready": "READY_FALSE",
        "resource": {
            "apiVersion": "host.krate.a5c.ai/v1alpha1",
            "kind": "HostedTeam",
            "metadata": {"name": "platform", "namespace": "acme", "labels": LABELS},
            "spec": {
                "forProvider": {"organization": "acme", "name": "platform", "members": ["alice", "bob"]},
                "providerConfigRef": {"kind": "ProviderConfig", "name": "default"},
            },
        },
    },
}
CONDITIONS = [
    {
        "type": "AccessReady",
        "status": "STATUS_CONDITION_FALSE",
        "reason": "Pending",
        "message": "RoleBinding krate-team-platform is not created yet",
        "target": "TARGET_COMPOSITE",
    },
    {
        "type": "HostReady",
        "status": "STATUS_CONDITION_FALSE",
        "reason": "HostPending",
        "message": "HostedTeam platform is not created yet",
        "target": "TARGET_COMPOSITE",
    },
]


def test_whole_response() -> None:
    """With its answers the team is composed: objects unready until observed, conditions on the composite, status."""
    response = json_format.MessageToDict(runner.respond(request(**ANSWERS)))
    requirements = json_format.MessageToDict(runner.respond(request()))["requirements"]
    assert response == {
        "meta": {"tag": "tag", "ttl": "60s"},
        "context": {},
        "requirements": requirements,
        "desired": {"composite": {"resource": {"status": {"memberCount": 2.0}}}, "resources": COMPOSED},
        "conditions": CONDITIONS,
    }


def test_refusals_are_fatal_results() -> None:
    """Bad input is a fatal result in a response that keeps what earlier steps wanted."""
    message = request(given=composites.compose_input("nope"))
    message.desired.resources["theirs"].resource.fields["kind"].string_value = "Thing"
    response = runner.respond(message)
    assert [(result.severity, result.message) for result in response.results] == [
        (fnv1.SEVERITY_FATAL, "no composer is called 'nope'; known are organization, repository, team")
    ]
    assert response.desired == message.desired


def test_foreign_state_passes_through() -> None:
    """Objects, status and context of other steps survive untouched; ours are replaced, not merged."""
    message = request(**ANSWERS)
    wire.write(message.desired.resources["theirs"].resource, {"kind": "Thing", "n": 3, "x": [1, None]})
    message.desired.resources["theirs"].ready = fnv1.READY_TRUE
    wire.write(message.desired.resources["host"].resource, {"kind": "Stale", "spec": {"old": True}})
    wire.write(message.desired.composite.resource, {"status": {"theirs": "kept"}})
    wire.write(message.context, {"key": {"deep": [1]}})
    response = runner.respond(message)
    assert response.desired.resources["theirs"] == message.desired.resources["theirs"]
    assert "old" not in wire.read(response.desired.resources["host"].resource)["spec"]
    assert wire.read(response.desired.composite.resource) == {"status": {"theirs": "kept", "memberCount": 2}}
    assert response.context == message.context


def test_readiness_is_explicit() -> None:
    """Observed and healthy objects are READY_TRUE, the others READY_FALSE, never unspecified."""
    message = request(**ANSWERS)
    binding = runner.respond(message).desired.resources["developers"].resource
    message.observed.resources["developers"].resource.CopyFrom(binding)
    ready = {name: found.ready for name, found in runner.respond(message).desired.resources.items()}
    assert ready == {"developers": fnv1.READY_TRUE, "host": fnv1.READY_FALSE}


def test_asking_creates_nothing() -> None:
    """Looking for an observed object that is not there adds no entry to the request, as a protobuf map would."""
    message = request(**ANSWERS)
    before = message.SerializeToString(deterministic=True)
    runner.respond(message)
    assert message.SerializeToString(deterministic=True) == before


def test_objects_are_read_when_they_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """An observed object that no rule looks at is never converted; one that is, once."""
    message = request()
    for name in ("a", "b"):
        wire.write(message.observed.resources[name].resource, {"kind": name})
    converted: list[str] = []
    real = wire.read

    def counted(struct: struct_pb2.Struct) -> dict[str, Any]:
        found = real(struct)
        converted.append(found["kind"])
        return found

    monkeypatch.setattr(wire, "read", counted)
    lazy = wire.LazyObjects(message.observed.resources)
    assert (list(lazy), len(lazy), "b" in lazy, lazy.get("c")) == (["a", "b"], 2, True, None)
    assert lazy["a"] is lazy["a"]
    assert converted == ["a"]


@pytest.mark.parametrize(
    "value",
    [
        {"int": 3, "negative": -1, "float": 1.5, "big": 2**53, "text": "3", "yes": True, "no": False, "nil": None},
        {"list": [1, [2, {}], {"a": []}], "map": {"b": {"c": {}}}},
        {},
    ],
    ids=["scalars", "nested", "empty"],
)
def test_round_trip(value: dict[str, Any]) -> None:
    """What is written is read again, integers as integers."""
    struct = struct_pb2.Struct()
    wire.write(struct, value)
    found = wire.read(struct)
    assert json.dumps(found, sort_keys=True) == json.dumps(value, sort_keys=True)


def test_what_is_no_json_is_an_error() -> None:
    """A value that JSON does not know is a mistake of ours and is told by its type."""
    with pytest.raises(TypeError, match="set is not JSON"):
        wire.write(struct_pb2.Struct(), {"a": {1}})


@pytest.mark.parametrize(
    "selector",
    [
        Selector("v1", "Namespace", "acme"),
        Selector("v1", "Secret", namespace="acme", labels={"a": "b"}),
        Selector("krate.a5c.ai/v1alpha1", "Team", namespace="acme"),
    ],
    ids=["name", "labels", "all"],
)
def test_selectors_round_trip(selector: Selector) -> None:
    """A selector survives the wire."""
    message = fnv1.ResourceSelector()
    wire.write_selector(message, selector)
    assert wire.read_selector(message) == selector


def test_results_round_trip() -> None:
    """A result survives the wire; a severity of a later protocol counts as a warning."""
    for severity in Severity:
        message = fnv1.Result()
        wire.write_result(message, Event(severity, "Reason", "text"))
        assert wire.read_result(message) == Event(severity, "Reason", "text")
    assert wire.read_result(fnv1.Result(message="text")).severity is Severity.WARNING


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """A running function."""
    server = grpc.aio.server()
    grpcv1.add_FunctionRunnerServiceServicer_to_server(runner.FunctionRunner(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(0)


def function(target: str, name: str = "function-krate") -> dict[str, Any]:
    annotations = {remote.RUNTIME: "Development", remote.TARGET: target}
    return {"kind": "Function", "metadata": {"name": name, "annotations": annotations}}


async def test_both_ways_in_answer_alike(address: str) -> None:
    """Over gRPC and in process, the same request has the same response, foreign state and refusals included."""
    theirs = protocol.State(
        {"status": {"x": 1}}, None, {"theirs": protocol.DesiredObject({"kind": "Thing"}, ready=True)}
    )
    requests = [
        protocol.Request(TEAM, input=GIVEN),
        protocol.Request(TEAM, input=GIVEN, required=ANSWERS, desired=theirs, context={"k": [1, "a"]}),
        protocol.Request(TEAM, input=composites.compose_input("nope"), desired=theirs),
        protocol.Request({**TEAM, "spec": {"parent": "nobody"}}, input=GIVEN, required=ANSWERS),
    ]
    async with remote.Remote([function(address)]) as far:
        near = inproc.InProcess()
        for found in requests:
            here, there = await near.run("function-krate", found), await far.run("function-krate", found)
            # The SDK gives refusals a minute; a refusal settles nothing, so the difference is nobody's.
            fatal = any(event.severity is Severity.FATAL for event in here.results)
            assert there == here or (fatal and (there.desired, there.results) == (here.desired, here.results))


async def test_functions_that_cannot_be_called() -> None:
    """A function without a Development runtime, or of another process, is named with what to do."""
    found = protocol.Request(TEAM, input=GIVEN)
    async with remote.Remote([{"metadata": {"name": "function-x"}}]) as far:
        with pytest.raises(protocol.FunctionUnavailable, match="function-x has no Development runtime: annotate it"):
            await far.run("function-x", found)
    with pytest.raises(
        protocol.FunctionUnavailable, match="function-x does not run in this process; function-krate does"
    ):
        await inproc.InProcess().run("function-x", found)
