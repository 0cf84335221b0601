"""Rules over a value with a schema: `x-kubernetes-validations` (AX/pkg/apiserver/schema/cel/compilation.go).

declared = declared_types.read(schema, root=True)
rule = Rules(declared).compile("self.spec.replicas <= 5", Wants.BOOL)
rule.evaluate({"spec": {"replicas": 3}})        # Outcome(value=True, cost=3)
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from cel_expr_python import cel

from krate.lazily import lazy
from krate_cel import conversion, declarations, engine, macros, messages
from krate_cel.declared import Declared, cardinality
from krate_cel.interpreter import estimates, literals, plan, tree
from krate_cel.interpreter.frames import Frame
from krate_cel.interpreter.values import NONE, EvalError, Optional, TooExpensive

CALL_LIMIT: Final = 1_000_000
"""Cost of one evaluation (AS/pkg/apis/cel/config.go, PerCallLimit)."""
_SECONDS: Final = 1.0
"""What one evaluation may take, whatever it costs: a unit of cost takes longer in Python than in Go."""
_OLD: Final = "oldSelf"
_ISSUE: Final = re.compile(r"(ERROR: <input>:(-?\d+):(-?\d+): .*?)(?=\nERROR: |\Z)", re.DOTALL)
_FIELD: Final = re.compile(r"(undefined field '[^']*') not found in struct '[^']*'")


class Wants(StrEnum):
    """What an expression must give."""

    BOOL = "bool"
    STRING = "string"


class RuleError(Exception):
    """A rule does not compile; the message is upstream's."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an evaluation gave, or why it gave nothing, and what it cost."""

    value: Any = None
    cost: int = 0
    problem: str = ""
    over_limit: bool = False


@dataclass(frozen=True, slots=True)
class Inputs:
    """The value under judgement and its old one, converted once for all rules of a node."""

    variables: dict[str, Any]
    optional: dict[str, Any]


class Rule:
    """A compiled expression."""

    def __init__(self, found: tree.Tree, declared: Declared, *, optional_old: bool) -> None:
        self.uses_old = _OLD in found.names
        """Whether it names `oldSelf`."""
        self._tree = found
        self._declared = declared
        self._optional_old = optional_old
        self._step = plan.compiled(found)

    @lazy
    def most(self) -> int:
        """What it can cost at most."""
        return estimates.estimate(self._tree, self._declared)

    @property
    def cardinality(self) -> int:
        """How many values of its type a request can hold."""
        return cardinality(self._declared)

    def evaluate(self, inputs: Inputs) -> Outcome:
        """The value for these inputs."""
        variables = inputs.optional if self._optional_old else inputs.variables
        frame = Frame(variables, CALL_LIMIT, _SECONDS)
        try:
            return Outcome(self._step(frame), frame.cost)
        except EvalError as problem:
            return Outcome(cost=frame.cost, problem=problem.message)
        except TooExpensive as problem:
            return Outcome(cost=frame.cost, problem=str(problem), over_limit=True)


class Rules:
    """The environment of the rules of one node.

    Args:
        declared: the type of `self`.
    """

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self._types = messages.Types(declared)
        self._convert = conversion.compiled(declared)
        self._checkers: dict[bool, cel.Env] = {}

    def compile(self, expression: str, wants: Wants, *, optional_old: bool = False) -> Rule:
        """The rule of an expression over `self` and `oldSelf`.

        Args:
            expression: the text.
            wants: what it must give.
            optional_old: whether `oldSelf` is an optional.

        Raises:
            RuleError: it does not compile.
        """
        try:
            if len(expression) > engine.MAX_EXPRESSION * 8:
                raise RuleError(f"compilation failed: expression is longer than {engine.MAX_EXPRESSION * 8} characters")
            checked = self._checker(optional_old=optional_old).compile(expression)
        except (RuntimeError, ValueError) as problem:
            raise RuleError(f"compilation failed: {_report(str(problem))}") from None
        if checked.return_type().name() != wants.upper():
            raise RuleError(_MUST_BE[wants])
        found = tree.decode(checked.serialize())
        issues = [_issue(expression, found.positions.get(place, 0), text) for place, text in literals.problems(found)]
        if issues:
            raise RuleError(f"compilation failed: {chr(10).join(issues)}")
        return Rule(found, self._declared, optional_old=optional_old)

    def inputs(self, value: Any, old: Any = None) -> Inputs:
        """Values ready for the rules.

        Raises:
            EvalError: a value is not of its type.
        """
        variables = {"self": self._converted(value)}
        if old is None:
            return Inputs(variables, {**variables, _OLD: NONE})
        before = self._converted(old)
        return Inputs({**variables, _OLD: before}, {**variables, _OLD: Optional(before, True)})

    def _converted(self, value: Any) -> Any:
        return self._convert(value) if self._convert else value

    def _checker(self, *, optional_old: bool) -> cel.Env:
        if optional_old not in self._checkers:
            kind = self._types.yaml
            before = f"{{type_name: optional_type, params: [{kind}]}}" if optional_old else kind
            names = f"[{_variable('self', kind)}, {_variable(_OLD, before)}]"
            self._checkers[optional_old] = cel.NewEnv(
                descriptor_pool=self._types,
                config=cel.NewEnvConfigFromYaml(declarations.config(names)),
                extensions=[macros.extension()],
            )
        return self._checkers[optional_old]


_MUST_BE: Final = {
    Wants.BOOL: "cel expression must evaluate to a bool",
    Wants.STRING: "messageExpression must evaluate to a string",
}


def _variable(name: str, kind: str) -> str:
    return f"{{name: {name}, {kind.removeprefix('{').removesuffix('}')}}}"


def _report(text: str) -> str:
    """The engine's report in cel-go's words."""
    text = re.sub(r"^[A-Z_]+: (.*) \[[A-Z_]+\]$", r"\1", text, flags=re.DOTALL)
    issues = sorted(_ISSUE.findall(text), key=lambda issue: (int(issue[1]), int(issue[2])))
    told = [issue[0] for issue in issues if "*error*" not in issue[0]]
    return _FIELD.sub(r"\1", "\n".join(told)).replace("null_type", "null") if told else text


def _issue(expression: str, offset: int, text: str) -> str:
    """A problem at a place of the text, as cel-go prints it."""
    before, lines = expression[:offset], expression.splitlines() or [""]
    line, column = before.count("\n"), offset - (before.rfind("\n") + 1)
    return f"ERROR: <input>:{line + 1}:{column + 1}: {text}\n | {lines[line]}\n | {'.' * column}^"
