"""What the validators ask of whoever wires them; the only I/O of this package."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from krate.kinds import Scope
from krate.selectors import Selector

Object = Mapping[str, Any]

Namespaces = Callable[[str], Awaitable[Object | None]]
"""The Namespace of a name, or None."""


class Params(Protocol):
    """Objects of any served kind, as parameters of policies."""

    def scope(self, api_version: str, kind: str) -> Scope | None:
        """Whether objects of the kind live in a namespace; None when it is not served."""
        ...

    async def get(self, api_version: str, kind: str, *, namespace: str, name: str) -> Object | None:
        """One object, or None; `namespace` is empty for a cluster-scoped kind."""
        ...

    async def list(self, api_version: str, kind: str, *, namespace: str, selector: Selector) -> Sequence[Object]:
        """Objects by label."""
        ...
