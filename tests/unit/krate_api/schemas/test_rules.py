"""Rules (`x-kubernetes-validations`) as kube-apiserver 1.36.2 judged them, definition by definition.

`recorded_rules.json` holds schemas with rules: the causes for which the definition was refused, or rows of objects.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from krate.errors import Cause, CauseType
from krate.schema import Schema
from krate_api.schemas import definition, rules
from krate_api.schemas.budgets import Budget
from krate_api.schemas.structural import StructuralSchema
from recorded_schemas import answered, recorded

RECORDED: list[dict[str, Any]] = json.loads((Path(__file__).parent / "recorded_rules.json").read_text())
PATH = "spec.validation.openAPIV3Schema"


@pytest.mark.parametrize("number", range(len(RECORDED)))
def test_as_recorded(number: int) -> None:
    """A definition is refused for upstream's causes; objects of one that is not are judged as upstream judges them."""
    schema = RECORDED[number]["schema"]
    found = [[cause.field, cause.type.value, cause.message] for cause in definition.problems(schema, PATH)]
    assert sorted(found) == sorted(RECORDED[number].get("refused", []))
    if not found:
        shape = StructuralSchema(schema)
        rows = RECORDED[number]["rows"]
        assert [answered(shape, row) for row in rows] == [recorded(row) for row in rows]


def ruled(rule: str, **properties: Schema) -> StructuralSchema:
    spec = {"type": "object", "properties": properties, "x-kubernetes-validations": [{"rule": rule}]}
    return StructuralSchema({"type": "object", "properties": {"spec": spec}})


NUMBERS: Schema = {"type": "array", "items": {"type": "integer"}}


def test_a_rule_over_its_limit_ends_the_judgement() -> None:
    """An expression that costs more than a call may is stopped, and no further rule is looked at."""
    shape = ruled("self.a.all(x, self.a.all(y, x + y >= 0))", a=NUMBERS)
    text = (
        "Invalid value: \"object\": 'operation cancelled: actual cost limit exceeded': no further validation rules "
        "will be run due to call cost exceeds limit for rule: self.a.all(x, self.a.all(y, x + y >= 0))"
    )
    assert shape.problems({"spec": {"a": list(range(2000))}}) == [Cause(CauseType.INVALID, text, "spec")]


def test_rules_share_one_budget() -> None:
    """Rules that are cheap one by one end where the budget of the object does."""
    item = {"type": "object", "properties": {"a": NUMBERS}}
    item["x-kubernetes-validations"] = [{"rule": "self.a.all(x, x < 0)"}]
    root = rules.of({"type": "object", "properties": {"items": {"type": "array", "items": item}}})
    found = rules.judged(root, {"items": [{"a": [1]}] * 9}, None, budget=Budget(left=25)).found
    spent = (
        'Invalid value: "object": validation failed due to running out of cost budget, no further validation rules '
        "will be run"
    )
    failed = "Invalid value: failed rule: self.a.all(x, x < 0)"
    assert [(cause.message, cause.field) for cause in found] == [
        (failed, "items[0]"),
        (failed, "items[1]"),
        (failed, "items[2]"),
        (spent, "items[3]"),
    ]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "rule",
    [
        "self.s.matches('^(a+)+$')",
        "self.s.replace('', self.s).size() > 0",
        "self.s.split('').map(x, self.s.split('')).size() > 0",
        "quantity('1e999999999').isInteger()",
        "self.s.findAll('(a*)*b').size() == 0",
        "lists.range(100000000).size() > 0",
        "'%.999999999f'.format([1.0]).size() > 0",
    ],
)
def test_hostile_rules_end(rule: str) -> None:
    """A rule that would take minutes in another engine is answered, or stopped by its cost."""
    assert len(ruled(rule, s={"type": "string"}).problems({"spec": {"s": "a" * 20_000 + "!"}})) <= 1
