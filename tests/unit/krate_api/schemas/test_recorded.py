"""What kube-apiserver 1.36.2 answered to objects of CustomResourceDefinitions (dry run), row by row.

`recorded/*.json` hold a schema and rows: a body, or an old one and its replacement, and what became of it (the object
and the warnings, the causes of a refusal, or a code and a message). `recorded_ratcheting.json` is the same for objects
that were stored under a looser schema.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from krate_api.schemas.structural import StructuralSchema
from recorded_schemas import answered, recorded

FOLDER = Path(__file__).parent
RECORDINGS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in sorted((FOLDER / "recorded").glob("*.json"))
}
RECORDINGS |= {
    f"ratcheting {number}": recording
    for number, recording in enumerate(json.loads((FOLDER / "recorded_ratcheting.json").read_text()))
}
SHAPES = {name: StructuralSchema(recording["schema"]) for name, recording in RECORDINGS.items()}
ROWS = [(name, number) for name, recording in RECORDINGS.items() for number in range(len(recording["rows"]))]


@pytest.mark.parametrize(("name", "number"), ROWS)
def test_as_recorded(name: str, number: int) -> None:
    """The engine answers what kube-apiserver answered."""
    row = RECORDINGS[name]["rows"][number]
    assert answered(SHAPES[name], row) == recorded(row)
