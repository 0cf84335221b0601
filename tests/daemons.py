"""Servers that tests run as plain processes: started, asked whether they are ready, crashed, frozen, stopped."""

import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from processes import until

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL: kube-apiserver waits for an etcd that may be gone."""
TOLD = 2000
"""Characters of a log that a failure shows."""


class Died(AssertionError):
    """A server ended before it was ready."""


@dataclass
class Daemon:
    """One server process and its log.

    Args:
        name: of the program, for messages and the log's file name.
        command: the program and its arguments.
        folder: where its log goes.
        ready: whether it serves; asked until it does.
        environment: all of its environment.
    """

    name: str
    command: Sequence[str]
    folder: Path
    ready: Callable[[], object]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def launch(self) -> None:
        """Start the process and do not wait for it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                start_new_session=True,
            )

    def wait_ready(self, seconds: float = 60.0) -> None:
        """Wait until it serves.

        Raises:
            Died: it ended instead.
        """

        def serving() -> object:
            if not self.running:
                raise Died(f"{self.name} ended:\n{self.tail()}")
            return self.ready()

        until(f"{self.name} is ready (log: {self.log})", serving, seconds)

    def start(self) -> None:
        self.launch()
        self.wait_ready()

    def crash(self) -> None:
        """SIGKILL, and gone."""
        self._send(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(10)

    def freeze(self) -> None:
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        assert self.process is not None, f"{self.name} was never started"
        self.process.send_signal(number)

    def stop(self) -> None:
        """SIGTERM; SIGKILL when it takes too long."""
        if self.process is None or not self.running:
            return
        self.thaw()
        self.process.terminate()
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.crash()

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-TOLD:] if self.log.exists() else ""
