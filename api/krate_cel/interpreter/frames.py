"""What one evaluation knows: variables, and what was spent."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from krate_cel.interpreter import values
from krate_cel.interpreter.values import TooExpensive

EXCEEDED: Final = "operation cancelled: actual cost limit exceeded"


class Frame:
    """Variables and spending of one evaluation.

    Args:
        variables: values by name.
        limit: units of cost that may be spent.
        seconds: time of this thread after which the limit counts as spent: a unit takes longer here than in Go.
    """

    __slots__ = ("_deadline", "cost", "limit", "variables")

    def __init__(self, variables: Mapping[str, Any], limit: int, seconds: float) -> None:
        self.variables = dict(variables)
        self.cost = 0
        self.limit = limit
        self._deadline = time.thread_time() + seconds

    def spend(self, cost: int) -> None:
        self.cost += cost
        if self.cost > self.limit:
            raise TooExpensive(EXCEEDED)

    def look_at_clock(self) -> None:
        """End an evaluation that takes too long."""
        if time.thread_time() > self._deadline:
            raise TooExpensive(EXCEEDED)


Step = Callable[[Frame], Any]
"""A compiled node."""


def boolean(value: Any) -> bool:
    """A value that must be one.

    Raises:
        EvalError: it is none.
    """
    if not isinstance(value, bool):
        raise values.no_overload()
    return value
