"""What the in-memory twin tells its tests: each call as a value, and the hooks that stand in for a whole server."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from krate.kinds import Kind
from krate_kube.interface import Object


@dataclass(frozen=True, slots=True)
class Action:
    """One call, as it was asked for."""

    verb: str
    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    body: Any = None
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    """fieldManager, fieldValidation and dryRun, where given."""


@dataclass(frozen=True, slots=True)
class RawRequest:
    """One call of `raw`."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


Reactor = Callable[[Action], Object | Awaitable[Object]]
"""Acts for a subresource that creates, such as (`pullrequests`, `merge`)."""

RawReactor = Callable[[RawRequest], bytes | Awaitable[bytes]]
"""Answers `raw`."""

Interceptor = Callable[[Action], None]
"""Sees every call before it is done; what it raises, the caller gets."""
