"""CEL for ref policies: the port of `krate_git.expressions` on the receive environment of `krate_cel`.

Apart from the port, so that whoever needs no expressions does not load the engine.
"""

from collections.abc import Mapping
from typing import Any

from krate_cel import environment, errors
from krate_cel.environment import Returns
from krate_git.expressions import ExpressionError, Predicate


def compile_expression(text: str) -> Predicate:
    """A predicate over one ref update.

    Raises:
        ExpressionError: the text is no boolean expression over the receive path's variables.
    """
    try:
        program = environment.receive().compile(text, returns=Returns.BOOL)
    except errors.CelError as problem:
        raise ExpressionError(problem.message) from problem

    def judge(values: Mapping[str, Any]) -> bool:
        try:
            return bool(program.evaluate(values))
        except errors.CelError as problem:
            raise ExpressionError(problem.message) from problem

    return judge
