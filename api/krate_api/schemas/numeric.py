"""Bounds of numbers, in kube-openapi's steps and words (pkg/validation/validate/{validator,values}.go).

An integer is compared with a bound cut to an integer, a float with the bound as it stands.
"""

import math
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final

from krate.errors import Cause
from krate_api.schemas import causes, gofmt
from krate_api.schemas.nodes import Node, type_of

_EXACT: Final = 2.0**53
_EPSILON: Final = 1e-9
_BITS: Final = {"int32": 31, "int64": 63, "": 63}


def problems(node: Node, value: float, path: str) -> Iterator[Cause]:
    """What is wrong with a number, which is no boolean."""
    exact = value if type_of(value) == "integer" else float(value)
    schema = node.schema
    yield from _range(node, exact, "Checked", path)
    if schema.get("multipleOf") is not None:
        yield from _multiple(node, exact, path)
    if schema.get("minimum") is not None:
        yield from _minimum(node, exact, path)
    if schema.get("maximum") is not None:
        yield from _maximum(node, exact, path)


def _range(node: Node, value: float, what: str, path: str) -> Iterator[Cause]:
    """Whether a value, or a bound, has the type and the format of the schema."""
    if len(node.types) != 1:
        return
    (kind,) = node.types
    fits = True
    if kind == "integer":
        bits = _BITS[node.format]
        fits = math.isfinite(value) and value == int(value) and -(1 << bits) <= int(value) < 1 << bits
    elif kind == "number" and node.format == "float":
        fits = _is_float32(value)
    if not fits:
        form = f"with format {node.format}" if node.format else "(default format)"
        yield causes.invalid("", "", f"{what} value must be of type {kind} {form} in {path}")


def _is_float32(value: float) -> bool:
    try:
        struct.pack("<f", value)
    except OverflowError:
        return False
    return True


def _bound(value: float, bound: float) -> float:
    return int(bound) if isinstance(value, int) else float(bound)


def _multiple(node: Node, value: float, path: str) -> Iterator[Cause]:
    factor = node.schema["multipleOf"]
    outside = list(_range(node, factor, "MultipleOf", path))
    yield from outside
    if outside:
        value, step = float(value), float(factor)
    else:
        step = _bound(value, factor)
    if step <= 0:
        detail = f"factor MultipleOf declared for {path} must be positive: {gofmt.number(step)}"
        yield causes.invalid(path, step, detail)
    elif not _divides(step, value):
        yield causes.invalid(path, value, f"{path} in body should be a multiple of {gofmt.number(step)}")


def _divides(step: float, value: float) -> bool:
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    return is_whole(1 / step * value if step < 1 else value / step)


def is_whole(value: float) -> bool:
    """Whether a float stands for an integer that JSON keeps exactly (go-openapi/swag IsFloat64AJSONInteger)."""
    if not abs(value) < _EXACT:
        return False
    whole = round(value)
    return value == whole or (whole != 0 and abs(value - whole) < _EPSILON * abs(whole))


def _minimum(node: Node, value: float, path: str) -> Iterator[Cause]:
    outside = list(_range(node, node.schema["minimum"], "Minimum boundary", path))
    yield from outside
    bound = float(node.schema["minimum"]) if outside else _bound(value, node.schema["minimum"])
    exclusive = _is_exclusive(node.schema, "exclusiveMinimum")
    if value < bound or (exclusive and value == bound):
        words = "greater than" if exclusive else "greater than or equal to"
        yield causes.invalid(path, value, f"{path} in body should be {words} {gofmt.number(bound)}")


def _maximum(node: Node, value: float, path: str) -> Iterator[Cause]:
    outside = list(_range(node, node.schema["maximum"], "Maximum boundary", path))
    yield from outside
    bound = float(node.schema["maximum"]) if outside else _bound(value, node.schema["maximum"])
    exclusive = _is_exclusive(node.schema, "exclusiveMaximum")
    if value > bound or (exclusive and value == bound):
        words = "less than" if exclusive else "less than or equal to"
        yield causes.invalid(path, value, f"{path} in body should be {words} {gofmt.number(bound)}")


def _is_exclusive(schema: Mapping[str, Any], word: str) -> bool:
    return schema.get(word) is True
