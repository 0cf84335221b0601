"""The real components that `make tools` builds: where they are, and what a test does when they are not."""

import os
from pathlib import Path

import pytest


def folder() -> Path:
    """The cache of built tools (tests/cluster/tools/build.sh)."""
    if named := os.environ.get("KRATE_TOOLS"):
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "krate" / "tools"


def find(name: str) -> Path | None:
    """A tool's path; None when it has not been built."""
    path = folder() / name
    return path if os.access(path, os.X_OK) else None


def needed(*names: str) -> pytest.MarkDecorator:
    """Skips where a tool is absent and says what builds it; where CI=true nothing may be absent."""
    absent = [name for name in names if find(name) is None]
    reason = f"not built: {', '.join(absent)}; `make tools` builds them"
    return pytest.mark.skipif(bool(absent) and os.environ.get("CI") != "true", reason=reason)


def path(name: str) -> Path:
    """A tool's path.

    Raises:
        AssertionError: it has not been built.
    """
    found = find(name)
    assert found is not None, f"{name} is not in {folder()}: `make tools TOOL={name}` builds it"
    return found
