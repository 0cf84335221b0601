"""Kubeconfig files: what is read, what is refused, what is written."""

import stat
from pathlib import Path

import pytest
import yaml

from krate_kube import config

CA, CERT, KEY = (f"-----BEGIN {what}-----\nMA==\n-----END {what}-----\n" for what in ("CA", "CERT", "KEY"))


def document(*, cluster: dict | None = None, user: dict | None = None, context: dict | None = None) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "main",
        "clusters": [{"name": "c", "cluster": {"server": "https://k.example:6443", **(cluster or {})}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "main", "context": {"cluster": "c", "user": "u", **(context or {})}}],
    }


def save(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def test_round_trip(tmp_path: Path) -> None:
    """What `render` writes, `load` reads back, byte for byte of each credential."""
    path = tmp_path / "deep" / "config"
    text = config.render(
        server="https://127.0.0.1:7443", ca=CA, user="alice", token="t0ken", certificate=CERT, key=KEY, namespace="acme"
    )
    config.write(path, text)
    found = config.load([path])
    assert found.token is not None
    assert (found.server, found.ca, found.certificate, found.key, found.namespace, found.token(), found.insecure) == (
        "https://127.0.0.1:7443", CA, CERT, KEY, "acme", "t0ken", False,
    )  # fmt: skip


def test_written_file_is_private_and_whole(tmp_path: Path) -> None:
    """The file has mode 0600 even where a wider one stood before, and no temporary file is left."""
    path = save(tmp_path / "config", "old")
    path.chmod(0o644)
    config.write(path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)
    assert [entry.name for entry in tmp_path.iterdir()] == ["config"]


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """A write that fails changes nothing and leaves nothing."""
    path = save(tmp_path / "config", "old")
    with pytest.raises(UnicodeEncodeError):
        config.write(path, "\ud800")
    assert ([entry.name for entry in tmp_path.iterdir()], path.read_text()) == (["config"], "old")


def test_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    """Certificates and token files are found beside the kubeconfig, and the token file is read anew each time."""
    for name, content in (("ca.crt", CA), ("me.crt", CERT), ("me.key", KEY), ("token", "one\n")):
        save(tmp_path / name, content)
    user = {"client-certificate": "me.crt", "client-key": "me.key", "tokenFile": "token"}
    path = save(tmp_path / "config", document(cluster={"certificate-authority": "ca.crt"}, user=user))
    found = config.load([path])
    assert found.token is not None
    before = found.token()
    save(tmp_path / "token", "two\n")
    assert (found.ca, found.certificate, found.key, before, found.token()) == (CA, CERT, KEY, "one", "two")


def test_contexts_and_merging(tmp_path: Path) -> None:
    """Of several files the first entry of a name wins; `context` chooses, `current-context` is the default."""
    first = document(context={"namespace": "acme"})
    second = document(cluster={"server": "https://other.example"})
    second["contexts"].append({"name": "side", "context": {"cluster": "c"}})
    paths = [tmp_path / "missing", save(tmp_path / "a", first), save(tmp_path / "b", second)]
    assert [
        (config.load(paths, context=name).server, config.load(paths, context=name).namespace) for name in ("", "side")
    ] == [("https://k.example:6443", "acme"), ("https://k.example:6443", "default")]


REFUSED = {
    "exec plugin": (document(user={"exec": {"command": "aws"}}), "runs no program named in a kubeconfig"),
    "auth provider": (document(user={"auth-provider": {"name": "gcp"}}), "removed in 1.26"),
    "basic": (document(user={"username": "u", "password": "p"}), "removed in 1.19"),
    "insecure": (document(cluster={"insecure-skip-tls-verify": True}), "insecure-skip-tls-verify is set"),
    "proxy": (document(cluster={"proxy-url": "http://p"}), "asks for a proxy"),
    "no URL": (document(cluster={"server": "k.example"}), "must be an http"),
    "half a certificate": (document(user={"client-certificate-data": "TUE="}), "belong together"),
    "broken base64": (document(cluster={"certificate-authority-data": "%%%"}), "not base64"),
    "missing CA": (document(cluster={"certificate-authority": "nope.crt"}), "nope.crt"),
    "no context": ({**document(), "current-context": ""}, "no current-context"),
    "unknown context": ({**document(), "current-context": "other"}, "no context is named 'other'"),
    "unknown cluster": ({**document(), "clusters": []}, "no cluster is named 'c'"),
    "not a map": ("- a\n", "is a map"),
    "not YAML": ("token: s3cret: {", "line 1: not YAML"),
    "binary": ("\x00", "not YAML"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(tmp_path: Path, case: str) -> None:
    """What cannot or must not be used is refused with the file's name, the reason, and no secret."""
    content, reason = REFUSED[case]
    path = save(tmp_path / "config", content)
    with pytest.raises(config.ConfigInvalid) as refused:
        config.load([path])
    assert str(path.parent) in str(refused.value)
    assert reason in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_insecure_on_purpose(tmp_path: Path) -> None:
    """Verification is off only when the caller asks for it as well."""
    path = save(tmp_path / "config", document(cluster={"insecure-skip-tls-verify": True}))
    assert config.load([path], allow_insecure=True).insecure


def test_no_file(tmp_path: Path) -> None:
    """A kubeconfig that is not there is named."""
    with pytest.raises(config.ConfigInvalid, match=r"no kubeconfig at .*config"):
        config.load([tmp_path / "config"])


def test_default_paths() -> None:
    """KUBECONFIG lists files; without it there is the one in the home directory."""
    assert config.default_paths({"KUBECONFIG": "/a:/b", "HOME": "/h"}) == (Path("/a"), Path("/b"))
    assert config.default_paths({"HOME": "/h"}) == (Path("/h/.kube/config"),)


def test_credentials_are_required() -> None:
    """A kubeconfig without a credential is a mistake of the caller."""
    with pytest.raises(ValueError, match="needs a token"):
        config.render(server="https://k", ca=CA, user="alice", certificate=CERT)


def test_in_cluster(tmp_path: Path) -> None:
    """A pod speaks as its ServiceAccount; elsewhere it is said that this is no pod."""
    for name, content in (("ca.crt", CA), ("token", "t\n"), ("namespace", "krate\n")):
        save(tmp_path / name, content)
    found = config.in_cluster({"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}, root=tmp_path)
    assert found.token is not None
    assert (found.server, found.ca, found.token(), found.namespace) == ("https://[fd00::1]:6443", CA, "t", "krate")
    with pytest.raises(config.ConfigInvalid, match="not in a pod"):
        config.in_cluster({}, root=tmp_path)
