"""openapi-spec-validator: our documents are OpenAPI, those of custom resources included."""

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator
from openapi_spec_validator.validation.types import SpecValidatorType

import custom_kinds
from conformance import definitions
from served_api import API


@pytest.fixture(scope="module", autouse=True)
def _custom_resource(admin: API) -> None:
    """A kind with lists, maps, integers that may be strings, embedded resources and everything else."""
    custom_kinds.define(admin, definitions.PULLS)


def faults(validator: SpecValidatorType, document: dict[str, Any]) -> list[str]:
    """What the validator says of a document, and where."""
    return [f"{'/'.join(map(str, one.absolute_path))}: {one.message}" for one in validator(document).iter_errors()]


def without_empty_defaults(node: Any) -> Any:
    """A document without the defaults that kube-apiserver writes beside references: `{}`, whatever is required there.

    The validator is right to refuse them, and clients expect them.
    """
    if isinstance(node, list):
        return [without_empty_defaults(item) for item in node]
    if not isinstance(node, dict):
        return node
    left = {name: without_empty_defaults(value) for name, value in node.items()}
    if "allOf" in left and left.get("default") == {}:
        del left["default"]
    return left


def test_version_2(admin: API) -> None:
    """The document of everything is Swagger 2.0."""
    document = admin.get("/openapi/v2").json()
    assert f"/apis/{definitions.VERSION}/namespaces/{{namespace}}/pulls" in document["paths"]
    assert faults(OpenAPIV2SpecValidator, document) == []


def test_version_3(admin: API) -> None:
    """Every document of the index is OpenAPI 3.0."""
    index = admin.get("/openapi/v3").json()["paths"]
    assert f"apis/{definitions.VERSION}" in index
    documents = {path: admin.get(row["serverRelativeURL"]).json() for path, row in index.items()}
    found = {path: faults(OpenAPIV30SpecValidator, without_empty_defaults(one)) for path, one in documents.items()}
    assert {path: told for path, told in found.items() if told} == {}
