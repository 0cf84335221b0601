"""The genuine structured-merge-diff library in a process of its own: one JSON line asks, one answers."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any, Self

import pytest

SOURCE = pathlib.Path(__file__).parent / "oracle" / "smd"
COMMAND = f"(cd {SOURCE} && go build .)"


def binary() -> pathlib.Path:
    """The program, built once per version of its sources into the cache of `make tools`."""
    root = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    cache = pathlib.Path(os.environ.get("KRATE_TOOLS") or pathlib.Path(root) / "krate" / "tools")
    sources = b"".join(path.read_bytes() for path in sorted(SOURCE.iterdir()) if path.is_file())
    wanted = cache / f"smd-oracle-{hashlib.sha256(sources).hexdigest()[:16]}"
    if not wanted.exists():
        build(wanted)
    return wanted


def build(wanted: pathlib.Path) -> None:
    """Build the program; without Go that is a failure in CI and a loud skip elsewhere."""
    if shutil.which("go") is None:
        why = f"Go is needed to ask the genuine library: install Go >= 1.26, then {COMMAND}"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    wanted.parent.mkdir(parents=True, exist_ok=True)
    new = wanted.with_suffix(f".{os.getpid()}")
    environment = os.environ | {"CGO_ENABLED": "0"}
    subprocess.run(["go", "build", "-trimpath", "-o", new, "."], cwd=SOURCE, env=environment, check=True, timeout=600)
    new.replace(wanted)


class Oracle:
    """The running program."""

    def __init__(self, program: pathlib.Path) -> None:
        # The library logs what it gives up on; that is in its answers too.
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=quiet)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, **request: Any) -> Mapping[str, Any]:
        """The answer to one operation (`tests/oracle/smd/main.go` lists them)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "broken" not in answer, (answer, request)
        return answer
