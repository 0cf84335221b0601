"""rbac.authorization.k8s.io/v1, authorization.k8s.io/v1 and authentication.k8s.io/v1."""

from pydantic import Field

from krate.models.meta import FreeForm, LabelSelector, Model, Resource


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

    kind: str
    """User, Group or ServiceAccount."""
    name: str
    """Name of the subject."""
    api_group: str = Field(default="", alias="apiGroup")
    """Group of the subject; defaulted by kind."""
    namespace: str = ""
    """Namespace of a ServiceAccount."""


class RoleRef(Model):
    """The role that is bound."""

    api_group: str = Field(default="", alias="apiGroup")
    """Group of the role."""
    kind: str
    """Role or ClusterRole."""
    name: str
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


class ResourceAttributes(Model):
    """A request for a resource."""

    namespace: str = ""
    """Namespace; empty means all, or a cluster-scoped resource."""
    verb: str = ""
    """Verb."""
    group: str = ""
    """API group."""
    version: str = ""
    """API version."""
    resource: str = ""
    """Resource."""
    subresource: str = ""
    """Subresource."""
    name: str = ""
    """Name; empty means all."""
    field_selector: FreeForm | None = None
    """Field selector of the request."""
    label_selector: FreeForm | None = None
    """Label selector of the request."""


class NonResourceAttributes(Model):
    """A request for a path."""

    path: str = ""
    """Path."""
    verb: str = ""
    """HTTP verb, lower case."""


class AccessReviewSpec(Model):
    """The request that is asked about."""

    resource_attributes: ResourceAttributes | None = None
    """A request for a resource."""
    non_resource_attributes: NonResourceAttributes | None = None
    """A request for a path."""


class AccessReviewStatus(Model):
    """The answer."""

    allowed: bool = False
    """Whether the request would be allowed."""
    denied: bool | None = None
    """Whether it is denied for certain."""
    reason: str = ""
    """Why."""
    evaluation_error: str = ""
    """What went wrong while answering."""


class SelfSubjectAccessReview(Resource):
    """SelfSubjectAccessReview checks whether or the current user can perform an action."""

    spec: AccessReviewSpec
    """The request that is asked about."""
    status: AccessReviewStatus = AccessReviewStatus()
    """The answer."""


class UserInfo(Model):
    """An authenticated user."""

    username: str = ""
    """User name."""
    uid: str = ""
    """Unique id of the user."""
    groups: tuple[str, ...] = ()
    """Groups."""
    extra: dict[str, tuple[str, ...]] = {}
    """Further facts from the authenticator."""


class SelfSubjectReviewStatus(Model):
    """Who the caller is."""

    user_info: UserInfo = UserInfo()
    """The caller."""


class SelfSubjectReview(Resource):
    """SelfSubjectReview contains the user information that the server has about the caller."""

    status: SelfSubjectReviewStatus = SelfSubjectReviewStatus()
    """Who the caller is."""
