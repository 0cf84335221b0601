"""The kubectl that `make tools` builds, in a namespace of a `krate up`."""

import os
import subprocess
from dataclasses import dataclass

import pytest

import cluster_tools
import processes
from processes import Up


@dataclass(frozen=True)
class Kubectl:
    """kubectl in a namespace."""

    up: Up
    namespace: str

    def __call__(self, *arguments: str, stdin: str = "", editor: str = "") -> str:
        """What it prints; it must succeed."""
        environment = {"KUBECONFIG": str(self.up.kubeconfig), "KUBE_EDITOR": editor}
        command = (str(cluster_tools.path("kubectl")), "-n", self.namespace, *arguments)
        return processes.run(*command, environment=environment, stdin=stdin).strip()

    def refused(self, *arguments: str, stdin: str = "") -> str:
        """What it complains; it must fail."""
        with pytest.raises(processes.CommandFailed) as failed:
            self(*arguments, stdin=stdin)
        return str(failed.value).partition("\n")[2].strip()

    def started(self, *arguments: str) -> "subprocess.Popen[str]":
        """A kubectl that runs on."""
        environment = {**os.environ, "KUBECONFIG": str(self.up.kubeconfig)}
        command = (str(cluster_tools.path("kubectl")), "-n", self.namespace, *arguments)
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
