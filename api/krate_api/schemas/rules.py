"""Rules of a schema at work on an object (AX/pkg/apiserver/schema/cel/validation.go).

A tree of the nodes that have rules, or have such nodes below, compiled once; a budget for the whole object; causes with
upstream's texts. What an update left unchanged may go on breaking rules, except those that name `oldSelf`.
"""

import contextlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from krate.lazily import lazy
from krate.schema import Schema
from krate_api.schemas import causes, fieldpaths, gofmt
from krate_api.schemas.budgets import NO_BUDGET, Budget, Old, Spent
from krate_api.schemas.correlation import Pair, by_keys, find
from krate_api.schemas.nodes import EMBEDDED, LIST_KEYS, LIST_TYPE, MAP_TYPE, RULES, has_rules
from krate_cel import declared, rules
from krate_cel.declared import Declared
from krate_cel.interpreter.values import EvalError
from krate_cel.rules import Wants

_MAX_MESSAGE: Final = 5 * 1024
_NO_MESSAGE_BUDGET: Final = NO_BUDGET.replace("validation failed", "messageExpression evaluation failed", 1)
_ALL_MAPS: Final = (None, "granular", "atomic")


class Compiled:
    """One rule: its texts and its programs, or why it has none."""

    def __init__(self, environment: rules.Rules, rule: Mapping[str, Any], schema: Schema) -> None:
        self.rule = rule
        self.optional_old = bool(rule.get("optionalOldSelf"))
        self.problem = self.message_problem = ""
        self.program: rules.Rule | None = None
        self.message: rules.Rule | None = None
        text, message = rule.get("rule") or "", rule.get("messageExpression") or ""
        try:
            if text.strip():
                self.program = environment.compile(text, Wants.BOOL, optional_old=self.optional_old)
        except rules.RuleError as problem:
            self.problem = str(problem)
            return
        try:
            if message:
                self.message = environment.compile(message, Wants.STRING, optional_old=self.optional_old)
        except rules.RuleError as problem:
            wrong = str(problem)
            self.message_problem = f"messageExpression {wrong}" if wrong.startswith("compilation") else wrong
        self.field = fieldpaths.normalised(rule.get("fieldPath") or "", schema) or ""

    @property
    def shown(self) -> str:
        """The rule in a sentence: its message where it has one."""
        return (self.rule.get("message") or "").strip() or (self.rule.get("rule") or "").strip()

    @property
    def default_message(self) -> str:
        return (self.rule.get("message") or "").strip() or f"failed rule: {self.shown}"


class Ruled:
    """A node of a schema with rules, or with such nodes below."""

    def __init__(self, schema: Schema, kind: Declared | None, said: Schema | None = None) -> None:
        said = schema if said is None else said
        self.schema = schema
        self._kind = kind
        self._rules: Sequence[Mapping[str, Any]] = said.get(RULES) or ()
        self.all_of = [
            Ruled(schema, kind, option) for option in said.get("allOf") or () if kind is not None and has_rules(option)
        ]
        self.items = _below(schema.get("items"), said.get("items"), kind and kind.element)
        self.additional = _below(
            schema.get("additionalProperties"), said.get("additionalProperties"), kind and kind.element
        )
        self.properties = dict(_members(schema, said, kind))

    @lazy
    def environment(self) -> rules.Rules | None:
        return None if self._kind is None else rules.Rules(self._kind)

    @lazy
    def compiled(self) -> list[Compiled]:
        """The rules, compiled when the first object needs them."""
        if self.environment is None:
            return []
        return [Compiled(self.environment, rule, self.schema) for rule in self._rules]

    def judge(self, value: Any, old_value: Any, path: str, old: Old, budget: Budget) -> None:
        """Add to what the budget found everything that is wrong with a value.

        Raises:
            Spent: the budget is.
        """
        if value is None:
            return
        if self._rules:
            self._judge_here(value, old_value, path, old, budget)
        for option in self.all_of:
            option.judge(value, old_value, path, Old(around=old.around), budget)
        if isinstance(value, list):
            self._judge_items(value, old_value, path, old, budget)
        elif isinstance(value, dict):
            self._judge_members(value, old_value, path, old, budget)

    def _judge_items(self, value: list[Any], old_value: Any, path: str, old: Old, budget: Budget) -> None:
        if self.items is None:
            return
        keys: Sequence[str] = self.schema.get(LIST_KEYS) or ()
        is_map = self.schema.get(LIST_TYPE) == "map" and isinstance(old_value, list)
        before = by_keys(old_value, keys) if is_map else {}
        for number, item in enumerate(value):
            self.items.judge(item, find(before, item, keys), causes.child(path, number), old.item(number), budget)

    def _judge_members(self, value: dict[str, Any], old_value: Any, path: str, old: Old, budget: Budget) -> None:
        correlates = self.schema.get(MAP_TYPE) in _ALL_MAPS and isinstance(old_value, dict)
        before: Mapping[str, Any] = old_value if correlates else {}
        if self.additional is not None:
            for name, item in value.items():
                self.additional.judge(item, before.get(name), causes.key(path, name), old.member(name), budget)
        for name, item in value.items():
            if name in self.properties:
                where = causes.child(path, name)
                self.properties[name].judge(item, before.get(name), where, old.member(name), budget)

    def _judge_here(self, value: Any, old_value: Any, path: str, old: Old, budget: Budget) -> None:
        kind = self.schema.get("type") or ""
        if self.environment is None:
            text = "rule compiler initialization error: failed to convert to declType for CEL validation rules"
            budget.found.append(causes.invalid(path, kind, text))
            return
        if budget.left <= 0:
            budget.stop(causes.invalid(path, kind, NO_BUDGET))
        try:
            inputs = self.environment.inputs(value, old_value)
        except EvalError as problem:
            budget.found.append(causes.invalid(path, kind, problem.message))
            return
        for one in self.compiled:
            if one.problem:
                budget.found.append(causes.invalid(path, kind, f"rule compile error: {one.problem}"))
            elif one.program and not (one.program.uses_old and old_value is None and not one.optional_old):
                _Evaluation(one, one.program, inputs, path, kind).run(value, old, budget)


class _Evaluation:
    """One rule over one value."""

    def __init__(self, one: Compiled, program: rules.Rule, inputs: rules.Inputs, path: str, kind: str) -> None:
        self._one = one
        self._program = program
        self._inputs = inputs
        self._path = path
        self._kind = kind

    def run(self, value: Any, old: Old, budget: Budget) -> None:
        outcome = self._program.evaluate(self._inputs)
        budget.spend(outcome.cost, self._path, self._kind)
        if outcome.problem:
            self._tell_problem(outcome, budget)
        elif outcome.value is not True:
            at = causes.child(self._path, self._one.field) if self._one.field else self._path
            ratchets = not self._program.uses_old and old.unchanged
            before = len(budget.found)
            try:
                self._tell_failure(value, at, budget)
            finally:
                if ratchets:
                    budget.forgiven += budget.found[before:]
                    del budget.found[before:]

    def _tell_problem(self, outcome: rules.Outcome, budget: Budget) -> None:
        shown, problem = self._one.shown, outcome.problem
        if outcome.over_limit:
            why = "no further validation rules will be run due to call cost exceeds limit for rule"
            budget.stop(causes.invalid(self._path, self._kind, f"'{problem}': {why}: {shown}"))
        if problem.startswith("no such overload"):
            why = "call arguments did not match a supported operator, function or macro signature for rule"
            text = f"'{problem}': {why}: {shown}"
        else:
            text = f"{problem} evaluating rule: {shown}"
        budget.found.append(causes.invalid(self._path, self._kind, text))

    def _tell_failure(self, value: Any, at: str, budget: Budget) -> None:
        detail = self._message(at, budget) or self._one.default_message
        shown = causes.OMITTED if self._kind in {"object", "array"} else value
        match self._one.rule.get("reason"):
            case "FieldValueForbidden":
                cause = causes.forbidden(at, detail)
            case "FieldValueRequired":
                cause = causes.required(at, detail)
            case "FieldValueDuplicate":
                cause = causes.duplicate(at, shown)
            case _:
                cause = causes.invalid(at, shown, detail)
        budget.found.append(cause)

    def _message(self, at: str, budget: Budget) -> str:
        """What the messageExpression says; "" where there is none, or it gives nothing that could be shown."""
        if self._one.message is None:
            return ""
        outcome = self._one.message.evaluate(self._inputs)
        if outcome.cost > budget.left:
            budget.stop(causes.invalid(at, self._kind, _NO_MESSAGE_BUDGET))
        if outcome.over_limit:
            source = gofmt.quote(self._one.rule["messageExpression"])
            why = "no further validation rules will be run due to call cost exceeds limit for messageExpression"
            budget.stop(causes.invalid(at, self._kind, f"{why}: {source}"))
        budget.left -= outcome.cost
        text = outcome.value.strip() if isinstance(outcome.value, str) and not outcome.problem else ""
        return "" if len(text.encode()) > _MAX_MESSAGE or re.search(r"\n", text) else text


def _below(schema: Any, said: Any, kind: Declared | None) -> Ruled | None:
    if not (isinstance(schema, dict) and isinstance(said, dict) and has_rules(said)):
        return None
    return Ruled(schema, kind, said)


def _members(schema: Schema, said: Schema, kind: Declared | None) -> Iterable[tuple[str, Ruled]]:
    properties: Mapping[str, Schema] = schema.get("properties") or {}
    for name, sub in (said.get("properties") or {}).items():
        if name not in properties or not has_rules(sub):
            continue
        escaped = declared.escape(name)
        if escaped is None:
            inside = declared.read(properties[name], root=bool(properties[name].get(EMBEDDED)))
        else:
            inside = kind.fields.get(escaped) if kind else None
        if inside is not None:
            yield name, Ruled(properties[name], inside, sub)


def problems(root: Ruled, value: Any, pair: Pair | None = None) -> Budget:
    """What the rules of a schema say of an object, and what they forgive it.

    Args:
        root: the schema.
        value: the object.
        pair: it and what it replaces; what did not change may stay as it is.
    """
    return judged(root, value, pair.old if pair else None, Old(pair))


def judged(root: Ruled, value: Any, old_value: Any, old: Old | None = None, budget: Budget | None = None) -> Budget:
    """What the rules say of a value beside an old one, without mercy for what did not change unless `old` tells."""
    budget = budget or Budget()
    with contextlib.suppress(Spent):
        root.judge(value, old_value, "", old or Old(), budget)
    return budget


def of(schema: Schema) -> Ruled:
    """The rules of the schema of a resource."""
    return Ruled(schema, declared.read(schema, root=True))
