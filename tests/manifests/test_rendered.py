"""Renders of the shipped Compositions, byte for byte as Crossplane prints them.

Each folder of `render/` holds a composite, what was observed and what may be required, and `want.yaml`: recorded from
`crossplane composition render XR COMPOSITION FUNCTIONS --xrd DEFINITION -x` (CLI 2.5.0 with core 2.4.0) calling
`krate-functions --insecure`. A change of a composer changes it: record it again with the binaries, or with
`krate render` and let the parity lane judge (KRATE_CROSSPLANE names a folder with `crossplane`, `crossplane-core`).
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from krate_functions.engine import command, documents

HERE = Path(__file__).parent / "render"
COMPOSITIONS = Path(__file__).parents[2] / "compositions"
CASES = sorted(path.name for path in HERE.iterdir())
BINARIES = os.environ.get("KRATE_CROSSPLANE", "")


def arguments(case: str) -> list[str]:
    """The command line of a case, the same for both programs."""
    folder = HERE / case
    plural = f"{documents.load_one(folder / 'xr.yaml')['kind'].lower()}s".replace("ys", "ies")
    found = [
        str(folder / "xr.yaml"),
        str(COMPOSITIONS / plural / "composition.yaml"),
        str(COMPOSITIONS / "functions.yaml"),
    ]
    found += ["--xrd", str(COMPOSITIONS / plural / "definition.yaml"), "-x"]
    for option, name in (("-o", "observed.yaml"), ("-e", "required.yaml")):
        if (folder / name).exists():
            found += [option, str(folder / name)]
    return found


@pytest.mark.parametrize("case", CASES)
def test_rendered_as_crossplane_renders(case: str) -> None:
    """The engine in process prints the bytes that Crossplane printed."""
    found = CliRunner().invoke(command.command, arguments(case))
    assert (found.exit_code, found.stdout) == (0, (HERE / case / "want.yaml").read_text(encoding="utf-8"))


@contextmanager
def serving(address: str) -> Iterator[None]:
    """`krate-functions` as a process."""
    words = [sys.executable, "-m", "krate_functions.main", "--insecure", "--address", address]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield
        process.terminate()


@pytest.mark.skipif(not BINARIES, reason="KRATE_CROSSPLANE names no folder with crossplane and crossplane-core")
@pytest.mark.parametrize("case", CASES)
def test_crossplane_still_renders_so(case: str, tmp_path: Path) -> None:
    """Crossplane itself, calling our function over gRPC, prints what was recorded."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    target = f"render.crossplane.io/runtime-development-target={address}"
    words = [f"{BINARIES}/crossplane", "composition", "render", *arguments(case), "-a", target]
    with serving(address):
        words.append(f"--crossplane-binary={BINARIES}/crossplane-core")
        found = subprocess.run(words, capture_output=True, text=True, check=True, env={"HOME": str(tmp_path)})
    assert found.stdout == (HERE / case / "want.yaml").read_text(encoding="utf-8")
