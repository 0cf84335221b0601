"""The port through which ref policies use CEL: a text becomes a predicate over one ref update, or an error value.

`krate_cel` is the only home of the CEL engine; whoever wires the Git room passes an implementation of `Compile`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

VARIABLES: Final = {
    "ref": "string",
    "operation": "string",
    "pusher": "string",
    "via": "string",
    "commits": "list(map(string, dyn))",
    "files": "list(map(string, dyn))",
}
"""Names an expression may use, with their CEL types.

A commit is {sha, title, message, author{name, email}, committer{name, email}, parents[]}; a file is
{path, change (Added, Modified, Deleted), size, symlink, submodule, executable}.
"""

Predicate = Callable[[Mapping[str, Any]], bool]
"""True lets the update pass; raises ExpressionError when it cannot be evaluated or costs too much."""

Compile = Callable[[str], Predicate]
"""Raises ExpressionError when the text is no boolean expression over VARIABLES."""


class ExpressionError(Exception):
    """the expression cannot be compiled or evaluated."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


def unavailable(text: str) -> Predicate:
    """Stands in where no CEL engine is wired: a policy with an expression does not compile.

    Raises:
        ExpressionError: always.
    """
    raise ExpressionError(f"no CEL engine is available to evaluate {text!r}")
