"""When a composed object counts as ready."""

from dataclasses import dataclass, field
from typing import Any

import pytest

import composites
import factories
from krate import kinds
from krate_functions import readiness
from krate_functions.composition import Composed, Readiness

HOSTED = {"spec": {"forProvider": {}}}


def hosted(**status: Any) -> dict[str, Any]:
    obj = composites.existing(factories.make(kinds.HOSTED_REPOSITORY, "web", **HOSTED))
    return {**obj, "metadata": {**obj["metadata"], "generation": 2}, "status": status}


def said(kind: str, status: str, reason: str = "X", message: str = "") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


READY = Readiness(True)


@dataclass(frozen=True)
class Case:
    name: str
    object: dict[str, Any]
    want: Readiness = field(default=READY)


CASES = (
    Case("managed: Ready, Synced, current", hosted(conditions=[said("Ready", "True"), said("Synced", "True")])),
    Case("managed: nothing said yet", hosted(), Readiness(False, "HostedRepository web has not been reconciled yet")),
    Case(
        "managed: Ready while the last reconcile failed is not ready",
        hosted(conditions=[said("Ready", "True"), said("Synced", "False", "ReconcileError", "disk full")]),
        Readiness(False, "HostedRepository web: disk full", failed=True),
    ),
    Case(
        "managed: Ready about an older generation is not ready",
        hosted(conditions=[said("Ready", "True")], observedGeneration=1),
        Readiness(False, "HostedRepository web is being brought up to date"),
    ),
    Case("managed: the current generation", hosted(conditions=[said("Ready", "True")], observedGeneration=2)),
    Case(
        "managed: not Ready, quoted",
        hosted(conditions=[said("Ready", "False", "Creating", "waiting for the owner")]),
        Readiness(False, "HostedRepository web: waiting for the owner"),
    ),
    Case(
        "managed: Unavailable is a failure",
        hosted(conditions=[said("Ready", "False", "Unavailable")]),
        Readiness(False, "HostedRepository web: Unavailable", failed=True),
    ),
    Case(
        "anything: being deleted",
        factories.make(kinds.ROLE, "r", metadata={"deletionTimestamp": "2026-11-25T10:00:00Z"}),
        Readiness(False, "Role r is being deleted"),
    ),
    Case("namespace: Active", composites.namespace()),
    Case(
        "namespace: no phase",
        factories.make(kinds.NAMESPACE, "acme"),
        Readiness(False, "Namespace acme is not Active yet"),
    ),
    Case("RBAC: exists", factories.make(kinds.ROLE_BINDING, "b")),
    Case("provider: nothing said", factories.make(kinds.PROVIDER_CONFIG, "default")),
    Case(
        "provider: unreachable",
        factories.make(
            kinds.PROVIDER_CONFIG, "default", status={"conditions": [said("Reachable", "False", message="no answer")]}
        ),
        Readiness(False, "ProviderConfig default: no answer"),
    ),
    Case(
        "protection: not compiled",
        factories.make_branch_protection(),
        Readiness(False, "BranchProtection main has not been compiled yet"),
    ),
    Case(
        "protection: compiled, though nothing enforces it yet",
        factories.make_branch_protection(status={"conditions": [said("Compiled", "True"), said("Enforced", "False")]}),
    ),
    Case(
        "protection: cannot be compiled",
        factories.make_branch_protection(
            status={"conditions": [said("Compiled", "False", "CompileFailed", "bad glob")]}
        ),
        Readiness(False, "BranchProtection main: bad glob", failed=True),
    ),
    Case("foreign: no conditions", {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "t"}}),
    Case(
        "foreign: not Ready",
        {
            "apiVersion": "example.org/v1",
            "kind": "Thing",
            "metadata": {"name": "t"},
            "status": {"conditions": [said("Ready", "False", "Broken")]},
        },
        Readiness(False, "Thing t: Broken"),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rules(case: Case) -> None:
    """Each kind's rule reads nothing but the observed object, and says why in the object's own words."""
    wanted = Composed(case.object)
    assert readiness.judge("x", wanted, {"x": case.object}) == case.want


@pytest.mark.parametrize(
    "obj",
    [
        factories.make(kinds.HOSTED_REPOSITORY, "x"),
        factories.make(kinds.PROVIDER_CONFIG, "x"),
        factories.make_branch_protection("x"),
        composites.namespace("x"),
    ],
    ids=lambda obj: obj["kind"],
)
def test_what_is_being_deleted_is_not_ready(obj: dict[str, Any]) -> None:
    """Whatever an object says of itself, on its way out it is not ready."""
    gone = factories.merge(composites.healthy(obj), {"metadata": {"deletionTimestamp": "2026-11-25T10:00:00Z"}})
    verdict = readiness.judge("x", Composed(gone), {"x": gone})
    assert verdict == Readiness(False, f"{obj['kind']} x is being deleted")


def test_what_was_not_observed_is_not_ready() -> None:
    """Desiring an object does not make it ready."""
    wanted = Composed(factories.make(kinds.ROLE, "r"))
    assert readiness.judge("x", wanted, {}) == Readiness(False, "Role r is not created yet")


def test_a_part_may_bring_its_own_rule() -> None:
    """A composer's rule goes before that of the kind."""
    wanted = Composed(factories.make(kinds.ROLE, "r"), lambda _: Readiness(False, "never"))
    assert readiness.judge("x", wanted, {"x": factories.make(kinds.ROLE, "r")}) == Readiness(False, "never")
