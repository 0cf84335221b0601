"""CEL for ref policies: the Git room's port on the CEL room's receive environment."""

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
    except errors.CelError as error:
        raise ExpressionError(str(error)) from error

    def judge(values: Mapping[str, Any]) -> bool:
        try:
            return bool(program.evaluate(values))
        except errors.CelError as error:
            raise ExpressionError(str(error)) from error

    return judge
