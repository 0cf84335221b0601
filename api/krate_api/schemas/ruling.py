"""Rules of a definition: whether they compile, and what they can cost at most.

After ValidateCustomResourceDefinitionOpenAPISchema in AX/pkg/apis/apiextensions/validation/validation.go.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from krate.errors import Cause, CauseType
from krate.schema import Schema
from krate_api.schemas import causes, gofmt
from krate_api.schemas.nodes import EMBEDDED, RULES
from krate_api.schemas.rules import Compiled, Ruled, judged
from krate_api.schemas.standards import Place
from krate_cel import declared, rules

_LIMIT: Final = 10_000_000
"""Of one expression (StaticEstimatedCostLimit)."""
_TOTAL_LIMIT: Final = 100_000_000
"""Of all expressions of a schema (StaticEstimatedCRDCostLimit)."""
_TOLD: Final = 4
_MOST: Final = (1 << 64) - 1
_HINT: Final = (
    "try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are "
    "declared"
)
_UNTYPED: Final = (
    "internal error: failed to construct type information for x-kubernetes-validations rules: "
    "unable to convert structural schema to CEL declarations"
)
_CONTRIBUTED: Final = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"


class Judging:
    """Judges the rules of one schema, node by node, and adds up what they cost."""

    def __init__(self) -> None:
        self._total = 0
        self._expensive: list[tuple[int, str]] = []

    def __call__(self, schema: Schema, path: str, place: Place) -> Iterable[Cause]:
        """Causes of the rules of one node."""
        kind = declared.read(schema, root=not place.parents or bool(schema.get(EMBEDDED)))
        if kind is None:
            yield causes.internal(f"{path}.{RULES}", _UNTYPED)
            return
        environment = rules.Rules(kind)
        for number, rule in enumerate(schema[RULES]):
            at = causes.child(f"{path}.{RULES}", number)
            yield from self._rule(Compiled(environment, rule, schema), at, place)

    def total(self, path: str) -> Iterable[Cause]:
        """Causes of all rules together."""
        if self._total <= _TOTAL_LIMIT:
            return
        yield from (causes.forbidden(at, _CONTRIBUTED) for _, at in self._expensive)
        name = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
        yield causes.forbidden(path, _too_much(name, self._total, _TOTAL_LIMIT))

    def _rule(self, one: Compiled, at: str, place: Place) -> Iterable[Cause]:
        cost = self._cost(one.program, place)
        if cost > _LIMIT:
            yield causes.forbidden(f"{at}.rule", _too_much("estimated rule cost", cost, _LIMIT))
        self._observe(f"{at}.rule", cost)
        if one.problem:
            yield _wrong(f"{at}.rule", one.rule, one.problem)
        if one.message_problem:
            yield _wrong(f"{at}.messageExpression", one.rule, one.message_problem)
        elif one.message is not None:
            most = one.message.most
            if most > _LIMIT:
                text = _too_much("estimated messageExpression cost", most, _LIMIT)
                yield causes.forbidden(f"{at}.messageExpression", text)
            self._observe(f"{at}.messageExpression", most)
        yield from _old(one, at, place)

    def _cost(self, program: rules.Rule | None, place: Place) -> int:
        """What a rule can cost for everything in one object."""
        if program is None:
            return 0
        times = program.cardinality if place.cardinality is None else place.cardinality
        return min(program.most * times, _MOST)

    def _observe(self, at: str, cost: int) -> None:
        self._total = min(self._total + cost, _MOST)
        if cost >= _TOTAL_LIMIT // 100:
            self._expensive.append((cost, at))
            self._expensive.sort(key=lambda entry: -entry[0])
            del self._expensive[_TOLD:]


def _old(one: Compiled, at: str, place: Place) -> Iterable[Cause]:
    if one.program is not None and one.program.uses_old:
        if place.uncorrelated:
            text = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {place.uncorrelated}"
            yield causes.invalid(f"{at}.rule", one.rule["rule"], text)
    elif one.rule.get("optionalOldSelf") is not None:
        text = "may not be set if oldSelf is not used in rule"
        yield causes.invalid(f"{at}.optionalOldSelf", one.rule["optionalOldSelf"], text)


def _wrong(path: str, rule: Mapping[str, Any], problem: str) -> Cause:
    """A rule that does not compile, printed as Go prints its struct."""
    members = {
        "Rule": rule.get("rule", ""),
        "Message": rule.get("message", ""),
        "MessageExpression": rule.get("messageExpression", ""),
        "Reason": rule.get("reason"),
        "FieldPath": rule.get("fieldPath", ""),
        "OptionalOldSelf": rule.get("optionalOldSelf"),
    }
    shown = ",".join(f'"{name}":{gofmt.encode(value)}' for name, value in members.items())
    return Cause(CauseType.INVALID, f"Invalid value: {{{shown}}}: {problem}", path)


def _too_much(name: str, cost: int, limit: int) -> str:
    factor = cost / limit
    times = f"{factor:.1f}x"
    if factor > 100:  # noqa: PLR2004 - then the rule is likely quadratic, and the number says nothing
        times = "more than 100x"
    elif factor < 1.5:  # noqa: PLR2004 - never "a factor of 1.0"
        times = f"{factor:f}x"
    return f"{name} exceeds budget by factor of {times} ({_HINT})"


def default_problems(schema: Schema, default: Any, path: str) -> list[Cause]:
    """What the rules of a node say of its default: as a value that stays, and as one that is new."""
    ruled = Ruled(schema, declared.read(schema, root=bool(schema.get(EMBEDDED))))
    return causes.placed(_twice(ruled, default), path)


def _twice(ruled: Ruled, default: Any) -> list[Cause]:
    return judged(ruled, default, default).found or judged(ruled, default, None).found
