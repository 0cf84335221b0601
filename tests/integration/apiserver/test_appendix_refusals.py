"""The refusals of the recording (api-behaviour, Appendix A) on the kind that was recorded: pulls.ref.example.com.

Whole answers, row by row. `make conformance` compares us with a kube-apiserver that runs; this was written down of one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

import custom_kinds
import served_api
from api_answers import failure
from conformance import definitions
from custom_kinds import pull
from served_api import API

GR = "pulls.ref.example.com"
JSON_PATCH, MERGE, APPLY, STRATEGIC = (
    f"application/{form}"
    for form in ("json-patch+json", "merge-patch+json", "apply-patch+yaml", "strategic-merge-patch+json")
)
ACCEPTED = "the body of the request was in an unknown format - accepted media types include: "
STALE = (
    f'Operation cannot be fulfilled on {GR} "u": the object has been modified; please apply your changes to the latest '
    "version and try again"
)
ABOUT = {"group": definitions.GROUP, "kind": "pulls"}


@dataclass(frozen=True)
class Row:
    """One request and the refusal it gets."""

    method: str
    code: int
    message: str
    reason: str = "BadRequest"
    details: Mapping[str, Any] | None = None
    name: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def refusal(self) -> dict[str, Any]:
        parts = {"message": self.message, "reason": self.reason, "details": self.details}
        return {key: value for key, value in parts.items() if value not in (None, "")}


def options(kind: str, *causes: tuple[str, str, str]) -> dict[str, Any]:
    """Details of a refusal of options."""
    listed = [{"reason": reason, "message": message, "field": where} for reason, message, where in causes]
    return {"group": "meta.k8s.io", "kind": kind, "causes": listed}


def refused_options(method: str, kind: str, reason: str, text: str, where: str, **parts: Any) -> Row:
    message = f'{kind}.meta.k8s.io "" is invalid: {where}: {text}'
    return Row(method, 422, message, "Invalid", options(kind, (reason, text, where)), **parts)


def patch(body: Any, media: str, code: int, message: str, reason: str = "BadRequest", **parts: Any) -> Row:
    return Row("PATCH", code, message, reason, name="u", body=body, headers={"content-type": media}, **parts)


INVALID_VALUES = [
    (
        "FieldValueInvalid",
        "Invalid value: 0: spec.n in body should be greater than or equal to 1",
        "spec.n",
    ),
    ("FieldValueNotSupported", 'Unsupported value: "foo": supported values: "open", "closed"', "spec.state"),
    ("FieldValueTooLong", "Too long: may not be more than 20 bytes", "spec.title"),
]
WRONG_TYPE = 'Invalid value: "integer": spec.title in body must be of type string: "integer"'
SUPPORTED = 'Unsupported value: "Foo": supported values: "", "Ignore", "Strict", "Warn"'
UNTIL = 'Unsupported value: ["Foo"]: supported values: "All"'
POLICIES = 'Unsupported value: "Foo": supported values: "Foreground", "Background", "Orphan", "nil"'
BOTH = 'Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set'
FORCED = "Forbidden: may not be specified for non-apply patch"
NO_MANAGER = "Required value: is required for apply patch"
LONG_MANAGER = "Too long: may not be more than 128 bytes"
MANAGED = {"apiVersion": definitions.VERSION, "kind": "Pull", "metadata": {"managedFields": []}}

ROWS: dict[str, Row] = {
    "POST existing": Row(
        "POST", 409, f'{GR} "u" already exists', "AlreadyExists", {"name": "u", **ABOUT}, body=pull("u")
    ),
    "POST invalid values": Row(
        "POST", 422,
        'Pull.ref.example.com "b" is invalid: ['
        + ", ".join(f"{where}: {text}" for _, text, where in INVALID_VALUES) + "]",
        "Invalid",
        {"name": "b", "group": definitions.GROUP, "kind": "Pull",
         "causes": [{"reason": reason, "message": text, "field": where} for reason, text, where in INVALID_VALUES]},
        body=pull("b", {"title": "x" * 21, "n": 0, "state": "foo"}),
    ),
    "PATCH merge wrong type": patch(
        {"spec": {"title": 1}}, MERGE, 422, f'Pull.ref.example.com "u" is invalid: spec.title: {WRONG_TYPE}', "Invalid",
        details={"name": "u", "group": definitions.GROUP, "kind": "Pull",
                 "causes": [{"reason": "FieldValueTypeInvalid", "message": WRONG_TYPE, "field": "spec.title"}]},
    ),
    "POST Strict unknown": Row(
        "POST", 400,
        'Pull in version "v1" cannot be handled as a Pull: strict decoding error: unknown field "spec.bogus"',
        query={"fieldValidation": "Strict"}, body=pull("b", {"title": "t", "bogus": 1}),
    ),
    "POST Strict duplicate": Row(
        "POST", 400,
        'Pull in version "v1" cannot be handled as a Pull: strict decoding error: duplicate field "spec.title"',
        query={"fieldValidation": "Strict"},
        body=json.dumps(pull("b")).replace('"title": "t"', '"title": "s", "title": "t"').encode(),
    ),
    "?fieldValidation=Foo": refused_options(
        "POST", "CreateOptions", "FieldValueNotSupported", SUPPORTED, "fieldValidation",
        query={"fieldValidation": "Foo"}, body=pull("b"),
    ),
    "?dryRun=Foo": refused_options(
        "POST", "CreateOptions", "FieldValueNotSupported", UNTIL, "dryRun", query={"dryRun": "Foo"}, body=pull("b")
    ),
    "body namespace": Row(
        "POST", 400, "the namespace of the provided object does not match the namespace sent on the request",
        body=pull("b", namespace="other"),
    ),
    "POST with resourceVersion": Row(
        "POST", 500, "resourceVersion should not be set on objects to be created", "",
        body=pull("b", resourceVersion="1"),
    ),
    "malformed JSON": Row(
        "POST", 400,
        "the object provided is unrecognized (must be of type Pull): couldn't get version/kind; json parse error: "
        'unexpected end of JSON input ({"a":)',
        body=b'{"a":',
    ),
    "Content-Type text/plain": Row(
        "POST", 415, ACCEPTED + "application/json, application/yaml", "UnsupportedMediaType", body=pull("b"),
        headers={"content-type": "text/plain"},
    ),
    "Accept text/html": Row(
        "GET", 406, "only the following media types are accepted: application/json, application/yaml", "NotAcceptable",
        name="u", headers={"accept": "text/html"},
    ),
    "GET missing": Row(
        "GET", 404, f'{GR} "missing" not found', "NotFound", {"name": "missing", **ABOUT}, name="missing"
    ),
    "PUT no version": Row(
        "PUT", 422, f'{GR} "u" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
        "Invalid",
        {"name": "u", **ABOUT,
         "causes": [{"reason": "FieldValueInvalid", "message": "Invalid value: 0: must be specified for an update",
                     "field": "metadata.resourceVersion"}]},
        name="u", body=pull("u"),
    ),
    "PUT stale": Row(
        "PUT", 409, STALE, "Conflict", {"name": "u", **ABOUT}, name="u", body=pull("u", resourceVersion="1")
    ),
    "PATCH stale": patch(
        {"metadata": {"resourceVersion": "1"}}, MERGE, 409, STALE, "Conflict", details={"name": "u", **ABOUT}
    ),
    "PUT other name": Row(
        "PUT", 400, "the name of the object (v) does not match the name on the URL (u)", name="u", body=pull("v")
    ),
    "PATCH other name": patch(
        {"metadata": {"name": "v"}}, MERGE, 400, "the name of the object (v) does not match the name on the URL (u)"
    ),
    "strategic patch": patch(
        {}, STRATEGIC, 415, f"{ACCEPTED}{JSON_PATCH}, {MERGE}, {APPLY}", "UnsupportedMediaType"
    ),
    "malformed patch": patch(
        b"{", MERGE, 400, "error decoding patch: unexpected end of JSON input"
    ),
    "?force=true on merge": patch(
        {}, MERGE, 422, f'PatchOptions.meta.k8s.io "" is invalid: force: {FORCED}', "Invalid",
        details=options("PatchOptions", ("FieldValueForbidden", FORCED, "force")), query={"force": "true"},
    ),
    "apply without a manager": patch(
        pull("u"), APPLY, 422, f'PatchOptions.meta.k8s.io "" is invalid: fieldManager: {NO_MANAGER}', "Invalid",
        details=options("PatchOptions", ("FieldValueRequired", NO_MANAGER, "fieldManager")),
    ),
    "apply with a long manager": patch(
        pull("u"), APPLY, 422, f'PatchOptions.meta.k8s.io "" is invalid: fieldManager: {LONG_MANAGER}', "Invalid",
        details=options("PatchOptions", ("FieldValueTooLong", LONG_MANAGER, "fieldManager")),
        query={"fieldManager": "x" * 200},
    ),
    "apply managedFields": patch(
        pull("u", managedFields=[{"manager": "x"}]), APPLY, 400, "metadata.managedFields must be nil",
        query={"fieldManager": "a"},
    ),
    "apply without a kind": patch(
        {"metadata": {"name": "u"}}, APPLY, 400, "invalid object type: /, Kind=", query={"fieldManager": "a"}
    ),
    "DELETE bad policy": refused_options(
        "DELETE", "DeleteOptions", "FieldValueNotSupported", POLICIES, "propagationPolicy", name="u",
        query={"propagationPolicy": "Foo"},
    ),
    "DELETE both options": refused_options(
        "DELETE", "DeleteOptions", "FieldValueInvalid", BOTH, "propagationPolicy", name="u",
        body={"kind": "DeleteOptions", "apiVersion": "v1", "orphanDependents": True, "propagationPolicy": "Orphan"},
    ),
    "continue with a version": Row(
        "GET", 400, "specifying resource version is not allowed when using continue",
        query={"continue": "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiIvYVx1MDAwMCJ9", "resourceVersion": "5"},
    ),
    "fieldSelector of a field": Row(
        "GET", 400, "field label not supported: spec.title", query={"fieldSelector": "spec.title=x"}
    ),
    "fieldSelector that is none": Row(
        "GET", 400, "invalid selector: 'x'; can't understand 'x'", query={"fieldSelector": "x"}
    ),
    "labelSelector that is none": Row(
        "GET", 400, "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
        query={"labelSelector": "a b c"},
    ),
}  # fmt: skip

FORBIDDEN = {
    "Exact and 0": (
        'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        {"resourceVersionMatch": "Exact", "resourceVersion": "0"},
    ),
    "match without a version": (
        "resourceVersionMatch is forbidden unless resourceVersion is provided",
        {"resourceVersionMatch": "Exact"},
    ),
    "sendInitialEvents on a list": ("sendInitialEvents is forbidden for list", {"sendInitialEvents": "true"}),
    "sendInitialEvents without a match": (
        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        {"sendInitialEvents": "true", "watch": "1"},
    ),
    "match on a watch": (
        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        {"resourceVersionMatch": "NotOlderThan", "resourceVersion": "5", "watch": "1"},
    ),
}


@pytest.fixture(scope="module")
def pulls(admin: API) -> str:
    """Where the recorded kind is served, in a namespace with the object `u`."""
    custom_kinds.define(admin, definitions.PULLS)
    path = custom_kinds.pulls(served_api.new_namespace(admin))
    assert admin.post(path, json=pull("u")).status_code == 201
    return path


@pytest.mark.parametrize("name", ROWS)
def test_refusal(admin: API, pulls: str, name: str) -> None:
    """A row of the recording: status, reason, message and details."""
    row = ROWS[name]
    content = row.body if isinstance(row.body, bytes | None) else json.dumps(row.body).encode()
    headers = {"content-type": "application/json", **row.headers}
    path = f"{pulls}/{row.name}" if row.name else pulls
    answer = admin.request(row.method, path, params=dict(row.query), content=content, headers=headers)
    assert (answer.status_code, failure(answer)) == (row.code, row.refusal())


@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden_list_options(admin: API, pulls: str, name: str) -> None:
    """Options of a list that exclude each other are forbidden, whatever is asked for."""
    text, query = FORBIDDEN[name]
    answer = admin.get(pulls, params=query)
    found = failure(answer)
    assert (answer.status_code, found["reason"], found["details"]["kind"]) == (422, "Invalid", "ListOptions")
    assert {(cause["reason"], cause["message"]) for cause in found["details"]["causes"]} == {
        ("FieldValueForbidden", f"Forbidden: {text}")
    }


def test_missing_namespace(admin: API, pulls: str) -> None:
    """POST into a namespace that is not there: 404 of the namespace."""
    answer = admin.post(custom_kinds.pulls("nope"), json=pull("u"))
    assert (answer.status_code, failure(answer)) == (
        404,
        {
            "message": 'namespaces "nope" not found',
            "reason": "NotFound",
            "details": {"name": "nope", "kind": "namespaces"},
        },
    )


def test_unknown_resource(admin: API, pulls: str) -> None:
    """What is no resource is answered in plain text."""
    answer = admin.get(pulls.removesuffix("pulls") + "nothings")
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")


def test_no_version_and_malformed(admin: API, pulls: str) -> None:
    """A body without an apiVersion whose metadata is none is refused for its metadata."""
    answer = admin.post(pulls, json={"kind": "Pull", "metadata": {"labels": 5}, "spec": {"title": "t"}})
    assert (answer.status_code, failure(answer)["message"].split(": ")[0]) == (
        400,
        'Pull in version "" cannot be handled as a Pull',
    )
