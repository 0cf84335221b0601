"""The pipeline of a Composition: one function after another, each called until its requirements have settled.

Semantics of internal/xfn/required_resources.go and composition_functions.go of Crossplane 2.4: answers to requirements
are fetched between calls; a call whose answers were complete from the start is the last; two successive responses with
equal requirements settle; a fatal result stops everything.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from krate_functions.composition import Event, Object, Selector, Severity
from krate_functions.engine.compositions import Composition, Step
from krate_functions.protocol import Functions, Reported, Request, Response, State

MAX_RECALLS: Final = 5
"""How often a function is called again because it wants to see more."""

COMPOSE_REASON: Final = "ComposeResources"
"""Reason of events about results that carry none."""

Fetch = Callable[[Selector], Awaitable[Sequence[Object]]]
"""Answers a requirement with the objects that match; nothing found is an empty sequence."""

Requirements = Mapping[str, Mapping[str, Selector]]
"""What each step asked for, by step and requirement name."""


class PipelineError(Exception):
    """the pipeline failed."""

    def __init__(self, message: str, partial: "Outcome", *, fatal: bool = False) -> None:
        super().__init__(message)
        self.partial = partial
        """What had come about before, requirements included."""
        self.fatal = fatal
        """Whether a function said so."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What all steps together want."""

    desired: State = field(default_factory=State)
    context: Mapping[str, Any] = field(default_factory=dict[str, Any])
    events: tuple[Event, ...] = ()
    conditions: tuple[Reported, ...] = ()
    requirements: Requirements = field(default_factory=dict[str, Mapping[str, Selector]])
    ttl_seconds: float = 0.0
    """The shortest that any step asked for; 0 when none did."""


async def run(
    composition: Composition,
    request: Request,
    *,
    functions: Functions,
    fetch: Fetch,
    secrets: Mapping[tuple[str, str], Mapping[str, bytes]] | None = None,
    seeds: Requirements | None = None,
) -> Outcome:
    """Run every step.

    Args:
        composition: the steps.
        request: the composite, what was observed, and the context to start with.
        functions: runs them.
        fetch: answers requirements.
        secrets: data of Secrets by namespace and name, for steps that ask for credentials.
        seeds: what steps asked for last time: fetched before the first call, which then is the only one.

    Raises:
        PipelineError: a step returned a fatal result, could not be called, or its requirements never settled.
    """
    found = Outcome(context=request.context)
    for step in composition.steps:
        known = {**(seeds or {}).get(step.name, {}), **step.required}
        call = replace(
            request,
            desired=found.desired,
            context=found.context,
            input=step.input,
            credentials=_credentials(step, secrets or {}, found),
            required={name: await fetch(selector) for name, selector in known.items()},
        )
        try:
            response = await _settle(step, call, functions, fetch)
        except Exception as failure:
            raise PipelineError(f'cannot run Composition pipeline step "{step.name}": {failure}', found) from failure
        found = _add(found, step, response)
        _stop_if_fatal(step, response, found)
    return found


def _stop_if_fatal(step: Step, response: Response, found: Outcome) -> None:
    for result in response.results:
        if result.severity is Severity.FATAL:
            text = f'pipeline step "{step.name}" returned a fatal result: {result.message}'
            raise PipelineError(text, found, fatal=True)


def _credentials(
    step: Step, secrets: Mapping[tuple[str, str], Mapping[str, bytes]], found: Outcome
) -> dict[str, Mapping[str, bytes]]:
    given: dict[str, Mapping[str, bytes]] = {}
    for credential in step.credentials:
        data = secrets.get((credential.secret_namespace, credential.secret_name))
        if data is None:
            text = f'cannot get Composition pipeline step "{step.name}" credential "{credential.name}" from Secret'
            raise PipelineError(text, found)
        given[credential.name] = data
    return given


class Unsettled(Exception):
    """requirements didn't stabilize after the maximum number of iterations (5)"""  # noqa: D415 - upstream's text


async def _settle(step: Step, request: Request, functions: Functions, fetch: Fetch) -> Response:
    """Call one function until it has seen everything it asks for."""
    given = dict(request.required)
    before: Mapping[str, Selector] | None = None
    for count in range(MAX_RECALLS + 1):
        response = await functions.run(step.function, request)
        if any(result.severity is Severity.FATAL for result in response.results):
            return response
        if response.requirements == before or (before is None and not response.requirements):
            return response
        answers = dict(given)
        for name, selector in response.requirements.items():
            answers[name] = await fetch(selector)
        if count == 0 and answers == dict(request.required):
            return response
        before = response.requirements
        request = replace(request, required=answers, context=response.context)
    raise Unsettled((Unsettled.__doc__ or "").strip())


def _add(found: Outcome, step: Step, response: Response) -> Outcome:
    ttls = [ttl for ttl in (found.ttl_seconds, response.ttl_seconds) if ttl > 0]
    return Outcome(
        response.desired,
        response.context,
        (*found.events, *(_event(step, event) for event in response.results if event.severity is not Severity.FATAL)),
        (*found.conditions, *response.conditions),
        {**found.requirements, step.name: {**step.required, **response.requirements}},
        min(ttls, default=0.0),
    )


def _event(step: Step, event: Event) -> Event:
    return replace(event, reason=event.reason or COMPOSE_REASON, step=step.name)
