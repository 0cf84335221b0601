"""The binding to the engine: which libraries an environment has, and what its errors mean.

Libraries are those of Kubernetes 1.36 (AS/pkg/cel/environment/base.go) and of Kyverno 1.19 (pkg/cel/compiler/env.go),
as far as the engine has them; `strings` is held at the version both use, so that what compiles here compiles there.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from cel_expr_python import cel

from krate_cel import cost, errors, functions, gaps, syntax

MAX_EXPRESSION: Final = 16 * 1024
"""Characters of an expression."""

_LIBRARIES: Final = """
extensions:
  - name: optional
  - name: strings
    version: 2
  - name: lists
  - name: sets
  - name: two-var-comprehensions
  - name: bindings
  - name: encoders
  - name: math
  - name: regex
"""

_ISSUE: Final = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*?)(?=\nERROR: |\Z)", re.DOTALL)
_STATUS: Final = re.compile(r"^[A-Z_]+: (.*?) \[[A-Z_]+\]$", re.DOTALL)
_UNDECLARED: Final = re.compile(r"undeclared reference to '([^']*)'")
_UNRESOLVED: Final = re.compile(r"No overload found in reference resolve step for (\S+)")


def environment(variables: Mapping[str, cel.Type]) -> cel.Env:
    """An environment in which `variables` may be named."""
    return cel.NewEnv(
        config=cel.NewEnvConfigFromYaml(_LIBRARIES), variables=variables, extensions=[functions.extension()]
    )


def compile_checked(env: cel.Env, expression: str) -> tuple[cel.Expression, syntax.Tree]:
    """Parse, check and plan `expression`.

    Raises:
        Unsupported: it needs a function that the engine lacks.
        CompileError: anything else is wrong with it.
    """
    if len(expression) > MAX_EXPRESSION:
        raise errors.CompileError(f"longer than {MAX_EXPRESSION} characters", expression=expression, detail="too long")
    try:
        compiled = env.compile(expression)
    except (RuntimeError, ValueError) as problem:
        raise _compile_error(str(problem), expression) from None
    tree = syntax.decode(compiled.serialize())
    for problem in _literal_problems(tree, expression):
        raise problem
    _plan(compiled, tree, expression)
    return compiled, tree


def _compile_error(report: str, expression: str) -> errors.CompileError:
    found = _STATUS.match(report)
    text = found[1] if found else report
    issues = [(int(line), int(column), message.partition("\n")[0]) for line, column, message in _ISSUE.findall(text)]
    for line, column, message in issues:
        missing = _UNDECLARED.search(message)
        if missing and missing[1] in gaps.UNSUPPORTED:
            return errors.Unsupported(
                gaps.UNSUPPORTED[missing[1]], expression=expression, line=max(line, 0), column=max(column, 0)
            )
    if not issues:
        return errors.CompileError(text, expression=expression, detail=text)
    line, column, message = issues[0]
    return errors.CompileError(message, expression=expression, line=max(line, 0), column=max(column, 0), detail=text)


def _literal_problems(tree: syntax.Tree, expression: str) -> Iterator[errors.CompileError]:
    """What is wrong with literal arguments, which Kubernetes checks when it compiles (ValidateRegexLiterals)."""
    for node in tree.walk():
        match node:
            case syntax.Call(function, (_, syntax.Const(str() as text), *_)) if function in cost.PATTERNS:
                try:
                    functions.pattern(text)
                except ValueError as problem:
                    yield errors.CompileError(f"invalid {function} argument: {problem}", expression=expression)
            case syntax.Call("lists.range", (argument,)):
                # It makes as many numbers as it is told, in one step that nothing interrupts.
                if not (isinstance(argument, syntax.Const) and int(argument.value or 0) <= cost.ITERATIONS):
                    limit = f"lists.range() of anything but a number up to {cost.ITERATIONS}"
                    yield errors.Unsupported(limit, expression=expression)
            case _:
                pass


def _plan(compiled: cel.Expression, tree: syntax.Tree, expression: str) -> None:
    """Have the engine plan the expression now, because it finds some functions missing only then.

    It plans on the first evaluation; one without values ends at the first variable.
    """
    if not cost.estimate(tree, cost.SCALAR).affordable:
        raise errors.CompileError("would cost more than its budget for any input", expression=expression)
    try:
        compiled.eval(data={})
    except RuntimeError as problem:
        missing = _UNRESOLVED.search(str(problem))
        if missing:
            function = gaps.UNSUPPORTED.get(missing[1], missing[1])
            raise errors.Unsupported(function, expression=expression) from None
        if "Iteration budget exceeded" not in str(problem):
            raise _compile_error(str(problem), expression) from None
