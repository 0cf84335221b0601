"""Running Git: one clean environment, one set of safe settings, and processes that never outlive their use.

The rules come from the design's security page, 5.3 (Git plumbing): no configuration but ours, no hook but ours, no
prompt, no replacement objects. The repository is always an absolute path that we made, so no argument is ever taken
from a request.
"""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from krate_git.embedded.layout import Layout
from krate_git.interface import HostUnavailable

CHUNK: Final = 64 * 1024
_STDERR_KEPT: Final = 4096

NO_HOOKS: Final = ("-c", "core.hooksPath=/dev/null")

UPLOAD: Final = (
    *("-c", "uploadpack.allowFilter=false"),
    *("-c", "uploadpack.allowTipSHA1InWant=false"),
    *("-c", "uploadpack.allowReachableSHA1InWant=false"),
    *("-c", "uploadpack.allowAnySHA1InWant=false"),
    *("-c", "transfer.hideRefs=refs/krate"),
)
RECEIVE: Final = (
    *("-c", "receive.fsckObjects=true"),
    *("-c", "receive.autogc=false"),
    *("-c", "receive.updateServerInfo=false"),
    *("-c", "receive.advertisePushOptions=false"),
    *("-c", "receive.shallowUpdate=false"),
    *("-c", "transfer.hideRefs=refs/krate"),
    # Objects before refs, refs before the answer: what was acknowledged survives a power cut.
    *("-c", "core.fsync=objects,derived-metadata,reference"),
)


@dataclass(frozen=True, slots=True)
class Git:
    """How this host runs Git."""

    program: str
    environment: Mapping[str, str]

    async def start(
        self,
        arguments: Sequence[str],
        *,
        repository: Path,
        environment: Mapping[str, str] | None = None,
        keep: Sequence[int] = (),
    ) -> "Process":
        """Start `git ARGUMENTS` in a session of its own, with pipes on its three streams.

        Args:
            arguments: settings and command; `repository` is not added.
            repository: working directory.
            environment: variables beside the clean ones.
            keep: descriptors that the process inherits.

        Raises:
            HostUnavailable: the process cannot be started.
        """
        try:
            started = await asyncio.create_subprocess_exec(
                self.program,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=os.fspath(repository),
                env={**self.environment, **(environment or {})},
                pass_fds=tuple(keep),
                start_new_session=True,
                limit=CHUNK,
            )
        except OSError as error:
            raise HostUnavailable(f"Git could not be started: {error}") from error
        return Process(started)


def find_git(places: Layout) -> Git:
    """Git as this machine has it.

    Raises:
        HostUnavailable: there is no git on PATH.
    """
    program = shutil.which("git")
    if program is None:
        raise HostUnavailable("git is not on PATH; install git 2.38 or newer")
    home = os.fspath(places.home)
    return Git(
        program,
        {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_ALLOW_PROTOCOL": "none",
        },
    )


class Process:
    """One running Git with everything it starts."""

    def __init__(self, started: asyncio.subprocess.Process) -> None:
        assert started.stdin is not None  # noqa: S101 - pipes were asked for
        assert started.stdout is not None  # noqa: S101
        assert started.stderr is not None  # noqa: S101
        self._started = started
        self.stdin: asyncio.StreamWriter = started.stdin
        self.stdout: asyncio.StreamReader = started.stdout
        self._complaints = asyncio.create_task(_tail(started.stderr))

    @property
    def pid(self) -> int:
        return self._started.pid

    async def feed(self, chunk: bytes) -> bool:
        """Write to its standard input, as fast as it reads; False once it reads no more."""
        try:
            self.stdin.write(chunk)
            await self.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    async def end_input(self) -> None:
        """Close its standard input."""
        self.stdin.close()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            await self.stdin.wait_closed()

    def kill(self) -> None:
        """Kill it and what it started; nothing happens when it is gone."""
        if self._started.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._started.pid, signal.SIGKILL)

    async def wait(self) -> int:
        """Exit status, once it is gone."""
        return await self._started.wait()

    async def complaints(self) -> str:
        """The end of what it wrote to its standard error."""
        return (await self._complaints).decode(errors="replace").strip()


async def _tail(stream: asyncio.StreamReader) -> bytes:
    kept = b""
    while chunk := await stream.read(CHUNK):
        kept = (kept + chunk)[-_STDERR_KEPT:]
    return kept
