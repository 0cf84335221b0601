"""A client of either API server, Krate's or Kubernetes': plain HTTP/1.1 over TLS as its administrator."""

import base64
import contextlib
import http.client
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml
from tests.bench.servers import Krate

from control_plane import ControlPlane

PATIENCE = 300.0


@dataclass(frozen=True)
class Target:
    """Where a server is and how to enter."""

    port: int
    ca: str
    certificate: str
    key: str

    @classmethod
    def of(cls, server: Krate) -> "Target":
        user = yaml.safe_load(server.kubeconfig.read_text())["users"][0]["user"]
        pem = server.data / "bench.pem"
        pem.write_bytes(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
        return cls(int(server.api.rpartition(":")[2]), str(server.data / "pki" / "ca.crt"), str(pem), str(pem))

    @classmethod
    def of_cluster(cls, cluster: ControlPlane) -> "Target":
        own = cluster.certificates
        certificate = own.folder / "client-admin.crt"
        port = int(cluster.server.rpartition(":")[2])
        return cls(port, str(own.ca), str(certificate), str(certificate.with_suffix(".key")))

    def trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca)
        context.load_cert_chain(self.certificate, self.key)
        return context

    @contextlib.contextmanager
    def connected(self) -> Iterator[http.client.HTTPSConnection]:
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.trust(), timeout=PATIENCE)
        with contextlib.closing(connection):
            yield connection

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """One request on a connection of its own; code 0 where the server hangs up on it."""
        with self.connected() as connection:
            return ask(connection, method, path, body, headers)


def ask(
    connection: http.client.HTTPSConnection,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """One request; code 0 where the server hangs up on it."""
    try:
        connection.request(method, path, body or None, {"content-type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error).encode()
