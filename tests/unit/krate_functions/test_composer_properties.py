"""What holds for every composer, whatever was observed."""

import copy
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from crossplane.function.proto.v1 import run_function_pb2 as fnv1
from hypothesis import given
from hypothesis import strategies as st

import composites
import factories
from krate_functions import dispatch, runner, wire

TEAMS = [factories.make_team(), factories.make_team("docs", spec={"members": ["dana"], "parent": "platform"})]
GIVEN = composites.compose_input("", *composites.FOREIGN)
ORGANIZATION = composites.existing(
    factories.make_organization(
        spec={"owners": [{"name": "robin"}], "defaults": {"branchProtection": {"requiredApprovals": 1}}}
    )
)
TEAM = composites.existing(factories.make_team())
REPOSITORY = composites.existing(factories.make_repository(spec={"visibility": "Internal"}))
SAMPLES: dict[str, tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]] = {
    "organization": (
        ORGANIZATION,
        {"namespace": [], "previews-namespace": [], "untrusted-namespace": [], "teams": TEAMS},
    ),
    "team": (TEAM, {"teams": TEAMS, "namespace": [composites.namespace()]}),
    "repository": (REPOSITORY, composites.required_by_repository(teams=TEAMS)),
}


def full(xr: dict[str, Any], required: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Everything that a composite composes in the end, healthy."""
    observed: dict[str, Any] = {}
    for _ in range(4):
        observed = composites.observed(dispatch.answer(xr, observed, required, GIVEN), xr)
    return observed


FULL = {name: full(*sample) for name, sample in SAMPLES.items()}


@st.composite
def situations(draw: Callable[..., Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A composite, some of its objects in some state, and answers to its requirements."""
    name = draw(st.sampled_from(sorted(SAMPLES)))
    xr, required = SAMPLES[name]
    chosen = draw(st.sets(st.sampled_from(sorted(FULL[name]))))
    observed: dict[str, Any] = {}
    for part in sorted(chosen):
        obj = copy.deepcopy(FULL[name][part])
        if draw(st.booleans()):
            obj.pop("status", None)
        if draw(st.booleans()):
            obj["metadata"]["unknown"] = {"field": 1}
            obj["extra"] = [1.5, None, True]
        observed[part] = obj
    if draw(st.booleans()):
        xr = factories.merge(xr, {"metadata": {"deletionTimestamp": "2026-11-25T10:00:00Z"}})
    return xr, observed, required


def request_of(xr: dict[str, Any], observed: dict[str, Any], required: dict[str, Any]) -> fnv1.RunFunctionRequest:
    message = fnv1.RunFunctionRequest()
    wire.write(message.observed.composite.resource, xr)
    for name, obj in observed.items():
        wire.write(message.observed.resources[name].resource, obj)
    for name, found in required.items():
        message.required_resources[name].SetInParent()
        for obj in found:
            wire.write(message.required_resources[name].items.add().resource, obj)
    wire.write(message.input, GIVEN)
    return message


@given(situations())
def test_nothing_observed_is_withdrawn(situation: tuple[dict[str, Any], dict[str, Any], dict[str, Any]]) -> None:
    """Whatever subset of its objects exists, in whatever state, a composer goes on wanting each of them."""
    xr, observed, required = situation
    assert set(observed) <= set(dispatch.answer(xr, observed, required, GIVEN).desired.resources)


@given(situations())
def test_nothing_new_while_terminating(situation: tuple[dict[str, Any], dict[str, Any], dict[str, Any]]) -> None:
    """A composite that is being deleted wants exactly what exists."""
    xr, observed, required = situation
    gone = factories.merge(xr, {"metadata": {"deletionTimestamp": "2026-11-25T10:00:00Z"}})
    assert set(dispatch.answer(gone, observed, required, GIVEN).desired.resources) == set(observed)


@given(situations())
def test_the_same_request_is_answered_by_the_same_bytes(
    situation: tuple[dict[str, Any], dict[str, Any], dict[str, Any]],
) -> None:
    """Two runs on one request give byte-equal responses."""
    message = request_of(*situation)
    first, second = (runner.respond(message).SerializeToString(deterministic=True) for _ in range(2))
    assert first == second


@given(situations(), st.randoms())
def test_order_and_numbers_do_not_matter(
    situation: tuple[dict[str, Any], dict[str, Any], dict[str, Any]], random: Any
) -> None:
    """Maps in another order, and integers that Protobuf made floats, change nothing."""
    xr, observed, required = situation
    names = list(observed)
    random.shuffle(names)
    shuffled = {name: observed[name] for name in names}
    teams = list(required["teams"])
    random.shuffle(teams)
    message = request_of(xr, shuffled, {**required, "teams": teams})
    plain = dispatch.answer(xr, observed, required, GIVEN)
    told = runner.respond(message)
    assert {name: wire.read(found.resource) for name, found in told.desired.resources.items()} == {
        name: found.object for name, found in plain.desired.resources.items()
    }


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_second_pass_over_a_settled_composite_is_a_no_op(name: str) -> None:
    """Once everything exists and is healthy, composing again wants the same objects and says the same."""
    xr, required = SAMPLES[name]
    first = dispatch.answer(xr, FULL[name], required, GIVEN)
    second = dispatch.answer(xr, composites.observed(first, xr), required, GIVEN)
    assert first == second
    assert set(first.ready.values()) == {True}


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_fixpoint_from_nothing(name: str) -> None:
    """From nothing, every composite settles within four passes, each wanting at least what the one before wanted."""
    xr, required = SAMPLES[name]
    observed: dict[str, Any] = {}
    passes: list[set[str]] = []
    for _ in range(5):
        answer = dispatch.answer(xr, observed, required, GIVEN)
        passes.append(set(answer.desired.resources))
        observed = composites.observed(answer, xr)
    assert all(before <= after for before, after in itertools.pairwise(passes))
    assert passes[3] == passes[4] == set(FULL[name])


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_composed_kind_fits_the_scope_of_its_composite(name: str) -> None:
    """A namespaced composite composes namespaced kinds in its own namespace; no render of upstream's would notice."""
    xr, _ = SAMPLES[name]
    home = xr["metadata"].get("namespace")
    for obj in FULL[name].values():
        assert home in {None, obj["metadata"].get("namespace")}, obj["kind"]
        assert obj["metadata"].get("namespace") or obj["kind"].startswith(("Namespace", "ClusterRole"))
