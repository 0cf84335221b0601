"""Query parameters of lists and watches, checked as upstream checks them and in its order.

Rules: AM/pkg/apis/meta/internalversion/{defaults,validation/validation}.go, AS/pkg/endpoints/handlers/get.go; semantics
of resourceVersion and resourceVersionMatch: Kubernetes API concepts. `shardSelector` is ignored, as upstream ignores it
while its feature gate is off.
"""

from dataclasses import dataclass, replace
from typing import Final

from krate import errors, selectors
from krate.errors import Cause, CauseType
from krate.selectors import Operator, Requirement, Selector
from krate_api.http import Request
from krate_api.registry import continuing, numbers
from krate_api.registry.continuing import Token
from krate_api.resources import Resource

EXACT: Final = "Exact"
NOT_OLDER: Final = "NotOlderThan"
NAME: Final = "metadata.name"


@dataclass(frozen=True, slots=True)
class ListOptions:
    """Parsed options of a list or watch."""

    labels: Selector
    fields: Selector
    limit: int = 0
    token: Token | None = None
    version: int | None = None
    """resourceVersion; None when unset, 0 for "0"."""
    match: str = ""
    timeout: int | None = None
    bookmarks: bool = False
    initial_events: bool | None = None

    def only(self, name: str) -> "ListOptions":
        """The same, of the one object that was authorised when a name was; all of them for no name.

        Raises:
            BadRequest: another name is selected than the path has.
        """
        if not name:
            return self
        if self.fields and self.fields.exact(NAME) != name:
            raise errors.BadRequest("fieldSelector metadata.name doesn't match requested name")
        one = Requirement(NAME, Operator.EQUALS, frozenset({name}))
        return replace(self, fields=Selector((*self.fields.requirements, one)))


@dataclass(frozen=True, slots=True)
class _Said:
    """What the parameters say, before anything is known to be right."""

    limit: int
    timeout: int | None
    version: str
    match: str
    continues: str
    bookmarks: bool
    initial: bool | None

    @classmethod
    def by(cls, request: Request) -> "_Said":
        timeout, limit = numbers.signed(request, "timeoutSeconds"), numbers.signed(request, "limit")
        return cls(
            max(limit or 0, 0),
            timeout,
            request.param("resourceVersion"),
            request.param("resourceVersionMatch"),
            request.param("continue"),
            bool(_boolean(request, "allowWatchBookmarks")),
            _boolean(request, "sendInitialEvents"),
        )


def _boolean(request: Request, name: str) -> bool | None:
    values = request.query.get(name)
    return None if values is None else values[0].lower() not in {"0", "false"}


def parse(request: Request, resource: Resource, *, watching: bool) -> ListOptions:
    """Parse and check.

    Raises:
        BadRequest: a value cannot be parsed, or a field is not selectable.
        Invalid: values contradict each other.
    """
    said = _Said.by(request)
    labels = selectors.parse_labels(request.param("labelSelector"))
    fields = selectors.parse_fields(request.param("fieldSelector"))
    if watching and said.initial is None and not said.match and said.version in {"", "0"}:
        said = replace(said, initial=True, match=NOT_OLDER)  # upstream's default since streamed lists
    causes = _watch_causes(said) if watching else _list_causes(said)
    if causes:
        raise errors.Invalid.of(kind="ListOptions", group="meta.k8s.io", name="", causes=causes)
    known = {NAME, "metadata.namespace", *resource.kind.selectable}
    for requirement in fields.requirements:
        if requirement.key not in known:
            raise errors.BadRequest(f"field label not supported: {requirement.key}")
    fields = Selector(tuple(replace(one, key=resource.stored_field(one.key)) for one in fields.requirements))
    token, version = (None, numbers.version(said.version)) if watching else _place(said)
    return ListOptions(
        labels, fields, said.limit, token, version, said.match, said.timeout, said.bookmarks, said.initial
    )


def _place(said: _Said) -> tuple[Token | None, int | None]:
    """Where a list begins: at a token or at a version, never at both."""
    if not said.continues:
        try:
            return None, numbers.version(said.version)
        except errors.BadRequest as error:
            raise errors.BadRequest(f"invalid resource version: {error.message}") from None
    token = continuing.decode(said.continues)
    if said.version not in {"", "0"}:
        raise errors.BadRequest("specifying resource version is not allowed when using continue")
    return token, 0 if said.version else None


_MATCH: Final = "resourceVersionMatch"
_CONTINUED: Final = "resourceVersionMatch is forbidden when continue is provided"


def _watch_causes(said: _Said) -> list[Cause]:
    found: list[Cause] = []
    if said.initial is not None and said.match != NOT_OLDER:
        found.append(_forbidden(_MATCH, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
    if said.match and said.initial is None:
        text = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        found.append(_forbidden(_MATCH, text))
    if said.match and said.match != NOT_OLDER:
        found.append(errors.unsupported(_MATCH, errors.quoted(said.match), (NOT_OLDER,)))
    if said.match and said.continues:
        found.append(_forbidden(_MATCH, _CONTINUED))
    return found


def _list_causes(said: _Said) -> list[Cause]:
    found: list[Cause] = []
    if said.match and not said.version:
        found.append(_forbidden(_MATCH, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
    if said.match and said.continues:
        found.append(_forbidden(_MATCH, _CONTINUED))
    if said.match not in {"", EXACT, NOT_OLDER}:
        found.append(errors.unsupported(_MATCH, errors.quoted(said.match), (EXACT, NOT_OLDER, "")))
    if said.match == EXACT and said.version == "0":
        found.append(_forbidden(_MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    if said.initial is not None:
        found.append(_forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    return found


def _forbidden(field: str, text: str) -> Cause:
    return Cause(CauseType.FORBIDDEN, f"Forbidden: {text}", field)
