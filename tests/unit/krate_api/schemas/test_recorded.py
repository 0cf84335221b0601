"""What kube-apiserver 1.36.2 answered to creations (dry run) of objects of a CustomResourceDefinition, row by row.

`recorded/*.json` hold a schema and rows of a body and what became of it: the stored object and the warnings, the causes
of its refusal in their order, or a code and a message. Members of Go's maps come in any order, so causes are compared
as sets where upstream walks several of them.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from krate_api.schemas.embedded import Malformed
from krate_api.schemas.structural import StructuralSchema

RECORDED = {
    path.stem: json.loads(path.read_text()) for path in sorted((Path(__file__).parent / "recorded").glob("*.json"))
}
SHAPES = {name: StructuralSchema(recording["schema"]) for name, recording in RECORDED.items()}
ROWS = [(name, number) for name, recording in RECORDED.items() for number in range(len(recording["rows"]))]


def answered(shape: StructuralSchema, sent: dict[str, Any]) -> dict[str, Any]:
    """What our engine makes of a body, in the form of the recording."""
    obj = {"apiVersion": "t.example.com/v1", "kind": "Thing", "metadata": {"name": "a"}, **copy.deepcopy(sent)}
    try:
        shape.default(obj)
        unknown = shape.prune(obj)
    except Malformed as problem:
        return {"code": 400, "message": f'Thing in version "v1" cannot be handled as a Thing: {problem}'}
    found = shape.problems(obj)
    if found:
        return {"causes": sorted([cause.field, cause.type.value, cause.message] for cause in found)}
    rest = {key: value for key, value in obj.items() if key not in {"apiVersion", "kind", "metadata"}}
    warnings = [f'299 - "unknown field \\"{path}\\""' for path in unknown]
    return {"object": rest, **({"warnings": warnings} if warnings else {})}


@pytest.mark.parametrize(("name", "number"), ROWS)
def test_as_recorded(name: str, number: int) -> None:
    """The engine answers what kube-apiserver answered."""
    row = copy.deepcopy(RECORDED[name]["rows"][number])
    sent = row.pop("create")
    if "causes" in row:
        row["causes"].sort()
    assert answered(SHAPES[name], sent) == row
