"""Functions of Kubernetes that the engine lacks and that are cheap and exact in Python.

find and findAll (AS/pkg/cel/library/regex.go), sum, min, max, isSorted, indexOf and lastIndexOf of lists
(AS/pkg/cel/library/lists.go). Patterns are RE2's, as in Go. Arguments and results are plain Python values; an exception
becomes the evaluation error of the expression. Results of sum, min and max are dynamic: the engine cannot call a Python
function whose type has a parameter.
"""

import functools
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import re2
from cel_expr_python import cel

from krate_cel import references


@functools.lru_cache(maxsize=256)
def pattern(text: str) -> Any:
    """A compiled RE2 pattern.

    Raises:
        ValueError: it is not one; the message is RE2's.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as problem:
        reason = problem.args[0] if problem.args else "unknown"
        raise ValueError(f"error parsing regexp: {reason.decode() if isinstance(reason, bytes) else reason}") from None


def find(text: str, expression: str) -> str:
    """The first match, or the empty text."""
    found = pattern(expression).search(text)
    return found.group(0) if found else ""


def find_all(text: str, expression: str, limit: int = -1) -> list[str]:
    """At most `limit` matches (all when negative); an empty match right after another match does not count."""
    found: list[str] = []
    end = -1
    for match in pattern(expression).finditer(text):
        if 0 <= limit <= len(found):
            break
        if match.end() > match.start() or match.start() != end:
            found.append(match.group(0))
        end = match.end()
    return found


def equal(left: Any, right: Any) -> bool:
    """CEL's equality: numbers compare across types, but true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def index_of(items: Sequence[Any], item: Any) -> int:
    """Position of the first equal element, or -1."""
    return next((index for index, candidate in enumerate(items) if equal(candidate, item)), -1)


def last_index_of(items: Sequence[Any], item: Any) -> int:
    """Position of the last equal element, or -1."""
    return next((index for index in range(len(items) - 1, -1, -1) if equal(items[index], item)), -1)


def total(items: Sequence[Any]) -> Any:
    """Sum of numbers or durations; 0 for the empty list."""
    for item in items:
        if isinstance(item, bool) or not isinstance(item, int | float | timedelta):
            raise TypeError("no such overload: sum(list)")
    return sum(items[1:], start=items[0]) if items else 0


def _comparable(items: Sequence[Any], function: str) -> Sequence[Any]:
    """`items`, if CEL can order them."""
    booleans = sum(isinstance(item, bool) for item in items)
    if booleans not in {0, len(items)} or any(isinstance(item, list | dict) or item is None for item in items):
        raise TypeError(f"no such overload: {function}(list)")
    return items


def smallest(items: Sequence[Any]) -> Any:
    """The smallest element."""
    if not items:
        raise ValueError("min called on empty list")
    return min(_comparable(items, "min"))


def largest(items: Sequence[Any]) -> Any:
    """The largest element."""
    if not items:
        raise ValueError("max called on empty list")
    return max(_comparable(items, "max"))


def is_sorted(items: Sequence[Any]) -> bool:
    """Whether no element is smaller than the one before it."""
    items = _comparable(items, "isSorted")
    return all(not items[index] < items[index - 1] for index in range(1, len(items)))


def _overload(identity: str, parameters: Sequence[cel.Type], result: cel.Type, run: Callable[..., Any]) -> cel.Overload:
    @functools.wraps(run)
    def call(*arguments: Any) -> Any:
        references.repay(arguments)
        return run(*arguments)

    return cel.Overload(identity, return_type=result, parameters=parameters, is_member=True, impl=call)


def extension() -> cel.CelExtension:
    """The functions as an extension of the engine. One overload per shape: it dispatches on kinds, not on types."""
    of = cel.Type
    strings, items = of.List(of.STRING), of.LIST
    members = {
        "find": [_overload("string_find_string", [of.STRING, of.STRING], of.STRING, find)],
        "findAll": [
            _overload("string_find_all_string", [of.STRING, of.STRING], strings, find_all),
            _overload("string_find_all_string_int", [of.STRING, of.STRING, of.INT], strings, find_all),
        ],
        "indexOf": [_overload("list_a_index_of_int", [items, of.DYN], of.INT, index_of)],
        "lastIndexOf": [_overload("list_a_last_index_of_int", [items, of.DYN], of.INT, last_index_of)],
        "isSorted": [_overload("list_a_is_sorted_bool", [items], of.BOOL, is_sorted)],
        "sum": [_overload("list_a_sum_a", [items], of.DYN, total)],
        "min": [_overload("list_a_min_a", [items], of.DYN, smallest)],
        "max": [_overload("list_a_max_a", [items], of.DYN, largest)],
    }
    declared = [cel.FunctionDecl(name, overloads) for name, overloads in members.items()]
    return cel.CelExtension("krate.kubernetes", declared)
