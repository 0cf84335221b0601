"""ClusterRoles that Krate ships, and who is bound to them from the start.

Those of Kubernetes itself stand in `defaults`. The three roles of people are aggregated from labelled parts, so that an
operator can add to them; the controllers hold exactly what their steps need.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from krate import crossplane, kinds, names
from krate.kinds import Form, Kind
from krate.names import ClusterRole, Label, ServiceAccount

Object = dict[str, Any]

_READ: Final = ("get", "list", "watch")
_WRITE: Final = ("create", "update", "patch", "delete")
_EDIT: Final = ("create", "update", "patch")
_ALL: Final = ("*",)
_RBAC: Final = kinds.CLUSTER_ROLE.group


def rule(verbs: Sequence[str], group: str, resources: Iterable[str], names_: Sequence[str] = ()) -> Object:
    found: Object = {"verbs": list(verbs), "apiGroups": [group], "resources": sorted(resources)}
    return {**found, "resourceNames": list(names_)} if names_ else found


def _plurals(selected: Iterable[Kind]) -> list[str]:
    return sorted(kind.plural for kind in selected)


_CONFIG: Final = [k for k in kinds.KINDS if k.group == names.CONFIG_GROUP]
_HOSTED: Final = [k for k in kinds.KINDS if k.group == names.HOST_GROUP]
_FORGE: Final = [k for k in kinds.KINDS if k.form is Form.FORGE and k.namespaced]
_NAMESPACED_CONFIG: Final = [k for k in _CONFIG if k.namespaced]
_FINALIZED: Final = (kinds.REPOSITORY, kinds.ORGANIZATION)
_AUTHORED: Final = (kinds.PULL_REQUEST, kinds.REVIEW, kinds.COMMENT, kinds.CHECK)


def _developer() -> list[Object]:
    views = [f"{kinds.PULL_REQUEST.plural}/{view}" for view in ("diff", "commits")]
    return [
        rule(_READ, names.CONFIG_GROUP, _plurals(_NAMESPACED_CONFIG)),
        rule(_READ, names.FORGE_GROUP, _plurals(_FORGE)),
        rule(("get",), names.FORGE_GROUP, views),
        rule(_EDIT, names.FORGE_GROUP, _plurals(_AUTHORED)),
        rule(("delete",), names.FORGE_GROUP, [kinds.COMMENT.plural]),
        rule(_READ, names.HOST_GROUP, _plurals(_HOSTED)),
        rule(_READ, "", ["events"]),
    ]


def _repo_admin() -> list[Object]:
    governed = (kinds.REPOSITORY, kinds.BRANCH_PROTECTION, kinds.REF_POLICY, kinds.TEAM)
    return [
        rule(_WRITE, names.CONFIG_GROUP, _plurals(governed)),
        rule(_WRITE, names.FORGE_GROUP, _plurals(_AUTHORED)),
        rule(("update",), names.FORGE_GROUP, [f"{kinds.COMMENT.plural}/{kinds.MODERATE_SUBRESOURCE}"]),
        rule(_WRITE, kinds.KYVERNO_GROUP, [kinds.NAMESPACED_VALIDATING_POLICY.plural]),
    ]


def _policy_reader() -> list[Object]:
    cluster = (kinds.VALIDATING_ADMISSION_POLICY, kinds.VALIDATING_ADMISSION_POLICY_BINDING)
    kyverno = (kinds.VALIDATING_POLICY, kinds.NAMESPACED_VALIDATING_POLICY)
    return [
        rule(_READ, kinds.VALIDATING_ADMISSION_POLICY.group, _plurals(cluster)),
        rule(_READ, kinds.KYVERNO_GROUP, _plurals(kyverno)),
    ]


def repository_rules() -> list[Object]:
    """Every rule a Repository role can hold, without names: the composing account owns what it grants."""
    content = [f"{kinds.REPOSITORY_CONTENT.plural}/{view}" for view in kinds.CONTENT_VIEWS]
    base = kinds.REPOSITORY.plural
    return [
        rule(("get", "update", "patch"), names.CONFIG_GROUP, [base]),
        rule(("get", "update"), names.CONFIG_GROUP, [f"{base}/{kinds.GIT_SUBRESOURCE}"]),
        rule(
            ("create",),
            names.CONFIG_GROUP,
            [f"{base}/{sub}" for sub in (kinds.MERGE_SUBRESOURCE, kinds.CHECKS_SUBRESOURCE, kinds.BYPASS_SUBRESOURCE)],
        ),
        rule(("get",), names.FORGE_GROUP, content),
    ]


def _composer() -> list[Object]:
    composites = [k for k in _CONFIG if k.form is Form.COMPOSITE]
    statuses = [f"{kind.plural}/status" for kind in composites]
    return [
        rule(_READ, names.CONFIG_GROUP, _plurals(_CONFIG)),
        rule(("get", "update", "patch"), names.CONFIG_GROUP, statuses),
        rule(_ALL, names.CONFIG_GROUP, [kinds.BRANCH_PROTECTION.plural]),
        rule(_ALL, names.HOST_GROUP, _plurals(_HOSTED)),
        rule(_ALL, "", ["namespaces", "configmaps"]),
        rule(_EDIT, "", ["events"]),
        rule((*_READ, *_WRITE), _RBAC, ["roles", "rolebindings"]),
        rule(("bind",), _RBAC, ["clusterroles"], [ClusterRole.DEVELOPER.value, ClusterRole.REPO_ADMIN.value]),
        rule((*_READ, *_WRITE), _RBAC, ["clusterroles", "clusterrolebindings"]),
        rule(("get", "update", "patch"), names.CONFIG_GROUP, [kinds.ORGANIZATION.plural]),
        *repository_rules(),
    ]


def _status_of(selected: Iterable[Kind]) -> list[str]:
    return [f"{kind.plural}/status" for kind in selected if kind.has_status]


_EVENTS: Final = rule(("get", *_EDIT), "", ["events"])
"""Events are read again to be counted."""


def _hosted() -> list[Object]:
    return [
        rule((*_READ, "update", "patch"), names.HOST_GROUP, _plurals(_HOSTED)),
        rule(("get", "update", "patch", "delete"), names.HOST_GROUP, _status_of(_HOSTED)),
        rule(("delete",), names.HOST_GROUP, _plurals(_HOSTED)),
        rule(_READ, names.CONFIG_GROUP, _plurals(_CONFIG)),
        _EVENTS,
    ]


def _protections() -> list[Object]:
    written = (kinds.BRANCH_PROTECTION, kinds.REF_POLICY)
    return [
        rule(_READ, names.CONFIG_GROUP, _plurals(_CONFIG)),
        rule(("get", "update", "patch"), names.CONFIG_GROUP, _status_of(written)),
        rule((*_READ, *_WRITE), names.HOST_GROUP, [kinds.HOSTED_REF_POLICY.plural]),
        _EVENTS,
    ]


def _pull_requests() -> list[Object]:
    return [
        rule(_READ, names.FORGE_GROUP, [*_plurals(_FORGE), kinds.USER.plural]),
        rule(_READ, names.CONFIG_GROUP, _plurals(_CONFIG)),
        rule(_READ, names.HOST_GROUP, _plurals(_HOSTED)),
        rule(_READ, _RBAC, ["roles", "rolebindings", "clusterroles", "clusterrolebindings"]),
        rule(("get", "update", "patch"), names.FORGE_GROUP, _status_of((kinds.PULL_REQUEST, kinds.COMMENT))),
        rule(("create",), names.FORGE_GROUP, [f"{kinds.PULL_REQUEST.plural}/merge"]),
        _EVENTS,
    ]


def _repositories() -> list[Object]:
    return [
        rule((*_READ, "update", "patch"), names.CONFIG_GROUP, _plurals(_FINALIZED)),
        rule((*_READ, "delete", "deletecollection"), names.FORGE_GROUP, _plurals(_FORGE)),
        rule(("update",), names.FORGE_GROUP, [f"{kinds.COMMENT.plural}/{kinds.MODERATE_SUBRESOURCE}"]),
        rule(_READ, names.HOST_GROUP, _plurals(_HOSTED)),
        _EVENTS,
    ]


def _organizations() -> list[Object]:
    return [
        rule((*_READ, "update", "patch"), names.CONFIG_GROUP, _plurals(_FINALIZED)),
        rule((*_READ, "delete"), "", ["namespaces"]),
        rule(_READ, names.HOST_GROUP, _plurals(_HOSTED)),
        _EVENTS,
    ]


def _definitions() -> list[Object]:
    """What an XRD defines can be of any group, and goes with it."""
    definitions = kinds.CUSTOM_RESOURCE_DEFINITION
    return [
        rule((*_READ, "update", "patch"), crossplane.GROUP, [crossplane.PLURAL, f"{crossplane.PLURAL}/status"]),
        rule((*_READ, *_WRITE), definitions.group, [definitions.plural]),
        rule(("get", "list", "delete"), "*", _ALL),
        _EVENTS,
    ]


def _controllers() -> Mapping[ServiceAccount, list[Object]]:
    collected = rule((*_READ, "update", "patch", "delete"), "*", _ALL)
    emptied = rule((*_READ, "update", "delete", "deletecollection"), "*", _ALL)
    return {
        ServiceAccount.OPERATOR: [rule(_READ, "*", _ALL), {"verbs": ["get"], "nonResourceURLs": ["*"]}],
        ServiceAccount.COMPOSITES: _composer(),
        ServiceAccount.HOSTED: _hosted(),
        ServiceAccount.PROTECTIONS: _protections(),
        ServiceAccount.PULL_REQUESTS: _pull_requests(),
        ServiceAccount.REPOSITORIES: _repositories(),
        ServiceAccount.ORGANIZATIONS: _organizations(),
        ServiceAccount.GARBAGE_COLLECTOR: [collected, _EVENTS],
        ServiceAccount.NAMESPACES: [emptied, rule(("create",), "", ["configmaps", "serviceaccounts"])],
        ServiceAccount.CLUSTER_ROLES: [rule((*_READ, "update", "patch", "escalate"), _RBAC, ["clusterroles"])],
        ServiceAccount.DEFINITIONS: _definitions(),
    }


def _role(name: str, rules: Sequence[Object], labels: Mapping[str, str] | None = None) -> Object:
    metadata: Object = {"name": name}
    if labels:
        metadata["labels"] = dict(labels)
    return {**_typed(kinds.CLUSTER_ROLE), "metadata": metadata, "rules": list(rules)}


def _aggregated(name: str, *labels: Label) -> Object:
    selectors = [{"matchLabels": {str(label): "true"}} for label in labels]
    role = _role(name, [])
    return {**role, "aggregationRule": {"clusterRoleSelectors": selectors}}


def _typed(kind: Kind) -> Object:
    return {"apiVersion": kind.api_version, "kind": kind.name}


def _binding(name: str, role: str, subjects: Sequence[Object]) -> Object:
    ref = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role}
    return {
        **_typed(kinds.CLUSTER_ROLE_BINDING),
        "metadata": {"name": name},
        "roleRef": ref,
        "subjects": list(subjects),
    }


def _group(name: str) -> Object:
    return {"apiGroup": _RBAC, "kind": "Group", "name": name}


def _account(name: str) -> Object:
    return {"kind": "ServiceAccount", "namespace": names.SYSTEM_NAMESPACE, "name": name}


def cluster_roles() -> list[Object]:
    """Krate's ClusterRoles, aggregated ones without rules: a controller writes those."""
    developer = {str(Label.AGGREGATE_DEVELOPER): "true"}
    return [
        _role(ClusterRole.QUERY, [rule(("create",), names.FORGE_GROUP, [kinds.QUERY.plural])]),
        _role("krate-policy-reader", _policy_reader()),
        _role("krate-developer-part", _developer(), developer),
        _role("krate-repo-admin-part", _repo_admin(), {str(Label.AGGREGATE_REPO_ADMIN): "true"}),
        _role(
            "krate-platform-engineer-part",
            [rule(_ALL, "*", _ALL)],
            {str(Label.AGGREGATE_PLATFORM_ENGINEER): "true"},
        ),
        _aggregated(ClusterRole.DEVELOPER, Label.AGGREGATE_DEVELOPER),
        _aggregated(ClusterRole.REPO_ADMIN, Label.AGGREGATE_DEVELOPER, Label.AGGREGATE_REPO_ADMIN),
        _aggregated(ClusterRole.PLATFORM_ENGINEER, Label.AGGREGATE_PLATFORM_ENGINEER),
        *(_role(account, rules) for account, rules in _controllers().items()),
    ]


def cluster_role_bindings() -> list[Object]:
    """Krate's ClusterRoleBindings."""
    return [
        _binding(ClusterRole.QUERY, ClusterRole.QUERY, [_group(names.GROUP_AUTHENTICATED)]),
        _binding("krate-policy-reader", "krate-policy-reader", [_group(names.GROUP_AUTHENTICATED)]),
        _binding(ClusterRole.PLATFORM_ENGINEER, ClusterRole.PLATFORM_ENGINEER, [_group("krate:platform-engineers")]),
        *(_binding(account, account, [_account(account)]) for account in _controllers()),
    ]


def service_accounts() -> list[Object]:
    """The accounts of the controllers."""
    return [
        {**_typed(kinds.SERVICE_ACCOUNT), "metadata": {"name": account.value, "namespace": names.SYSTEM_NAMESPACE}}
        for account in ServiceAccount
    ]


def namespaces() -> list[Object]:
    """The namespaces every installation has."""
    return [{**_typed(kinds.NAMESPACE), "metadata": {"name": name}} for name in sorted(names.RESERVED_NAMESPACES)]
