"""The pipeline: steps in order, requirements until they settle, fatal results at once."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from krate_functions import protocol
from krate_functions.composition import Event, Selector, Severity
from krate_functions.engine import compositions, matching, pipeline
from krate_functions.engine.compositions import Composition, Credential, Step
from krate_functions.protocol import DesiredObject, Reported, Request, Response, State

XR = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "t"}}
A = Selector("v1", "ConfigMap", "a")
B = Selector("v1", "ConfigMap", "b")
OBJECTS = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in ("a", "b")]


class Functions:
    """Functions as plain callables; every request is kept."""

    def __init__(self, **by_name: Callable[[Request], Response]) -> None:
        self.by_name = by_name
        self.calls: list[tuple[str, Request]] = []

    async def run(self, name: str, request: Request) -> Response:
        self.calls.append((name, request))
        if name not in self.by_name:
            raise protocol.FunctionUnavailable(f"no function {name}")
        return self.by_name[name](request)


def steps(*names: str, **fields: Any) -> Composition:
    return Composition("c", "example.org/v1", "Thing", tuple(Step(name, name, **fields) for name in names))


async def run(composition: Composition, functions: Functions, **options: Any) -> pipeline.Outcome:
    return await pipeline.run(composition, Request(XR), functions=functions, fetch=matching.fetcher(OBJECTS), **options)


def wants(**requirements: Selector) -> Callable[[Request], Response]:
    return lambda request: Response(request.desired, requirements=requirements)


def names(found: Mapping[str, Any]) -> dict[str, list[str]]:
    return {key: [obj["metadata"]["name"] for obj in value] for key, value in found.items()}


async def test_a_function_that_asks_for_nothing_is_called_once() -> None:
    """No requirement, no second call."""
    functions = Functions(f=wants())
    await run(steps("f"), functions)
    assert len(functions.calls) == 1


async def test_requirements_are_answered_until_they_settle() -> None:
    """A function is called again with what it asked for, until it asks for the same twice."""

    def grows(request: Request) -> Response:
        wanted = {"a": A} if "a" not in request.required else {"a": A, "b": B}
        return Response(request.desired, requirements=wanted)

    functions = Functions(f=grows)
    found = await run(steps("f"), functions)
    assert [names(request.required) for _, request in functions.calls] == [{}, {"a": ["a"]}, {"a": ["a"], "b": ["b"]}]
    assert found.requirements == {"f": {"a": A, "b": B}}


async def test_what_nobody_has_is_an_empty_answer() -> None:
    """Asked and not found is told apart from not asked."""
    functions = Functions(f=wants(x=Selector("v1", "ConfigMap", "x")))
    await run(steps("f"), functions)
    assert [names(request.required) for _, request in functions.calls] == [{}, {"x": []}]


async def test_seeds_save_a_call() -> None:
    """With last time's requirements fetched beforehand a function that asks for the same is called once."""
    functions = Functions(f=wants(a=A))
    found = await run(steps("f"), functions, seeds={"f": {"a": A}})
    assert [names(request.required) for _, request in functions.calls] == [{"a": ["a"]}]
    assert found.requirements == {"f": {"a": A}}


async def test_stale_seeds_do_no_harm() -> None:
    """A function that asks for something else than last time gets that, and the seed no more."""
    functions = Functions(f=wants(b=B))
    await run(steps("f"), functions, seeds={"f": {"a": A}})
    assert names(functions.calls[-1][1].required) == {"a": ["a"], "b": ["b"]}


async def test_bootstrap_requirements_stay() -> None:
    """What the Composition requires is there in every call, asked for or not."""
    functions = Functions(f=wants(b=B))
    found = await run(steps("f", required={"a": A}), functions)
    assert [names(request.required) for _, request in functions.calls] == [{"a": ["a"]}, {"a": ["a"], "b": ["b"]}]
    assert found.requirements == {"f": {"a": A, "b": B}}


async def test_requirements_that_never_settle() -> None:
    """After five further calls the pipeline gives up, in upstream's words."""
    count = iter(range(100))
    functions = Functions(f=lambda request: Response(request.desired, requirements={str(next(count)): A}))
    with pytest.raises(pipeline.PipelineError) as caught:
        await run(steps("f"), functions)
    assert str(caught.value) == (
        'cannot run Composition pipeline step "f": '
        "requirements didn't stabilize after the maximum number of iterations (5)"
    )
    assert (len(functions.calls), caught.value.fatal) == (6, False)


async def test_state_context_and_results_flow() -> None:
    """Each step sees what earlier ones wanted; results are attributed; the shortest time to live counts."""

    def first(request: Request) -> Response:
        thing = DesiredObject({"kind": "Thing"}, ready=True)
        return Response(
            State({"status": {"a": 1}}, None, {"one": thing}),
            {"k": 1},
            (Event(Severity.NORMAL, "", "hello"),),
            conditions=(Reported("Mine", "True", "Yes"),),
            ttl_seconds=60,
        )

    def second(request: Request) -> Response:
        assert (request.context, list(request.desired.resources)) == ({"k": 1}, ["one"])
        return Response(request.desired, request.context, (Event(Severity.WARNING, "Odd", "look"),), ttl_seconds=0)

    found = await run(steps("one", "two"), Functions(one=first, two=second))
    assert found.events == (
        Event(Severity.NORMAL, "ComposeResources", "hello", "one"),
        Event(Severity.WARNING, "Odd", "look", "two"),
    )
    assert (found.conditions, found.ttl_seconds) == ((Reported("Mine", "True", "Yes"),), 60)


async def test_fatal() -> None:
    """A fatal result ends the pipeline at once and keeps what had come about."""

    def fails(request: Request) -> Response:
        said = (Event(Severity.WARNING, "Odd", "first"), Event(Severity.FATAL, "", "boom"))
        return Response(request.desired, results=said, requirements={"a": A})

    functions = Functions(f=fails, g=wants())
    with pytest.raises(pipeline.PipelineError) as caught:
        await run(steps("f", "g"), functions)
    assert str(caught.value) == 'pipeline step "f" returned a fatal result: boom'
    assert (caught.value.fatal, len(functions.calls)) == (True, 1)
    assert caught.value.partial.requirements == {"f": {"a": A}}
    assert [event.message for event in caught.value.partial.events] == ["first"]


async def test_a_function_that_does_not_answer() -> None:
    """An unreachable function names its step."""
    with pytest.raises(pipeline.PipelineError, match='cannot run Composition pipeline step "f": no function f'):
        await run(steps("f"), Functions())


async def test_credentials() -> None:
    """A step receives the data of its Secret; one that is missing is named."""
    composition = steps("f", credentials=(Credential("token", "ns", "secret"),))
    functions = Functions(f=wants())
    await run(composition, functions, secrets={("ns", "secret"): {"key": b"value"}})
    assert functions.calls[0][1].credentials == {"token": {"key": b"value"}}
    with pytest.raises(pipeline.PipelineError, match='cannot get Composition pipeline step "f" credential "token"'):
        await run(composition, functions)


COMPOSITION: dict[str, Any] = {
    "apiVersion": "apiextensions.crossplane.io/v1",
    "kind": "Composition",
    "metadata": {"name": "c", "labels": {"tier": "gold"}},
    "spec": {
        "compositeTypeRef": {"apiVersion": "example.org/v1", "kind": "Thing"},
        "mode": "Pipeline",
        "pipeline": [
            {
                "step": "one",
                "functionRef": {"name": "f"},
                "input": {"kind": "Input"},
                "credentials": [
                    {"name": "token", "source": "Secret", "secretRef": {"namespace": "ns", "name": "secret"}},
                    {"name": "none", "source": "None"},
                ],
                "requirements": {
                    "requiredResources": [
                        {"requirementName": "a", "apiVersion": "v1", "kind": "ConfigMap", "name": "a"},
                        {
                            "requirementName": "l",
                            "apiVersion": "v1",
                            "kind": "Secret",
                            "matchLabels": {"x": "y"},
                            "namespace": "ns",
                        },
                    ]
                },
            }
        ],
    },
}


def test_parsing_a_composition() -> None:
    """Everything that a pipeline can say is read."""
    step = Step(
        "one",
        "f",
        {"kind": "Input"},
        (Credential("token", "ns", "secret"),),
        {"a": A, "l": Selector("v1", "Secret", labels={"x": "y"}, namespace="ns")},
    )
    want = Composition("c", "example.org/v1", "Thing", (step,), {"tier": "gold"})
    assert compositions.parse(COMPOSITION) == want


def changed(**spec: Any) -> dict[str, Any]:
    return {**COMPOSITION, "spec": {**COMPOSITION["spec"], **spec}}


ONE = COMPOSITION["spec"]["pipeline"][0]


@pytest.mark.parametrize(
    ("obj", "want"),
    [
        ({**COMPOSITION, "kind": "Thing"}, "c is apiextensions.crossplane.io/v1 Thing, not apiextensions"),
        (changed(mode="Resources"), 'Composition "c" must use spec.mode: Pipeline'),
        (changed(pipeline=[]), 'Composition "c" needs 1 to 99 steps'),
        (changed(pipeline=[ONE, ONE]), 'Composition "c" has two steps of one name'),
        (changed(pipeline=[{"step": "one"}]), "a step of Composition \"c\" lacks 'functionRef'"),
    ],
    ids=["another kind", "another mode", "no step", "same name", "no function"],
)
def test_unusable_compositions(obj: dict[str, Any], want: str) -> None:
    """What is no pipeline is refused with what is wrong."""
    with pytest.raises(compositions.Unusable, match=want):
        compositions.parse(obj)


def test_options_of_the_platform() -> None:
    """Options are laid over our function's input and nobody else's."""
    given = {"apiVersion": "fn.krate.a5c.ai/v1alpha1", "options": {"serves": ["A"], "ttlSeconds": 1}}
    composition = Composition("c", "v", "K", (Step("ours", "f", given), Step("theirs", "g", {"kind": "Input"})))
    found = compositions.with_options(composition, {"serves": ["B"]})
    assert [step.input for step in found.steps] == [
        {"apiVersion": "fn.krate.a5c.ai/v1alpha1", "options": {"serves": ["B"], "ttlSeconds": 1}},
        {"kind": "Input"},
    ]
