"""Globs over ref names: `*` within a segment, `**` across segments; nothing else is special.

They are matched by RE2, in time linear in the name, whatever somebody writes into a policy.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

import re2

_TOKEN: Final = re.compile(r"\*\*/|\*\*|\*|[^*]+")
_NEVER: Final = re.compile(r"[\x00-\x20\x7f~^:?\[\\]|\.\.|//|@\{")
"""What no ref name holds (git check-ref-format): a glob with it would protect nothing, so it is refused."""
_PIECES: Final = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}


def problem(glob: str) -> str:
    """Why the glob can match no ref, in one sentence; empty when it can."""
    if not glob:
        return "a pattern must not be empty"
    if found := _NEVER.search(glob):
        return f"{found[0]!r} stands in no ref name; only * and ** are wildcards"
    if glob.startswith("/") or glob.endswith("/"):
        return "a ref name neither begins nor ends with a slash"
    return ""


def expression(glob: str) -> str:
    """The glob as an RE2 expression, to be matched against a whole name."""
    return "".join(_PIECES.get(token) or re2.escape(token) for token in _TOKEN.findall(glob))


@lru_cache(maxsize=1024)
def _matcher(glob: str) -> Callable[[str], object]:
    return re2.compile(expression(glob)).fullmatch


def matches(globs: Iterable[str], name: str) -> bool:
    """Whether one of the globs is or matches the name."""
    return any(glob == name or _matcher(glob)(name) is not None for glob in globs)
