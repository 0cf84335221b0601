"""Rows of Kubernetes and Kyverno that an embedded control plane serves itself."""

from typing import Final

from krate import names
from krate.kinds.row import AGE, ALL_VERBS, STATUS, Column, Form, Kind, NameRule, Scope, Subresource
from krate.models import core, definitions, policies, rbac, reviews
from krate.models.meta import Resource
from krate.names import Verb

_RBAC: Final = "rbac.authorization.k8s.io"
_AUTHORIZATION: Final = "authorization.k8s.io"
_AUTHENTICATION: Final = "authentication.k8s.io"
_ADMISSION: Final = "admissionregistration.k8s.io"
KYVERNO_GROUP: Final = "policies.kyverno.io"


def _builtin(
    name: str,
    plural: str,
    group: str,
    model: type[Resource],
    *,
    version: str = "v1",
    scope: Scope = Scope.NAMESPACED,
    short_names: tuple[str, ...] = (),
    columns: tuple[Column, ...] = (AGE,),
    subresources: tuple[Subresource, ...] = (),
    selectable: tuple[str, ...] = (),
    verbs: tuple[Verb, ...] = ALL_VERBS,
    immutable: tuple[str, ...] = (),
    name_rule: NameRule = NameRule.SUBDOMAIN,
    max_name: int = names.MAX_SUBDOMAIN,
    categories: tuple[str, ...] = (),
    returns_deleted: bool = False,
) -> Kind:
    return Kind(
        name,
        plural,
        group,
        version,
        model,
        Form.BUILTIN,
        scope,
        short_names,
        categories,
        columns,
        selectable,
        subresources,
        verbs,
        immutable,
        name_rule,
        max_name,
        unconditional_update=True,
        returns_deleted=returns_deleted,
    )


NAMESPACE: Final = _builtin(
    "Namespace",
    "namespaces",
    "",
    core.Namespace,
    scope=Scope.CLUSTER,
    short_names=("ns",),
    columns=(Column("Status", "status.phase"), AGE),
    subresources=(STATUS, Subresource("finalize", (Verb.UPDATE,))),
    name_rule=NameRule.LABEL,
    max_name=names.MAX_LABEL,
    returns_deleted=True,
)
CONFIG_MAP: Final = _builtin(
    "ConfigMap", "configmaps", "", core.ConfigMap, short_names=("cm",), columns=(Column("Data", "data", "count"), AGE)
)
SECRET: Final = _builtin(
    "Secret",
    "secrets",
    "",
    core.Secret,
    columns=(Column("Type", "type"), Column("Data", "data", "count"), AGE),
    selectable=("type",),
    immutable=("type",),
)
TOKEN_REQUEST: Final = Subresource(
    "token", (Verb.CREATE,), kind="TokenRequest", model=reviews.TokenRequest, group=_AUTHENTICATION, version="v1"
)
SERVICE_ACCOUNT: Final = _builtin(
    "ServiceAccount",
    "serviceaccounts",
    "",
    core.ServiceAccount,
    short_names=("sa",),
    columns=(Column("Secrets", "secrets", "count"), AGE),
    subresources=(TOKEN_REQUEST,),
    returns_deleted=True,
)
EVENT: Final = _builtin(
    "Event",
    "events",
    "",
    core.Event,
    short_names=("ev",),
    columns=(
        Column("Last Seen", "lastTimestamp", "date"),
        Column("Type", "type"),
        Column("Reason", "reason"),
        Column("Object", "involvedObject", "reference"),
        Column("Message", "message"),
    ),
    selectable=(
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
)
NAMED_EVENT: Final = _builtin(
    "Event",
    "events",
    "events.k8s.io",
    core.NamedEvent,
    short_names=("ev",),
    columns=(
        Column("Last Seen", "deprecatedLastTimestamp", "date"),
        Column("Type", "type"),
        Column("Reason", "reason"),
        Column("Object", "regarding", "reference"),
        Column("Message", "note"),
    ),
    selectable=(
        "reason",
        "regarding.kind",
        "regarding.namespace",
        "regarding.name",
        "regarding.uid",
        "regarding.apiVersion",
        "regarding.resourceVersion",
        "regarding.fieldPath",
        "reportingController",
        "type",
    ),
)
"""Events once more, as their own group names their fields; they are those of the core group."""
LEASE: Final = _builtin(
    "Lease",
    "leases",
    "coordination.k8s.io",
    core.Lease,
    columns=(Column("Holder", "spec.holderIdentity"), AGE),
)
ROLE: Final = _builtin("Role", "roles", _RBAC, rbac.Role, name_rule=NameRule.PATH_SEGMENT)
CLUSTER_ROLE: Final = _builtin(
    "ClusterRole", "clusterroles", _RBAC, rbac.ClusterRole, scope=Scope.CLUSTER, name_rule=NameRule.PATH_SEGMENT
)
ROLE_BINDING: Final = _builtin(
    "RoleBinding",
    "rolebindings",
    _RBAC,
    rbac.RoleBinding,
    columns=(Column("Role", "roleRef", "reference"), AGE),
    name_rule=NameRule.PATH_SEGMENT,
)
CLUSTER_ROLE_BINDING: Final = _builtin(
    "ClusterRoleBinding",
    "clusterrolebindings",
    _RBAC,
    rbac.ClusterRoleBinding,
    scope=Scope.CLUSTER,
    columns=(Column("Role", "roleRef", "reference"), AGE),
    name_rule=NameRule.PATH_SEGMENT,
)


def _review(name: str, group: str, model: type[Resource], *, scope: Scope = Scope.CLUSTER) -> Kind:
    """A question: created, answered and never stored."""
    return _builtin(name, f"{name.lower()}s", group, model, scope=scope, columns=(), verbs=(Verb.CREATE,))


SUBJECT_ACCESS_REVIEW: Final = _review("SubjectAccessReview", _AUTHORIZATION, reviews.SubjectAccessReview)
LOCAL_SUBJECT_ACCESS_REVIEW: Final = _review(
    "LocalSubjectAccessReview", _AUTHORIZATION, reviews.LocalSubjectAccessReview, scope=Scope.NAMESPACED
)
SELF_SUBJECT_ACCESS_REVIEW: Final = _review("SelfSubjectAccessReview", _AUTHORIZATION, reviews.SelfSubjectAccessReview)
SELF_SUBJECT_RULES_REVIEW: Final = _review("SelfSubjectRulesReview", _AUTHORIZATION, reviews.SelfSubjectRulesReview)
SELF_SUBJECT_REVIEW: Final = _review("SelfSubjectReview", _AUTHENTICATION, reviews.SelfSubjectReview)
TOKEN_REVIEW: Final = _review("TokenReview", _AUTHENTICATION, reviews.TokenReview)
VALIDATING_ADMISSION_POLICY: Final = _builtin(
    "ValidatingAdmissionPolicy",
    "validatingadmissionpolicies",
    _ADMISSION,
    policies.ValidatingAdmissionPolicy,
    scope=Scope.CLUSTER,
    columns=(Column("Validations", "spec.validations", "count"), Column("ParamKind", "spec.paramKind.kind"), AGE),
    subresources=(STATUS,),
)
VALIDATING_ADMISSION_POLICY_BINDING: Final = _builtin(
    "ValidatingAdmissionPolicyBinding",
    "validatingadmissionpolicybindings",
    _ADMISSION,
    policies.ValidatingAdmissionPolicyBinding,
    scope=Scope.CLUSTER,
    columns=(Column("PolicyName", "spec.policyName"), Column("ParamRef", "spec.paramRef.name"), AGE),
)
VALIDATING_POLICY: Final = _builtin(
    "ValidatingPolicy",
    "validatingpolicies",
    KYVERNO_GROUP,
    policies.ValidatingPolicy,
    scope=Scope.CLUSTER,
    short_names=("vpol",),
    columns=(Column("Ready", "status.conditionStatus.ready", "boolean"), AGE),
    subresources=(STATUS,),
    categories=("kyverno",),
)
NAMESPACED_VALIDATING_POLICY: Final = _builtin(
    "NamespacedValidatingPolicy",
    "namespacedvalidatingpolicies",
    KYVERNO_GROUP,
    policies.NamespacedValidatingPolicy,
    short_names=("nvpol",),
    columns=(Column("Ready", "status.conditionStatus.ready", "boolean"), AGE),
    subresources=(STATUS,),
    categories=("kyverno",),
)
CUSTOM_RESOURCE_DEFINITION: Final = Kind(
    "CustomResourceDefinition",
    "customresourcedefinitions",
    "apiextensions.k8s.io",
    "v1",
    definitions.CustomResourceDefinition,
    Form.BUILTIN,
    Scope.CLUSTER,
    short_names=("crd", "crds"),
    categories=("api-extensions",),
    columns=(Column("Created At", "metadata.creationTimestamp", "timestamp", description="Time of creation."),),
    subresources=(STATUS,),
)
