"""What strategies must know before they stamp: references, branch heads, numbers, roles. All I/O of a stamp is here."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from krate import kinds
from krate.kinds import Kind
from krate_api.admission.interface import Operation
from krate_api.forge import comment_facts, pull_facts, repository_facts
from krate_api.forge.source import Inquiry, Source
from krate_api.registry.call import Call
from krate_api.resources import Resource
from krate_api.strategies.interface import Facts

Finder = Callable[[Source, Inquiry], Awaitable[Facts]]

_NONE = Facts()


class Finders:
    """The finder of each kind that needs one."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._finders: dict[Kind, Finder] = {
            kinds.PULL_REQUEST: pull_facts.pull_request,
            kinds.REVIEW: pull_facts.review,
            kinds.COMMENT: comment_facts.comment,
            kinds.CHECK: comment_facts.check,
            kinds.REPOSITORY: repository_facts.repository,
            kinds.USER: repository_facts.user,
        }

    async def find(
        self,
        resource: Resource,
        operation: Operation,
        obj: Mapping[str, Any],
        old: Mapping[str, Any] | None,
        call: Call,
    ) -> Facts:
        finder = self._finders.get(resource.kind)
        return _NONE if finder is None else await finder(self._source, Inquiry(operation, obj, old, call))
