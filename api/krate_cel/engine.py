"""The binding to the engine: which libraries an environment has, and what its errors mean.

Libraries are those of Kubernetes 1.36 (AS/pkg/cel/environment/base.go) and of Kyverno 1.19 (pkg/cel/compiler/env.go),
as far as the engine has them; `strings` is held at the version both use, so that what compiles here compiles there.
"""

import dataclasses
import functools
import re
from collections.abc import Iterator, Mapping
from typing import Final

from cel_expr_python import cel

from krate_cel import binding, cost, errors, expansion, extents, gaps, macros, patterns, syntax

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


def checker(variables: Mapping[str, cel.Type]) -> cel.Env:
    """An environment that checks expressions in which `variables` may be named; it cannot run them.

    It knows functions that only their definitions can run, and comparisons of numbers across types, which the engine
    runs but does not let pass its own checker.
    """
    config = cel.NewEnvConfigFromYaml(_LIBRARIES + macros.DECLARATIONS)
    return cel.NewEnv(config=config, variables=variables, extensions=[macros.extension()])


def runner(variables: Mapping[str, cel.Type]) -> cel.Env:
    """An environment that runs checked expressions; variables that it does not know have the type of their value."""
    env = cel.NewEnv(config=cel.NewEnvConfigFromYaml(_LIBRARIES), variables=variables)
    if variables:
        env.compile("true")  # it learns the types of its variables when it first compiles
    return env


@functools.cache
def shared_runner() -> cel.Env:
    """The runner of all expressions whose variables show their type: one is enough for everybody."""
    return runner({})


@functools.cache
def _definition(text: str) -> bytes:
    """A definition of `krate_cel.macros`, checked and serialized."""
    return runner(dict.fromkeys(macros.VARIABLES, cel.Type.DYN)).compile(text).serialize()


@dataclasses.dataclass(frozen=True, slots=True)
class Compiled:
    """An expression, ready to run."""

    run: cel.Expression
    type: cel.Type
    """Its static type."""
    tree: syntax.Tree
    """What runs: calls that the engine lacks are replaced. Bindings stand in it as they were written."""


def compile_checked(expression: str, *, checks: cel.Env, runs: cel.Env) -> Compiled:
    """Parse, check and plan `expression`.

    Args:
        expression: the text.
        checks: where it is checked.
        runs: where it will run.

    Raises:
        Unsupported: it needs a function that the engine lacks.
        CompileError: anything else is wrong with it.
    """
    if len(expression) > MAX_EXPRESSION:
        raise errors.CompileError(f"longer than {MAX_EXPRESSION} characters", expression=expression, detail="too long")
    try:
        checked = checks.compile(expression)
    except (RuntimeError, ValueError) as problem:
        raise _compile_error(str(problem), expression) from None
    serialized = checked.serialize()
    tree = syntax.decode(serialized)
    for problem in _problems(tree, expression):
        raise problem
    if any(isinstance(node, syntax.Call) and node.function in macros.FUNCTIONS for node in tree.walk()):
        serialized = expansion.expand(serialized, _definition)
        tree = syntax.decode(serialized)
    run = runs.deserialize(binding.made_right(serialized) if binding.binds(tree) else serialized)
    _plan(run, tree, expression)
    return Compiled(run, checked.return_type(), tree)


def _compile_error(report: str, expression: str) -> errors.CompileError:
    found = _STATUS.match(report)
    text = found[1] if found else report
    issues = [(int(line), int(column), message.partition("\n")[0]) for line, column, message in _ISSUE.findall(text)]
    for line, column, message in issues:
        missing = _UNDECLARED.search(message)
        name = missing[1].partition(".")[0] if missing else ""
        if name in gaps.UNSUPPORTED:
            return errors.Unsupported(
                gaps.UNSUPPORTED[name], expression=expression, line=max(line, 0), column=max(column, 0)
            )
    if not issues:
        return errors.CompileError(text, expression=expression, detail=text)
    line, column, message = issues[0]
    return errors.CompileError(message, expression=expression, line=max(line, 0), column=max(column, 0), detail=text)


def _problems(tree: syntax.Tree, expression: str) -> Iterator[errors.CompileError]:
    """What the type checker does not mind."""
    for node in tree.walk():
        match node:
            case syntax.Call(function, (_, argument, *_)) if function in cost.PATTERNS:
                yield from _pattern_problems(function, argument, expression)
            case syntax.Call("lists.range", (argument,)):
                # It makes as many numbers as it is told, in one step that nothing interrupts.
                if not (isinstance(argument, syntax.Const) and int(argument.value or 0) <= extents.ITERATIONS):
                    limit = f"lists.range() of anything but a number up to {extents.ITERATIONS}"
                    yield errors.Unsupported(limit, expression=expression)
            case syntax.Comprehension(names=names) if any(name.startswith(macros.RESERVED) for name in names):
                yield errors.CompileError("names that start with __ are reserved", expression=expression)
            case _:
                pass


def _pattern_problems(function: str, argument: syntax.Node, expression: str) -> Iterator[errors.CompileError]:
    """What is wrong with a pattern; Kubernetes checks literal ones too when it compiles (ValidateRegexLiterals)."""
    if not (isinstance(argument, syntax.Const) and isinstance(argument.value, str)):
        if function in macros.PATTERNS:
            yield errors.Unsupported(f"{function}() with a pattern that is not a literal", expression=expression)
        return
    try:
        pattern = patterns.compiled(argument.value)
        if function in macros.PATTERNS:
            patterns.without_groups(argument.value)
    except ValueError as problem:
        yield errors.CompileError(f"invalid {function} argument: {problem}", expression=expression)
        return
    if function == "findAll" and pattern.fullmatch(""):
        yield errors.Unsupported("findAll() with a pattern that matches the empty text", expression=expression)


def _plan(compiled: cel.Expression, tree: syntax.Tree, expression: str) -> None:
    """Have the engine plan the expression now, because it finds some functions missing only then.

    It plans on the first evaluation; one without values ends at the first variable.
    """
    if not cost.estimate(tree, extents.SCALAR).affordable:
        raise errors.CompileError("would cost more than its budget for any input", expression=expression)
    try:
        compiled.eval(data={})
    except RuntimeError as problem:
        missing = _UNRESOLVED.search(str(problem))
        if missing:
            function = gaps.UNSUPPORTED.get(missing[1], missing[1])
            if "transformMapEntry" in expression:  # both macros need the same missing function
                function = function.replace("transformMap()", "transformMapEntry()")
            raise errors.Unsupported(function, expression=expression) from None
        if "Iteration budget exceeded" not in str(problem):
            raise _compile_error(str(problem), expression) from None
