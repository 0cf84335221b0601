"""Organization: the namespace first, then what lives in it."""

from dataclasses import dataclass, field
from typing import Any

import pytest

import composites
import factories
from krate.conditions import Condition, Reason, Status, Type
from krate_functions import dispatch, options
from krate_functions.composition import Desired, Selector

LABELS = {"app.kubernetes.io/managed-by": "krate", "krate.a5c.ai/organization": "acme"}
RBAC = "rbac.authorization.k8s.io"
TEAMS = Selector("krate.a5c.ai/v1alpha1", "Team", namespace="acme")
REQUIREMENTS = {"namespace": Selector("v1", "Namespace", "acme"), "teams": TEAMS}
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "acme", "labels": LABELS}}
NOTHING = {"namespace": [], "teams": []}

SPEC = {
    "visibility": "Public",
    "owners": [{"kind": "User", "name": "robin"}, {"kind": "Group", "name": "leads"}],
    "defaults": {"branchProtection": {"requirePullRequest": True, "requiredApprovals": 1}},
}


def organization(**parts: Any) -> dict[str, Any]:
    return composites.existing(factories.make_organization(**parts))


def compose(
    xr: dict[str, Any],
    observed: dict[str, Any] | None = None,
    required: dict[str, Any] | None = None,
    *,
    given: dict[str, Any] | None = None,
) -> dispatch.Answer:
    found = NOTHING if required is None else required
    return dispatch.answer(xr, observed or {}, found, given or composites.compose_input())


def objects_of(desired: Desired) -> dict[str, Any]:
    return {name: composed.object for name, composed in desired.resources.items()}


def said(desired: Desired) -> dict[str, tuple[str, str, str]]:
    return {str(c.type): (str(c.status), str(c.reason), c.message) for c in desired.conditions}


def settled(xr: dict[str, Any], required: dict[str, Any], given: dict[str, Any] | None = None) -> dispatch.Answer:
    """Compose until nothing changes, every controller doing its work in between."""
    observed: dict[str, Any] = {}
    for _ in range(5):
        answer = compose(xr, observed, required, given=given)
        after = composites.observed(answer, xr)
        if after == observed:
            return answer
        observed = after
    raise AssertionError("no fixpoint after five passes")


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


@dataclass(frozen=True)
class Claim:
    name: str
    organization: dict[str, Any]
    found: list[dict[str, Any]]
    want: tuple[str, str, str]
    emitted: bool = False
    observed: dict[str, Any] = field(default_factory=dict)


def owned(uid: str) -> dict[str, Any]:
    owner = {"apiVersion": "krate.a5c.ai/v1alpha1", "kind": "Organization", "name": "acme", "uid": uid}
    return {"metadata": {"ownerReferences": [{**owner, "controller": True}]}}


PENDING = ("False", "NamespacePending", "Namespace acme is not created yet")
FOREIGN = (
    "False",
    "NamespaceForeign",
    (
        "Namespace acme exists and is not this organisation's: choose another spec.namespace, or have its owner "
        "annotate it krate.a5c.ai/adopt=acme"
    ),
)
CLAIMS = (
    Claim("none of that name", organization(), [], PENDING, emitted=True),
    Claim("somebody else's", organization(), [composites.namespace()], FOREIGN),
    Claim("another composite's", organization(), [composites.namespace(**owned("other"))], FOREIGN),
    Claim("its own", organization(), [composites.namespace(**owned(composites.UID))], PENDING, emitted=True),
    Claim(
        "adopted by annotation",
        organization(),
        [composites.namespace(metadata={"annotations": {"krate.a5c.ai/adopt": "acme"}})],
        PENDING,
        emitted=True,
    ),
    Claim(
        "annotated for another organisation",
        organization(),
        [composites.namespace(metadata={"annotations": {"krate.a5c.ai/adopt": "other"}})],
        FOREIGN,
    ),
    *(
        Claim(
            f"reserved: {name}",
            organization(spec={"namespace": name}),
            [],
            ("False", "NamespaceForeign", f"Namespace {name} is reserved: choose another spec.namespace"),
        )
        for name in ("default", "kube-system", "kube-anything", "krate-system")
    ),
    Claim(
        "an adoption does not open a reserved namespace",
        organization(spec={"namespace": "kube-system"}),
        [composites.namespace("kube-system", metadata={"annotations": {"krate.a5c.ai/adopt": "acme"}})],
        ("False", "NamespaceForeign", "Namespace kube-system is reserved: choose another spec.namespace"),
    ),
    Claim(
        "no namespace can be called like that",
        composites.existing(factories.make_organization("acme.example")),
        [],
        (
            "False",
            "NamespaceForeign",
            "acme.example cannot be a namespace: choose a spec.namespace of lower-case letters, digits and '-'",
        ),
    ),
    Claim(
        "terminating",
        organization(),
        [
            composites.namespace(
                metadata={"deletionTimestamp": "2026-11-25T10:00:00Z", **owned(composites.UID)["metadata"]}
            )
        ],
        ("False", "NamespacePending", "Namespace acme is being deleted: wait until it is gone"),
    ),
)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_claims(claim: Claim) -> None:
    """A namespace is taken when nobody has it, when it is the organisation's, or when its owner hands it over."""
    answer = compose(claim.organization, claim.observed, {"namespace": claim.found, "teams": []})
    assert said(answer.desired)["NamespaceReady"] == claim.want
    assert bool(answer.desired.resources) == claim.emitted


def test_a_deleted_organization_composes_nothing_new() -> None:
    """While it is being deleted an organisation keeps what there is and adds nothing."""
    xr = organization(metadata={"deletionTimestamp": "2026-11-25T10:00:00Z"})
    assert compose(xr).desired.resources == {}


def test_the_namespace_stays() -> None:
    """An organisation that lives in a namespace stays there, and says that it cannot move."""
    xr = organization()
    observed = composites.observed(compose(xr), xr)
    moved = organization(spec={"namespace": "elsewhere"})
    answer = compose(moved, observed, {"namespace": [observed["namespace"]], "teams": []})
    assert objects_of(answer.desired)["namespace"]["metadata"]["name"] == "acme"
    assert said(answer.desired)["NamespaceReady"] == (
        "False",
        "NamespaceForeign",
        "The organisation lives in namespace acme and cannot move: set spec.namespace back",
    )


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


def test_isolated_namespaces() -> None:
    """A platform that runs previews and other people's work isolates both; the quota allows no secret."""
    given = composites.compose_input("", *composites.FOREIGN, git_url="https://git.acme.example/")
    required = {"namespace": [], "previews-namespace": [], "untrusted-namespace": [], "teams": []}
    answer = settled(organization(), required, given)
    objects = objects_of(answer.desired)
    isolated = {name: obj for name, obj in objects.items() if name.startswith(("previews", "untrusted"))}
    assert sorted(isolated) == sorted(
        f"{suffix}-namespace{part}" for suffix in ("previews", "untrusted") for part in ("", "-network", "-quota")
    )
    assert objects["untrusted-namespace"]["metadata"] == {
        "name": "acme-untrusted",
        "labels": {**LABELS, "pod-security.kubernetes.io/enforce": "restricted"},
    }
    assert objects["untrusted-namespace-network"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert objects["untrusted-namespace-quota"]["spec"]["hard"]["secrets"] == "0"
    assert objects["namespace-network"]["spec"]["ingress"] == [{"from": [{"podSelector": {}}]}]
    assert objects["project"]["spec"]["sourceRepos"] == ["https://git.acme.example/acme/*"]
    assert objects["project"]["metadata"]["namespace"] == "argocd"
    assert said(answer.desired)["PoliciesReady"] == ("True", "Available", "")


def test_a_foreign_isolated_namespace_is_not_touched() -> None:
    """Somebody else's `acme-previews` stays theirs; the organisation's own part goes on."""
    given = composites.compose_input("", *composites.FOREIGN)
    required = {
        "namespace": [],
        "previews-namespace": [composites.namespace("acme-previews")],
        "untrusted-namespace": [],
        "teams": [],
    }
    answer = settled(organization(), required, given)
    assert not [name for name in answer.desired.resources if name.startswith("previews")]
    assert "host" in answer.desired.resources
    assert said(answer.desired)["NamespaceReady"][:2] == ("False", "NamespaceForeign")
    assert answer.composite_ready is False


def test_a_platform_with_previews_alone() -> None:
    """Only what the platform has a use for is isolated."""
    isolating = ("ResourceQuota", "NetworkPolicy.networking.k8s.io", "PreviewEnvironment.krate.a5c.ai")
    answer = compose(organization(), given=composites.compose_input("", *isolating))
    assert list(answer.desired.requirements) == ["namespace", "previews-namespace", "teams"]


def test_isolation_needs_quota_and_network_policies() -> None:
    """A platform without quotas would isolate nothing; it gets no isolated namespace."""
    given = composites.compose_input("", "RunnerPool.krate.a5c.ai", "NetworkPolicy.networking.k8s.io")
    assert list(compose(organization(), given=given).desired.requirements) == ["namespace", "teams"]
