"""Upstream's own notation of types (SMD/schema/elements.go), which its published tests are written in."""

import copy
import functools
import json
import pathlib
from collections.abc import Mapping
from typing import Any

from krate_api.apply.typedefs import DEDUCED, UNTYPED, ListType, MapType, Scalar, Type

DATA = pathlib.Path(__file__).parent / "unit" / "krate_api_apply" / "data"


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of a table that upstream's tests were recorded into, one JSON object a line."""
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text().splitlines()]


@functools.cache
def schema(number: int) -> "Types":
    """A schema of the tables."""
    return Types(_schemas()[number])


@functools.cache
def _schemas() -> list[dict[str, Any]]:
    return rows("schemas")


class Types:
    """The types of a schema, by name; they may refer to each other and to themselves."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._named = {"__untyped_atomic_": UNTYPED, "__untyped_deduced_": DEDUCED}
        new = [entry for entry in raw["types"] if entry["name"] not in self._named]
        self._named |= {entry["name"]: Type(name=entry["name"]) for entry in new}
        for entry in new:
            self._fill(self._named[entry["name"]], entry)

    def __call__(self, ref: str | Mapping[str, Any]) -> Type:
        """The type that a reference means: a name, or a type in place."""
        if isinstance(ref, str):
            return self._named[ref]
        found = self._named[ref["namedType"]] if "namedType" in ref else self._fill(Type(), ref)
        return found if "elementRelationship" not in ref else _Override(found, ref["elementRelationship"])

    def _fill(self, found: Type, raw: Mapping[str, Any]) -> Type:
        if "scalar" in raw:
            found.scalar = Scalar.NUMERIC if raw["scalar"] == "number" else Scalar(raw["scalar"])  # a slip of theirs
        if "list" in raw:
            listed = raw["list"]
            keys = tuple(listed.get("keys", ()))
            associative = listed.get("elementRelationship") == "associative"
            found.as_list = ListType(self(listed["elementType"]), associative=associative, keys=keys)
        if "map" in raw:
            found.as_map = self._map(raw["map"] or {})
        return found

    def _map(self, raw: Mapping[str, Any]) -> MapType:
        fields = raw.get("fields", ())
        element = raw.get("elementType")
        return MapType(
            fields={field["name"]: self(field.get("type", {})) for field in fields},
            element=self(element) if element else None,
            atomic=raw.get("elementRelationship") == "atomic",
            defaults={field["name"]: field["default"] for field in fields if "default" in field},
        )


class _Override(Type):
    """A type with another relationship between its elements; a named one may not be filled when it is referred to."""

    def __init__(self, of: Type, relationship: str) -> None:
        super().__init__(name=of.name)
        self._of, self._relationship = of, relationship

    def __getattribute__(self, name: str) -> Any:
        if name not in {"scalar", "as_list", "as_map"}:
            return super().__getattribute__(name)
        found = copy.copy(getattr(self._of, name))
        if isinstance(found, MapType):
            found.atomic = self._relationship == "atomic"
        elif isinstance(found, ListType) and self._of.as_map is None:
            found.associative = self._relationship == "associative"
        return found
