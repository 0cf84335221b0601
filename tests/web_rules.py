"""Repositories, policies and the audit of the organisation in `web_story`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import factories
from krate import clock, errors, kinds
from web_world import NOW, World


def ago(**delta: float) -> str:
    return clock.rfc3339(NOW - timedelta(**delta))


def condition(kind: str, status: str, reason: str, message: str = "", **delta: float) -> dict[str, Any]:
    when = ago(**(delta or {"hours": 2}))
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": when}


def require_description() -> dict[str, Any]:
    """The policy of the demo."""
    rule = {
        "apiGroups": ["forge.krate.a5c.ai"],
        "apiVersions": ["v1alpha1"],
        "resources": ["pullrequests"],
        "operations": ["CREATE", "UPDATE"],
    }
    return factories.make(
        kinds.VALIDATING_POLICY,
        "require-description",
        spec={
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [
                {
                    "expression": "object.spec.body.size() >= 10",
                    "message": "say in the description why this change is needed",
                }
            ],
        },
        status={"conditionStatus": {"ready": True}},
    )


def refuse_empty_descriptions(kind: Any, body: Any) -> None:
    """What the API server says when the policy above refuses."""
    if kind is kinds.PULL_REQUEST and len(body["spec"].get("body", "")) < 10:
        raise errors.BadRequest(
            'admission webhook "vpol.validate.kyverno.svc-fail" denied the request: '
            "Policy require-description failed: say in the description why this change is needed"
        )


def _protections() -> Iterator[dict[str, Any]]:
    enforced = [condition("Compiled", "True", "Compiled"), condition("Enforced", "True", "Loaded")]
    yield factories.make_branch_protection(
        "main",
        spec={"requiredApprovals": 2, "requireDistinctTeams": True, "requiredChecks": [{"context": "ci/unit"}]},
        status={"conditions": enforced},
    )
    yield factories.make_ref_policy(status={"conditions": enforced})
    yield factories.make_ref_policy(
        "commit-messages",
        spec={
            "mode": "Audit",
            "rules": [{"name": "imperative", "refs": ["refs/heads/**"], "require": {"message": "^[A-Z]"}}],
        },
        status={"conditions": [condition("Enforced", "False", "NotLoaded", "waits for the host to load digest 4f1c")]},
    )


def _admission_policies() -> Iterator[dict[str, Any]]:
    everything = {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"], "operations": ["CREATE", "UPDATE"]}
    yield factories.make(
        kinds.VALIDATING_ADMISSION_POLICY,
        "no-force-labels",
        spec={
            "matchConstraints": {"resourceRules": [everything]},
            "validations": [{"expression": "!has(object.metadata.labels)", "message": "labels are set by bots"}],
        },
    )
    yield factories.make(
        kinds.VALIDATING_ADMISSION_POLICY_BINDING,
        "no-force-labels-everywhere",
        spec={"policyName": "no-force-labels", "validationActions": ["Audit"]},
    )


def _two_teams() -> dict[str, Any]:
    """A policy that does not compile."""
    return factories.make(
        kinds.NAMESPACED_VALIDATING_POLICY,
        "two-teams",
        spec={
            "validationActions": ["Audit"],
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": ["forge.krate.a5c.ai"],
                        "apiVersions": ["*"],
                        "resources": ["pullrequests/merge"],
                        "operations": ["CREATE"],
                    }
                ]
            },
            "validations": [{"expression": "true", "message": "approvals come from two teams"}],
        },
        status={"conditionStatus": {"ready": False, "message": "does not compile: undeclared reference to 'reviews'"}},
    )


def seed_policies(world: World) -> None:
    world.store.seed(require_description(), *_protections(), *_admission_policies(), _two_teams())


def seed_activity(world: World) -> None:
    for place, (actor, verb, decision, reason, age) in enumerate(
        (
            ("alice", "create", "Allowed", "", 180),
            ("mallory", "patch", "Denied", 'User "mallory" cannot create repositories/merge "web"', 75),
            ("carol", "patch", "Allowed", "spec.reviewers", 60),
        )
    ):
        world.store.seed(
            factories.make(
                kinds.ACTIVITY,
                f"a{place}",
                metadata={"creationTimestamp": ago(minutes=age)},
                status={
                    "actor": actor,
                    "verb": verb,
                    "decision": decision,
                    "reason": reason,
                    "at": ago(minutes=age),
                    "object": {
                        "apiVersion": "forge.krate.a5c.ai/v1alpha1",
                        "kind": "PullRequest",
                        "namespace": "acme",
                        "name": "web-42",
                    },
                    "command": 'kubectl patch pull/web-42 -n acme --type merge -p \'{"spec":{"reviewers":["bob"]}}\'',
                    "correlationID": f"c0ffee{place}",
                    "count": 3 if decision == "Denied" else 1,
                },
            )
        )


def seed_repositories(world: World) -> None:
    ready = [condition("Hosted", "True", "Available"), condition("AccessReady", "True", "Bound")]
    grants = [
        {"kind": "Team", "name": "platform", "role": "Writer"},
        {"kind": "User", "name": "carol", "role": "Admin"},
    ]
    for name, description, visibility, phase, conditions in (
        ("web", "The front door: sessions, keys, router", "Internal", "Ready", ready),
        ("api", "Orders and invoices", "Private", "Ready", ready),
        ("docs", "Handbook", "Public", "Ready", ready),
        ("legacy", "Read only since 2024", "Private", "Archived", ready),
        ("mobile", "", "Private", "Pending", [condition("Hosted", "False", "HostPending", "Waiting for the Git host")]),
    ):
        url = f"http://127.0.0.1:7080/acme/{name}.git"
        world.store.seed(
            factories.make_repository(
                name,
                spec={"description": description, "visibility": visibility, "access": grants, "defaultBranch": "main"},
                status={
                    "phase": phase,
                    "cloneURLs": {"http": url} if phase != "Pending" else {},
                    "conditions": conditions,
                },
            )
        )
    for name, by, age in (
        ("web", "alice", {"hours": 3}),
        ("api", "bob", {"hours": 20}),
        ("legacy", "carol", {"days": 400}),
    ):
        push = {"ref": "refs/heads/main", "sha": "a" * 40, "by": by, "at": ago(**age)}
        world.store.seed(
            factories.make(kinds.REPOSITORY_CONTENT, name, status={"lastPush": push, "branches": 3, "tags": 1})
        )
