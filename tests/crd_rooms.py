"""CustomResourceDefinitions of tests: made, established, and taken away again."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Final

from served_api import API, until

PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_NUMBERS = itertools.count(1)
_TEXT: Final = {"type": "string"}


def definition(
    *,
    group: str = "",
    scope: str = "Namespaced",
    kind: str = "Thing",
    versions: Sequence[Mapping[str, Any]] | None = None,
    schema: Mapping[str, Any] | None = None,
    names: Mapping[str, Any] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    """A valid definition, in a group of its own unless one is named."""
    group = group or f"g{next(_NUMBERS)}.example.com"
    plural = (names or {}).get("plural", f"{kind.lower()}s")
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": scope,
            "names": {"plural": plural, "kind": kind, **(names or {})},
            "versions": [dict(one) for one in versions or [version(schema=schema)]],
            **spec,
        },
    }


def version(
    name: str = "v1",
    *,
    schema: Mapping[str, Any] | None = None,
    served: bool = True,
    storage: bool = True,
    **more: Any,
) -> dict[str, Any]:
    """A version whose objects hold anything, unless a schema says otherwise."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    found = dict(schema) if schema is not None else anything
    return {"name": name, "served": served, "storage": storage, "schema": {"openAPIV3Schema": found}, **more}


def condition(found: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """A condition of a definition; empty when it has none of the type."""
    conditions = found["status"]["conditions"] or []
    return next((one for one in conditions if one["type"] == kind), {})


def established(admin: API, body: Mapping[str, Any]) -> dict[str, Any]:
    """Create a definition and wait until it is served; answers it."""
    answer = admin.post(PATH, json=dict(body))
    assert answer.status_code == 201, answer.text
    return wait(admin, body)


def wait(admin: API, body: Mapping[str, Any], kind: str = "Established") -> dict[str, Any]:
    """Wait until a condition is true."""
    where = f"{PATH}/{body['metadata']['name']}"
    until(lambda: condition(admin.get(where).json(), kind).get("status") == "True")
    return admin.get(where).json()


def gone(admin: API, body: Mapping[str, Any]) -> None:
    """Wait until a definition is there no longer."""
    until(lambda: admin.get(f"{PATH}/{body['metadata']['name']}").status_code == 404)


def collection(body: Mapping[str, Any], namespace: str = "", version: str = "") -> str:
    """Path of the objects of a definition, in its first version unless another is named."""
    spec = body["spec"]
    root = f"/apis/{spec['group']}/{version or spec['versions'][0]['name']}"
    place = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{place}/{spec['names']['plural']}"


def thing(body: Mapping[str, Any], name: str = "a", /, version: str = "", **more: Any) -> dict[str, Any]:
    """An object of a definition."""
    spec = body["spec"]
    api_version = f"{spec['group']}/{version or spec['versions'][0]['name']}"
    return {"apiVersion": api_version, "kind": spec["names"]["kind"], "metadata": {"name": name}, **more}


def fleet(kind: str = "Fleet") -> dict[str, Any]:
    """A definition whose objects have a status, a scale, defaults, a rule and a list with keys."""
    ship = {"type": "object", "required": ["name"], "properties": {"name": _TEXT, "flag": _TEXT}}
    ships = {"type": "array", "items": ship, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
    spec = {
        "type": "object",
        "properties": {"replicas": {"type": "integer", "default": 1}, "port": _TEXT, "ships": ships},
        "x-kubernetes-validations": [{"rule": "self.replicas < 10", "message": "too many"}],
    }
    status = {"type": "object", "properties": {"replicas": {"type": "integer"}, "phase": _TEXT}}
    schema = {"type": "object", "properties": {"spec": spec, "status": status}}
    scale = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
    return definition(kind=kind, versions=[version(schema=schema, subresources={"status": {}, "scale": scale})])
