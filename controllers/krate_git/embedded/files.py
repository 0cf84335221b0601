"""Durable little files: a record is replaced as a whole, and is on the disk before anybody is told so."""

import contextlib
import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Sync = Callable[[int], None]
"""`os.fsync`, or what a test puts in its place."""

Record = Mapping[str, Any]


def write_record(path: Path, record: Record, *, sync: Sync = os.fsync) -> None:
    """Replace a JSON file atomically; its folder must exist.

    Raises:
        OSError: the disk is full or failed; the old file is untouched.
    """
    raw = json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False).encode()
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write_bytes(fresh, raw, mode=0o600, sync=sync)
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
    sync_folder(path.parent, sync=sync)


def write_bytes(path: Path, raw: bytes, *, mode: int, sync: Sync = os.fsync) -> None:
    """Create a file that did not exist, with exactly this mode and content."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        os.fchmod(descriptor, mode)
        file.write(raw)
        file.flush()
        sync(descriptor)


def sync_folder(path: Path, *, sync: Sync = os.fsync) -> None:
    """Flush a folder, so that a rename in it survives a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def read_record(path: Path) -> dict[str, Any] | None:
    """A JSON file, or None when there is none.

    Raises:
        ValueError: the file is no JSON object.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    found = json.loads(raw)
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds no JSON object")  # noqa: TRY004 - a damaged file, not a wrong argument
    return found
