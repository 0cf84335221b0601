"""When a repository counts as protected."""

from typing import Any

import pytest

import composites
from composed_repositories import compose, repository, settled
from krate.conditions import Status

POLICY = "HostedRefPolicy web"
FAILED_POLICY = composites.loaded_policy(loaded="") | {
    "status": {"conditions": [{"type": "Synced", "status": "False", "reason": "ReconcileError", "message": "no space"}]}
}


@pytest.mark.parametrize(
    ("policy", "want"),
    [
        ([], ("False", "NotLoaded", f"{POLICY} is not compiled yet: no push is accepted until it is loaded")),
        (
            [composites.loaded_policy(loaded="")],
            ("False", "NotLoaded", f"{POLICY} is compiled and not loaded yet: wait"),
        ),
        (
            [composites.loaded_policy(digest="sha256:2")],
            ("True", "Loaded", ""),
        ),
        ([FAILED_POLICY], ("False", "Unavailable", f"{POLICY}: no space")),
        ([composites.loaded_policy()], ("True", "Loaded", "")),
    ],
    ids=["none", "never loaded", "an older one is loaded", "cannot be loaded", "loaded"],
)
def test_protection(policy: list[dict[str, Any]], want: tuple[str, str, str]) -> None:
    """Protected means that the receive path enforces a compiled document, if need be the one before."""
    answer = settled(repository(), policy=policy)
    found = answer.desired.conditions[2]
    assert (str(found.status), str(found.reason), found.message) == want
    assert answer.composite_ready == (None if want[0] == "True" else False)


def test_a_platform_without_compiler_protects_nothing_and_says_so() -> None:
    """Where the compiled policy is not served the condition is Unknown and keeps nobody from being ready."""
    without = ("HostedRefPolicy.host.krate.a5c.ai",)
    answer = compose(repository(), without=without)
    assert answer.desired.conditions[2].status == Status.UNKNOWN
    assert "policy" not in answer.desired.requirements
