"""RE2 patterns of policies: the syntax of Kubernetes and CEL, linear in the text, found anywhere unless anchored."""

from functools import lru_cache
from typing import Final

import re2

_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False  # a bad pattern is its author's news, not a line on our standard error


def problem(pattern: str) -> str:
    """Why the text is no RE2 pattern; empty when it is one."""
    try:
        re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        detail = error.args[0] if error.args else b""
        return detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
    return ""


@lru_cache(maxsize=1024)
def found(pattern: str, text: str) -> bool:
    """Whether the pattern matches somewhere in the text; the empty pattern does."""
    return not pattern or re2.compile(pattern, _OPTIONS).search(text) is not None
