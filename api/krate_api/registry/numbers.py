"""Numbers in query parameters, read and refused as Go's strconv does."""

import re
from typing import Final

from krate import errors
from krate_api.http import Request

_SIGNED: Final = re.compile(r"[-+]?[0-9]+")
_UNSIGNED: Final = re.compile(r"[0-9]+")
_SHOWN: Final = 100
"""Characters of a wrong number that its message repeats."""
_LONGEST: Final = 40
"""Characters of the longest number that is worth converting; leading zeros count."""


def signed(request: Request, name: str) -> int | None:
    """A 64-bit integer; None when the parameter is absent.

    Raises:
        BadRequest: it is no such number.
    """
    values = request.query.get(name)
    if not values:
        return None
    problem = _problem("ParseInt", values[0], _SIGNED, -(1 << 63), (1 << 63) - 1)
    if problem:
        raise errors.BadRequest(problem)
    return int(values[0])


def version(text: str) -> int | None:
    """A resourceVersion; None when unset.

    Raises:
        BadRequest: it is no unsigned 64-bit integer. Upstream calls that an error of its own where it does not list.
    """
    if not text:
        return None
    problem = _problem("ParseUint", text, _UNSIGNED, 0, (1 << 64) - 1)
    if problem:
        raise errors.BadRequest(f"resourceVersion: Invalid value: {errors.quoted(text[:_SHOWN])}: {problem}")
    return int(text)


def _problem(function: str, text: str, form: re.Pattern[str], least: int, most: int) -> str:
    if not form.fullmatch(text):
        why = "invalid syntax"
    elif len(text) > _LONGEST or not least <= int(text) <= most:
        why = "value out of range"
    else:
        return ""
    return f"strconv.{function}: parsing {errors.quoted(text[:_SHOWN])}: {why}"
