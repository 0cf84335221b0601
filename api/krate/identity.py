"""Who asks, and for what: the values that authentication and authorization exchange."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from krate import names


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated identity, from the connection only."""

    username: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    impersonator: str = ""
    """Who really asks, when they act as somebody else."""

    @property
    def anonymous(self) -> bool:
        return self.username == names.ANONYMOUS


ANONYMOUS = Caller(names.ANONYMOUS, (names.GROUP_UNAUTHENTICATED,))


@dataclass(frozen=True, slots=True)
class Attributes:
    """One request as an access review sees it; `path` is set for non-resource requests only."""

    verb: str
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def qualified(self) -> str:
        """`repositories/git`: the resource as RBAC rules name it."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


@dataclass(frozen=True, slots=True)
class Decision:
    """Answer of an access review; no opinion is a denial."""

    allowed: bool
    reason: str = ""
