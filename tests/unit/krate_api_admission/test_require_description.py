"""The shipped policy `require-description`: what it accepts and refuses, by our engine and by Kyverno's."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from admission_rooms import Room, request
from krate import kinds
from krate_api.admission.interface import Operation
from krate_api.admission.policies import status
from krate_api.admission.policies.index import Builders

FOLDER = Path(__file__).parents[3] / "policies" / "require-description"


def load(name: str) -> list[dict]:
    return list(yaml.safe_load_all((FOLDER / name).read_text()))


(POLICY,) = load("policy.yaml")
(GOOD,) = load("good.yaml")
BAD = load("bad.yaml")
DENIAL = (
    'admission webhook "vpol.validate.kyverno.svc-fail" denied the request: Policy require-description failed: '
    "the description is empty: write in spec.body what this pull request changes and why, "
    "so that reviewers can judge it"
)


def test_it_is_ready():
    """Our engine compiles every expression of it."""
    assert status.policy_status(POLICY, Builders())["conditionStatus"]["ready"] is True


def test_its_name_is_its_folder():
    """The demo and the documentation speak of it by that name."""
    assert (POLICY["metadata"]["name"], POLICY["kind"]) == (FOLDER.name, kinds.VALIDATING_POLICY.name)
    assert POLICY["apiVersion"] == kinds.VALIDATING_POLICY.api_version


@pytest.mark.parametrize("operation", [Operation.CREATE, Operation.UPDATE])
async def test_good_and_bad(operation):
    """A description is let through; none and a blank one are refused with what to write and why."""
    room = Room(POLICY)
    old = GOOD if operation is Operation.UPDATE else None
    assert await room.message(request(GOOD, operation=operation, old=old)) == ""
    assert [await room.message(request(item, operation=operation, old=old)) for item in BAD] == [DENIAL] * len(BAD)


async def test_it_leaves_everything_else_alone():
    """Deletions, merges, status and other kinds are not looked at."""
    room = Room(POLICY)
    (bad, *_) = BAD
    others = [
        request(None, old=bad, operation=Operation.DELETE),
        request(bad, subresource="status", operation=Operation.UPDATE, old=bad),
        request(bad, subresource="merge"),
        request({**bad, "kind": "Review"}, kind=kinds.REVIEW),
    ]
    assert [room.kyverno.interested(asked) for asked in others] == [False] * len(others)


def test_kyverno_agrees():
    """`kyverno test` passes: Kyverno's own engine accepts and refuses the same files."""
    kyverno = shutil.which("kyverno")
    if kyverno is None:
        pytest.skip("no kyverno on PATH: its CLI is cmd/cli/kubectl-kyverno of github.com/kyverno/kyverno v1.19.1")
    ran = subprocess.run([kyverno, "test", str(FOLDER)], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 tests passed and 0 tests failed" in ran.stdout
