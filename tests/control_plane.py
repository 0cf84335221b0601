"""A real Kubernetes control plane: etcd, kube-apiserver and kube-controller-manager as plain processes on loopback.

    with control_plane.ControlPlane(tmp_path) as cluster:
        cluster.kubectl("get", "namespaces")
        cluster.etcd.crash()

Ready in about five seconds. Nothing leaves the machine and nothing outlives the block (DESIGN: real-components).
"""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import cluster_tools
from cluster_certificates import Certificates, Pair
from daemons import Daemon
from processes import free_ports, run

TOOLS = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
CONTROLLERS = (
    "namespace-controller",
    "garbage-collector-controller",
    "resourcequota-controller",
    "serviceaccount-controller",
    "clusterrole-aggregation-controller",
    "root-ca-certificate-publisher-controller",
)
ADMIN_GROUP = "system:masters"


class ControlPlane:
    """One control plane in a folder of its own.

    Args:
        folder: data, certificates, kubeconfigs and logs.
        durable: whether etcd syncs to the disk; only where durability or speed is judged.
        flags: more flags of kube-apiserver.
        controllers: whether kube-controller-manager runs.
    """

    def __init__(
        self, folder: Path, *, durable: bool = False, flags: Sequence[str] = (), controllers: bool = True
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.certificates = Certificates(folder / "certificates")
        ports = free_ports(4)
        self.server = f"https://127.0.0.1:{ports[2]}"
        self.kubeconfig = self.login("admin", ADMIN_GROUP)
        self.etcd = self._etcd(ports[0], ports[1], durable=durable)
        self.apiserver = self._apiserver(ports[0], ports[2], flags)
        self.controllers = self._controllers(ports[3]) if controllers else None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything and wait until it serves."""
        # Stopped in reverse: kube-apiserver before the etcd it would wait for.
        for daemon in (self.etcd, self.apiserver):
            self._stack.callback(daemon.stop)
            daemon.launch()
        self.apiserver.wait_ready()
        self.etcd.wait_ready()
        if self.controllers is not None:
            self._stack.enter_context(self.controllers)

    def stop(self) -> None:
        self._stack.close()

    def login(self, user: str, *groups: str) -> Path:
        """A kubeconfig with a client certificate."""
        pair = self.certificates.client(user, *groups)
        return self._kubeconfig(user.replace(":", "-"), pair)

    def kubectl(self, *arguments: str, kubeconfig: Path | None = None, stdin: str = "") -> str:
        """A kubectl command that must succeed; answers what it prints."""
        environment = {"KUBECONFIG": str(kubeconfig or self.kubeconfig), "HOME": str(self.folder)}
        return run(str(cluster_tools.path("kubectl")), *arguments, environment=environment, stdin=stdin)

    def _kubeconfig(self, name: str, pair: Pair) -> Path:
        # JSON is YAML.
        cluster = {"server": self.server, "certificate-authority": str(self.certificates.ca)}
        user = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
        body = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "it",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "it", "user": user}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        }
        path = self.folder / f"{name}.kubeconfig"
        path.write_text(json.dumps(body))
        return path

    def _daemon(self, name: str, url: str, context: ssl.SSLContext | None, *flags: str) -> Daemon:
        return Daemon(name, [str(cluster_tools.path(name)), *flags], self.folder, lambda: answers(url, context))

    def _etcd(self, port: int, peer: int, *, durable: bool) -> Daemon:
        url = f"http://127.0.0.1:{port}"
        listening = (f"--listen-client-urls={url}", f"--advertise-client-urls={url}")
        flags = (*listening, f"--listen-peer-urls=http://127.0.0.1:{peer}", f"--data-dir={self.folder / 'etcd'}")
        return self._daemon("etcd", f"{url}/health", None, *flags, *(() if durable else ("--unsafe-no-fsync",)))

    def _apiserver(self, etcd: int, port: int, more: Sequence[str]) -> Daemon:
        own = self.certificates
        context = ssl.create_default_context(cafile=str(own.ca))
        admin = self.certificates.folder / "client-admin.crt"
        context.load_cert_chain(admin, admin.with_suffix(".key"))
        flags = (
            f"--etcd-servers=http://127.0.0.1:{etcd}",
            f"--secure-port={port}",
            "--bind-address=127.0.0.1",
            f"--tls-cert-file={own.serving.certificate}",
            f"--tls-private-key-file={own.serving.key}",
            f"--client-ca-file={own.ca}",
            "--authorization-mode=RBAC",
            f"--service-account-key-file={own.accounts.key}",
            f"--service-account-signing-key-file={own.accounts.key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--requestheader-client-ca-file={own.proxy_ca}",
            "--requestheader-allowed-names=front-proxy",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-uid-headers=X-Remote-Uid",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={own.proxy.certificate}",
            f"--proxy-client-key-file={own.proxy.key}",
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--disable-admission-plugins=ServiceAccount",
        )
        return self._daemon("kube-apiserver", f"{self.server}/readyz", context, *flags, *more)

    def _controllers(self, port: int) -> Daemon:
        own = self.certificates
        config = self.kubeconfig
        flags = (
            f"--kubeconfig={config}",
            f"--authentication-kubeconfig={config}",
            f"--authorization-kubeconfig={config}",
            f"--service-account-private-key-file={own.accounts.key}",
            f"--root-ca-file={own.ca}",
            f"--tls-cert-file={own.serving.certificate}",
            f"--tls-private-key-file={own.serving.key}",
            f"--secure-port={port}",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            f"--controllers={','.join(CONTROLLERS)}",
            "--kube-api-qps=300",
            "--kube-api-burst=600",
        )
        context = ssl.create_default_context(cafile=str(own.ca))
        return self._daemon("kube-controller-manager", f"https://127.0.0.1:{port}/healthz", context, *flags)


def answers(url: str, context: ssl.SSLContext | None) -> bool:
    """Whether a health endpoint says that all is well; the server must hold the certificate we gave it."""
    try:
        with urllib.request.urlopen(url, timeout=2, context=context) as response:  # noqa: S310 - loopback
            return response.status == 200
    except (OSError, urllib.error.URLError):
        return False
