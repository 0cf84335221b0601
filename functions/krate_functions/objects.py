"""Composed objects as they go on the wire: the few shapes that several composers render."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from krate import kinds, names
from krate.kinds import Kind
from krate.models import hosted
from krate.models.organization import DeletionPolicy
from krate.names import ClusterRole, Label

RBAC_GROUP: Final = kinds.ROLE.group
MANAGER: Final = "krate"
OWNERS_BINDING: Final = "krate-organization-owners"
"""RoleBinding of an organisation's owners in its namespace; Repositories read from it who the owners are."""

_EVERYTHING: Final = "*"
_DELETE: Final = "Delete"
_POLICIES: Final = ("Observe", "Create", "Update", "LateInitialize", _DELETE)
"""Crossplane's management policies, in its order."""

Rule = dict[str, Any]
Subject = dict[str, str]


def make(
    kind: Kind, name: str, *, namespace: str = "", labels: Mapping[str, str] | None = None, **body: Any
) -> dict[str, Any]:
    """An object of a kind of the table."""
    return foreign(kind.api_version, kind.name, name, namespace=namespace, labels=labels, **body)


def foreign(
    api_version: str,
    kind: str,
    name: str,
    *,
    namespace: str = "",
    labels: Mapping[str, str] | None = None,
    **body: Any,
) -> dict[str, Any]:
    """An object of any kind; `body` holds its members besides metadata."""
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    metadata["labels"] = {str(Label.MANAGED_BY): MANAGER} | {str(key): value for key, value in (labels or {}).items()}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


def deleting(obj: Mapping[str, Any]) -> bool:
    """Whether somebody asked for the object's deletion."""
    return bool(obj["metadata"].get("deletionTimestamp"))


def rule(groups: str, resources: Sequence[str], verbs: Sequence[str], *, only: str = "") -> Rule:
    """One RBAC rule; `only` limits it to one object."""
    found: Rule = {"apiGroups": [groups], "resources": list(resources), "verbs": list(verbs)}
    return {**found, "resourceNames": [only]} if only else found


def user(name: str) -> Subject:
    return {"apiGroup": RBAC_GROUP, "kind": "User", "name": name}


def group(name: str) -> Subject:
    return {"apiGroup": RBAC_GROUP, "kind": "Group", "name": name}


def everybody() -> tuple[Subject, ...]:
    """Signed in or not."""
    return group(names.GROUP_AUTHENTICATED), group(names.GROUP_UNAUTHENTICATED)


def unique(subjects: Iterable[Subject]) -> list[Subject]:
    """Each subject once, groups before users, by name."""
    by_key = {(subject["kind"], subject["name"]): subject for subject in subjects}
    return [by_key[key] for key in sorted(by_key)]


def role_ref(kind: Kind, name: str) -> dict[str, str]:
    return {"apiGroup": RBAC_GROUP, "kind": kind.name, "name": name}


def bind_cluster_role(
    name: str, role: ClusterRole, subjects: Iterable[Subject], *, namespace: str, labels: Mapping[str, str]
) -> dict[str, Any]:
    """A RoleBinding of one of the shipped ClusterRoles."""
    return make(
        kinds.ROLE_BINDING,
        name,
        namespace=namespace,
        labels=labels,
        roleRef=role_ref(kinds.CLUSTER_ROLE, str(role)),
        subjects=unique(subjects),
    )


def management_policies(asked: Iterable[str], deletion: DeletionPolicy) -> list[str]:
    """The policies of a managed resource: what was asked for, never Delete under Retain."""
    asked = set(asked)
    if deletion is DeletionPolicy.DELETE:
        return [_EVERYTHING] if _EVERYTHING in asked else [word for word in _POLICIES if word in asked]
    return [word for word in _POLICIES if word != _DELETE and (_EVERYTHING in asked or word in asked)]


def provider_config_ref(name: str = "default") -> dict[str, str]:
    return hosted.ProviderConfigRef(name=name).dump()
