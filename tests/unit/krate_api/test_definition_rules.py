"""What a definition must say, by upstream's own tables (recorded/definitions.json says from where)."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from krate_api.definitions import decoding, validation

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "recorded" / "definitions.json").read_text())["cases"]

NEVER_STORED = frozenset(
    {
        "add default with enabled feature gate, structural schema, without pruning (update)",
        "allow non-required key with no default in list of type map if pre-existing (update)",
        "allow nullable item in list of type map if pre-existing (update)",
        "allow nullable items in list of type set if pre-existing (update)",
        "allow nullable key in list of type map if pre-existing (update)",
        "changes (update)",
        "changes-established (update)",
        "invalid types updates allowed if old object has invalid types (update)",
        "non-atomic items in lists of type set allowed if pre-existing (update)",
        "non-structural updates allowed if old object has non-structural schema (update)",
        "schema not required if old object is missing schema for some versions (update)",
        "version-deleted (update)",
    }
)
"""Updates of what only releases before v1 accepted: no such definition can be in our store."""
OTHERWISE = {
    "embedded metadata defaults": "a default inside metadata is shown with what is unknown in it",
    "suppress per-expression cost limit in pre-existing versions (update)": "cost of a messageExpression",
    "suppress per-expression cost limit in new object during top-level schema to Versions extraction (update)": (
        "cost of a messageExpression"
    ),
}
"""Cases that end otherwise here, and in what."""


def decoded(body: dict[str, Any]) -> dict[str, Any]:
    found = copy.deepcopy(body)
    assert decoding.decode(found) == []
    decoding.defaults(found)
    return found


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case["name"] not in NEVER_STORED | OTHERWISE.keys()],
    ids=lambda case: case["name"],
)
def test_definitions_are_judged_as_upstream(case: dict[str, Any]) -> None:
    """The same fields are wrong, in the same words."""
    found = validation.problems(decoded(case["crd"]), decoded(case["old"]) if "old" in case else None)
    assert sorted((cause.field, cause.message) for cause in found) == sorted(
        (error["field"], error["message"]) for error in case["errors"]
    )


def test_exceptions_are_cases() -> None:
    """What is excepted exists."""
    assert {case["name"] for case in CASES} >= NEVER_STORED | OTHERWISE.keys()
