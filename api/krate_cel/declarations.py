"""Kubernetes' libraries declared for the checker, overload by overload (AS/pkg/cel/library); they run in Python."""

from collections.abc import Iterator
from typing import Final

from krate_cel import macros
from krate_cel.libraries import named

_QUANTITY, _URL, _IP = "kubernetes.Quantity", "kubernetes.URL", "net.IP"
_CIDR, _VERSION, _FORMAT = "net.CIDR", "kubernetes.Semver", "kubernetes.NamedFormat"

_EXTENSIONS: Final = """
extensions:
  - name: optional
  - name: strings
    version: 2
  - name: lists
  - name: sets
  - name: two-var-comprehensions
"""

_FUNCTIONS: Final = (
    # name, overload, receiver or "", arguments, result
    ("quantity", "string_to_quantity", "", ("string",), _QUANTITY),
    ("isQuantity", "is_quantity_string", "", ("string",), "bool"),
    ("sign", "quantity_sign", _QUANTITY, (), "int"),
    ("isLessThan", "quantity_is_less_than", _QUANTITY, (_QUANTITY,), "bool"),
    ("isLessThan", "semver_is_less_than", _VERSION, (_VERSION,), "bool"),
    ("isGreaterThan", "quantity_is_greater_than", _QUANTITY, (_QUANTITY,), "bool"),
    ("isGreaterThan", "semver_is_greater_than", _VERSION, (_VERSION,), "bool"),
    ("compareTo", "quantity_compare_to", _QUANTITY, (_QUANTITY,), "int"),
    ("compareTo", "semver_compare_to", _VERSION, (_VERSION,), "int"),
    ("asApproximateFloat", "quantity_get_float", _QUANTITY, (), "double"),
    ("asInteger", "quantity_get_int", _QUANTITY, (), "int"),
    ("isInteger", "quantity_is_integer", _QUANTITY, (), "bool"),
    ("add", "quantity_add", _QUANTITY, (_QUANTITY,), _QUANTITY),
    ("add", "quantity_add_int", _QUANTITY, ("int",), _QUANTITY),
    ("sub", "quantity_sub", _QUANTITY, (_QUANTITY,), _QUANTITY),
    ("sub", "quantity_sub_int", _QUANTITY, ("int",), _QUANTITY),
    ("url", "string_to_url", "", ("string",), _URL),
    ("isURL", "is_url_string", "", ("string",), "bool"),
    ("getScheme", "url_get_scheme", _URL, (), "string"),
    ("getHost", "url_get_host", _URL, (), "string"),
    ("getHostname", "url_get_hostname", _URL, (), "string"),
    ("getPort", "url_get_port", _URL, (), "string"),
    ("getEscapedPath", "url_get_escaped_path", _URL, (), "string"),
    ("getQuery", "url_get_query", _URL, (), "map[string]list[string]"),
    ("ip", "string_to_ip", "", ("string",), _IP),
    ("ip", "cidr_ip", _CIDR, (), _IP),
    ("isIP", "is_ip", "", ("string",), "bool"),
    ("ip.isCanonical", "ip_is_canonical", "", ("string",), "bool"),
    ("family", "family", _IP, (), "int"),
    ("isUnspecified", "is_unspecified", _IP, (), "bool"),
    ("isLoopback", "is_loopback", _IP, (), "bool"),
    ("isLinkLocalMulticast", "is_link_local_multicast", _IP, (), "bool"),
    ("isLinkLocalUnicast", "is_link_local_unicast", _IP, (), "bool"),
    ("isGlobalUnicast", "is_global_unicast", _IP, (), "bool"),
    ("cidr", "string_to_cidr", "", ("string",), _CIDR),
    ("isCIDR", "is_cidr", "", ("string",), "bool"),
    ("containsIP", "cidr_contains_ip_string", _CIDR, ("string",), "bool"),
    ("containsIP", "cidr_contains_ip_ip", _CIDR, (_IP,), "bool"),
    ("containsCIDR", "cidr_contains_cidr_string", _CIDR, ("string",), "bool"),
    ("containsCIDR", "cidr_contains_cidr", _CIDR, (_CIDR,), "bool"),
    ("masked", "masked_cidr", _CIDR, (), _CIDR),
    ("prefixLength", "prefix_length_cidr", _CIDR, (), "int"),
    ("semver", "string_to_semver", "", ("string",), _VERSION),
    ("semver", "string_bool_to_semver", "", ("string", "bool"), _VERSION),
    ("isSemver", "is_semver_string", "", ("string",), "bool"),
    ("isSemver", "is_semver_string_bool", "", ("string", "bool"), "bool"),
    ("major", "semver_major", _VERSION, (), "int"),
    ("minor", "semver_minor", _VERSION, (), "int"),
    ("patch", "semver_patch", _VERSION, (), "int"),
    ("format.named", "format_named", "", ("string",), f"optional_type[{_FORMAT}]"),
    ("validate", "format_validate", _FORMAT, ("string",), "optional_type[list[string]]"),
    *((f"format.{name}", f"format_{name}", "", (), _FORMAT) for name in named.FORMATS),
)


def config(variables: str) -> str:
    """The engine's configuration of an environment with these variables, a YAML list."""
    return f"{_EXTENSIONS}\nvariables: {variables}\n{macros.DECLARATIONS}{''.join(_declared())}"


def _declared() -> Iterator[str]:
    for name in dict.fromkeys(row[0] for row in _FUNCTIONS):
        yield f"  - name: {name}\n    overloads:\n"
        for _, overload, receiver, arguments, result in (row for row in _FUNCTIONS if row[0] == name):
            yield f"      - id: {overload}\n"
            if receiver:
                yield f"        target: {_type(receiver)}\n"
            yield f"        args: [{', '.join(map(_type, arguments))}]\n        return: {_type(result)}\n"


def _type(name: str) -> str:
    """A type in the engine's notation: `map[string]list[string]` as nested parameters."""
    head, bracket, rest = name.partition("[")
    if not bracket:
        return f"{{type_name: {name}}}"
    if head == "map":
        key, _, value = rest.partition("]")
        return f"{{type_name: map, params: [{_type(key)}, {_type(value)}]}}"
    return f"{{type_name: {head}, params: [{_type(rest[:-1])}]}}"
