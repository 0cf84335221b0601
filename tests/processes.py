"""`krate up` as users run it: a process group of its own that can be killed, on ports that stay the same.

with processes.Up(tmp_path) as up:
    up.krate("apply", "-f", "...")
    up.kill()          # SIGKILL to process A; B ends with it
    up.start()         # the same data, the same ports
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

START = 30.0
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Alice",
    "GIT_AUTHOR_EMAIL": "alice@acme.example",
    "GIT_COMMITTER_NAME": "Alice",
    "GIT_COMMITTER_EMAIL": "alice@acme.example",
}


class CommandFailed(AssertionError):
    """A command that was to succeed did not."""


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on: they are held together, so that none is told twice."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def free_port() -> int:
    return free_ports(1)[0]


def until(what: str, holds: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Poll until something holds; answers it."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for: {what}"
        time.sleep(0.02)
    return found


def run(
    *arguments: str,
    cwd: Path | None = None,
    environment: dict[str, str] | None = None,
    stdin: str = "",
    seconds: float = 60,
) -> str:
    """A command that must succeed; answers what it prints."""
    done = subprocess.run(
        arguments,
        cwd=cwd,
        env={**os.environ, **GIT, **(environment or {})},
        input=stdin,
        text=True,
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    if done.returncode:
        raise CommandFailed(f"{' '.join(arguments)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Up:
    """One `krate up`."""

    def __init__(self, folder: Path, *, options: Sequence[str] = ()) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.output = folder / "up.out"
        self.web = f"http://127.0.0.1:{free_port()}"
        self.api = f"https://127.0.0.1:{free_port()}"
        self.kubeconfig = self.data / "admin.kubeconfig"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait for `ready`."""
        listen = ("--listen", self.web.partition("//")[2], "--api-listen", self.api.partition("//")[2])
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "krate_cli", "up", "--data", str(self.data), *listen, *self._options],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = self._process

        def ready() -> bool:
            assert process.poll() is None, self.output.read_text()
            return self.output.read_text().startswith("ready")

        until("krate up is ready", ready, START)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def children(self) -> list[int]:
        """Processes that A started: B."""
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    def kill(self) -> None:
        """SIGKILL process A, and wait until it is gone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> int:
        """SIGTERM; answers the exit status."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait(10)
        return self._process.returncode

    def krate(self, *arguments: str, kubeconfig: Path | None = None, stdin: str = "") -> str:
        """A `krate` command that must succeed."""
        environment = {"KUBECONFIG": str(kubeconfig or self.kubeconfig)}
        return run(sys.executable, "-m", "krate_cli", *arguments, environment=environment, stdin=stdin)

    def get(self, *arguments: str) -> Any:
        return json.loads(self.krate("get", *arguments, "-o", "json"))

    def condition(self, kind: str, *arguments: str) -> str:
        """Status of a condition of an object."""
        found = (self.get(*arguments).get("status") or {}).get("conditions") or []
        return next((one["status"] for one in found if one["type"] == kind), "")

    def user(self, name: str) -> Path:
        """A kubeconfig of a user, who is created."""
        self.krate("user", "add", name)
        path = self.folder / f"{name}.kubeconfig"
        self.krate("kubeconfig", name, "-n", "acme", "-o", str(path))
        return path

    def clone_url(self, user: str, repository: str = "web") -> str:
        """An address with a token in it: for tests only; people use the credential helper."""
        token = self.krate("token", user).strip()
        return f"{self.web.replace('://', f'://{user}:{token}@')}/acme/{repository}.git"
