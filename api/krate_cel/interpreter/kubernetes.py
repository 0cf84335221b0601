"""Kubernetes' own types in CEL: quantities, URLs, addresses, versions and named formats (AS/pkg/cel/library)."""

import functools
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from krate_cel.interpreter import values
from krate_cel.interpreter.values import NONE, EvalError, Optional
from krate_cel.libraries import addresses, named, quantities, urls, versions


def _parser(parse: Callable[..., Any], problem: str = "{problem}") -> Callable[..., Any]:
    """A function that reads a text, with upstream's sentence where it cannot."""

    def apply(text: Any, *options: Any) -> Any:
        if not isinstance(text, str):
            raise values.no_overload()
        try:
            return parse(text, *options)
        except ValueError as error:
            raise EvalError(problem.format(text=text, problem=error)) from None

    return apply


def _checker(parse: Callable[..., Any]) -> Callable[..., bool]:
    def apply(text: Any, *options: Any) -> bool:
        if not isinstance(text, str):
            raise values.no_overload()
        try:
            parse(text, *options)
        except ValueError:
            return False
        return True

    return apply


def _version(text: str, tolerant: bool = False) -> versions.Version:  # noqa: FBT001, FBT002 - CEL's second argument
    return versions.parse(text, tolerant=tolerant)


def _integer(value: Decimal) -> int:
    found = quantities.as_integer(value)
    if found is None:
        raise EvalError("cannot convert value to integer")
    return found


def _order(one: Any, other: Any) -> int:
    if type(one) is not type(other) or not isinstance(one, Decimal | versions.Version):
        raise values.no_overload()
    return (one > other) - (one < other)


def _sign(value: Decimal) -> int:
    return (value > 0) - (value < 0)


def _range(value: Any) -> addresses.Range:
    return _CIDR(value) if isinstance(value, str) else value


def _contains_ip(whole: addresses.Range, other: Any) -> bool:
    address = _IP(other) if isinstance(other, str) else other
    return address in whole.network


def _ip(value: Any) -> Any:
    """Of a text the address it is, of a range the one in front."""
    return value.address if isinstance(value, addresses.Range) else _IP(value)


def _canonical(text: str) -> bool:
    return str(_IP(text)) == text


def _escaped_path(url: urls.Url) -> str:
    return url.path


def _validate(form: named.Format, text: str) -> Optional:
    found = list(form.problems(text))
    return Optional(found, True) if found else NONE


def _named(name: str) -> Optional:
    found = named.FORMATS.get(name)
    return Optional(found, True) if found else NONE


_IP: Final = _parser(addresses.parse, 'IP Address "{text}" parse error during conversion from string: {problem}')
_CIDR: Final = _parser(addresses.parse_range, "network address parse error during conversion from string: {problem}")
FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "quantity": _parser(quantities.parse),
    "isQuantity": _checker(quantities.parse),
    "sign": _sign,
    "isInteger": lambda value: quantities.as_integer(value) is not None,
    "asInteger": _integer,
    "asApproximateFloat": float,
    "add": lambda one, other: one + other,
    "sub": lambda one, other: one - other,
    "compareTo": _order,
    "isLessThan": lambda one, other: _order(one, other) < 0,
    "isGreaterThan": lambda one, other: _order(one, other) > 0,
    "url": _parser(urls.parse, 'URL parse error during conversion from string: parse "{text}": {problem}'),
    "isURL": _checker(urls.parse),
    "getScheme": lambda url: url.scheme,
    "getHost": lambda url: url.host,
    "getHostname": lambda url: url.hostname,
    "getPort": lambda url: url.port,
    "getEscapedPath": _escaped_path,
    "getQuery": lambda url: dict(url.parameters),
    "ip": _ip,
    "isIP": _checker(addresses.parse),
    "ip.isCanonical": _canonical,
    "family": lambda address: address.version,
    "isUnspecified": lambda address: address.is_unspecified,
    "isLoopback": lambda address: address.is_loopback,
    "isLinkLocalMulticast": addresses.is_link_local_multicast,
    "isLinkLocalUnicast": addresses.is_link_local,
    "isGlobalUnicast": addresses.is_global_unicast,
    "cidr": _CIDR,
    "isCIDR": _checker(addresses.parse_range),
    "containsIP": _contains_ip,
    "containsCIDR": lambda whole, other: whole.holds(_range(other)),
    "masked": lambda whole: whole.masked(),
    "prefixLength": lambda whole: whole.length,
    "semver": _parser(_version),
    "isSemver": _checker(_version),
    "major": lambda version: version.major,
    "minor": lambda version: version.minor,
    "patch": lambda version: version.patch,
    "format.named": _named,
    "validate": _validate,
    **{f"format.{name}": functools.partial(named.FORMATS.__getitem__, name) for name in named.FORMATS},
}
