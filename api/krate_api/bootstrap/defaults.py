"""Roles and bindings that every Kubernetes has, as far as we serve what they speak of.

The model is KK/plugin/pkg/auth/authorizer/rbac/bootstrappolicy. Rules about kinds that are not served here are left
out: they would mean nothing. On every start what is missing is added again, and what an operator added stays.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from krate import kinds, names

Object = dict[str, Any]

LABELS: Final = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_ANNOTATIONS: Final = {str(names.Annotation.RBAC_AUTOUPDATE): "true"}
_GROUP: Final = kinds.CLUSTER_ROLE.group
_READ: Final = ("get", "list", "watch")
_WRITE: Final = ("create", "delete", "deletecollection", "patch", "update")
_EVERY: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_PUBLIC: Final = ("/healthz", "/livez", "/readyz", "/version", "/version/")
_DISCOVERY: Final = ("/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*")


def _rule(verbs: Sequence[str], groups: Sequence[str], *resources: str) -> Object:
    return {"verbs": list(verbs), "apiGroups": list(groups), "resources": list(resources)}


def _paths(verb: str, *urls: str) -> Object:
    return {"verbs": [verb], "nonResourceURLs": sorted(urls)}


_ADMIN: Final = (
    _rule(("create",), ("authorization.k8s.io",), "localsubjectaccessreviews"),
    _rule(_EVERY, (_GROUP,), "rolebindings", "roles"),
)
_EDIT: Final = (
    _rule(_READ, ("",), "secrets"),
    _rule(("impersonate",), ("",), "serviceaccounts"),
    _rule(_WRITE, ("",), "configmaps", "secrets", "serviceaccounts"),
    _rule(("create",), ("",), "serviceaccounts/token"),
    _rule(_WRITE, ("", "events.k8s.io"), "events"),
    _rule(_EVERY, ("coordination.k8s.io",), "leases"),
)
_VIEW: Final = (
    _rule(_READ, ("",), "configmaps", "serviceaccounts"),
    _rule(_READ, ("",), "namespaces", "namespaces/status"),
    _rule(_READ, ("", "events.k8s.io"), "events"),
)
_PLAIN: Final[Mapping[str, Sequence[Object]]] = {
    "cluster-admin": (_rule(("*",), ("*",), "*"), _paths("*", "*")),
    "system:discovery": (_paths("get", *_DISCOVERY, *_PUBLIC),),
    "system:public-info-viewer": (_paths("get", *_PUBLIC),),
    "system:basic-user": (
        _rule(("create",), ("authorization.k8s.io",), "selfsubjectaccessreviews", "selfsubjectrulesreviews"),
        _rule(("create",), ("authentication.k8s.io",), "selfsubjectreviews"),
    ),
    "system:auth-delegator": (
        _rule(("create",), ("authentication.k8s.io",), "tokenreviews"),
        _rule(("create",), ("authorization.k8s.io",), "subjectaccessreviews"),
    ),
    "system:monitoring": (
        _paths("get", "/healthz", "/healthz/*", "/livez", "/livez/*", "/metrics", "/readyz", "/readyz/*"),
    ),
}
_GROUPS: Final[Mapping[str, Sequence[str]]] = {
    "cluster-admin": (names.GROUP_MASTERS,),
    "system:discovery": (names.GROUP_AUTHENTICATED,),
    "system:basic-user": (names.GROUP_AUTHENTICATED,),
    "system:public-info-viewer": (names.GROUP_AUTHENTICATED, names.GROUP_UNAUTHENTICATED),
    "system:monitoring": ("system:monitoring",),
}


def _label(role: str) -> dict[str, str]:
    return {f"{_GROUP}/aggregate-to-{role}": "true"}


def _role(name: str, rules: Sequence[Object], labels: Mapping[str, str] | None = None) -> Object:
    metadata = {"name": name, "labels": {**LABELS, **(labels or {})}, "annotations": dict(_ANNOTATIONS)}
    head = {"apiVersion": kinds.CLUSTER_ROLE.api_version, "kind": kinds.CLUSTER_ROLE.name}
    return {**head, "metadata": metadata, "rules": list(rules)}


def _aggregated(name: str, labels: Mapping[str, str] | None = None) -> Object:
    rule = {"clusterRoleSelectors": [{"matchLabels": _label(name)}]}
    return {**_role(name, [], labels), "aggregationRule": rule}


def cluster_roles() -> list[Object]:
    """All of them; `admin`, `edit` and `view` are filled by a controller, each with the one below it."""
    return [
        *(_role(name, rules) for name, rules in _PLAIN.items()),
        _role("system:aggregate-to-admin", _ADMIN, _label("admin")),
        _role("system:aggregate-to-edit", _EDIT, _label("edit")),
        _role("system:aggregate-to-view", _VIEW, _label("view")),
        _aggregated("admin"),
        _aggregated("edit", _label("admin")),
        _aggregated("view", _label("edit")),
    ]


def cluster_role_bindings() -> list[Object]:
    """Who is bound to them from the start."""
    kind = kinds.CLUSTER_ROLE_BINDING
    return [
        {
            "apiVersion": kind.api_version,
            "kind": kind.name,
            "metadata": {"name": name, "labels": dict(LABELS), "annotations": dict(_ANNOTATIONS)},
            "roleRef": {"apiGroup": _GROUP, "kind": kinds.CLUSTER_ROLE.name, "name": name},
            "subjects": [{"kind": "Group", "apiGroup": _GROUP, "name": group} for group in groups],
        }
        for name, groups in _GROUPS.items()
    ]
