"""What is wrong with a pattern, in the words of Go's regexp/syntax, whose grammar is RE2's."""

import re
from collections.abc import Mapping
from typing import Final

from krate_cel import patterns

_WORDS: Final[Mapping[str, str]] = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "trailing \\": "trailing backslash at end of expression: ``",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
    "pattern too large - compile failed": "expression too large",
}
_MAX_PATTERN: Final = 16 * 1024
"""Characters: a longer one takes longer to compile than a request may."""


def problem(pattern: str) -> str:
    """Go's sentence on a pattern that does not compile; "" for one that does."""
    if len(pattern) > _MAX_PATTERN:
        return "error parsing regexp: expression too large"
    try:
        patterns.compiled(pattern)
    except ValueError as error:
        found = re.fullmatch(r"error parsing regexp: ([^:]*)(?:: (.*))?", str(error), re.DOTALL)
        if found is None:
            return str(error)
        rest = f": `{found[2]}`" if found[2] is not None else ""
        return f"error parsing regexp: {_WORDS.get(found[1], found[1])}{rest}"
    return ""
