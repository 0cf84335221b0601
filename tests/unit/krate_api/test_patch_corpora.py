"""Published examples of JSON patches: the cases of json-patch/json-patch-tests."""

import json
from pathlib import Path
from typing import Any

import pytest

from krate import errors
from krate_api import patches

_CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "corpora" / "json_patch_tests.json").read_text())


def _patched(case: dict[str, Any]) -> Any:
    """The document after the patch: inside an object, because whatever the API patches is one."""
    operations: list[Any] = []
    for one in case["patch"]:
        moved = dict(one)
        for member in ("path", "from"):
            if isinstance(one.get(member), str):
                moved[member] = f"/doc{one[member]}"
        operations.append(moved)
    return patches.json_patch({"doc": case["doc"]}, operations)["doc"]


@pytest.mark.parametrize("number", range(len(_CASES)), ids=lambda number: f"{number}")
def test_json_patch_tests(number: int) -> None:
    """A patch has the result that the corpus names, leaves the document as it is, or is refused."""
    case = _CASES[number]
    if "error" in case:
        with pytest.raises(errors.StatusError) as caught:
            _patched(case)
        assert caught.value.http_code in {400, 422}
    else:
        assert json.dumps(_patched(case), sort_keys=True) == json.dumps(
            case.get("expected", case["doc"]), sort_keys=True
        )
