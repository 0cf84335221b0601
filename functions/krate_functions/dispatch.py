"""From a request's plain values to an answer: picks the composer, types what goes in, turns every failure into words.

Both ways in end here: the gRPC runner that Crossplane calls and the engine that runs in process. An exception that
escaped would reach users as `Unexpected <class 'KeyError'>`; it becomes a fatal result that names object, composer and
place instead.
"""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from krate import logging
from krate.conditions import Status
from krate_functions import composers, composition, options, readiness
from krate_functions.composition import Desired, Event, Object, Observed, Required, Selector, Severity


class Refused(Exception):
    """the request cannot be answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a composer wants, judged against what was observed."""

    desired: Desired
    ready: Mapping[str, bool] = field(default_factory=dict[str, bool])
    """Readiness of each desired object."""
    composite_ready: bool | None = None
    """None lets the composed objects decide."""
    events: tuple[Event, ...] = ()
    ttl_seconds: int = 0

    @property
    def requirements(self) -> Mapping[str, Selector]:
        return self.desired.requirements


def answer(xr: Object, observed: Observed, required: Required, given: Mapping[str, Any] | None) -> Answer:
    """Run the composer that the input names.

    Args:
        xr: the composite as observed.
        observed: composed objects that exist.
        required: answers to requirements so far.
        given: the function's input.

    Raises:
        Refused: input or composite are invalid, or the composer failed; the message is for people.
    """
    try:
        return _run(xr, observed, required, given)
    except Refused:
        raise
    except Exception as failure:
        composite = _whose(xr)
        logging.get(component="functions").exception("composer failed", composite=composite)
        text = f"composing {composite} failed: {type(failure).__name__}: {failure} ({_place(failure)})"
        raise Refused(text) from failure


def _run(xr: Object, observed: Observed, required: Required, given: Mapping[str, Any] | None) -> Answer:
    spec = _parse(options.Compose, given or {}, f"{options.KIND} input")
    if (spec.api_version, spec.kind) != (options.API_VERSION, options.KIND):
        raise Refused(f"input is {spec.api_version} {spec.kind}, not {options.API_VERSION} {options.KIND}".strip())
    name = spec.composer or str(xr.get("kind", "")).lower()
    if name not in composers.COMPOSERS:
        raise Refused(f"no composer is called {name!r}; known are {composers.known()}")
    kind, compose = composers.COMPOSERS[name]
    if (xr.get("apiVersion"), xr.get("kind")) != (kind.api_version, kind.name):
        raise Refused(f"composer {name} composes {kind.api_version} {kind.name}, not {_whose(xr)}")
    desired = compose(_parse(kind.model, xr, _whose(xr)), observed, required, spec.options)
    return _judged(xr, observed, desired, spec.options.ttl_seconds)


def _judged(xr: Object, observed: Observed, desired: Desired, ttl: int) -> Answer:
    """Readiness of every object, and of the composite when its own conditions know better.

    A composite whose objects are all ready is not ready while a part is still to be emitted or a condition is False.
    """
    ready = {name: readiness.judge(name, wanted, observed).ready for name, wanted in desired.resources.items()}
    unmet = any(condition.status == Status.FALSE for condition in desired.conditions)
    overall = desired.ready
    if overall is None and unmet and all(ready.values()):
        overall = False
    current = (xr.get("status") or {}).get("conditions") or []
    return Answer(desired, ready, overall, composition.transitions(current, desired.conditions), ttl)


def fatal(message: str) -> Event:
    """The result that stops a pipeline."""
    return Event(Severity.FATAL, "", message)


M = TypeVar("M", bound=BaseModel)

_SHOWN: Final = 3


def _parse(model: type[M], value: Object, what: str) -> M:
    """`value` as a model.

    Raises:
        Refused: it is none; the message names the first problems by path, without repeating values.
    """
    try:
        return model.model_validate(value)
    except ValidationError as failure:
        problems = failure.errors(include_url=False, include_input=False, include_context=False)
        told = [f"{_path(problem['loc'])}: {problem['msg']}" for problem in problems[:_SHOWN]]
        if len(problems) > _SHOWN:
            told.append(f"and {len(problems) - _SHOWN} more")
        raise Refused(f"{what} is invalid: {'; '.join(told)}") from None


def _path(steps: tuple[int | str, ...]) -> str:
    """`spec.access[0].role`."""
    found = ""
    for step in steps:
        found += f"[{step}]" if isinstance(step, int) else f".{step}" if found else step
    return found


def _whose(xr: Object) -> str:
    """`Repository acme/web`."""
    metadata = xr.get("metadata") or {}
    path = "/".join(part for part in (metadata.get("namespace", ""), metadata.get("name", "")) if part)
    return f"{xr.get('kind', 'composite')} {path}".rstrip()


def _place(failure: Exception) -> str:
    """`repository.py:31`: where an exception was raised, as short as it is useful."""
    frames = traceback.extract_tb(failure.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
