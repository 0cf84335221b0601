"""The function protocol of Crossplane (`apiextensions.fn.proto.v1`) as plain values.

The engine speaks this; whether a function runs in process or behind gRPC is the business of whoever implements
`Functions`. Numbers are Python's: integral ones are ints.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from krate_functions.composition import Event, Object, Selector


@dataclass(frozen=True, slots=True)
class DesiredObject:
    """One desired composed object."""

    object: Object
    ready: bool | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What the pipeline wants so far."""

    composite: Object = field(default_factory=dict[str, Any])
    """The composite: nothing but its status."""
    ready: bool | None = None
    """Readiness of the composite; None lets the composed objects decide."""
    resources: Mapping[str, DesiredObject] = field(default_factory=dict[str, DesiredObject])


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a function."""

    composite: Object
    observed: Mapping[str, Object] = field(default_factory=dict[str, Object])
    desired: State = State()
    input: Object | None = None
    context: Mapping[str, Any] = field(default_factory=dict[str, Any])
    credentials: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict[str, Mapping[str, bytes]])
    required: Mapping[str, Sequence[Object]] = field(default_factory=dict[str, Sequence[Object]])
    """Answers to requirements; an absent name was not asked for."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A condition that a function reports; its type may be anybody's."""

    type: str
    status: str
    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """The answer of a function."""

    desired: State = State()
    context: Mapping[str, Any] = field(default_factory=dict[str, Any])
    results: tuple[Event, ...] = ()
    requirements: Mapping[str, Selector] = field(default_factory=dict[str, Selector])
    conditions: tuple[Reported, ...] = ()
    ttl_seconds: float = 0.0
    """0 means without limit."""


class Functions(Protocol):
    """Runs functions by the name that pipelines use."""

    async def run(self, name: str, request: Request) -> Response:
        """Call a function once.

        Raises:
            FunctionUnavailable: there is no such function, or it does not answer.
        """
        ...


class FunctionUnavailable(Exception):
    """the function does not answer."""
