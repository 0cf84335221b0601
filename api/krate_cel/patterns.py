"""Regular expressions in expressions: RE2's syntax, as in Kubernetes, checked when the expression is compiled."""

import functools
from collections.abc import Iterator
from typing import Any

import re2


@functools.lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """A pattern compiled by RE2, which is what the engine does with it.

    Raises:
        ValueError: it is not one; the message is RE2's.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as problem:
        reason = problem.args[0] if problem.args else "unknown"
        text = reason.decode() if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"error parsing regexp: {text}") from None


def without_groups(pattern: str) -> str:
    """The same pattern, whose groups capture nothing.

    The engine's `regex.extract` answers the group where a pattern has one, Kubernetes' `find` the whole match.

    Raises:
        ValueError: the pattern is none, or its groups could not be told from what looks like one.
    """
    found = "".join(_rewritten(pattern))
    if compiled(pattern).groups and compiled(found).groups:
        raise ValueError("groups of the pattern cannot be made to capture nothing")
    return found


def _rewritten(pattern: str) -> Iterator[str]:
    position, end = 0, len(pattern)
    while position < end:
        following = _after(pattern, position)
        piece = pattern[position:following]
        captures = piece == "(" and not pattern.startswith("?", following)
        yield "(?:" if captures or piece.startswith(("(?P<", "(?<")) else piece
        position = following


def _after(pattern: str, position: int) -> int:
    """Where the element at `position` ends: an escape, a class, the opening of a group, or one character."""
    rest = pattern[position:]
    if rest.startswith("\\Q"):
        closing = pattern.find("\\E", position)
        return len(pattern) if closing < 0 else closing + 2
    if rest.startswith("\\"):
        return position + 2
    if rest.startswith("["):
        return _after_class(pattern, position)
    if rest.startswith(("(?P<", "(?<")):
        return pattern.index(">", position) + 1
    return position + 1


def _after_class(pattern: str, position: int) -> int:
    """A bracket closes a class unless it comes first, is escaped, or ends the name of a class in it."""
    position += 2 if pattern.startswith("[^", position) else 1
    first = position
    while position < len(pattern):
        if pattern.startswith("\\", position):
            position += 2
        elif pattern.startswith("[:", position) and ":]" in pattern[position:]:
            position = pattern.index(":]", position) + 2
        elif pattern[position] == "]" and position > first:
            return position + 1
        else:
            position += 1
    return position
