"""Packages know only what lies below them, and importing them does nothing."""

import json
import subprocess
import sys
import tomllib

import pytest

import sources

HEAVY = {
    "krate": {"yaml", "cryptography", "pygit2", "httpx2", "starlette", "uvicorn", "grpc"},
    "krate_api.main": {"grpc", "crossplane", "sqlalchemy", "alembic", "kopf", "krate_web", "krate_functions"},
    "krate_controllers.main": {"grpc", "crossplane", "starlette", "sqlite3", "krate_api"},
    "krate_web.main": {"pygit2", "sqlite3", "krate_api", "grpc"},
    "krate_cli.main": {"krate_api", "krate_web", "krate_functions", "krate_controllers", "pydantic", "httpx2"},
}
"""What a program must not load to start, because it costs time or is none of its business."""

OBSERVE = """
import importlib, json, os, sys, threading
def descriptors():
    return len(os.listdir("/proc/self/fd"))
name = sys.argv[1]
before = descriptors(), dict(os.environ)
importlib.import_module(name)
after = descriptors(), dict(os.environ)
print(json.dumps({
    "loaded": sorted({part.partition(".")[0] for part in sys.modules}),
    "threads": threading.active_count(), "changed": before != after,
}))
"""


def configuration() -> dict:
    return tomllib.loads((sources.ROOT / "pyproject.toml").read_text())


def imported(name: str) -> dict:
    """What a fresh interpreter has after importing a module."""
    command = (sys.executable, "-W", "error", "-c", OBSERVE, name)
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)


@pytest.mark.parametrize("program", HEAVY)
def test_programs_load_only_their_own(program: str):
    """A program starts without what others need."""
    assert HEAVY[program] & set(imported(program)["loaded"]) == set()


@pytest.mark.parametrize("package", sources.packages())
def test_importing_does_nothing(package: str):
    """No thread, no open file, no variable: a package that is imported has done nothing."""
    found = imported(package)
    assert (found["threads"], found["changed"]) == (1, False)


def test_every_package_is_known_everywhere():
    """The wheel, coverage, import-linter and ARCHITECTURE.md name the same packages."""
    found = configuration()
    wheel = found["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    expected = set(sources.packages())
    assert {path.rpartition("/")[2] for path in wheel} == expected
    assert set(found["tool"]["coverage"]["run"]["source_pkgs"]) == expected
    assert set(found["tool"]["importlinter"]["root_packages"]) == expected
    text = (sources.ROOT / "ARCHITECTURE.md").read_text()
    assert {package for package in expected if f"`{package}`" not in text} == set()


def test_every_script_exists():
    """Each program that the wheel promises can be imported."""
    for target in configuration()["project"]["scripts"].values():
        module, _, function = target.partition(":")
        path = next(
            (
                sources.ROOT / home / (module.replace(".", "/") + ".py")
                for home in sources.HOMES
                if (sources.ROOT / home / (module.replace(".", "/") + ".py")).exists()
            ),
            None,
        )
        assert path is not None, target
        assert f"def {function}(" in path.read_text()
