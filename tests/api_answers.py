"""Words that the suites of the API server share: sample bodies and answers taken apart."""

from collections.abc import Mapping
from typing import Any

import httpx2

import factories
from krate.kinds import Kind
from served_api import API


def repository(name: str = "web", **parts: Any) -> dict[str, Any]:
    """A Repository without a namespace of its own."""
    body = factories.make_repository(name, **parts)
    if "namespace" not in parts.get("metadata", {}):
        del body["metadata"]["namespace"]
    return body


def failure(answer: httpx2.Response) -> dict[str, Any]:
    """A Status without the parts that every Status has."""
    body = answer.json()
    assert (body.pop("kind"), body.pop("apiVersion"), body.pop("status")) == ("Status", "v1", "Failure")
    assert body.pop("code") == answer.status_code
    assert body.pop("metadata") == {}
    return body


def created(client: API, kind: Kind, body: Mapping[str, Any], namespace: str = "") -> dict[str, Any]:
    """The object as it was stored."""
    answer = client.create(kind, body, namespace=namespace)
    assert answer.status_code == 201, answer.text
    return answer.json()
