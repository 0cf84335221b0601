"""What one call can cost at most, and how large its result can be (AS/pkg/cel/library/cost.go, cel-go checker/cost.go).

Changing a number here changes which definitions are accepted.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from krate_cel.interpreter import tree
from krate_cel.interpreter.bounds import MOST, NOTHING, ONE, UNKNOWN, Bounds, fixed
from krate_cel.interpreter.costs import PATTERN, TRAVERSAL

Found = tuple[Bounds, Bounds | None]
"""Cost and size of the result."""
_NAME_PATTERN: Final = 128
_ADDRESS: Final = Bounds(4, 16)


@dataclass(frozen=True, slots=True)
class Entries:
    """Sizes of what a list or map holds."""

    kind: str
    key: Bounds
    value: Bounds


class Sizes(Protocol):
    """What an estimator knows of nodes."""

    def size(self, node: tree.Node) -> Bounds: ...
    def size_at(self, path: Sequence[str]) -> Bounds | None: ...
    def path(self, node: tree.Node) -> tuple[str, ...]: ...
    def type_of(self, node: tree.Node) -> tree.Type: ...
    def entries(self, node: tree.Node) -> Entries | None: ...
    def set_entries(self, node: tree.Node, entries: Entries | None) -> None: ...


def estimate(sizes: Sizes, node: tree.Call, overload: str, costs: Sequence[Bounds]) -> Found:
    """Cost of a call with its arguments, and the size of its result.

    Args:
        sizes: what is known of its parts.
        node: the call.
        overload: the function that it may mean.
        costs: of the arguments.
    """
    arguments = sum(costs, NOTHING)
    if overload in {"logical_and", "logical_or"}:
        return Bounds(costs[0].least, (costs[0] + costs[1]).most), None
    if overload == "conditional":
        return _conditional(sizes, node, costs)
    rule = _rule(node, overload)
    found, result = rule(sizes, node, overload) if rule else (ONE, None)
    return found + arguments, result


def _rule(node: tree.Call, overload: str) -> "Callable[[Sizes, tree.Call, str], Found] | None":
    if node.target is not None or node.function not in _MEMBERS:
        by_name = _FUNCTIONS.get(node.function)
        if by_name:
            return by_name
    return _OVERLOADS.get(overload)


def _conditional(sizes: Sizes, node: tree.Call, costs: Sequence[Bounds]) -> Found:
    _, yes, no = node.arguments
    _unite(sizes, node, yes, no)
    return costs[0] + (costs[1] | costs[2]), sizes.size(yes) | sizes.size(no)


def _unite(sizes: Sizes, node: tree.Call, one: tree.Node, other: tree.Node) -> None:
    first, second = sizes.entries(one), sizes.entries(other)
    if first is not None and second is not None:
        sizes.set_entries(node, Entries(first.kind, first.key | second.key, first.value | second.value))


def _of_target(node: tree.Call) -> tree.Node:
    return node.target if node.target is not None else node.arguments[0]


def _walk(sizes: Sizes, node: tree.Call, _: str) -> Found:
    size = sizes.size(_of_target(node))
    return size.times(TRAVERSAL), size


def _walk_argument(factor: float, *, sized: bool = False) -> Callable[[Sizes, tree.Call, str], Found]:
    def rule(sizes: Sizes, node: tree.Call, _: str) -> Found:
        size = sizes.size(node.arguments[0])
        return size.times(factor * TRAVERSAL), size if sized else None

    return rule


def _one(_: Sizes, __: tree.Call, ___: str) -> Found:
    return ONE, None


def _element_size(sizes: Sizes, node: tree.Node) -> tuple[tree.Type, Bounds] | None:
    """Type and size of the elements of a list."""
    parameters = sizes.type_of(node).parameters
    if not parameters:
        return None
    path = sizes.path(node)
    said = sizes.size_at((*path, "@items")) if path else None
    return parameters[0], said or UNKNOWN


def _over_list(sizes: Sizes, node: tree.Call, _: str) -> Found:
    target = _of_target(node)
    element = _element_size(sizes, target)
    if element is None:
        return sizes.size(target).times(TRAVERSAL), None
    each = ONE
    if element[0].name in {"string", "bytes"}:
        each += element[1].times(TRAVERSAL)
    return sizes.size(target) * each, None


def _replace(sizes: Sizes, node: tree.Call, _: str) -> Found:
    text, old, new = (sizes.size(part) for part in (_of_target(node), *node.arguments[:2]))
    count, kept = [0, 0], [0, 0]
    if old.least == 0:
        count[1], kept[1] = min(text.most + 1, MOST), text.most
    elif new.most <= old.least:
        kept[1] = text.most
    else:
        count[1] = math.ceil(text.most / old.least)
    if old.most == 0:
        count[0], kept[0] = min(text.least + 1, MOST), text.least
    elif old.most <= new.least:
        kept[0] = text.least
    else:
        count[0] = math.ceil(text.least / old.most)
    return text.times(2 * TRAVERSAL), Bounds(*count) * new + Bounds(*kept)


def _split(sizes: Sizes, node: tree.Call, _: str) -> Found:
    text = sizes.size(_of_target(node))
    most = text.most
    match node.arguments[1:]:
        case [tree.Const(value=int() as limit)]:
            most = limit if limit >= 0 else MOST
        case _:
            pass
    return text.times(2 * TRAVERSAL), Bounds(0, most)


def _join(sizes: Sizes, node: tree.Call, _: str) -> Found:
    target = _of_target(node)
    count, size = sizes.size(target), NOTHING
    element = _element_size(sizes, target)
    if element is not None:
        size = count * element[1]
    if node.arguments:
        gaps = Bounds(max(0, count.least - 1), max(0, count.most - 1))
        size += sizes.size(node.arguments[0]) * gaps
    return size.times(TRAVERSAL), size


def _pattern(text: Bounds, pattern: Bounds) -> Bounds:
    return (text + ONE).times(TRAVERSAL) * pattern.times(PATTERN)


def _find(sizes: Sizes, node: tree.Call, _: str) -> Found:
    text = sizes.size(_of_target(node))
    return _pattern(text, sizes.size(node.arguments[0])), Bounds(0, text.most)


def _matches(sizes: Sizes, node: tree.Call, _: str) -> Found:
    if node.target is None:  # matches(text, pattern) has no rule upstream
        return ONE, None
    return _pattern(sizes.size(node.target), sizes.size(node.arguments[0])), None


def _ip(sizes: Sizes, node: tree.Call, overload: str) -> Found:
    return (ONE, None) if overload == "cidr_ip" else _walk_argument(1)(sizes, node, overload)


def _in_range(sizes: Sizes, node: tree.Call, overload: str) -> Found:
    found = (_ADDRESS + _ADDRESS).times(TRAVERSAL)
    if node.function == "containsCIDR":
        found += _ADDRESS.times(TRAVERSAL) + ONE
    if overload.endswith("_string"):
        found += sizes.size(node.arguments[0]).times(TRAVERSAL)
    return found, None


def _validate(sizes: Sizes, node: tree.Call, _: str) -> Found:
    return sizes.size(node.arguments[0]).times(TRAVERSAL).times(_NAME_PATTERN * PATTERN), None


def _to_bytes(sizes: Sizes, node: tree.Call, _: str) -> Found:
    size = sizes.size(node.arguments[0])
    return size.times(TRAVERSAL), size * Bounds(1, 4)


def _to_text(sizes: Sizes, node: tree.Call, _: str) -> Found:
    size = sizes.size(node.arguments[0])
    return size.times(TRAVERSAL), Bounds(size.least // 4, size.most)


def _quoted(sizes: Sizes, node: tree.Call, _: str) -> Found:
    size = sizes.size(node.arguments[0])
    return size.times(TRAVERSAL), size * Bounds(1, 2) + fixed(2)


def _in_list(sizes: Sizes, node: tree.Call, _: str) -> Found:
    return sizes.size(node.arguments[1]), None


def _contains(sizes: Sizes, node: tree.Call, _: str) -> Found:
    whole, part = sizes.size(_of_target(node)), sizes.size(node.arguments[-1])
    return whole.times(TRAVERSAL) * part.times(TRAVERSAL), None


def _add(sizes: Sizes, node: tree.Call, overload: str) -> Found:
    one, other = node.arguments
    size = sizes.size(one) + sizes.size(other)
    _unite(sizes, node, one, other)
    return ONE if overload == "add_list" else size.times(TRAVERSAL), size


def _compare(sizes: Sizes, node: tree.Call, _: str) -> Found:
    kinds = {sizes.type_of(argument).name for argument in node.arguments}
    if node.function == "_==_" and kinds <= _UNIT_EQUALITY and len(kinds) == 1:
        return ONE, None
    smallest = min(sizes.size(argument).most for argument in node.arguments)
    return Bounds(1 if smallest > 0 else 0, smallest).times(TRAVERSAL), None


_UNIT_EQUALITY: Final = frozenset({"net.IP", "net.CIDR", "kubernetes.Quantity", "kubernetes.Semver"})
_MEMBERS: Final = frozenset(
    {"isSorted", "sum", "max", "min", "indexOf", "lastIndexOf", "lowerAscii", "upperAscii", "substring", "trim",
     "replace", "split", "join", "find", "findAll"}
)  # fmt: skip
"""Functions that have their cost only with a receiver."""
_Rule = Callable[[Sizes, tree.Call, str], Found]
_FUNCTIONS: Final[Mapping[str, _Rule]] = {
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), _over_list),
    **dict.fromkeys(("lowerAscii", "upperAscii", "substring", "trim"), _walk),
    **dict.fromkeys(
        ("cidr", "isIP", "isCIDR", "quantity", "isQuantity", "semver", "isSemver"), _walk_argument(1)
    ),
    **dict.fromkeys(
        ("masked", "prefixLength", "family", "isUnspecified", "isLoopback", "isLinkLocalMulticast",
         "isLinkLocalUnicast", "isGlobalUnicast", "format.named", "sign", "asInteger", "isInteger",
         "asApproximateFloat", "isGreaterThan", "isLessThan", "compareTo", "add", "sub", "major", "minor", "patch",
         "getScheme", "getHostname", "getHost", "getPort", "getEscapedPath", "getQuery"), _one
    ),
    **dict.fromkeys(("find", "findAll"), _find),
    **dict.fromkeys(("containsIP", "containsCIDR"), _in_range),
    "url": _walk_argument(1, sized=True),
    "replace": _replace,
    "split": _split,
    "join": _join,
    "ip": _ip,
    "ip.isCanonical": _walk_argument(2),
    "validate": _validate,
}  # fmt: skip
_OVERLOADS: Final[Mapping[str, _Rule]] = {
    **dict.fromkeys(("add_string", "add_bytes", "add_list"), _add),
    **dict.fromkeys(("starts_with_string", "ends_with_string"), _walk_argument(1)),
    **dict.fromkeys(("equals", "not_equals"), _compare),
    **{f"{word}_{kind}": _compare for word in ("less", "less_equals", "greater", "greater_equals")
       for kind in ("string", "bytes")},
    "in_list": _in_list,
    "matches": _matches,
    "matches_string": _matches,
    "contains_string": _contains,
    "string_to_bytes": _to_bytes,
    "bytes_to_string": _to_text,
    "strings_quote": _quoted,
    "string_format": lambda sizes, node, _: (sizes.size(_of_target(node)).times(TRAVERSAL), None),
}  # fmt: skip
