"""Kubeconfig files, as kubectl reads and writes them, and the credentials of a pod.

A kubeconfig comes from outside: nothing in it may run a program or switch off verification unless the caller asks for
it, and every problem names the file and what to do.
"""

import base64
import binascii
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from krate_kube.connections import Connection, file_token, fixed_token

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_REFUSED_USER: Final = {
    "exec": "gets its credential from a program (exec plugin), and Krate runs no program named in a kubeconfig; "
    "put a token or a client certificate there",
    "auth-provider": "uses an auth-provider plugin, which Kubernetes removed in 1.26; use a token or a certificate",
    "username": "uses a user name and password, which Kubernetes removed in 1.19; use a token or a certificate",
}
_REFUSED_CLUSTER: Final = {
    "proxy-url": "asks for a proxy, which Krate does not use",
    "tls-server-name": "asks for another TLS server name, which Krate does not support",
}


class ConfigInvalid(Exception):
    """the kubeconfig cannot be used."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A named entry and the file it comes from: relative paths count from there."""

    file: Path
    body: Mapping[str, Any]


def default_paths(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Where kubectl looks: the files of KUBECONFIG, else `~/.kube/config`."""
    listed = tuple(Path(part) for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part)
    return listed or (Path(environment.get("HOME", "~")).expanduser() / ".kube" / "config",)


def load(paths: Sequence[Path], *, context: str = "", allow_insecure: bool = False) -> Connection:
    """The connection that `context`, or else the current context, describes.

    Args:
        paths: files merged as kubectl does: of entries with one name the first wins, missing files count as empty.
        context: name of a context; "" takes `current-context`.
        allow_insecure: accept `insecure-skip-tls-verify`.

    Raises:
        ConfigInvalid: a file is missing, malformed, or asks for something refused.
    """
    documents = [(path, _read(path)) for path in paths if path.exists()]
    if not documents:
        raise ConfigInvalid(f"no kubeconfig at {', '.join(str(path) for path in paths)}")
    where = documents[0][0]
    wanted = context or next((str(d["current-context"]) for _, d in documents if d.get("current-context")), "")
    if not wanted:
        raise ConfigInvalid(f"{where}: no current-context; name one with --context")
    chosen = _named(documents, "contexts", "context", wanted)
    cluster = _named(documents, "clusters", "cluster", str(chosen.body.get("cluster") or ""))
    user = _named(documents, "users", "user", str(chosen.body["user"])) if chosen.body.get("user") else None
    return _connection(cluster, user, str(chosen.body.get("namespace") or "default"), allow_insecure=allow_insecure)


def in_cluster(environment: Mapping[str, str], *, root: Path = SERVICE_ACCOUNT) -> Connection:
    """The connection of a pod, by its ServiceAccount.

    Raises:
        ConfigInvalid: this is no pod.
    """
    host, port = environment.get("KUBERNETES_SERVICE_HOST", ""), environment.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not (root / "token").exists():
        raise ConfigInvalid(f"not in a pod: KUBERNETES_SERVICE_HOST or {root / 'token'} is missing")
    return Connection(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        ca=(root / "ca.crt").read_text(encoding="ascii"),
        token=file_token(root / "token"),
        namespace=(root / "namespace").read_text(encoding="utf-8").strip(),
    )


def render(
    *,
    server: str,
    ca: str,
    user: str,
    token: str = "",
    certificate: str = "",
    key: str = "",
    namespace: str = "default",
    name: str = "krate",
) -> str:
    """A kubeconfig with one context; give a token, or a client certificate with its key.

    Raises:
        ValueError: there is no credential, or a certificate without its key.
    """
    if not token and not (certificate and key):
        raise ValueError("a kubeconfig needs a token, or a certificate and its key")
    credential = {"token": token} if token else {}
    if certificate:
        credential |= {"client-certificate-data": _encode(certificate), "client-key-data": _encode(key)}
    trust = {"certificate-authority-data": _encode(ca)} if ca else {}
    body = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server, **trust}}],
        "users": [{"name": user, "user": credential}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": user, "namespace": namespace}}],
        "current-context": name,
    }
    return yaml.safe_dump(body, sort_keys=False)


def write(path: Path, content: str) -> None:
    """Write a file with secrets: mode 0600 from its first byte, and whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp creates with mode 0600; a rename within one directory is atomic and never follows a link at `path`.
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigInvalid(f"{path}: {problem}") from problem
    except yaml.YAMLError as problem:
        # The problem's own text quotes the file, and the file holds secrets.
        mark = getattr(problem, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise ConfigInvalid(f"{path}{line}: not YAML") from None
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise ConfigInvalid(f"{path}: a kubeconfig is a map")
    return found


def _named(documents: Sequence[tuple[Path, Mapping[str, Any]]], many: str, one: str, name: str) -> _Entry:
    for path, document in documents:
        entries = document.get(many)
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, Mapping) and entry.get("name") == name:
                body = entry.get(one)
                return _Entry(path, body if isinstance(body, Mapping) else {})
    raise ConfigInvalid(f"{documents[0][0]}: no {one} is named {name!r}")


def _connection(cluster: _Entry, user: _Entry | None, namespace: str, *, allow_insecure: bool) -> Connection:
    server = str(cluster.body.get("server") or "")
    if not server.startswith(("https://", "http://")):
        raise ConfigInvalid(f"{cluster.file}: the server must be an http(s) URL, not {server!r}")
    insecure = bool(cluster.body.get("insecure-skip-tls-verify"))
    if insecure and not allow_insecure:
        raise ConfigInvalid(
            f"{cluster.file}: insecure-skip-tls-verify is set, so anybody could pose as {server}; "
            "put certificate-authority there, or allow it on purpose"
        )
    _refuse(cluster, _REFUSED_CLUSTER, "the cluster")
    ca = _material(cluster, "certificate-authority")
    if user is None:
        return Connection(server=server, ca=ca, insecure=insecure, namespace=namespace)
    _refuse(user, _REFUSED_USER, "the user")
    certificate, key = _material(user, "client-certificate"), _material(user, "client-key")
    if bool(certificate) != bool(key):
        raise ConfigInvalid(f"{user.file}: client-certificate and client-key belong together; one is missing")
    token_file = user.body.get("tokenFile")
    token = user.body.get("token")
    source = fixed_token(str(token)) if token else file_token(_beside(user, str(token_file))) if token_file else None
    return Connection(
        server=server,
        ca=ca,
        token=source,
        certificate=certificate,
        key=key,
        insecure=insecure,
        namespace=namespace,
    )


def _refuse(entry: _Entry, refused: Mapping[str, str], who: str) -> None:
    for field, why in refused.items():
        if entry.body.get(field):
            raise ConfigInvalid(f"{entry.file}: {who} {why}")


def _beside(entry: _Entry, path: str) -> Path:
    """A path of a kubeconfig, relative to the file that names it."""
    return entry.file.parent / path


def _material(entry: _Entry, field: str) -> str:
    """PEM text from `field`-data (base64, it wins) or from the file that `field` names; "" when neither is there."""
    if data := entry.body.get(f"{field}-data"):
        try:
            return base64.b64decode(str(data), validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise ConfigInvalid(f"{entry.file}: {field}-data is not base64 of PEM") from None
    if path := entry.body.get(field):
        try:
            return _beside(entry, str(path)).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as problem:
            raise ConfigInvalid(f"{entry.file}: {field}: {problem}") from problem
    return ""


def _encode(pem: str) -> str:
    return base64.b64encode(pem.encode("ascii")).decode("ascii")
