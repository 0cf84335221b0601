"""Where the story is told: commands are shown before they run, their output below them, with timings.

Everything that is shown also goes to a log file, so that a failing step can be read in full.
"""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

_TIMEOUT: Final = 60.0
_INDENT: Final = "     "


class Failed(Exception):
    """a step of the story did not come out as told."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a command printed, standard output and error together, and its exit status."""

    text: str
    code: int


@dataclass(slots=True)
class Stage:
    """Prints, runs and checks."""

    data: Path
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    steps: int = 6
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def log(self) -> Path:
        return self.data / "demo.log"

    def _record(self, text: str) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.write(text + "\n")

    @contextmanager
    def step(self, number: int, title: str) -> Generator[None]:
        """One step of the story, with its time at the end."""
        self.console.print()
        self.console.print(Text(f"{number}/{self.steps}  {title}", style="bold"))
        self._record(f"== step {number}: {title}")
        started = time.monotonic()
        yield
        self.console.print(Text(f"{_INDENT}{time.monotonic() - started:.1f} s", style="dim"))

    def say(self, text: str) -> None:
        self.console.print(Text(f"{_INDENT}{text}"))
        self._record(text)

    def check(self, text: str) -> None:
        """Something that was seen to hold."""
        self.console.print(Text.assemble((f"{_INDENT}✓ ", "green"), text))
        self._record(f"ok: {text}")

    def show_command(self, line: str) -> None:
        self.console.print(Text.assemble((f"{_INDENT}$ ", "cyan"), (line, "cyan")))
        self._record(f"$ {line}")

    def show_output(self, text: str, *, most: int = 12) -> None:
        lines = [line for line in text.rstrip("\n").splitlines() if line.strip()]
        for line in lines[:most]:
            self.console.print(Text(f"{_INDENT}{line}", style="dim"))
        if len(lines) > most:
            self.console.print(Text(f"{_INDENT}… {len(lines) - most} more lines in {self.log}", style="dim"))
        self._record(text)

    def run(
        self,
        *arguments: str,
        cwd: Path | None = None,
        kubeconfig: Path | None = None,
        refused: bool = False,
        quiet: bool = False,
        most: int = 12,
        stdin: str = "",
    ) -> str:
        """Show a command, run it, show what it prints.

        Args:
            *arguments: the command; `krate` and `git` are found, whatever PATH is.
            cwd: where to run it.
            kubeconfig: whose identity to use; shown as an environment variable.
            refused: the story wants it to fail.
            quiet: do not show the output.
            most: lines of output to show.
            stdin: what to feed it.

        Raises:
            Failed: it ended otherwise than the story tells.
        """
        prefix = f"KUBECONFIG={shown(kubeconfig)} " if kubeconfig is not None else ""
        self.show_command(prefix + " ".join(shlex.quote(one) for one in arguments))
        output = self.quietly(*arguments, cwd=cwd, kubeconfig=kubeconfig, stdin=stdin)
        if not quiet:
            self.show_output(output.text, most=most)
        if (output.code != 0) != refused:
            told = "was to be refused and was not" if refused else f"failed with status {output.code}"
            raise Failed(f"`{' '.join(arguments)}` {told}:\n{output.text}")
        return output.text

    def quietly(
        self, *arguments: str, cwd: Path | None = None, kubeconfig: Path | None = None, stdin: str = ""
    ) -> Output:
        """Run a command without showing it."""
        environment = dict(self.environment)
        if kubeconfig is not None:
            environment["KUBECONFIG"] = str(kubeconfig)
        done = subprocess.run(
            resolve(arguments),
            cwd=cwd,
            env=environment,
            input=stdin,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT,
            check=False,
        )
        self._record(done.stdout)
        return Output(done.stdout, done.returncode)

    def until(self, what: str, holds: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until something holds, with a spinner.

        Raises:
            Failed: it does not.
        """
        deadline = time.monotonic() + seconds
        with self.console.status(f"{what} …", spinner="dots"):
            while not holds():
                if time.monotonic() > deadline:
                    raise Failed(f"waited {seconds:.0f} s for: {what}")
                time.sleep(0.1)
        self.check(what)


def resolve(arguments: Sequence[str]) -> list[str]:
    """`krate` is this very program; everything else is found on PATH."""
    if arguments[0] == "krate":
        return [sys.executable, "-m", "krate_cli", *arguments[1:]]
    return list(arguments)


def shown(path: Path) -> str:
    """A path as short as it can be pasted from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def git_environment(home: Path) -> Mapping[str, str]:
    """Git without anybody's configuration: the story must not depend on who tells it, nor change their files."""
    return {
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
    }
