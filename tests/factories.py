"""Valid-by-default sample objects; a test names only what matters to it.

These factories and `examples/platform-config` are the only sources of sample objects in the suites.
"""

from collections.abc import Mapping
from typing import Any

from krate import kinds
from krate.kinds import Kind

NAMESPACE = "acme"


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `over` laid on top, maps merged, everything else replaced."""
    found = dict(base)
    for key, value in over.items():
        both_maps = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
        found[key] = merge(found[key], value) if both_maps else value
    return found


def make(kind: Kind, name: str, *, namespace: str | None = None, **parts: Any) -> dict[str, Any]:
    """An object of `kind`; `parts` are top-level members such as spec, status, data, metadata."""
    metadata: dict[str, Any] = {"name": name}
    if kind.namespaced:
        metadata["namespace"] = namespace or NAMESPACE
    base: dict[str, Any] = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata}
    return merge(base, parts)


def make_organization(name: str = NAMESPACE, **parts: Any) -> dict[str, Any]:
    return make(kinds.ORGANIZATION, name, **merge({"spec": {"displayName": "Acme"}}, parts))


def make_team(name: str = "platform", **parts: Any) -> dict[str, Any]:
    return make(kinds.TEAM, name, **merge({"spec": {"members": ["alice", "bob"]}}, parts))


def make_repository(name: str = "web", **parts: Any) -> dict[str, Any]:
    grants = [{"kind": "Team", "name": "platform", "role": "Writer"}]
    return make(kinds.REPOSITORY, name, **merge({"spec": {"access": grants}}, parts))


def make_branch_protection(name: str = "main", **parts: Any) -> dict[str, Any]:
    spec = {"repositorySelector": {}, "branches": ["main"], "requirePullRequest": True, "requiredApprovals": 1}
    return make(kinds.BRANCH_PROTECTION, name, **merge({"spec": spec}, parts))


def make_ref_policy(name: str = "internal-refs", **parts: Any) -> dict[str, Any]:
    rule = {"name": "reserved", "refs": ["refs/internal/**"], "deny": True, "message": "refs/internal/ is reserved"}
    return make(kinds.REF_POLICY, name, **merge({"spec": {"repositorySelector": {}, "rules": [rule]}}, parts))


def make_pull_request(name: str = "web-1", **parts: Any) -> dict[str, Any]:
    spec = {
        "repository": "web",
        "title": "Rotate signing keys",
        "body": "Keys rotate without downtime.",
        "source": {"branch": "keys"},
        "target": {"branch": "main"},
    }
    return make(kinds.PULL_REQUEST, name, **merge({"spec": spec}, parts))


def make_review(name: str = "web-1-bob", **parts: Any) -> dict[str, Any]:
    return make(kinds.REVIEW, name, **merge({"spec": {"pullRequest": "web-1", "decision": "Approve"}}, parts))


def make_config_map(name: str = "settings", **parts: Any) -> dict[str, Any]:
    return make(kinds.CONFIG_MAP, name, **merge({"data": {"colour": "green"}}, parts))


PULL_REQUEST_RULE = {
    "apiGroups": [kinds.PULL_REQUEST.group],
    "apiVersions": [kinds.PULL_REQUEST.version],
    "operations": ["CREATE", "UPDATE"],
    "resources": [kinds.PULL_REQUEST.plural],
}
HAS_BODY = "object.spec.?body.orValue('').trim() != ''"


def make_validating_policy(name: str = "has-body", **parts: Any) -> dict[str, Any]:
    """A Kyverno policy that wants a description."""
    spec = {
        "validationActions": ["Deny"],
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [PULL_REQUEST_RULE]},
        "validations": [{"expression": HAS_BODY, "message": "say what changes"}],
    }
    return make(kinds.VALIDATING_POLICY, name, **merge({"spec": spec}, parts))


def make_namespaced_validating_policy(name: str = "has-body", **parts: Any) -> dict[str, Any]:
    spec = make_validating_policy()["spec"]
    return make(kinds.NAMESPACED_VALIDATING_POLICY, name, **merge({"spec": spec}, parts))


def make_admission_policy(name: str = "has-body", **parts: Any) -> dict[str, Any]:
    """A ValidatingAdmissionPolicy that wants a description."""
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [PULL_REQUEST_RULE]},
        "validations": [{"expression": HAS_BODY, "message": "say what changes"}],
    }
    return make(kinds.VALIDATING_ADMISSION_POLICY, name, **merge({"spec": spec}, parts))


def make_admission_binding(name: str = "everywhere", *, policy: str = "has-body", **parts: Any) -> dict[str, Any]:
    spec = {"policyName": policy, "validationActions": ["Deny"]}
    return make(kinds.VALIDATING_ADMISSION_POLICY_BINDING, name, **merge({"spec": spec}, parts))
