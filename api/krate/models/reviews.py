"""authorization.k8s.io/v1 and authentication.k8s.io/v1: questions that are answered and never stored."""

from typing import Annotated

from pydantic import Field

from krate.models.meta import Model, Resource


class SelectorRequirement(Model):
    """One requirement of a selector."""

    key: str
    """Field or label."""
    operator: str
    """In, NotIn, Exists or DoesNotExist; newer ones are passed over."""
    values: tuple[str, ...] = ()
    """Values to compare with."""


class SelectorAttributes(Model):
    """A selector of a request; it can narrow what is asked, never widen it."""

    raw_selector: str = ""
    """The selector as a query parameter would say it."""
    requirements: tuple[SelectorRequirement, ...] = ()
    """The selector taken apart."""


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
    field_selector: SelectorAttributes | None = None
    """Field selector of the request."""
    label_selector: SelectorAttributes | None = None
    """Label selector of the request."""


class NonResourceAttributes(Model):
    """A request for a path."""

    path: str = ""
    """Path."""
    verb: str = ""
    """HTTP verb, lower case."""


class SelfAccessReviewSpec(Model):
    """The request that is asked about."""

    resource_attributes: ResourceAttributes | None = None
    """A request for a resource."""
    non_resource_attributes: NonResourceAttributes | None = None
    """A request for a path."""


class AccessReviewSpec(SelfAccessReviewSpec):
    """The request that is asked about, and who would make it."""

    user: str = ""
    """User name."""
    groups: tuple[str, ...] = ()
    """Groups of the user."""
    extra: dict[str, tuple[str, ...]] = {}
    """Further facts from the authenticator."""
    uid: str = ""
    """Unique id of the user."""


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

    spec: SelfAccessReviewSpec
    """The request that is asked about."""
    status: AccessReviewStatus = AccessReviewStatus()
    """The answer."""


class SubjectAccessReview(Resource):
    """SubjectAccessReview checks whether or not a user or group can perform an action."""

    spec: AccessReviewSpec
    """The request that is asked about, and who would make it."""
    status: AccessReviewStatus = AccessReviewStatus()
    """The answer."""


class LocalSubjectAccessReview(Resource):
    """LocalSubjectAccessReview checks whether or not a user or group can perform an action in a given namespace."""

    spec: AccessReviewSpec
    """The request that is asked about, and who would make it."""
    status: AccessReviewStatus = AccessReviewStatus()
    """The answer."""


class RulesReviewSpec(Model):
    """Where the rules would apply."""

    namespace: str = ""
    """Namespace to list the rules of."""


class ResourceRule(Model):
    """What may be done to resources."""

    verbs: tuple[str, ...]
    """Verbs; `*` means all."""
    api_groups: tuple[str, ...] = ()
    """API groups of the resources."""
    resources: tuple[str, ...] = ()
    """Resources."""
    resource_names: tuple[str, ...] = ()
    """Names the rule applies to; empty means all."""


class NonResourceRule(Model):
    """What may be done to paths."""

    verbs: tuple[str, ...]
    """HTTP verbs, lower case; `*` means all."""
    non_resource_urls: tuple[str, ...] = Field(default=(), alias="nonResourceURLs")
    """Paths; `*` ends a prefix."""


class RulesReviewStatus(Model):
    """The rules."""

    resource_rules: tuple[ResourceRule, ...] = ()
    """What may be done to resources."""
    non_resource_rules: tuple[NonResourceRule, ...] = ()
    """What may be done to paths."""
    incomplete: bool = False
    """Whether there may be more rules than these."""
    evaluation_error: str = ""
    """What went wrong while answering."""


class SelfSubjectRulesReview(Resource):
    """SelfSubjectRulesReview enumerates the set of actions the current user can perform within a namespace."""

    spec: RulesReviewSpec
    """Where the rules would apply."""
    status: RulesReviewStatus = RulesReviewStatus()
    """The rules."""


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


class TokenReviewSpec(Model):
    """The token that is asked about."""

    token: str = ""
    """The opaque bearer token."""
    audiences: tuple[str, ...] = ()
    """Whom the token should be meant for; empty means this server."""


class TokenReviewStatus(Model):
    """Whose token it is."""

    authenticated: bool = False
    """Whether the token belongs to a known user."""
    user: UserInfo = UserInfo()
    """That user."""
    audiences: tuple[str, ...] = ()
    """Those of the audiences asked about that the token is meant for."""
    error: str = ""
    """Why it could not be checked."""


class TokenReview(Resource):
    """TokenReview attempts to authenticate a token to a known user."""

    spec: TokenReviewSpec
    """The token that is asked about."""
    status: TokenReviewStatus = TokenReviewStatus()
    """Whose token it is."""


class BoundObjectReference(Model):
    """The object a token lives and dies with."""

    kind: str = ""
    """Pod, Node or Secret."""
    api_version: Annotated[str, Field(alias="apiVersion")] = ""
    """API version of the object."""
    name: str = ""
    """Name of the object."""
    uid: str = ""
    """UID of the object."""


class TokenRequestSpec(Model):
    """The token that is wanted."""

    audiences: tuple[str, ...] = ()
    """Whom the token is meant for; empty means this server."""
    expiration_seconds: int | None = None
    """How long it is valid; an hour when not given."""
    bound_object_ref: BoundObjectReference | None = None
    """The object the token lives and dies with."""


class TokenRequestStatus(Model):
    """The token."""

    token: str = ""
    """The opaque bearer token."""
    expiration_timestamp: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When it stops working."""


class TokenRequest(Resource):
    """TokenRequest requests a token for a given service account."""

    spec: TokenRequestSpec = TokenRequestSpec()
    """The token that is wanted."""
    status: TokenRequestStatus = TokenRequestStatus()
    """The token."""
