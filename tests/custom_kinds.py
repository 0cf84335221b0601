"""Custom resources in the suites of the API server: the kinds that the real server was recorded with."""

import json
from collections.abc import Mapping
from typing import Any

import httpx2

import served_api
from conformance import definitions
from served_api import API

APPLY = "application/apply-patch+yaml"


def define(admin: API, definition: Mapping[str, Any]) -> None:
    """Serve a definition, and wait until it is."""
    spec = definition["spec"]
    made = admin.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", json=dict(definition))
    assert made.status_code in {201, 409}, made.text
    served_api.until(lambda: admin.get(f"/apis/{spec['group']}/v1/{spec['names']['plural']}").status_code == 200)


def pull(name: str, spec: Mapping[str, Any] | None = None, **meta: Any) -> dict[str, Any]:
    """A Pull as it is sent."""
    wanted = {"title": "t"} if spec is None else dict(spec)
    return {"apiVersion": definitions.VERSION, "kind": "Pull", "metadata": {"name": name, **meta}, "spec": wanted}


def pulls(namespace: str) -> str:
    return f"/apis/{definitions.VERSION}/namespaces/{namespace}/pulls"


def apply(client: API, path: str, body: Any, manager: str, **query: str) -> httpx2.Response:
    """A server-side apply."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    params = {**({"fieldManager": manager} if manager else {}), **query}
    return client.patch(path, content=content, headers={"content-type": APPLY}, params=params)


def managers(obj: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who manages the fields of an object, without times and versions."""
    kept = ("manager", "operation", "subresource", "fieldsV1")
    return [{key: entry[key] for key in kept if key in entry} for entry in obj["metadata"].get("managedFields", [])]
