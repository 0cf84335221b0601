"""RBAC objects that mean nothing, or something else than they seem to, are refused as kube-apiserver refuses them."""

from typing import Any

import pytest

import served_api
from api_answers import failure
from krate import kinds, names
from krate.kinds import Kind
from served_api import API

RBAC = "rbac.authorization.k8s.io"
RULE = {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}
REF = {"kind": "Role", "name": "r"}
CLUSTER_REF = {"kind": "ClusterRole", "name": "krate-viewer"}
BOB = {"kind": "User", "name": "bob"}
GROUP_PROBLEM = f'Unsupported value: "example.com": supported values: "{RBAC}"'
NO_SELECTOR = "Invalid value: null: invalid label selector."
BOTH = "rules cannot apply to both regular resources and non-resource URLs"

OBJECTS: dict[str, tuple[Kind, dict[str, Any], dict[str, str]]] = {
    "no verbs": (
        kinds.ROLE,
        {"rules": [{**RULE, "verbs": []}]},
        {"rules[0].verbs": "Required value: verbs must contain at least one value"},
    ),
    "no groups": (
        kinds.ROLE,
        {"rules": [RULE, {**RULE, "apiGroups": []}]},
        {"rules[1].apiGroups": "Required value: resource rules must supply at least one api group"},
    ),
    "no resources": (
        kinds.CLUSTER_ROLE,
        {"rules": [{"verbs": ["get"]}]},
        {
            "rules[0].apiGroups": "Required value: resource rules must supply at least one api group",
            "rules[0].resources": "Required value: resource rules must supply at least one resource",
        },
    ),
    "paths in a namespace": (
        kinds.ROLE,
        {"rules": [{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}]},
        {"rules[0].nonResourceURLs": 'Invalid value: ["/metrics"]: namespaced rules cannot apply to non-resource URLs'},
    ),
    "paths and resources": (
        kinds.CLUSTER_ROLE,
        {"rules": [{**RULE, "nonResourceURLs": ["/metrics"]}]},
        {"rules[0].nonResourceURLs": f'Invalid value: ["/metrics"]: {BOTH}'},
    ),
    "aggregation of nothing": (
        kinds.CLUSTER_ROLE,
        {"aggregationRule": {"clusterRoleSelectors": []}},
        {
            "aggregationRule.clusterRoleSelectors": "Required value: at least one clusterRoleSelector required if "
            "aggregationRule is non-nil"
        },
    ),
    "aggregation by selectors that are none": (
        kinds.CLUSTER_ROLE,
        {
            "aggregationRule": {
                "clusterRoleSelectors": [
                    {"matchLabels": {"a": "b"}},
                    {"matchLabels": {"a b": "c"}},
                    {"matchExpressions": [{"key": "a", "operator": "In"}]},
                ]
            }
        },
        {
            "aggregationRule.clusterRoleSelectors[1].matchLabels": (
                f'Invalid value: "a b": name part {names.LABEL_KEY_RULE}'
            ),
            "aggregationRule.clusterRoleSelectors[1]": NO_SELECTOR,
            "aggregationRule.clusterRoleSelectors[2].matchExpressions[0].values": (
                "Required value: must be specified when `operator` is 'In' or 'NotIn'"
            ),
            "aggregationRule.clusterRoleSelectors[2]": NO_SELECTOR,
        },
    ),
    "a Role in the whole cluster": (
        kinds.CLUSTER_ROLE_BINDING,
        {"roleRef": {"kind": "Role", "name": "cluster-admin"}, "subjects": [BOB]},
        {"roleRef.kind": 'Unsupported value: "Role": supported values: "ClusterRole"'},
    ),
    "a role of another kind": (
        kinds.ROLE_BINDING,
        {"roleRef": {"kind": "Rolle", "name": "r"}},
        {"roleRef.kind": 'Unsupported value: "Rolle": supported values: "Role", "ClusterRole"'},
    ),
    "a role of another group": (
        kinds.ROLE_BINDING,
        {"roleRef": {**REF, "apiGroup": "example.com"}},
        {"roleRef.apiGroup": GROUP_PROBLEM},
    ),
    "a role without a name": (
        kinds.ROLE_BINDING,
        {"roleRef": {"kind": "Role", "name": ""}},
        {"roleRef.name": "Required value"},
    ),
    "a role with a path for a name": (
        kinds.ROLE_BINDING,
        {"roleRef": {"kind": "Role", "name": "a/b"}},
        {"roleRef.name": "Invalid value: \"a/b\": may not contain '/'"},
    ),
    "subjects of all wrong sorts": (
        kinds.CLUSTER_ROLE_BINDING,
        {
            "roleRef": CLUSTER_REF,
            "subjects": [
                {"kind": "user", "name": "bob"},
                {"kind": "User", "name": ""},
                {"kind": "Group", "name": "crew", "apiGroup": "example.com"},
                {"kind": "ServiceAccount", "name": "robot"},
                {"kind": "ServiceAccount", "name": "robot", "namespace": "acme", "apiGroup": RBAC},
                {"kind": "ServiceAccount", "name": "A_", "namespace": "acme"},
            ],
        },
        {
            "subjects[0].kind": 'Unsupported value: "user": supported values: "ServiceAccount", "User", "Group"',
            "subjects[1].name": "Required value",
            "subjects[2].apiGroup": GROUP_PROBLEM,
            "subjects[3].namespace": "Required value",
            "subjects[5].name": f'Invalid value: "A_": {names.SUBDOMAIN_RULE}',
            "subjects[4].apiGroup": f'Unsupported value: "{RBAC}": supported values: ""',
        },
    ),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_refused(admin: API, namespace: str, name: str) -> None:
    """Each mistake: 422 with upstream's field and sentence."""
    kind, parts, want = OBJECTS[name]
    body = {**served_api.typed(kind), "metadata": {"name": "x"}, **parts}
    answer = admin.create(kind, body, namespace=namespace if kind.namespaced else "")
    assert answer.status_code == 422, answer.text
    causes = failure(answer)["details"]["causes"]
    assert {cause["field"]: cause["message"] for cause in causes} == want


def test_defaults_of_a_binding(admin: API, namespace: str) -> None:
    """Groups of the role and of people are filled in; accounts have no group."""
    subjects = [BOB, {"kind": "Group", "name": "crew"}, {"kind": "ServiceAccount", "name": "robot"}]
    body = {**served_api.typed(kinds.ROLE_BINDING), "metadata": {"name": "b"}, "roleRef": CLUSTER_REF}
    made = admin.create(kinds.ROLE_BINDING, {**body, "subjects": subjects}, namespace=namespace).json()
    assert made["roleRef"] == {**CLUSTER_REF, "apiGroup": RBAC}
    assert made["subjects"] == [
        {**BOB, "apiGroup": RBAC},
        {"kind": "Group", "name": "crew", "apiGroup": RBAC},
        {"kind": "ServiceAccount", "name": "robot"},
    ]
