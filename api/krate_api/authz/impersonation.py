"""Acting as somebody else by `Impersonate-*` headers (AS/pkg/endpoints/filters/impersonation).

There are three ways to be allowed, tried in order: of a ServiceAccount alone (`impersonate:serviceaccount`), of a user
with everything about them (`impersonate:user-info`), each only together with the right to do the very request so
(`impersonate-on:MODE:VERB`), and the verb `impersonate` of old, for any request. The refusal is that of the first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import unquote

from krate import errors, names
from krate.identity import Attributes, Caller
from krate_api.authz import refusals
from krate_api.authz.authorizer import Authorizer
from krate_api.http import Request

_USER: Final = "impersonate-user"
_GROUP: Final = "impersonate-group"
_UID: Final = "impersonate-uid"
_EXTRA: Final = "impersonate-extra-"
_AUTHENTICATION: Final = "authentication.k8s.io"
_LEGACY: Final = "impersonate"
_FORBIDDEN_GROUPS: Final = {
    "": "impersonating the empty string group is not allowed",
    names.GROUP_MASTERS: "impersonating the system:masters group is not allowed",
}
"""Groups that only the verb of old can give."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who a request wants to be."""

    username: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    @property
    def account(self) -> tuple[str, str] | None:
        """Namespace and name, of a ServiceAccount."""
        return names.split_service_account(self.username)

    @property
    def caller(self) -> Caller:
        """The caller they become: groups are those asked for, or those a ServiceAccount has."""
        groups = self.groups
        if self.account and not groups:
            groups = names.service_account_groups(self.account[0])
        if self.username == names.ANONYMOUS:
            groups = _with(groups, names.GROUP_UNAUTHENTICATED)
        elif names.GROUP_UNAUTHENTICATED not in groups:
            groups = _with(groups, names.GROUP_AUTHENTICATED)
        return Caller(self.username, groups, self.uid, self.extra)


def _with(groups: tuple[str, ...], group: str) -> tuple[str, ...]:
    return groups if group in groups else (*groups, group)


def wanted(request: Request) -> Wanted | None:
    """Who the headers ask to be; None when they ask nothing.

    Raises:
        BadRequest: they ask for groups, a uid or extras without a user.
    """
    extra: dict[str, tuple[str, ...]] = {}
    for name in request.starting_with(_EXTRA):
        key = _unescaped(name.removeprefix(_EXTRA))
        extra[key] = (*extra.get(key, ()), *request.headers(name))
    found = Wanted(request.header(_USER), tuple(request.headers(_GROUP)), request.header(_UID), extra)
    if found.username:
        return found
    if found.groups or found.uid or found.extra:
        raise errors.BadRequest(f"requested {_go(found)} without impersonating a user name")
    return None


def _unescaped(key: str) -> str:
    """The key of an extra: percent-encoded when it holds what a header cannot; as it is when it is not well encoded."""
    try:
        return unquote(key, errors="strict")
    except UnicodeDecodeError:
        return key


def _go(wanted: Wanted) -> str:
    """As Go prints the value in upstream's message."""
    listed = {key: _go_list(values) for key, values in sorted(wanted.extra.items())}
    inner = ", ".join(f"{errors.quoted(key)}:{values}" for key, values in listed.items())
    extra = f"map[string][]string{{{inner}}}" if listed else "map[string][]string(nil)"
    groups = _go_list(wanted.groups) if wanted.groups else "[]string(nil)"
    return f'&user.DefaultInfo{{Name:"", UID:{errors.quoted(wanted.uid)}, Groups:{groups}, Extra:{extra}}}'


def _go_list(values: Sequence[str]) -> str:
    return f"[]string{{{', '.join(map(errors.quoted, values))}}}"


async def impersonate(authorizer: Authorizer, caller: Caller, wanted: Wanted, request: Attributes) -> Caller:
    """The caller that a request is carried out as.

    Args:
        authorizer: decides.
        caller: who really asks.
        wanted: who they want to be.
        request: what they want to do as them.

    Raises:
        Forbidden: no way of impersonation allows it.
    """
    refusal: errors.Forbidden | None = None
    for mode in _modes(wanted):
        refused = await _refusal(authorizer, caller, wanted, mode, request)
        if refused is None:
            return replace(wanted.caller, impersonator=caller.username)
        refusal = refusal or refused
    raise refusal or errors.Forbidden()


def _modes(wanted: Wanted) -> Iterator[str]:
    """The ways that exist for such a user; the empty one is the verb of old."""
    if not wanted.account:
        yield "user-info"
    elif not (wanted.groups or wanted.uid or wanted.extra):
        yield "serviceaccount"
    yield ""


async def _refusal(
    authorizer: Authorizer, caller: Caller, wanted: Wanted, mode: str, request: Attributes
) -> errors.Forbidden | None:
    """Why one way is closed; None when it is open."""
    checks = [replace(request, verb=f"impersonate-on:{mode}:{request.verb}")] if mode else []
    for attributes in (*checks, *_checks(wanted, mode)):
        if mode and (why := _never(attributes)):
            return refusals.forbidden(caller, attributes, why)
        decision = await authorizer.review(caller, attributes)
        if not decision.allowed:
            return refusals.forbidden(caller, attributes, decision.reason)
    return None


def _checks(wanted: Wanted, mode: str) -> Iterator[Attributes]:
    """What must be allowed: everything that is asked for, one by one."""
    verb, group = (f"impersonate:{mode}", _AUTHENTICATION) if mode else (_LEGACY, "")
    if wanted.account:
        namespace, name = wanted.account
        yield Attributes(verb, group, "v1", "serviceaccounts", namespace=namespace, name=name)
    else:
        yield Attributes(verb, group, "v1", "users", name=wanted.username)
    if wanted.uid:
        yield Attributes(verb, _AUTHENTICATION, "v1", "uids", name=wanted.uid)
    for one in wanted.groups:
        yield Attributes(verb, group, "v1", "groups", name=one)
    for key, values in wanted.extra.items():
        for value in values:
            yield Attributes(verb, _AUTHENTICATION, "v1", "userextras", key, name=value)


def _never(attributes: Attributes) -> str:
    """What the newer ways refuse whatever the rules say; empty when they may be asked."""
    if attributes.resource == "groups":
        return _FORBIDDEN_GROUPS.get(attributes.name, "")
    if attributes.resource != "userextras":
        return ""
    key = attributes.subresource
    if not key:
        return "impersonating the empty string key in extra is not allowed"
    prefix, slash, path = key.partition("/")
    if not slash or not path or names.subdomain_problems(prefix):
        rule = f'extra.key: Invalid value: {errors.quoted(key)}: must be a domain-prefixed path (such as "acme.io/foo")'
        return f"impersonating an invalid key in extra is not allowed: {rule}"
    return "" if attributes.name else "impersonating the empty string value in extra is not allowed"
