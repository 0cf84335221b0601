"""CEL for ref policies: the Git room's port, on the receive environment of `krate_cel`."""

from collections.abc import Callable, Mapping
from typing import Any

from krate_cel import environment, errors
from krate_cel.environment import Returns
from krate_git.expressions import ExpressionError, Predicate


def compiler() -> Callable[[str], Predicate]:
    """A function that compiles expressions, with a cache of its own; the engine is made at the first expression."""
    receive = environment.receive()

    def compile_expression(text: str) -> Predicate:
        try:
            program = receive.compile(text, returns=Returns.BOOL)
        except errors.CelError as problem:
            raise ExpressionError(problem.message) from problem

        def judge(values: Mapping[str, Any]) -> bool:
            try:
                return bool(program.evaluate(values))
            except errors.CelError as problem:
                raise ExpressionError(problem.message) from problem

        return judge

    return compile_expression
