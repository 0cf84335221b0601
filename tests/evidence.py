"""What a failed test leaves behind: `.test-output/<test>/` with its report and every folder its fixtures worked in.

A fixture's folder (logs, data, kubeconfigs) is its value if that is a path, or the `folder` of its value: see
`installations.Home` and `processes.Up`. Only failures copy; a test that passes writes nothing here.
"""

import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OUTPUT = ".test-output"


def _special(folder: str, names: list[str]) -> set[str]:
    """Sockets and pipes, which cannot be copied, and what vanished meanwhile."""
    found: set[str] = set()
    for name in names:
        try:
            mode = (Path(folder) / name).lstat().st_mode
        except OSError:
            found.add(name)
            continue
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)):
            found.add(name)
    return found


def folders(values: dict[str, Any]) -> Iterator[tuple[str, Path]]:
    """The folders that fixtures name, by fixture."""
    for name, value in values.items():
        folder = value if isinstance(value, Path) else getattr(value, "folder", None)
        if isinstance(folder, Path) and folder.is_dir():
            yield name, folder


def keep(root: Path, nodeid: str, text: str, values: dict[str, Any], within: Path) -> Path:
    """Write a failed test's evidence under `root`; answers where. Only folders `within` the tests' own are copied."""
    home = root / OUTPUT / re.sub(r"[^\w.=-]+", "_", nodeid).strip("_")[:180]
    home.mkdir(parents=True, exist_ok=True)
    with (home / "report.txt").open("a") as report:
        report.write(text)
    copied: set[Path] = set()
    for name, folder in folders(values):
        if folder in copied or not folder.is_relative_to(within):
            continue
        copied.add(folder)
        try:
            shutil.copytree(folder, home / name, symlinks=True, ignore=_special, dirs_exist_ok=True)
        except shutil.Error as failure:
            # A server still writes: what could be copied is there.
            with (home / "report.txt").open("a") as report:
                report.write(f"\n{name}: not everything could be copied: {failure}\n")
    return home
