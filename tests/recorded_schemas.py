"""Objects of a CustomResourceDefinition before our engine, in the form of the recordings of kube-apiserver."""

import copy
from typing import Any

from krate_api.schemas.embedded import Malformed
from krate_api.schemas.structural import StructuralSchema

TYPE = {"apiVersion": "t.example.com/v1", "kind": "Thing", "metadata": {"name": "a"}}


def answered(shape: StructuralSchema, row: dict[str, Any]) -> dict[str, Any]:
    """What our engine makes of a row: a body that is created, or that replaces an old one."""
    sent = {**TYPE, **copy.deepcopy(row["update"] if "update" in row else row["create"])}
    old: dict[str, Any] | None = None
    if "old" in row:
        old = {**TYPE, **copy.deepcopy(row["old"])}
        shape.default(old)
    try:
        unknown = shape.prune(sent)
        shape.default(sent)
    except Malformed as problem:
        return {"code": 400, "message": f'Thing in version "v1" cannot be handled as a Thing: {problem}'}
    warnings = [f'299 - "unknown field \\"{path}\\""' for path in unknown]
    found = shape.problems(sent, old, warn=lambda text: warnings.append(f'299 - "{text}"'))
    if found:
        return {"causes": sorted([cause.field, cause.type.value, cause.message] for cause in found)}
    rest = {key: value for key, value in sent.items() if key not in TYPE}
    return {"object": rest, **({"warnings": sorted(warnings)} if warnings else {})}


def recorded(row: dict[str, Any]) -> dict[str, Any]:
    """What kube-apiserver made of it. Go's maps come in any order, so that of causes does not count."""
    said = {key: value for key, value in row.items() if key not in {"create", "update", "old"}}
    return {key: sorted(value) if key in {"causes", "warnings"} else value for key, value in said.items()}
