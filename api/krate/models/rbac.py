"""rbac.authorization.k8s.io/v1."""

from pydantic import Field

from krate.models.meta import ATOMIC, LabelSelector, Model, Resource


class PolicyRule(Model):
    """What may be done to which resources."""

    verbs: tuple[str, ...]
    """Verbs; `*` means all."""
    api_groups: tuple[str, ...] = ()
    """API groups of the resources; `""` is the core group, `*` all."""
    resources: tuple[str, ...] = ()
    """Resources; `*` means all, `pods/log` a subresource."""
    resource_names: tuple[str, ...] = ()
    """Names the rule applies to; empty means all."""
    non_resource_urls: tuple[str, ...] = Field(default=(), alias="nonResourceURLs")
    """Paths that are not resources; `*` ends a prefix."""


class Role(Resource):
    """Role is a namespaced, logical grouping of PolicyRules that can be referenced as a unit by a RoleBinding."""

    rules: tuple[PolicyRule, ...] = ()
    """What the role allows."""


class AggregationRule(Model):
    """Where the rules of an aggregated role come from."""

    cluster_role_selectors: tuple[LabelSelector, ...] = ()
    """ClusterRoles whose rules are collected."""


class ClusterRole(Resource):
    """ClusterRole is a cluster level, logical grouping of PolicyRules that can be referenced by a binding."""

    rules: tuple[PolicyRule, ...] = ()
    """What the role allows."""
    aggregation_rule: AggregationRule | None = None
    """Where the rules come from; rules are then written by a controller."""


class Subject(Model):
    """Who a binding speaks of."""

    model_config = ATOMIC

    kind: str = ""
    """User, Group or ServiceAccount."""
    name: str = ""
    """Name of the subject."""
    api_group: str = Field(default="", alias="apiGroup")
    """Group of the subject; defaulted by kind."""
    namespace: str = ""
    """Namespace of a ServiceAccount."""


class RoleRef(Model):
    """The role that is bound."""

    model_config = ATOMIC

    api_group: str = Field(default="", alias="apiGroup")
    """Group of the role."""
    kind: str = ""
    """Role or ClusterRole."""
    name: str = ""
    """Name of the role."""


class RoleBinding(Resource):
    """RoleBinding references a role, but does not contain it, and grants it to subjects in its namespace."""

    subjects: tuple[Subject, ...] = ()
    """Who the role is granted to."""
    role_ref: RoleRef
    """The role; cannot be changed."""


class ClusterRoleBinding(Resource):
    """ClusterRoleBinding references a ClusterRole and grants it to subjects everywhere."""

    subjects: tuple[Subject, ...] = ()
    """Who the role is granted to."""
    role_ref: RoleRef
    """The role; cannot be changed."""
