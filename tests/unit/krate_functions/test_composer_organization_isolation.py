"""Namespaces for previews and untrusted work: who gets them, and how they are fenced in."""

import composites
from composed_organizations import LABELS, compose, objects_of, organization, said, settled


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
