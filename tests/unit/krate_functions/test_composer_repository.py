"""Repository: the objects it is made of, and when they come."""

from typing import Any

import composites
from composed_repositories import compose, objects_of, repository, settled
from krate import kinds
from krate.conditions import Condition, Reason, Status, Type
from krate_functions import dispatch
from krate_functions.composition import Desired, Selector

RBAC = "rbac.authorization.k8s.io"
LABELS = {"app.kubernetes.io/managed-by": "krate", "krate.a5c.ai/repository": "web"}
PROVIDER = {"kind": "ProviderConfig", "name": "default"}
REQUIREMENTS = {
    "teams": Selector("krate.a5c.ai/v1alpha1", "Team", namespace="acme"),
    "namespace": Selector("v1", "Namespace", "acme"),
    "owners": Selector(f"{RBAC}/v1", "RoleBinding", "krate-organization-owners", namespace="acme"),
    "policy": Selector("host.krate.a5c.ai/v1alpha1", "HostedRefPolicy", "web", namespace="acme"),
}
HOSTED = {
    "apiVersion": "host.krate.a5c.ai/v1alpha1",
    "kind": "HostedRepository",
    "metadata": {"name": "web", "namespace": "acme", "labels": LABELS},
    "spec": {
        "forProvider": {
            "owner": "acme",
            "name": "web",
            "repository": "web",
            "description": "",
            "private": True,
            "default_branch": "main",
            "archived": False,
        },
        "managementPolicies": ["Observe", "Create", "Update", "LateInitialize"],
        "providerConfigRef": PROVIDER,
    },
}
ACCESS = {
    "apiVersion": "host.krate.a5c.ai/v1alpha1",
    "kind": "HostedAccess",
    "metadata": {"name": "web", "namespace": "acme", "labels": LABELS},
    "spec": {
        "forProvider": {
            "owner": "acme",
            "repository": "web",
            "collaborators": [{"kind": "Team", "name": "platform", "permission": "write"}],
        },
        "providerConfigRef": PROVIDER,
    },
}
READER = [
    {
        "apiGroups": ["krate.a5c.ai"],
        "resources": ["repositories", "repositories/git"],
        "verbs": ["get"],
        "resourceNames": ["web"],
    },
    {
        "apiGroups": ["forge.krate.a5c.ai"],
        "resources": [
            f"repositorycontents/{view}"
            for view in ("tree", "blob", "raw", "commits", "branches", "tags", "compare", "blame", "archive")
        ],
        "verbs": ["get"],
        "resourceNames": ["web"],
    },
]
WRITER = [
    *READER,
    {"apiGroups": ["krate.a5c.ai"], "resources": ["repositories/git"], "verbs": ["update"], "resourceNames": ["web"]},
    {
        "apiGroups": ["krate.a5c.ai"],
        "resources": ["repositories/merge", "repositories/checks"],
        "verbs": ["create"],
        "resourceNames": ["web"],
    },
]
ADMIN = [
    *WRITER,
    {
        "apiGroups": ["krate.a5c.ai"],
        "resources": ["repositories"],
        "verbs": ["update", "patch"],
        "resourceNames": ["web"],
    },
    {
        "apiGroups": ["krate.a5c.ai"],
        "resources": ["repositories/bypass"],
        "verbs": ["create"],
        "resourceNames": ["web"],
    },
]


def subject(name: str, kind: str = "User") -> dict[str, str]:
    return {"apiGroup": RBAC, "kind": kind, "name": name}


def role(step: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    labels = {**LABELS, "krate.a5c.ai/role": step}
    metadata = {"name": f"krate-repository-web-{step.lower()}", "namespace": "acme", "labels": labels}
    return {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": rules}


def binding(step: str, *subjects: dict[str, str]) -> dict[str, Any]:
    same = role(step, [])["metadata"]
    reference = {"apiGroup": RBAC, "kind": "Role", "name": same["name"]}
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": same,
        "roleRef": reference,
        "subjects": list(subjects),
    }


FIRST = {
    "host-access": ACCESS,
    "repository": HOSTED,
    "role-admin": role("Admin", ADMIN),
    "role-reader": role("Reader", READER),
    "role-writer": role("Writer", WRITER),
}


def test_first_pass() -> None:
    """Roles come before their bindings, everything else at once."""
    answer = compose(repository())
    assert objects_of(answer) == FIRST
    assert answer.desired == Desired(
        resources=answer.desired.resources,
        conditions=(
            Condition(Type.HOSTED, Status.FALSE, Reason.HOST_PENDING, "HostedRepository web is not created yet"),
            Condition(
                Type.ACCESS_READY,
                Status.FALSE,
                Reason.PENDING,
                "Role krate-repository-web-reader is not created yet",
            ),
            Condition(Type.PROTECTION_READY, Status.TRUE, Reason.LOADED),
        ),
        status={"phase": "Pending"},
        requirements=REQUIREMENTS,
    )


def test_nothing_is_emitted_before_requirements_are_answered() -> None:
    """Without the teams nobody's access is known; the composer asks and wants nothing."""
    found = dispatch.answer(repository(), {}, {"teams": []}, composites.compose_input())
    assert found.desired == Desired(requirements=REQUIREMENTS)


def test_settled() -> None:
    """Bindings follow their roles; clone address and host are those of the hosted repository."""
    answer = settled(repository())
    assert objects_of(answer) == {
        **FIRST,
        "binding-admin": binding("Admin"),
        "binding-reader": binding("Reader"),
        "binding-writer": binding("Writer", subject("alice"), subject("bob")),
    }
    assert answer.desired.status == {
        "phase": "Ready",
        "cloneURLs": {"http": "http://127.0.0.1:7080/acme/web.git"},
        "host": "default",
    }
    assert {str(c.type): (c.status, c.reason) for c in answer.desired.conditions} == {
        "Hosted": ("True", "HostAvailable"),
        "AccessReady": ("True", "Bound"),
        "ProtectionReady": ("True", "Loaded"),
    }
    assert (answer.composite_ready, set(answer.ready.values())) == (None, {True})


def test_only_what_the_platform_serves() -> None:
    """Without RBAC and hosted kinds nothing is composed, and both conditions are Unknown."""
    without = tuple(word for word in composites.SERVES if word.startswith(("Role", "Hosted")))
    answer = compose(repository(), without=without)
    assert answer.desired.resources == {}
    assert [str(c.reason) for c in answer.desired.conditions] == ["NotServed", "NotServed", "NotServed"]


def test_terminating() -> None:
    """In a namespace that is being deleted nothing new is emitted."""
    space = composites.namespace(metadata={"deletionTimestamp": "2026-11-25T10:00:00Z"})
    assert compose(repository(), namespace=[space]).desired.resources == {}
    gone = repository(metadata={"deletionTimestamp": "2026-11-25T10:00:00Z"})
    assert compose(gone).desired.status == {"phase": "Deleting"}


def test_roles_match_the_table_of_kinds() -> None:
    """Every view of repository contents is spelled out; a new one joins the Reader role by itself."""
    views = {resource.partition("/")[2] for resource in READER[1]["resources"]}
    assert views == {sub.name for sub in kinds.REPOSITORY_CONTENT.subresources}
