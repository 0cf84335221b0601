"""Upstream's own tables, recorded from its test suites (v6.3.3): every call with its arguments and its result."""

from typing import Any

import pytest

import published_types
from krate_api.apply import comparing, elements, fieldsv1, merging, reconciling, removing, validation
from krate_api.apply.fieldsets import FieldSet
from krate_api.apply.fieldsof import fields_of
from krate_api.apply.typed import Typed, TypeMismatch
from krate_api.apply.typedefs import Type
from krate_api.apply.updating import Conflicts, NoSuchVersion, Owned, Updater
from krate_api.apply.values import same


def _call(row: dict[str, Any]) -> dict[str, Any]:
    """What our algorithm answers to a recorded call."""
    of = published_types.schema(row["schema"])(row["type"])
    value, other = Typed(row.get("value"), of), Typed(row.get("other"), of)
    fields = fieldsv1.decode(row.get("fields"))
    answers = {
        "fields": lambda: {"fields": fieldsv1.encode(fields_of(value))},
        "merge": lambda: {"object": merging.merge(value, other).value},
        "remove": lambda: {"object": removing.remove(value, fields).value},
        "extract": lambda: {"object": removing.extract(value, fields, with_keys=row["keys"]).value},
        "reconcile": lambda: _reconciled(reconciling.reconcile(fields, of), fields),
        "validate": lambda: validation.check(value, duplicates=row["duplicates"]) and {},
        "compare": lambda: _compared(comparing.compare(value, other)),
    }
    return answers[row["do"]]()


def _reconciled(found: FieldSet, before: FieldSet) -> dict[str, Any]:
    return {} if found == before else {"reconciled": fieldsv1.encode(found)}


def _compared(found: comparing.Comparison) -> dict[str, Any]:
    return {part: fieldsv1.encode(getattr(found, part)) for part in ("removed", "modified", "added")}


RESULTS = ("removed", "modified", "added", "object", "reconciled", "error")


@pytest.mark.parametrize("test", sorted({row["test"] for row in published_types.rows("typed")}))
def test_typed_operations(test: str):
    """Validation, field sets, merges, comparisons, removals, extractions and reconciliations are as published."""
    for row in published_types.rows("typed"):
        if row["test"] != test:
            continue
        want = {key: row[key] for key in (*RESULTS, *(("fields",) if row["do"] == "fields" else ())) if key in row}
        try:
            found = _call(row)
        except TypeMismatch as error:
            found = {"error": str(error)}
        if "error" in want:  # Upstream names the first undeclared field of a random order.
            assert "error" in found, row
            continue
        assert same(found, {key: value for key, value in want.items() if value is not None or key == "object"}), row


class Case:
    """The state of a recorded sequence of writes."""

    def __init__(self, row: dict[str, Any]) -> None:
        self._row = row
        ignored = {version: fieldsv1.decode(fields) for version, fields in row.get("ignored", {}).items()}
        self._updater = Updater(self._convert, ignored)
        self._types = published_types.schema(0)
        self._live: Typed | None = None
        self._owners: dict[str, Owned] = {}

    def _type(self, step: dict[str, Any]) -> Type:
        return self._types(step["type"])

    def _convert(self, typed: Typed, version: str) -> Typed:
        match self._row["converter"]:
            case "renaming":
                value = _renamed(typed.value, typed.type.name, version)
                return validation.check(Typed(value, self._types(version), version), duplicates=False)
            case "repeating":
                if not version[1:].isdigit():
                    raise NoSuchVersion(version)
                return Typed(_repeated(typed.value, int(version[1:])), typed.type, version)
            case _:
                return Typed(typed.value, typed.type, version)

    def run(self, step: dict[str, Any]) -> None:
        """Carry out a step.

        Raises:
            Conflicts: it is an apply that takes what others own.
            TypeMismatch: the object does not fit.
        """
        self._types = published_types.schema(step["schema"])
        if step["do"] == "schema":
            assert self._live is not None
            live = Typed(self._live.value, self._types(self._live.type.name), self._live.version)
            self._live = validation.check(live, duplicates=False)
            return
        of, version, manager = self._type(step), step["version"], step["manager"]
        new = validation.check(Typed(step["object"], of, version), duplicates=step["do"] == "update")
        live = self._convert(self._live or Typed(None, of, version), version)
        if step["do"] == "update":
            self._owners = self._updater.update(live, new, self._owners, manager)
            self._live = new
            return
        if step["do"] == "extract" and self._live is not None:
            mine = self._owners.get(manager)
            own = removing.extract(live, mine.fields.leaves() if mine else fieldsv1.decode({}))
            new = merging.merge(own, new)
        force = step["do"] in {"force", "extract"}
        found, self._owners = self._updater.apply(live, new, self._owners, manager, force=force)
        self._live = found or live

    def state(self) -> dict[str, Any]:
        """The object and its owners, as they were recorded."""
        owners = {
            owner: {"version": owned.version, "applied": owned.applied, "fields": fieldsv1.encode(owned.fields)}
            for owner, owned in self._owners.items()
        }
        live = {"live": self._live.value} if self._live is not None else {}
        return {**live, "owners": owners}


def _renamed(value: Any, old: str, new: str) -> Any:
    """Field names end in their version."""
    if isinstance(value, list):
        return [_renamed(item, old, new) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        (key.removesuffix(old) + new if key.endswith(old) else key): _renamed(item, old, new)
        for key, item in value.items()
    }


def _repeated(value: Any, times: int, depth: int = 0) -> Any:
    """Field names are a letter, as often as the version says; the outermost has a name of its own."""
    if not isinstance(value, dict):
        return value
    return {key if not depth else key[0] * times: _repeated(item, times, depth + 1) for key, item in value.items()}


@pytest.mark.parametrize("test", sorted({row["test"] for row in published_types.rows("merge")}))
def test_sequences_of_writes(test: str):
    """After every step of every published sequence the object, its owners and the conflicts are as published."""
    for row in published_types.rows("merge"):
        if row["test"] == test:
            _replay(row)


def _replay(row: dict[str, Any]) -> None:
    case = Case(row)
    for number, step in enumerate(row["steps"]):
        wanted = {key: step[key] for key in ("live", "owners") if key in step}
        conflicts: list[str] = []
        try:
            case.run(step)
        except Conflicts as found:
            conflicts = sorted(f'conflict with "{owner}": {elements.text(path)}' for owner, path in found.pairs())
        except (TypeMismatch, NoSuchVersion):
            assert "error" in step, (number, row)
            return
        assert "error" not in step, (number, row)
        assert conflicts == step.get("conflicts", []), (number, row)
        assert same(case.state(), wanted), (number, case.state(), row)
