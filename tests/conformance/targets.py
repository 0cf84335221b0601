"""The two servers: a real kube-apiserver, and `krate up`; both serve the definitions before the first scenario."""

import base64
import contextlib
import ssl
import tempfile
import uuid
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import yaml

from conformance.definitions import DEFINITIONS
from conformance.recording import Session
from control_plane import ControlPlane
from processes import Up, until

AGENT = "conformance/1.0 (test)"
ROOTS = "kube-root-ca.crt"
"""A ConfigMap that a controller writes into every namespace."""


@dataclass(frozen=True)
class Target:
    """A served API and its administrator's client."""

    name: str
    client: httpx2.Client
    kubeconfig: Path
    controllers: bool = False
    """Whether controllers write beside the scenarios."""

    def session(self) -> Session:
        """A conversation in a new namespace."""
        namespace = f"c-{uuid.uuid4().hex[:10]}"
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        self.client.post("/api/v1/namespaces", json=body).raise_for_status()
        if self.controllers:
            certificates = f"/api/v1/namespaces/{namespace}/configmaps/{ROOTS}"
            until("the namespace has what a controller owes it", lambda: self.client.get(certificates).is_success)
        return Session(self.client, namespace, self.kubeconfig)

    def define(self) -> None:
        """Apply the definitions and wait until they are served."""
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        for definition in DEFINITIONS:
            answer = self.client.post(path, json=definition)
            assert answer.is_success, f"{self.name}: {answer.text}"
        for definition in DEFINITIONS:
            where = f"{path}/{definition['metadata']['name']}"
            until(f"{where} is established", lambda where=where: _established(self.client.get(where).json()))
            until("its objects are listed", lambda one=definition: self.client.get(_listed(one)).status_code == 200)


def _listed(definition: dict[str, Any]) -> str:
    return f"/apis/{definition['spec']['group']}/v1/{definition['spec']['names']['plural']}"


def _established(definition: dict[str, Any]) -> bool:
    conditions = definition.get("status", {}).get("conditions") or ()
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)


def client(kubeconfig: Path) -> httpx2.Client:
    """A client of the cluster that a kubeconfig names, with its certificate or token."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    context = ssl.create_default_context()
    _trust(context, cluster)
    headers = {"user-agent": AGENT, "accept-encoding": "identity"}
    if "client-certificate" in user:
        context.load_cert_chain(user["client-certificate"], user["client-key"])
    elif "client-certificate-data" in user:
        with tempfile.NamedTemporaryFile(suffix=".pem") as chain:
            chain.write(b"".join(base64.b64decode(user[f"client-{part}-data"]) for part in ("certificate", "key")))
            chain.flush()
            context.load_cert_chain(chain.name)
    else:
        headers["authorization"] = f"Bearer {user['token']}"
    return httpx2.Client(base_url=cluster["server"], verify=context, headers=headers, timeout=30, trust_env=False)


def _trust(context: ssl.SSLContext, cluster: dict[str, Any]) -> None:
    if "certificate-authority-data" in cluster:
        context.load_verify_locations(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    else:
        context.load_verify_locations(cafile=cluster["certificate-authority"])


@contextlib.contextmanager
def real(folder: Path) -> Generator[Target]:
    """kube-apiserver, without the controllers that would write beside the scenarios."""
    with ControlPlane(folder, controllers=False) as running, client(running.kubeconfig) as admin:
        found = Target("kube-apiserver", admin, running.kubeconfig)
        found.define()
        yield found


@contextlib.contextmanager
def ours(folder: Path) -> Generator[Target]:
    """`krate up` on an empty directory."""
    folder.mkdir(parents=True, exist_ok=True)
    with Up(folder) as running, client(running.kubeconfig) as admin:
        found = Target("krate", admin, running.kubeconfig, controllers=True)
        found.define()
        yield found
