"""What a step has to say: done, wait, or stuck until somebody changes something. Expected trouble is a value.

The step loop alone turns outcomes into status, conditions, events and the next attempt; a step never writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from krate.conditions import Condition, Reason


@dataclass(frozen=True, slots=True)
class Done:
    """The step holds; the next one may run."""

    status: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Facts to merge into the object's status (wire names); later steps see them."""
    conditions: tuple[Condition, ...] = ()
    """Conditions to set."""
    annotations: Mapping[str, str] = field(default_factory=dict[str, str])
    """Annotations to set on the object."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Something else must happen first; the object is looked at again after a while, or when something changes."""

    seconds: float | None
    """None leaves it to the queue, which waits longer after each attempt."""
    reason: Reason
    message: str
    status: Mapping[str, Any] = field(default_factory=dict[str, Any])
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing more can be done until somebody changes something; there is no next attempt but the resync."""

    reason: Reason
    message: str
    status: Mapping[str, Any] = field(default_factory=dict[str, Any])
    conditions: tuple[Condition, ...] = ()


Outcome = Done | Wait | Stall
