"""Finds shipped data: `_data` in an installed wheel, the repository's folders in a checkout."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder `name` (`compositions`, `policies`, `examples/platform-config`).

    Raises:
        FileNotFoundError: this installation does not have it.
    """
    for base in (_PACKAGE / "_data", _PACKAGE.parent.parent):
        found = base / name
        if found.is_dir():
            return found
    raise FileNotFoundError(f"this installation of Krate has no {name}")
