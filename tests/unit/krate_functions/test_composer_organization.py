"""Organization: the namespace first, then what lives in it."""

from typing import Any

import composites
import factories
from composed_organizations import (
    LABELS,
    NAMESPACE,
    NOTHING,
    RBAC,
    SPEC,
    compose,
    objects_of,
    organization,
    said,
    settled,
)
from krate.conditions import Condition, Reason, Status, Type
from krate_functions import options
from krate_functions.composition import Desired, Selector

TEAMS = Selector("krate.a5c.ai/v1alpha1", "Team", namespace="acme")
REQUIREMENTS = {"namespace": Selector("v1", "Namespace", "acme"), "teams": TEAMS}


def test_first_pass_is_the_namespace_alone() -> None:
    """Until the namespace is Active nothing else is emitted, and everything says what it waits for."""
    answer = compose(organization())
    want = Desired(
        resources=answer.desired.resources,
        conditions=(
            Condition(
                Type.NAMESPACE_READY, Status.FALSE, Reason.NAMESPACE_PENDING, "Namespace acme is not created yet"
            ),
            Condition(
                Type.ACCESS_READY,
                Status.FALSE,
                Reason.PENDING,
                "RoleBinding krate-organization-owners is not created yet",
            ),
            Condition(Type.HOST_READY, Status.FALSE, Reason.HOST_PENDING, "HostedOrganization acme is not created yet"),
            Condition(
                Type.POLICIES_READY, Status.TRUE, Reason.NOT_REQUIRED, "The organisation asks for no default policy."
            ),
        ),
        status={"namespace": "acme"},
        requirements=REQUIREMENTS,
    )
    assert answer.desired == want
    assert objects_of(answer.desired) == {"namespace": NAMESPACE}


def test_nothing_is_emitted_before_namespaces_were_looked_at() -> None:
    """Without answers to its requirements the composer asks, and wants nothing."""
    assert compose(organization(), required={}).desired == Desired(requirements=REQUIREMENTS)


def _member(name: str, kind: str = "User") -> dict[str, str]:
    return {"apiGroup": RBAC, "kind": kind, "name": name}


SETTLED: dict[str, Any] = {
    "access": {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "krate-organization-acme", "labels": LABELS},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "krate-organization-acme"},
        "subjects": [
            _member("leads", "Group"),
            _member("system:authenticated", "Group"),
            _member("system:unauthenticated", "Group"),
            _member("alice"),
            _member("bob"),
            _member("dana"),
            _member("robin"),
        ],
    },
    "default-protection": {
        "apiVersion": "krate.a5c.ai/v1alpha1",
        "kind": "BranchProtection",
        "metadata": {"name": "organization-default", "namespace": "acme", "labels": LABELS},
        "spec": {"requirePullRequest": True, "requiredApprovals": 1, "repositorySelector": {}},
    },
    "host": {
        "apiVersion": "host.krate.a5c.ai/v1alpha1",
        "kind": "HostedOrganization",
        "metadata": {"name": "acme", "namespace": "acme", "labels": LABELS},
        "spec": {
            "forProvider": {"username": "acme", "full_name": "Acme", "visibility": "public"},
            "managementPolicies": ["Observe", "Create", "Update", "LateInitialize"],
            "providerConfigRef": {"kind": "ProviderConfig", "name": "default"},
        },
    },
    "namespace": NAMESPACE,
    "owners": {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "krate-organization-owners", "namespace": "acme", "labels": LABELS},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "krate-repo-admin"},
        "subjects": [_member("leads", "Group"), _member("robin")],
    },
    "provider-config": {
        "apiVersion": "host.krate.a5c.ai/v1alpha1",
        "kind": "ProviderConfig",
        "metadata": {"name": "default", "namespace": "acme", "labels": LABELS},
        "spec": {"type": "Embedded"},
    },
    "role": {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "krate-organization-acme", "labels": LABELS},
        "rules": [
            {
                "apiGroups": ["krate.a5c.ai"],
                "resources": ["organizations"],
                "verbs": ["get", "list", "watch"],
                "resourceNames": ["acme"],
            }
        ],
    },
}

MEMBERS = [factories.make_team(), factories.make_team("docs", spec={"members": ["dana", "alice"]})]


def test_settled_organization() -> None:
    """An Active namespace is followed by owners, access, host, provider and default protection; all ready is ready."""
    answer = settled(organization(spec=SPEC), {"namespace": [], "teams": MEMBERS})
    assert objects_of(answer.desired) == SETTLED
    assert said(answer.desired) == {
        "NamespaceReady": ("True", "NamespaceActive", ""),
        "AccessReady": ("True", "Bound", ""),
        "HostReady": ("True", "HostAvailable", ""),
        "PoliciesReady": ("True", "Available", ""),
    }
    assert (answer.composite_ready, set(answer.ready.values())) == (None, {True})


def test_stages() -> None:
    """Each pass emits what the one before made possible, and never withdraws what is there."""
    xr, observed, stages = organization(spec=SPEC), {}, []
    for _ in range(4):
        answer = compose(xr, observed, {"namespace": [], "teams": MEMBERS})
        stages.append(sorted(answer.desired.resources))
        observed = composites.observed(answer, xr)
    most = ["default-protection", "host", "namespace", "owners", "provider-config", "role"]
    assert stages == [["namespace"], most, sorted([*most, "access"]), sorted([*most, "access"])]


def test_a_namespace_that_is_active_no_more_withdraws_nothing() -> None:
    """What was emitted stays although its stage would not come today: leaving it out would delete it."""
    xr = organization(spec=SPEC)
    observed = composites.observed(settled(xr, {"namespace": [], "teams": []}), xr)
    observed["namespace"]["status"] = {"phase": "Terminating"}
    assert set(compose(xr, observed).desired.resources) == set(observed)


def test_unready_while_a_condition_is_false() -> None:
    """Objects that are all ready do not make an organisation ready that still lacks parts: the composer says so."""
    xr = organization(metadata={"deletionTimestamp": "2026-11-25T10:00:00Z"})
    observed = composites.observed(compose(organization()), xr)
    answer = compose(xr, observed)
    assert (answer.ready, answer.composite_ready) == ({"namespace": True}, False)


def test_a_part_whose_predecessor_is_not_served_is_never_emitted() -> None:
    """A binding to a role that the platform cannot hold would be an error for ever; it is held back instead."""
    given = composites.compose_input(without=("ClusterRole.rbac.authorization.k8s.io",))
    answer = settled(organization(), NOTHING, given)
    assert not {"role", "access"} & set(answer.desired.resources)


def test_visibility() -> None:
    """Owners and members see their organisation; everybody sees a Public one; the host is told in its own words."""
    found = {}
    for visibility in ("Private", "Internal", "Public"):
        xr = organization(spec={"visibility": visibility, "owners": [{"name": "robin"}]})
        objects = objects_of(settled(xr, {"namespace": [], "teams": [factories.make_team()]}).desired)
        people = [subject["name"] for subject in objects["access"]["subjects"]]
        found[visibility] = (objects["host"]["spec"]["forProvider"]["visibility"], people)
    members = ["alice", "bob", "robin"]
    assert found == {
        "Private": ("private", members),
        "Internal": ("limited", members),
        "Public": ("public", ["system:authenticated", "system:unauthenticated", *members]),
    }


def test_delete_policy_reaches_the_host() -> None:
    """Under Delete the host may delete what it holds; under Retain (above) it may not."""
    xr = organization(spec={"deletionPolicy": "Delete"})
    assert objects_of(settled(xr, NOTHING).desired)["host"]["spec"]["managementPolicies"] == ["*"]


def test_a_default_protection_that_is_asked_for_no_more_goes() -> None:
    """Withdrawing by wish is not the same as withdrawing by stage."""
    xr = organization(spec=SPEC)
    observed = composites.observed(settled(xr, NOTHING), xr)
    answer = compose(organization(), observed)
    assert set(observed) - set(answer.desired.resources) == {"default-protection"}


def test_only_what_the_platform_serves() -> None:
    """Kinds that are not served are not emitted, and what cannot come about is Unknown and blocks nobody."""
    given = {"apiVersion": options.API_VERSION, "kind": options.KIND, "options": {"serves": ["Namespace"]}}
    answer = settled(organization(spec=SPEC), NOTHING, given)
    unserved = ("Unknown", "NotServed", "The platform serves no kind that this needs.")
    assert list(answer.desired.resources) == ["namespace"]
    assert said(answer.desired) == {
        "NamespaceReady": ("True", "NamespaceActive", ""),
        "AccessReady": unserved,
        "HostReady": unserved,
        "PoliciesReady": ("True", "NotRequired", "The organisation asks for no default policy."),
    }
    assert (answer.composite_ready, answer.ready) == (None, {"namespace": True})
