"""The product as a package: built, installed where nothing of the checkout is, telling its story from `/`."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.timeout(300)
def test_a_wheel_in_a_bare_environment_tells_the_story(tmp_path: Path) -> None:
    """A wheel built from the checkout and installed elsewhere runs `krate demo --once` from `/` with exit status 0."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT)], check=True
    )
    (wheel,) = tmp_path.glob("krate_forge-*.whl")
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    site = bare / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    elsewhere = [*pip, "--python", str(bare / "bin" / "python")]
    subprocess.run([*elsewhere, "install", "--no-deps", "--no-index", str(wheel)], check=True)
    # Dependencies are borrowed, the checkout is not: a .pth of a borrowed folder, where ours would be, is not read.
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = str(bare / "bin" / "python")
    where = [python, "-c", "import krate, krate_cli.resources as r; print(krate.__file__, r.folder('compositions'))"]
    found = subprocess.run(where, cwd="/", text=True, capture_output=True, check=True).stdout.split()
    assert [str(site) in path for path in found] == [True, True], found
    done = subprocess.run(
        [python, "-m", "krate_cli", "demo", "--once", "--data", str(tmp_path / "demo")],
        cwd="/",
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert [f"{step}/6" in done.stdout for step in range(1, 7)] == [True] * 6
