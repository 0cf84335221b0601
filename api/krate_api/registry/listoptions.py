"""Query parameters of lists and watches, checked as upstream checks them.

Rules: AM/pkg/apis/meta/internalversion/validation/validation.go; semantics of resourceVersion and resourceVersionMatch:
Kubernetes API concepts.
"""

import base64
import binascii
import re
from dataclasses import dataclass, replace
from typing import Final

import orjson

from krate import errors, selectors
from krate.errors import Cause, CauseType
from krate.kinds import Kind
from krate.selectors import Operator, Requirement, Selector
from krate_api.http import Request

EXACT: Final = "Exact"
NOT_OLDER: Final = "NotOlderThan"
_META: Final = "meta.k8s.io/v1"
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,18}")
_VERSION: Final = re.compile(r"[0-9]{1,18}")
_LARGEST: Final = 10**18 - 1
_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Token:
    """Where a list goes on: after key (namespace, name), in the snapshot `version` (-1: the latest state)."""

    version: int
    after: tuple[str, str]

    def encode(self) -> str:
        body = {"v": _META, "rv": self.version, "start": "/".join(self.after) + "\0"}
        return base64.urlsafe_b64encode(orjson.dumps(body)).rstrip(b"=").decode()


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
        """The same, of the one object that was authorised when a name was; all of them for no name."""
        if not name:
            return self
        one = Requirement("metadata.name", Operator.EQUALS, frozenset({name}))
        return replace(self, fields=Selector((*self.fields.requirements, one)))


def _integer(request: Request, name: str) -> int | None:
    text = request.param(name)
    if not text:
        return None
    if not _INTEGER.fullmatch(text):
        raise errors.BadRequest(f"strconv.ParseInt: parsing {errors.quoted(text[:_SHOWN])}: invalid syntax")
    return int(text)


def _boolean(request: Request, name: str) -> bool | None:
    values = request.query.get(name)
    return None if values is None else values[0].lower() not in {"0", "false"}


def _token(text: str) -> Token:
    try:
        body = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        version, (namespace, slash, name) = body["rv"], body["start"].rstrip("\0").partition("/")
        fits = body["v"] == _META and slash and isinstance(version, int) and -1 <= version <= _LARGEST
        token = Token(version, (namespace, name)) if fits else None
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        token = None
    if token is None:
        raise errors.BadRequest("invalid continue token: continue key is not valid: illegal base64 data")
    return token


def parse_version(text: str) -> int | None:
    """A resourceVersion: None when unset.

    Raises:
        BadRequest: it is no number.
    """
    if not text:
        return None
    if not _VERSION.fullmatch(text):
        shown = errors.quoted(text[:_SHOWN])
        raise errors.BadRequest(f"invalid resource version {shown}: must be a non-negative integer")
    return int(text)


def parse(request: Request, kind: Kind, *, watching: bool) -> ListOptions:
    """Parse and check.

    Raises:
        BadRequest: a value cannot be parsed, or a field is not selectable.
        Invalid: values contradict each other.
    """
    labels = selectors.parse_labels(request.param("labelSelector"))
    fields = selectors.parse_fields(request.param("fieldSelector"))
    known = {"metadata.name", "metadata.namespace", *kind.selectable}
    for requirement in fields.requirements:
        if requirement.key not in known:
            raise errors.BadRequest(f"field label not supported: {requirement.key}")
    version_text, match = request.param("resourceVersion"), request.param("resourceVersionMatch")
    initial = _boolean(request, "sendInitialEvents")
    causes = _causes(request, version_text=version_text, match=match, initial=initial, watching=watching)
    if causes:
        raise errors.Invalid.of(kind="ListOptions", group="meta.k8s.io", name="", causes=causes)
    continue_text = request.param("continue")
    if continue_text and version_text not in {"", "0"}:
        raise errors.BadRequest("specifying resource version is not allowed when using continue")
    return ListOptions(
        labels,
        fields,
        max(_integer(request, "limit") or 0, 0),
        _token(continue_text) if continue_text else None,
        parse_version(version_text),
        match,
        _integer(request, "timeoutSeconds"),
        bool(_boolean(request, "allowWatchBookmarks")),
        initial,
    )


def _causes(request: Request, *, version_text: str, match: str, initial: bool | None, watching: bool) -> list[Cause]:
    found: list[Cause] = []
    if match and match not in {EXACT, NOT_OLDER}:
        found.append(errors.unsupported("resourceVersionMatch", errors.quoted(match), (EXACT, NOT_OLDER, "")))
    continuing = bool(request.param("continue"))
    rules = (
        _watch_rules(match=match, initial=initial, continuing=continuing)
        if watching
        else _list_rules(match=match, initial=initial, continuing=continuing, version_text=version_text)
    )
    found += [Cause(CauseType.FORBIDDEN, f"Forbidden: {text}", field) for broken, field, text in rules if broken]
    return found


_Rule = tuple[bool, str, str]
_MATCH: Final = "resourceVersionMatch"


def _watch_rules(*, match: str, initial: bool | None, continuing: bool) -> tuple[_Rule, ...]:
    needs = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
    lonely = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
    return (
        (initial is not None and match != NOT_OLDER, _MATCH, needs),
        (initial is None and bool(match), _MATCH, lonely),
        (continuing, "continue", "continue is forbidden for watch"),
    )


def _list_rules(*, match: str, initial: bool | None, continuing: bool, version_text: str) -> tuple[_Rule, ...]:
    return (
        (initial is not None, "sendInitialEvents", "sendInitialEvents is forbidden for list"),
        (
            bool(match) and not version_text,
            _MATCH,
            "resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        (bool(match) and continuing, _MATCH, "resourceVersionMatch is forbidden when continue is provided"),
        (
            match == EXACT and version_text == "0",
            _MATCH,
            'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
    )
