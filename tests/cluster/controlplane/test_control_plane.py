"""The harness itself: a control plane that serves, and processes that can be crashed."""

import json
from pathlib import Path

import pytest

import cluster_tools
import control_plane
from control_plane import ControlPlane
from daemons import Daemon, Died
from processes import CommandFailed, until

pytestmark = cluster_tools.needed(*control_plane.TOOLS)

VERSION = "v1.36.3"


def test_versions_are_stamped(cluster: ControlPlane):
    """Kubectl and kube-apiserver say the version they were built from: clients parse it."""
    told = json.loads(cluster.kubectl("version", "-o", "json"))
    assert (told["clientVersion"]["gitVersion"], told["serverVersion"]["gitVersion"]) == (VERSION, VERSION)


def test_controllers_work(cluster: ControlPlane):
    """A new namespace gets its service account, and goes when it is deleted: kube-controller-manager acts."""
    cluster.kubectl("create", "namespace", "harness")
    until("a service account", lambda: "default" in cluster.kubectl("get", "sa", "-n", "harness", "-o", "name"))
    cluster.kubectl("delete", "namespace", "harness", "--timeout=30s")
    assert "harness" not in cluster.kubectl("get", "namespaces", "-o", "name")


def test_certificates_name_users(cluster: ControlPlane):
    """A login is the user and the group it was made for, and holds no right of its own."""
    bob = cluster.login("bob", "guests")
    assert cluster.kubectl("auth", "whoami", "-o", "json", kubeconfig=bob).count('"guests"') == 1
    with pytest.raises(CommandFailed, match='User "bob" cannot list resource "secrets"'):
        cluster.kubectl("get", "secrets", kubeconfig=bob)


def test_a_crashed_etcd_comes_back(tmp_path: Path):
    """What was written before every process was killed is there after they are started again."""
    with ControlPlane(tmp_path / "cluster", durable=True, controllers=False) as own:
        own.kubectl("create", "configmap", "kept", "--from-literal=a=1")
        own.etcd.crash()
        own.apiserver.crash()
        own.etcd.start()
        own.apiserver.start()
        assert own.kubectl("get", "configmap", "kept", "-o", "jsonpath={.data.a}") == "1"
    assert not own.etcd.running
    assert not own.apiserver.running


def test_a_server_that_ends_says_why(tmp_path: Path):
    """A process that ends before it is ready fails the test with the end of its log, at once."""
    broken = Daemon("etcd", [str(cluster_tools.path("etcd")), "--no-such-flag"], tmp_path, lambda: False)
    with pytest.raises(Died, match="no-such-flag"):
        broken.start()
