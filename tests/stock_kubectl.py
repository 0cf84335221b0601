"""The kubectl that people have: `$KRATE_KUBECTL`, or the one on PATH, from 1.28 on."""

import functools
import json
import os
import shutil
import subprocess

import pytest

OLDEST = 28


@functools.cache
def find() -> str:
    """Its path; empty when there is none that is new enough."""
    program = shutil.which(os.environ.get("KRATE_KUBECTL") or "kubectl")
    if program is None:
        return ""
    asked = subprocess.run((program, "version", "--client", "-o", "json"), capture_output=True, check=False)
    if asked.returncode:
        return ""
    minor = int(json.loads(asked.stdout)["clientVersion"]["minor"].rstrip("+"))
    return program if minor >= OLDEST else ""


def needed() -> pytest.MarkDecorator:
    """Skips where there is no kubectl; `make test` reports that in red, and CI fails by it."""
    return pytest.mark.skipif(not find(), reason=f"no kubectl >= 1.{OLDEST}: make tools TOOL=kubectl, or KRATE_KUBECTL")
