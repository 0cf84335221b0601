"""Repository: what the host holds and who may do what."""

from dataclasses import dataclass
from typing import Any

import pytest

import composites
import factories
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


def repository(**parts: Any) -> dict[str, Any]:
    return composites.existing(factories.make_repository(**parts))


def compose(
    xr: dict[str, Any], observed: dict[str, Any] | None = None, *, without: tuple[str, ...] = (), **answers: Any
) -> dispatch.Answer:
    given = composites.compose_input(without=without)
    return dispatch.answer(xr, observed or {}, composites.required_by_repository(**answers), given)


def settled(xr: dict[str, Any], **answers: Any) -> dispatch.Answer:
    observed: dict[str, Any] = {}
    for _ in range(3):
        observed = composites.observed(compose(xr, observed, **answers), xr)
    return compose(xr, observed, **answers)


def objects_of(answer: dispatch.Answer) -> dict[str, Any]:
    return {name: composed.object for name, composed in answer.desired.resources.items()}


def people(answer: dispatch.Answer, step: str) -> list[str]:
    return [found["name"] for found in objects_of(answer)[f"binding-{step}"]["subjects"]]


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


CHILD = factories.make_team("docs", spec={"members": ["dana"], "parent": "platform"})
EVERYBODY = ["system:authenticated", "system:unauthenticated"]


@dataclass(frozen=True)
class Case:
    name: str
    spec: dict[str, Any]
    readers: list[str]
    writers: list[str]
    admins: list[str]


def grant(kind: str, name: str, step: str) -> dict[str, str]:
    return {"kind": kind, "name": name, "role": step}


PLATFORM = grant("Team", "platform", "Writer")
CASES = (
    Case("children count in the team that was granted", {"access": [PLATFORM]}, [], ["alice", "bob", "dana"], []),
    Case("a child alone", {"access": [grant("Team", "docs", "Reader")]}, ["dana"], [], []),
    Case(
        "users and groups",
        {"access": [grant("User", "eve", "Admin"), grant("Group", "auditors", "Reader")]},
        ["auditors"],
        [],
        ["eve"],
    ),
    Case(
        "public",
        {"visibility": "Public", "access": [grant("User", "eve", "Reader")]},
        [*EVERYBODY, "eve"],
        [],
        [],
    ),
    Case(
        "internal: members of every team and the owners",
        {"visibility": "Internal", "access": []},
        ["alice", "bob", "dana", "robin"],
        [],
        [],
    ),
    Case("private: nobody but whom access names", {"visibility": "Private", "access": []}, [], [], []),
    Case(
        "the same person by two ways counts once",
        {"access": [PLATFORM, grant("User", "alice", "Writer")]},
        [],
        ["alice", "bob", "dana"],
        [],
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_who_holds_what(case: Case) -> None:
    """Each role is bound to exactly those whom visibility and grants name, teams expanded."""
    answer = settled(repository(spec=case.spec), teams=[factories.make_team(), CHILD])
    assert (people(answer, "reader"), people(answer, "writer"), people(answer, "admin")) == (
        case.readers,
        case.writers,
        case.admins,
    )


def test_a_removed_member_loses_the_binding_at_once() -> None:
    """The next pass after a team changed binds the remaining people."""
    xr = repository()
    observed = composites.observed(settled(xr), xr)
    answer = compose(xr, observed, teams=[factories.make_team(spec={"members": ["alice"]})])
    assert people(answer, "writer") == ["alice"]


@pytest.mark.parametrize(
    ("spec", "teams", "want"),
    [
        (
            {"access": [grant("Team", "nobody", "Writer")]},
            [],
            (Reason.TEAM_MISSING, "Team nobody does not exist: create it or remove it from spec.access"),
        ),
        (
            {"access": [PLATFORM]},
            [
                factories.make_team(spec={"parent": "docs"}),
                factories.make_team("docs", spec={"members": ["dana"], "parent": "platform"}),
            ],
            (
                Reason.TEAM_CYCLE,
                "Teams are their own ancestors: docs -> platform -> docs. Change spec.parent of one of them",
            ),
        ),
        (
            {"visibility": "Internal", "access": []},
            [factories.make_team(spec={"parent": "platform"})],
            (
                Reason.TEAM_CYCLE,
                "Teams are their own ancestors: platform -> platform. Change spec.parent of one of them",
            ),
        ),
    ],
    ids=["missing team", "cycle of a granted team", "cycle, internal"],
)
def test_wrong_teams(spec: dict[str, Any], teams: list[dict[str, Any]], want: tuple[Reason, str]) -> None:
    """A grant that cannot be expanded is an error of the repository, and grants nothing beyond what is certain."""
    answer = settled(repository(spec=spec), teams=teams)
    reason, message = want
    assert answer.desired.conditions[1] == Condition(Type.ACCESS_READY, Status.FALSE, reason, message)
    assert answer.desired.status["phase"] == "Failed"
    assert answer.composite_ready is False
    assert "dana" not in people(answer, "writer")


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


def test_the_words_of_the_host_reach_the_repository() -> None:
    """A hosted repository in trouble is quoted, and the repository has failed."""
    xr = repository()
    observed = composites.observed(settled(xr), xr)
    observed["repository"]["status"]["conditions"] = [
        {"type": "Ready", "status": "True", "reason": "Available"},
        {"type": "Synced", "status": "False", "reason": "ReconcileError", "message": "the host does not answer"},
    ]
    answer = compose(xr, observed)
    assert answer.desired.conditions[0] == Condition(
        Type.HOSTED, Status.FALSE, Reason.UNAVAILABLE, "HostedRepository web: the host does not answer"
    )
    assert (answer.desired.status["phase"], answer.ready["repository"]) == ("Failed", False)


@pytest.mark.parametrize(
    ("spec", "want"),
    [
        ({}, ["Observe", "Create", "Update", "LateInitialize"]),
        ({"deletionPolicy": "Delete"}, ["*"]),
        ({"managementPolicies": ["Observe"]}, ["Observe"]),
        ({"managementPolicies": ["Delete", "Observe"]}, ["Observe"]),
        (
            {"managementPolicies": ["Delete", "Create", "Observe"], "deletionPolicy": "Delete"},
            ["Observe", "Create", "Delete"],
        ),
    ],
    ids=["retain", "delete", "observe only", "retain forbids delete", "delete as asked"],
)
def test_management_policies(spec: dict[str, Any], want: list[str]) -> None:
    """Under Retain the host is never told that it may delete."""
    assert objects_of(compose(repository(spec=spec)))["repository"]["spec"]["managementPolicies"] == want


def test_host_settings() -> None:
    """Names, branch, description and archival are the host's to hold; the object's name stays the key."""
    spec = {
        "hostName": "Web.Shop",
        "description": "shop",
        "defaultBranch": "trunk",
        "archived": True,
        "visibility": "Public",
        "host": {"providerConfigRef": {"name": "other"}},
    }
    answer = settled(repository(spec=spec))
    assert objects_of(answer)["repository"]["spec"]["forProvider"] == {
        "owner": "acme",
        "name": "Web.Shop",
        "repository": "web",
        "description": "shop",
        "private": False,
        "default_branch": "trunk",
        "archived": True,
    }
    assert objects_of(answer)["host-access"]["spec"]["forProvider"]["repository"] == "Web.Shop"
    assert (answer.desired.status["phase"], answer.desired.status["host"]) == ("Archived", "other")


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
