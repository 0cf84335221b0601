"""What admission sees of a request, and what takes part in it.

The order of a write is fixed by the design page on kinds: decode, prune, default, mutate, default again, strategy
stamps, schema, then the validators below, in their order, all of them outside any store lock. A validator denies by
raising a `StatusError`; warnings and audit annotations go to the `Review`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from krate.identity import Caller
from krate.kinds import Kind


class Operation(StrEnum):
    """Operations of admission."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    CONNECT = "CONNECT"


@dataclass(frozen=True, slots=True)
class Request:
    """One request under admission. Objects are plain dictionaries that validators must not change."""

    uid: str
    operation: Operation
    kind: Kind
    """Row of the resource in the URL."""
    name: str
    namespace: str
    caller: Caller
    object: Mapping[str, Any] | None
    """The object as it would be stored, or the body of a subresource, such as PullRequestMerge; None for DELETE."""
    old: Mapping[str, Any] | None = None
    """The stored object; None for CREATE."""
    subresource: str = ""
    dry_run: bool = False
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class Review:
    """What validators have to say besides yes."""

    warnings: list[str] = field(default_factory=list[str])
    annotations: dict[str, str] = field(default_factory=dict[str, str])


class Validator(Protocol):
    """One step of validating admission."""

    def interested(self, request: Request) -> bool:
        """Whether rules match the request: cheap, no evaluation of conditions. Decides if a name must be predicted."""
        ...

    async def validate(self, request: Request, review: Review) -> None:
        """Raise a StatusError to deny."""
        ...
