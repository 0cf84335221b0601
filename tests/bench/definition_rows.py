"""The rows about many definitions: applied to a server that runs, and stored where one starts."""

import contextlib
import http.client
import json
from typing import Any

from tests.bench import servers
from tests.bench.clients import Target, ask
from tests.bench.harness import Row, folder, median, timed

import cluster_tools
import control_plane

COUNT = 300
ROUNDS = 3
PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_DISCOVERY = {"accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}
_TEXT = "What this field means, when it may be left out, and what becomes of the object when it is changed later."


def definition(number: int) -> dict[str, Any]:
    """A definition of some ten kilobytes: fields with descriptions, and lists of objects."""
    text = {"type": "string", "description": _TEXT}
    listed = {"type": "array", "items": {"type": "object", "properties": {"name": text}}}
    fields = {f"field{index}": text if index % 5 else listed for index in range(70)}
    parts = {"spec": {"type": "object", "properties": fields}, "status": {"type": "object"}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "properties": parts}},
    }
    group, plural = f"g{number % 30}.bench.example.com", f"kinds{number}"
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": f"Kind{number}"},
            "versions": [version],
        },
    }


def apply_all(target: Target) -> None:
    """Create all, wait until each is Established, then read discovery and OpenAPI once, as kubectl would."""
    with target.connected() as connection:
        for number in range(COUNT):
            _check(*ask(connection, "POST", PATH, json.dumps(definition(number)).encode()))
        servers.wait("all Established", lambda: _established(connection))
        for path, headers in (("/apis", _DISCOVERY), ("/openapi/v2", {})):
            _check(*ask(connection, "GET", path, headers=headers))


def _check(code: int, said: bytes) -> None:
    if code not in {http.client.OK, http.client.CREATED}:
        raise AssertionError(said[:500])


def _established(connection: http.client.HTTPSConnection) -> bool:
    _, said = ask(connection, "GET", PATH)
    items = json.loads(said)["items"]
    conditions = [{one["type"]: one["status"] for one in item["status"].get("conditions") or ()} for item in items]
    return sum(found.get("Established") == "True" for found in conditions) >= COUNT


def applied() -> Row:
    """F6: 300 definitions created one after the other, until discovery and OpenAPI show them all."""
    ours: list[float] = []
    peer: list[float] = []
    tools = all(cluster_tools.path(name).exists() for name in ("etcd", "kube-apiserver"))
    for _ in range(ROUNDS):
        with folder() as place, servers.krate(place) as server:
            server.pause_controllers()
            ours.append(timed(lambda server=server: apply_all(Target.of(server))))
        if tools:
            with folder() as place, control_plane.ControlPlane(place, durable=True, controllers=False) as cluster:
                peer.append(timed(lambda cluster=cluster: apply_all(Target.of_cluster(cluster))))
    seconds, other = median(ours), median(peer) if peer else None
    ratio = other / seconds if other else None
    what = f"{COUNT} definitions applied, discovery and OpenAPI read (kube-apiserver)"
    return Row("F6", what, seconds, other, "s", ratio, ">= 1x", bool(ratio and ratio >= 1), ROUNDS)


def start() -> Row:
    """F7: the same definitions stored, from the command to the line `ready`."""
    found: list[float] = []
    with folder() as place:
        server = servers.Krate(place / "krate")
        server.start()
        with contextlib.ExitStack() as stack:
            stack.callback(server.stop)
            apply_all(Target.of(server))
        for _ in range(5):
            found.append(timed(server.start))
            server.stop()
    seconds = median(found)
    what = f"krate up with {COUNT} definitions stored to ready"
    return Row("F7", what, seconds, None, "s", None, "<= 2 s", seconds <= 2, 5)
