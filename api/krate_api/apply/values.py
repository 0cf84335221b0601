"""JSON values as the algorithm sees them: absent is not null, true is not 1, everything has a place in one order."""

from typing import Any, Final


class Absent:
    """The type of `ABSENT`."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()
"""No value at all; None is JSON's null, which is a value."""

_NUMBER, _STRING, _BOOLEAN, _LIST, _MAP, _NULL = range(6)

_RANKS: Final[dict[type, int]] = {str: _STRING, int: _NUMBER, float: _NUMBER, bool: _BOOLEAN}

Canonical = tuple[int, Any]
"""A value that can be hashed and compared: its rank among the types, then what compares within the type."""


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values: 1 is 1.0, true is not 1."""
    if left is right:
        return True
    # Python's == is never stricter than JSON's here and runs in C, so the walk is only for values that look equal.
    return bool(left == right) and _alike(left, right)


def _alike(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return all(_alike(value, right[key]) for key, value in left.items())
    if isinstance(left, list):
        return all(map(_alike, left, right))
    return isinstance(left, bool) is isinstance(right, bool)


def canonical(value: Any) -> Canonical:
    """`value` in a form that hashes and orders as upstream compares: numbers, strings, booleans, lists, maps, null."""
    rank = _RANKS.get(type(value))
    if rank is not None:
        return rank, value
    match value:
        case list():
            return _LIST, tuple(map(canonical, value))
        case dict():
            return _MAP, tuple(sorted((key, canonical(item)) for key, item in value.items()))
        case _:
            return _NULL, 0


def plain(value: Canonical) -> Any:
    """The JSON value of a canonical one."""
    rank, content = value
    match rank:
        case 3:
            return [plain(item) for item in content]
        case 4:
            return {key: plain(item) for key, item in content}
        case 5:
            return None
        case _:
            return content


def clone(value: Any) -> Any:
    """A private copy."""
    if isinstance(value, dict):
        return {key: clone(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clone(item) for item in value]
    return value
