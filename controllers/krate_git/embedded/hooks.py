"""The only hooks that Git ever runs: installed once, and checked before every push.

Git runs no hook at all, and lets the push through, when the folder is missing or the file is not executable
(real-components.md, G4). So nothing is started unless the folder holds exactly what was put there.
"""

import hashlib
import os
import secrets
import shlex
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from krate_git.embedded import files, hook
from krate_git.interface import HostUnavailable

PRE_RECEIVE: Final = "pre-receive"
CLIENT: Final = "krate-hook.py"
_FOLDER_MODE: Final = 0o500
_FILE_MODES: Final = {PRE_RECEIVE: 0o500, CLIENT: 0o400}


class HookBroken(HostUnavailable):
    """the receive hook is not as it was installed, so no push is accepted; restart the Git host."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """Installed hooks and what each file must hold."""

    folder: Path
    contents: dict[str, bytes]

    def check(self) -> None:
        """Compare names, kinds, owners, modes and contents with what was installed; about 60 microseconds.

        Raises:
            HookBroken: anything differs.
        """
        try:
            found = os.lstat(self.folder)
            sound = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == _FOLDER_MODE
            sound = (
                sound
                and found.st_uid == os.geteuid()
                and {path.name for path in self.folder.iterdir()} == set(self.contents)
            )
            sound = sound and all(self._sound(name) for name in self.contents)
        except OSError as error:
            raise HookBroken from error
        if not sound:
            raise HookBroken

    def _sound(self, name: str) -> bool:
        descriptor = os.open(self.folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            found = os.fstat(descriptor)
            wanted = self.contents[name]
            return (
                stat.S_ISREG(found.st_mode)
                and stat.S_IMODE(found.st_mode) == _FILE_MODES[name]
                and found.st_uid == os.geteuid()
                and found.st_size == len(wanted)
                and os.read(descriptor, len(wanted) + 1) == wanted
            )
        finally:
            os.close(descriptor)


def install(parent: Path) -> Hooks:
    """Hooks in a folder below `parent` that is named after what is in it.

    A folder that is sound is used again and never touched: a receive-pack that outlived the last server may be about to
    look into it, and would run no hook at all while it is being replaced. One that is not sound is left to itself.

    Raises:
        OSError: the folder cannot be written.
    """
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    client = Path(hook.__file__).read_bytes()
    digest = hashlib.sha256(b"\0".join((os.fsencode(parent), os.fsencode(sys.executable), client))).hexdigest()
    name = digest[:16]
    found = _wanted(parent / name, client)
    try:
        found.check()
    except HookBroken:
        if found.folder.exists():
            found = _wanted(parent / f"{name}-{secrets.token_hex(4)}", client)
        _write(found)
    return found


def _wanted(folder: Path, client: bytes) -> Hooks:
    program = " ".join(map(shlex.quote, (sys.executable, "-I", "-S", os.fspath(folder / CLIENT))))
    # A #! line takes neither a path with spaces nor two options; starting sh costs half a millisecond.
    return Hooks(folder, {CLIENT: client, PRE_RECEIVE: f"#!/bin/sh\nexec {program}\n".encode()})


def _write(hooks: Hooks) -> None:
    fresh = hooks.folder.with_name(f".{hooks.folder.name}.{secrets.token_hex(4)}")
    fresh.mkdir(mode=0o700)
    for name, raw in hooks.contents.items():
        files.write_bytes(fresh / name, raw, mode=_FILE_MODES[name])
    fresh.chmod(_FOLDER_MODE)
    fresh.rename(hooks.folder)
