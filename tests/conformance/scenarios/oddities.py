"""What upstream's own suites ask (test/integration of kubernetes and apiextensions-apiserver), odd as it is."""

import json
from typing import Any

from conformance.definitions import VERSION
from conformance.recording import Session

YAML = "application/yaml"
TWICE = {
    "pull": (
        "apiVersion: ref.example.com/v1\nkind: Pull\nmetadata: {name: NAME, name: NAME, odd: 1}\n"
        "spec:\n  title: a\n  title: b\n  nope: 1\n  reviewers:\n  - {name: x, name: y}\n"
    ),
    "config map": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata:\n  a: x\n  a: y\nnope: 1\n",
}


def _places(s: Session) -> dict[str, str]:
    return {"pull": s.pulls, "config map": f"/api/v1/namespaces/{s.namespace}/configmaps"}


def _object(what: str, name: str, **meta: Any) -> dict[str, Any]:
    if what == "pull":
        return {"apiVersion": VERSION, "kind": "Pull", "metadata": {"name": name, **meta}, "spec": {"title": "t"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **meta}, "data": {"a": "x"}}


def repeated(s: Session) -> None:
    """Keys that stand twice in YAML."""
    for what, at in _places(s).items():
        for number, validation in enumerate(("Strict", "Warn", "Ignore")):
            body = TWICE[what].replace("NAME", f"r{number}").encode()
            s.post(f"{what}, {validation}", at, body, media=YAML, query={"fieldValidation": validation})


def _versions(s: Session, what: str) -> None:
    at = _places(s)[what]
    for number, version in enumerate(("x", "0", "-1", "007", "")):
        s.post(f"{what} at {version or 'none'}", at, _object(what, f"v{number}", resourceVersion=version))


def pull_versions(s: Session) -> None:
    """Versions of what is created; those of two kinds cannot be compared, for we count them apart."""
    _versions(s, "pull")


def config_map_versions(s: Session) -> None:
    """The same, and a group that is empty."""
    _versions(s, "config map")
    s.post("/v1", _places(s)["config map"], {**_object("config map", "slash"), "apiVersion": "/v1"})
    s.post("/v2", _places(s)["config map"], {**_object("config map", "slash"), "apiVersion": "/v2"})


def _owners(s: Session, what: str) -> None:
    made = s.quiet("POST", _places(s)["config map"], _object("config map", "o"))
    uid, at = made["metadata"]["uid"], _places(s)[what]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": uid}

    def named(found: Any) -> Any:
        """The owner's uid has a name also where it is part of a key."""
        return json.loads(json.dumps(found).replace(uid, "OWNER"))

    s.post(f"{what} with twins", at, _object(what, "t", ownerReferences=[owner, owner]), view=named)
    twin = [{"op": "add", "path": "/metadata/ownerReferences/-", "value": owner}]
    s.ask(f"{what} patched", "PATCH", f"{at}/t", twin, media="application/json-patch+json", view=named)
    found = s.quiet("GET", f"{at}/t")
    found["metadata"]["managedFields"] = []
    s.put(f"{what} without managers", f"{at}/t", found, view=named)
    s.merge(f"{what} after that", f"{at}/t", {"metadata": {"labels": {"a": "b"}}}, view=named)


def pull_owners(s: Session) -> None:
    """Owners that are named twice, and managers that are taken away."""
    _owners(s, "pull")


def config_map_owners(s: Session) -> None:
    """The same of a compiled type."""
    _owners(s, "config map")


def legacy(s: Session) -> None:
    """The old address of a watch of one namespace."""
    query = {"timeoutSeconds": "1"}
    s.get("one namespace", f"/api/v1/watch/namespaces/{s.namespace}", query=query)


SCENARIOS = (repeated, pull_versions, config_map_versions, pull_owners, config_map_owners, legacy)
