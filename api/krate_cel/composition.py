"""Named expressions that others share: the `variables` of a policy.

A variable may use those declared before it, has the type of its expression, and is evaluated when an expression that
names it is: at most once for a request. Its error matters only where its value does, as upstream's lazy map has it
(AS/pkg/admission/plugin/cel/composition.go): `!has(object.spec.x) || variables.y > 1` is true without `x`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from krate_cel import environment, errors, values
from krate_cel.environment import Environment, Program, Returns, Type

_PREFIX: Final = "variables"
_NO_FORM: Final = ("OPTIONAL_TYPE", "TYPE")
"""Types whose values cannot leave one evaluation and enter another."""


class Composition:
    """An environment with variables compiled over it.

    Args:
        base: what the variables themselves may name.
        variables: names and expressions, in order.
    """

    def __init__(self, base: Environment, variables: Iterable[tuple[str, str]]) -> None:
        self.variables: dict[str, Program | errors.CompileError] = {}
        """Compiled variables; one that does not compile fails whatever uses its value."""
        self.environment = base
        types: dict[str, Type] = {_PREFIX: Type.DYN}
        for name, expression in variables:
            found = _variable(self.environment if _PREFIX in expression else base, name, expression)
            self.variables[name] = found
            types[f"{_PREFIX}.{name}"] = found.type if isinstance(found, Program) else Type.DYN
            self.environment = base.extended(types, fields={_PREFIX: frozenset(self.variables)})

    def compile(self, expression: str, *, returns: Returns) -> Program:
        """The program of an expression that may name the variables.

        Raises:
            CompileError: see `Environment.compile`.
        """
        return self.environment.compile(expression, returns=returns)

    def release(self) -> None:
        """Everything is compiled: give back what only compiling needs."""
        if self.variables:
            self.environment.release()

    def frame(self, bindings: Mapping[str, Any] | values.Inputs) -> "Frame":
        """Values for one request.

        Raises:
            EvaluationError: a value has no form in CEL.
        """
        return Frame(self, bindings if isinstance(bindings, values.Inputs) else values.Inputs(bindings))


def _variable(scope: Environment, name: str, expression: str) -> Program | errors.CompileError:
    try:
        program = scope.compile(expression, returns=Returns.ANY)
    except errors.CompileError as problem:
        return problem
    if program.type.name().partition("<")[0].upper() in _NO_FORM:
        return errors.Unsupported(
            f"{program.type.name()} in a variable ({name}; append .orValue(...))", expression=expression
        )
    return program


class Frame:
    """One request's values, with the variables evaluated so far. For one thread."""

    def __init__(self, composition: Composition, inputs: values.Inputs) -> None:
        self._composition = composition
        self._inputs = inputs
        self._values: dict[str, Any] = {}
        self._errors: dict[str, errors.EvaluationError] = {}
        self._bound: tuple[int, values.Inputs] = (0, inputs)

    def evaluate(self, program: Program) -> Any:
        """The plain value of a program of this composition.

        Raises:
            EvaluationError: there is no answer for these values.
        """
        for name in self._composition.variables:
            if f"{_PREFIX}.{name}" in program.names or _PREFIX in program.names:
                self._ensure(name)
        try:
            return program.evaluate(environment.scope(program.runner, self._with_variables()))
        except errors.BudgetExceeded:
            raise
        except errors.EvaluationError as problem:
            raise self._blame(problem) from None

    def _ensure(self, name: str) -> None:
        if name in self._values or name in self._errors:
            return
        program = self._composition.variables[name]
        if isinstance(program, errors.CompileError):
            self._errors[name] = errors.EvaluationError(
                f'composited variable "{name}" fails to compile: {program.message}'
            )
            return
        try:
            self._values[name] = self.evaluate(program)
        except errors.EvaluationError as problem:
            self._errors[name] = errors.EvaluationError(
                f'composited variable "{name}" fails to evaluate: {problem.message}'
            )

    def _blame(self, problem: errors.EvaluationError) -> errors.EvaluationError:
        """A variable without a value is left unbound; its own error says why."""
        for name, cause in self._errors.items():
            if problem.message == f"no value for {_PREFIX}.{name}":
                return cause
        return problem

    def _with_variables(self) -> values.Inputs:
        """The inputs with every variable that has a value, made anew only when more of them have."""
        known = len(self._values)
        if self._bound[0] != known:
            dotted = {f"{_PREFIX}.{name}": value for name, value in self._values.items()}
            self._bound = (known, self._inputs.extended({**dotted, _PREFIX: dict(self._values)}))
        return self._bound[1]
