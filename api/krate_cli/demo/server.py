"""`krate up` for the story: on the default ports, or the next free ones."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from krate_cli.demo.stage import Failed

WEB: Final = 7080
API: Final = 7443
_TRIES: Final = 50
_START: Final = 30.0


def free_port(first: int) -> int:
    """The first port from `first` on that nothing listens on.

    Raises:
        Failed: there is none nearby.
    """
    for port in range(first, first + _TRIES):
        with contextlib.closing(socket.socket()) as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise Failed(f"no free port from {first} to {first + _TRIES - 1}")


class DemoServer:
    """The process, its addresses and its files."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "krate"
        self.output = folder / "up.out"
        self.log = self.data / "krate.log"
        self.kubeconfig = self.data / "admin.kubeconfig"
        self.web = f"http://127.0.0.1:{free_port(WEB)}"
        self.api = f"https://127.0.0.1:{free_port(API)}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def arguments(self) -> list[str]:
        web, api = self.web.partition("://")[2], self.api.partition("://")[2]
        return ["krate", "up", "--data", str(self.data), "--listen", web, "--api-listen", api]

    def start(self, environment: Mapping[str, str]) -> None:
        """Start and wait for the line that begins with `ready`.

        Raises:
            Failed: it ended, or took too long.
        """
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "krate_cli", *self.arguments[1:]],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=dict(environment),
                start_new_session=True,
            )
        deadline = time.monotonic() + _START
        while not self.output.read_text(encoding="utf-8").startswith("ready"):
            if self._process.poll() is not None:
                raise Failed(f"krate up ended: {self.output.read_text(encoding='utf-8')}")
            if time.monotonic() > deadline:
                raise Failed(f"krate up was not ready after {_START:.0f} s")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it in good order; insist after ten seconds."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
