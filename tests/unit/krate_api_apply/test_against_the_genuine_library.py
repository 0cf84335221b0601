"""Our algorithm beside the genuine library, on random schemas and objects (KRATE_ORACLE_EXAMPLES says how many)."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import apply_samples
import merge_oracle
from krate import errors
from krate_api.apply import comparing, fieldsv1, merging, reconciling, removing, validation
from krate_api.apply.fieldmanager import FieldManager
from krate_api.apply.fieldsets import FieldSet
from krate_api.apply.fieldsof import fields_of
from krate_api.apply.schemas import compiled
from krate_api.apply.typed import Typed, TypeMismatch
from merge_oracle import Oracle

EXAMPLES = int(os.environ.get("KRATE_ORACLE_EXAMPLES", "100"))
PHASES = tuple(Phase) if "KRATE_ORACLE_EXAMPLES" in os.environ else (Phase.generate,)
several = settings(
    max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=PHASES
)
GROUP, KIND = "oracle.example", "Thing"
# Hypothesis writes each example down, and warns that a large one is long to read.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with Oracle(merge_oracle.binary()) as running:
        yield running


def text(fields: FieldSet) -> str:
    return json.dumps(fieldsv1.encode(fields), separators=(",", ":"), ensure_ascii=False)


def named(obj: dict[str, Any], version: str = "v1") -> dict[str, Any]:
    return {**obj, "apiVersion": f"{GROUP}/{version}", "kind": KIND}


def typed(obj: dict[str, Any], schema: dict[str, Any], *, duplicates: bool = False) -> Typed:
    return validation.check(Typed(named(obj), compiled(schema), f"{GROUP}/v1"), duplicates=duplicates)


@several
@given(left=apply_samples.FIELDS, right=apply_samples.FIELDS)
def test_sets(oracle: Oracle, left: Any, right: Any):
    """Union, intersection, differences, leaves, order and text of sets are the library's, byte by byte."""
    one, two = fieldsv1.decode(left), fieldsv1.decode(right)
    ours = {
        "left": text(one),
        "union": text(one.union(two)),
        "intersection": text(one.intersection(two)),
        "difference": text(one.difference(two)),
        "without": text(one.without(two)),
        "leaves": text(one.leaves()),
        "paths": repr(one),
    }
    assert ours == oracle.ask(do="sets", fields=left, others=right)


@st.composite
def pairs(draw: st.DrawFn, *, twice: bool = False) -> tuple[Any, Any, Any]:
    schema = draw(apply_samples.ROOTS)
    return schema, draw(apply_samples.objects(schema, twice=twice)), draw(apply_samples.objects(schema))


def answered(ours: Any) -> dict[str, Any]:
    """What the library's process would answer for `ours`, a function."""
    try:
        return ours()
    except TypeMismatch as error:
        return {"error": str(error)}


@several
@given(sample=pairs(twice=True))
def test_fields_of_objects(oracle: Oracle, sample: Any):
    """The fields of an object, items that repeat included, are the library's."""
    schema, obj, _ = sample

    def ours() -> dict[str, Any]:
        found = fields_of(typed(obj, schema, duplicates=True))
        return {"fields": text(found), "paths": repr(found)}

    assert answered(ours) == oracle.ask(do="fields", schema=schema, left=named(obj), duplicates=True)


@several
@given(sample=pairs(twice=True))
def test_merge_and_compare(oracle: Oracle, sample: Any):
    """What becomes of two objects, and what changed between them, is the library's."""
    schema, left, right = sample

    def merged() -> dict[str, Any]:
        one, two = typed(left, schema, duplicates=True), typed(right, schema)
        return {"object": merging.merge(one, two).value}

    def compared() -> dict[str, Any]:
        found = comparing.compare(typed(left, schema, duplicates=True), typed(right, schema))
        return {"removed": text(found.removed), "modified": text(found.modified), "added": text(found.added)}

    request = {"schema": schema, "left": named(left), "right": named(right), "duplicates": True}
    assert answered(merged) == oracle.ask(do="merge", **request)
    assert answered(compared) == oracle.ask(do="compare", **request)


@several
@given(sample=pairs(), extra=apply_samples.FIELDS)
def test_remove_and_extract(oracle: Oracle, sample: Any, extra: Any):
    """An object without some of another's fields, and only with them, is the library's."""
    schema, left, right = sample
    chosen = answered(lambda: {"fields": fields_of(typed(right, schema))}).get("fields", FieldSet())
    fields = fieldsv1.encode(chosen.union(fieldsv1.decode({"f:spec": extra})))
    request = {"schema": schema, "left": named(left), "fields": fields}

    def removed() -> dict[str, Any]:
        return {"object": removing.remove(typed(left, schema), fieldsv1.decode(fields)).value}

    def extracted() -> dict[str, Any]:
        return {"object": removing.extract(typed(left, schema), fieldsv1.decode(fields), with_keys=True).value}

    assert answered(removed) == oracle.ask(do="remove", **request)
    assert answered(extracted) == oracle.ask(do="extract", **request)


@several
@given(sample=pairs(), other=apply_samples.ROOTS)
def test_reconcile(oracle: Oracle, sample: Any, other: Any):
    """Fields that were owned under one schema are owned under another as the library says."""
    schema, left, _ = sample
    fields = fieldsv1.encode(answered(lambda: {"fields": fields_of(typed(left, schema))}).get("fields", FieldSet()))
    found = reconciling.reconcile(fieldsv1.decode(fields), compiled(other))
    theirs = oracle.ask(do="reconcile", schema=other, left=named({}), fields=fields)
    assert {"fields": text(found), "paths": repr(found)} == theirs


@several
@given(sample=pairs(), data=st.data())
def test_what_does_not_fit(oracle: Oracle, sample: Any, data: st.DataObject):
    """An object of another schema is refused in the library's words."""
    schema, _, _ = sample
    obj = {"metadata": {}, "spec": data.draw(apply_samples.fitting(data.draw(apply_samples.NODES), twice=True))}
    ours = answered(lambda: {"fields": text(fields_of(typed(obj, schema)))})
    theirs = oracle.ask(do="fields", schema=schema, left=named(obj))
    # Of an object's undeclared fields the library names one at random, so only the kinds of problems are compared.
    assert _problems(ours) == _problems(theirs)


def _problems(answer: Any) -> Any:
    if "field not declared" in answer.get("error", "") or answer.get("error", "").startswith("errors:"):
        return "several or undeclared"
    return answer.get("error") or answer["fields"]


@st.composite
def runs(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Schemas of two versions, most often alike, and writes by several managers."""
    schema = draw(apply_samples.ROOTS)
    schemas = {"v1": schema, "v2": draw(st.sampled_from((schema, schema, draw(apply_samples.ROOTS))))}
    steps: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(2, 6))):
        version = draw(st.sampled_from(("v1", "v1", "v1", "v2")))
        subresource = draw(st.sampled_from(("", "", "", "status")))
        fields: Any = {"f:status": {}} if not subresource else {"f:spec": {}, "f:metadata": {}}
        steps.append(
            {
                "do": draw(st.sampled_from(("apply", "apply", "update"))),
                "version": version,
                "subresource": subresource,
                "reset": {"v1": fields, "v2": fields},
                "manager": draw(st.sampled_from(("one", "two", "kubectl"))),
                "force": draw(st.booleans()),
                "object": named(draw(apply_samples.objects(schema)), version),
            }
        )
    return schemas, steps


def carry_out(schemas: dict[str, Any], steps: list[dict[str, Any]]) -> list[Any]:
    live: dict[str, Any] | None = None
    results: list[Any] = []
    for number, step in enumerate(steps):
        manager = FieldManager(
            {f"{GROUP}/{version}": schema for version, schema in schemas.items()},
            api_version=f"{GROUP}/{step['version']}",
            kind=KIND,
            subresource=step["subresource"],
            reset={f"{GROUP}/{version}": fieldsv1.decode(fields) for version, fields in step["reset"].items()},
        )
        now = f"2001-01-01T00:00:{number:02d}Z"
        obj = json.loads(json.dumps(step["object"]))
        try:
            if step["do"] == "apply":
                obj = manager.apply(live, obj, manager=step["manager"], force=step["force"], now=now)
            else:
                manager.update(live, obj, manager=step["manager"], now=now)
        except errors.StatusError as error:
            results.append(refusal(error.message, [cause.render() for cause in error.causes]))
            continue
        obj["metadata"].setdefault("uid", "1")
        live = obj
        results.append({"object": json.loads(json.dumps(ordered(obj)))})
    return results


def refusal(message: str, causes: Any) -> dict[str, Any]:
    """A refusal; the library lists owners and problems in an order that changes, so causes say what is compared."""
    listed = sorted(json.dumps(cause, sort_keys=True) for cause in causes)
    varies = not message.startswith("Apply failed with 1 conflict:")
    return {"error": message.partition(" ")[0] if varies else message, "causes": listed}


def ordered(obj: dict[str, Any]) -> dict[str, Any]:
    entries = obj["metadata"].get("managedFields")
    if entries:
        obj["metadata"]["managedFields"] = sorted(entries, key=lambda entry: json.dumps(entry, sort_keys=True))
    return obj


@several
@given(sample=runs())
def test_several_managers(oracle: Oracle, sample: Any):
    """After any sequence of applies and updates the object, its owners and the refusals are the library's."""
    schemas, steps = sample
    theirs = [
        {"object": ordered(result["object"])}
        if "object" in result
        else refusal(result["error"], result.get("causes") or ())
        for result in oracle.ask(do="run", schemas=schemas, steps=steps)["results"]
    ]
    assert carry_out(schemas, steps) == theirs
