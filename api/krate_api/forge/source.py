"""Where the forge services look: the store, the Git host's reads, access reviews and the clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from krate import kinds
from krate.clock import Clock
from krate.identity import Attributes, Caller
from krate_api.admission.interface import Operation
from krate_api.authz.authorizer import Authorizer
from krate_api.registry.call import Call
from krate_api.store.interface import Store
from krate_git.interface import GitReading


@dataclass(frozen=True, slots=True)
class Source:
    """Dependencies of the forge services."""

    store: Store
    git: GitReading
    authorizer: Authorizer
    clock: Clock

    async def holds(self, caller: Caller, verb: str, subresource: str, namespace: str, repository: str) -> bool:
        """Whether the caller may do `verb` on `repositories/<subresource>` of a repository."""
        kind = kinds.REPOSITORY
        attributes = Attributes(verb, kind.group, kind.version, kind.plural, subresource, namespace, repository)
        return (await self.authorizer.review(caller, attributes)).allowed

    async def writer(self, caller: Caller, namespace: str, repository: str) -> bool:
        """Whether the caller holds Writer: may push."""
        return await self.holds(caller, "update", kinds.GIT_SUBRESOURCE, namespace, repository)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What facts are asked about: an object on its way into the store."""

    operation: Operation
    obj: Mapping[str, Any]
    old: Mapping[str, Any] | None
    call: Call
