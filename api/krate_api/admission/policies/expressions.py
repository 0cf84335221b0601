"""A policy's expressions, compiled: its conditions, validations and annotations over its variables.

A piece that does not compile stands in its place as the error it is, so that one broken validation does not hide the
others and status can name every one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from krate_cel.composition import Composition
from krate_cel.environment import Environment, Program, Returns
from krate_cel.errors import CompileError

Compiled = Program | CompileError


@dataclass(frozen=True, slots=True)
class Condition:
    """A match condition."""

    name: str
    program: Compiled


@dataclass(frozen=True, slots=True)
class Check:
    """A validation."""

    expression: str
    program: Compiled
    message: str
    message_program: Compiled | None
    reason: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """An audit annotation."""

    key: str
    program: Compiled


@dataclass(frozen=True, slots=True)
class Problem:
    """An expression that does not compile."""

    path: str
    """`spec.validations[0].expression`"""
    error: CompileError


@dataclass(frozen=True, slots=True)
class Expressions:
    """Everything that a policy evaluates."""

    composition: Composition
    conditions: tuple[Condition, ...]
    checks: tuple[Check, ...]
    annotations: tuple[Annotation, ...]
    problems: tuple[Problem, ...]

    def programs(self) -> Iterator[Program]:
        """All that compiled."""
        pieces: list[Compiled | None] = [condition.program for condition in self.conditions]
        pieces += [piece for check in self.checks for piece in (check.program, check.message_program)]
        pieces += [annotation.program for annotation in self.annotations]
        pieces += self.composition.variables.values()
        return (piece for piece in pieces if isinstance(piece, Program))

    def names(self, variable: str) -> bool:
        """Whether any expression names `variable`."""
        return any(variable in program.names for program in self.programs())

    def selects(self, *members: str) -> bool:
        """Whether any expression looks at one of `members` (`request.object`)."""
        return any(program.selected & set(members) for program in self.programs())


def build(spec: Mapping[str, Any], base: Environment, *, conditions_use_variables: bool) -> Expressions:
    """Compile the expressions of a policy's spec.

    Args:
        spec: of a ValidatingAdmissionPolicy or a ValidatingPolicy; both spell these fields alike.
        base: what expressions may name besides the variables.
        conditions_use_variables: whether match conditions may name variables: in Kubernetes they may, in Kyverno they
            are compiled before there are any.
    """
    variables = [(entry["name"], entry["expression"]) for entry in spec.get("variables") or ()]
    composition = Composition(base, variables)
    whole = composition.environment
    found = Expressions(
        composition,
        tuple(
            Condition(
                entry["name"],
                compiled(whole if conditions_use_variables else base, entry["expression"], Returns.BOOL),
            )
            for entry in spec.get("matchConditions") or ()
        ),
        tuple(_check(whole, entry) for entry in spec.get("validations") or ()),
        tuple(
            Annotation(entry["key"], compiled(whole, entry["valueExpression"], Returns.STRING_OR_NULL))
            for entry in spec.get("auditAnnotations") or ()
        ),
        (),
    )
    composition.release()
    return Expressions(found.composition, found.conditions, found.checks, found.annotations, tuple(_problems(found)))


def compiled(environment: Environment, expression: str, returns: Returns) -> Compiled:
    """The program, or why there is none."""
    try:
        return environment.compile(expression, returns=returns)
    except CompileError as problem:
        return problem.with_traceback(None)


def _check(environment: Environment, entry: Mapping[str, Any]) -> Check:
    message = entry.get("messageExpression")
    return Check(
        entry["expression"],
        compiled(environment, entry["expression"], Returns.BOOL),
        entry.get("message") or "",
        compiled(environment, message, Returns.STRING) if message else None,
        entry.get("reason") or "",
    )


def _problems(found: Expressions) -> Iterator[Problem]:
    pieces: list[tuple[str, Compiled | None]] = []
    pieces += [
        (f"spec.variables[{index}].expression", piece)
        for index, piece in enumerate(found.composition.variables.values())
    ]
    pieces += [
        (f"spec.matchConditions[{index}].expression", condition.program)
        for index, condition in enumerate(found.conditions)
    ]
    for index, check in enumerate(found.checks):
        pieces.append((f"spec.validations[{index}].expression", check.program))
        pieces.append((f"spec.validations[{index}].messageExpression", check.message_program))
    pieces += [
        (f"spec.auditAnnotations[{index}].valueExpression", annotation.program)
        for index, annotation in enumerate(found.annotations)
    ]
    return (Problem(path, piece) for path, piece in pieces if isinstance(piece, CompileError))
