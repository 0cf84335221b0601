"""What can go wrong with an expression.

CelError
├── CompileError          it cannot be used at all
│   └── Unsupported       it is fine elsewhere: it needs a function this engine lacks
└── EvaluationError       it cannot be answered for these values
    └── BudgetExceeded    answering would take too long or too much memory
"""

from typing import Self


class CelError(Exception):
    """the expression cannot be used."""

    def __init__(self, message: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        super().__init__(self.message)


class CompileError(CelError):
    """the expression does not compile.

    `detail` is the engine's whole report, with the source and a mark under each problem, as cel-go prints it.
    """

    def __init__(self, message: str, *, expression: str, line: int = 0, column: int = 0, detail: str = "") -> None:
        super().__init__(message)
        self.expression = expression
        self.line = line
        """From 1; 0 where the problem has no place."""
        self.column = column
        self.detail = detail or self._marked()

    def again(self) -> Self:
        """A fresh exception of the same content, for a failure that is remembered."""
        twin = type(self).__new__(type(self), *self.args)
        twin.__dict__.update(self.__dict__)
        return twin

    def _marked(self) -> str:
        """The report the engine would have written for this one problem."""
        lines = self.expression.splitlines()
        if not 0 < self.line <= len(lines):
            return self.message
        place = f"ERROR: <input>:{self.line}:{self.column}: {self.message}"
        return f"{place}\n | {lines[self.line - 1]}\n | {'.' * (self.column - 1)}^"


class Unsupported(CompileError):
    """the expression needs a function that this engine lacks."""

    def __init__(self, function: str, *, expression: str, line: int = 0, column: int = 0) -> None:
        super().__init__(
            f"{function} is not supported by the built-in policy engine",
            expression=expression,
            line=line,
            column=column,
        )
        self.function = function


class EvaluationError(CelError):
    """the expression cannot be answered for these values."""


class BudgetExceeded(EvaluationError):
    """the expression would cost more than its budget."""
