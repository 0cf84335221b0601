"""Housekeeping of repositories: many small pushes leave many small files, which reads and pushes pay for.

Geometric repacking merges loose objects and small packs into larger ones and throws nothing away, so that it needs no
lock: a push that is under way, or a commit that only a closed pull request names, never loses an object. Packing refs
does: it locks the refs' own files, which whoever holds the repository takes for stale.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

from krate import logging
from krate_git.embedded import locks, processes
from krate_git.embedded.processes import Git
from krate_git.interface import GitError

log = logging.get(component="git")

Hold = Callable[[], AbstractAsyncContextManager[int]]

MANY_LOOSE: Final = 8
"""Loose objects in one of 256 folders from which on packing pays: some two thousand in all."""
MANY_PACKS: Final = 20
MANY_REFS: Final = 1_000
STALE_SECONDS: Final = 24 * 3600.0
"""A push that takes longer than this is none any more."""
_SAMPLED: Final = "17"
"""The folder that Git itself samples (builtin/gc.c, too_many_loose_objects)."""
_MEMORY: Final = ("-c", "pack.threads=1", "-c", "pack.windowMemory=256m")
_DURABLE: Final = ("-c", "core.fsync=objects,derived-metadata,reference")


def wants_packing(repository: Path) -> bool:
    """Whether there are many loose objects or many packs."""
    objects = repository / "objects"
    return _count(objects / _SAMPLED) > MANY_LOOSE or _count(objects / "pack", suffix=".pack") > MANY_PACKS


def wants_ref_packing(repository: Path) -> bool:
    """Whether there are many refs in files of their own."""
    return _count(repository / "refs" / "heads") + _count(repository / "refs" / "tags") > MANY_REFS


def _count(folder: Path, *, suffix: str = "") -> int:
    try:
        with os.scandir(folder) as entries:
            return sum(entry.name.endswith(suffix) for entry in entries)
    except OSError:
        return 0


def clear(repository: Path, *, now: float) -> int:
    """Remove quarantines of pushes that were killed a day ago or earlier; answers how many."""
    stale = [path for path in repository.glob("objects/tmp_objdir-incoming-*") if _age(path, now) > STALE_SECONDS]
    for path in stale:
        shutil.rmtree(path, ignore_errors=True)
    return len(stale)


def _age(path: Path, now: float) -> float:
    try:
        return now - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


async def pack(git: Git, repository: Path, *, hold: Hold) -> None:
    """Pack objects and refs where it pays.

    Args:
        git: how Git runs.
        repository: what is packed.
        hold: holds the repository, through a descriptor that Git inherits and so keeps if this process dies.

    Raises:
        GitError: Git failed; the repository is as it was.
    """
    if wants_packing(repository):
        await _run(git, repository, "repack", "-d", "-l", "-q", "--geometric=2")
    if wants_ref_packing(repository):
        async with hold() as descriptor:
            locks.clear(repository)
            await _run(git, repository, "pack-refs", "--all", keep=(descriptor,))


async def _run(git: Git, repository: Path, *command: str, keep: Sequence[int] = ()) -> None:
    process = await git.start((*processes.NO_HOOKS, *_MEMORY, *_DURABLE, *command), repository=repository, keep=keep)
    await process.end_input()
    if await process.wait() != 0:
        raise GitError(f"git {command[0]} failed: {await process.complaints()}")
    log.info("packed", repository=os.fspath(repository), command=command[0])
