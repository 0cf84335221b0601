"""What kube-apiserver 1.36.2 says of schemas of CustomResourceDefinitions (dry run), row by row.

`refused_schemas.json` holds a schema and the causes of its refusal; none where it was accepted.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from krate_api.schemas import definition

ROWS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "refused_schemas.json").read_text())
PATH = "spec.validation.openAPIV3Schema"


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_as_recorded(number: int) -> None:
    """The causes are upstream's."""
    row = copy.deepcopy(ROWS[number])
    found = [[cause.field, cause.type.value, cause.message] for cause in definition.problems(row["schema"], PATH)]
    assert sorted(found) == sorted(row["causes"])
