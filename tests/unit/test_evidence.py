"""What a failed test keeps."""

import os
from dataclasses import dataclass
from pathlib import Path

import evidence


@dataclass
class Server:
    folder: Path


def files(root: Path) -> dict[str, str]:
    return {os.fspath(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_report_and_folders_are_kept(tmp_path: Path):
    """The report, a path fixture and a server's folder are copied; folders outside and other values are not."""
    within, outside = tmp_path / "tests", tmp_path / "outside"
    for folder in (within / "plain", within / "served", outside):
        folder.mkdir(parents=True)
        (folder / "log").write_text(folder.name)
    os.mkfifo(within / "served" / "pipe")
    values = {"plain": within / "plain", "server": Server(within / "served"), "away": outside, "number": 1}
    home = evidence.keep(tmp_path, "tests/a.py::test[x/y]", "why", values, within)
    assert home == tmp_path / ".test-output" / "tests_a.py_test_x_y"
    assert files(home) == {"report.txt": "why", "plain/log": "plain", "server/log": "served"}


def test_a_second_failure_adds_to_the_report(tmp_path: Path):
    """A test that fails and then fails to end tells both, and a folder is copied once."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "log").write_text("1")
    values = {"one": tmp_path / "one", "again": tmp_path / "one"}
    for when in ("call", "teardown"):
        home = evidence.keep(tmp_path, "test", f"{when}\n", values, tmp_path)
    assert files(home) == {"report.txt": "call\nteardown\n", "one/log": "1"}
