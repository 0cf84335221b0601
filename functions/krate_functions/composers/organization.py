"""Organization: a namespace that is its own, then the people, the host and the policies in it."""

from typing import Any, Final

from krate import conditions, kinds
from krate.conditions import Condition, Reason, Type
from krate.models import Organization
from krate.models.organization import SubjectKind, Visibility
from krate.names import ClusterRole, Label
from krate_functions import objects, summaries, teams
from krate_functions.composers import tenancy
from krate_functions.composition import Desired, Observed, Part, Required
from krate_functions.options import Options
from krate_functions.summaries import Plan, Words

_VISIBILITIES: Final = {Visibility.PRIVATE: "private", Visibility.INTERNAL: "limited", Visibility.PUBLIC: "public"}
"""Gitea's words for who may see an organisation."""

_ACCESS: Final = ("owners", "role", "access")
_HOST: Final = ("host", "provider-config")
_POLICIES: Final = ("default-protection", "project")

POLICIES_READY: Final = Words(
    Type.POLICIES_READY,
    Reason.AVAILABLE,
    Reason.PENDING,
    summaries.not_required(Type.POLICIES_READY, "The organisation asks for no default policy."),
)


def compose(xr: Organization, observed: Observed, required: Required, options: Options) -> Desired:
    """First the namespace alone, until it is Active; then everything in it."""
    claimed = tenancy.namespaces(_namespace(xr, observed), options)
    base = claimed[tenancy.NAMESPACE]
    requirements = tenancy.requirements(claimed)
    requirements[teams.NAME] = teams.requirement(base)
    if any(name not in required for name in requirements):
        return Desired(requirements=requirements)
    objections = {part: tenancy.objection(xr, part, name, required) for part, name in claimed.items()}
    free = {part: name for part, name in claimed.items() if not objections[part] or part in observed}
    wanted = [*tenancy.parts(xr, free, options), *_parts(xr, base, required, options)]
    plan = Plan(tuple(wanted), observed)
    deleting = xr.metadata.deletion_timestamp is not None or tenancy.terminating(tenancy.NAMESPACE, required)
    refused = bool(objections[tenancy.NAMESPACE])
    said = (
        _namespace_ready(xr, plan, objections, deleting=deleting),
        plan.summary(summaries.ACCESS_READY, _ACCESS),
        plan.summary(summaries.HOST_READY, _HOST),
        plan.summary(POLICIES_READY, [*_POLICIES, *tenancy.policy_parts(free)]),
    )
    return Desired(
        resources=plan.staged(held=refused or deleting),
        conditions=said,
        status={} if refused else {"namespace": base},
        requirements=requirements,
    )


def _namespace(xr: Organization, observed: Observed) -> str:
    """The namespace in use; one that exists stays, whatever spec says later."""
    have = observed.get(tenancy.NAMESPACE)
    return have["metadata"]["name"] if have else xr.namespace


def _namespace_ready(xr: Organization, plan: Plan, objections: dict[str, str], *, deleting: bool) -> Condition:
    objection = next((text for text in objections.values() if text), "")
    if not objection and plan.observed.get(tenancy.NAMESPACE) and _namespace(xr, plan.observed) != xr.namespace:
        objection = (
            f"The organisation lives in namespace {_namespace(xr, plan.observed)} and cannot move: "
            f"set spec.namespace back"
        )
    if objection:
        return conditions.false(Type.NAMESPACE_READY, Reason.NAMESPACE_FOREIGN, objection)
    if deleting:
        text = f"Namespace {xr.namespace} is being deleted: wait until it is gone"
        return conditions.false(Type.NAMESPACE_READY, Reason.NAMESPACE_PENDING, text)
    words = Words(
        Type.NAMESPACE_READY,
        Reason.NAMESPACE_ACTIVE,
        Reason.NAMESPACE_PENDING,
        summaries.not_served(Type.NAMESPACE_READY),
    )
    return plan.summary(words, list(objections))


def _parts(xr: Organization, namespace: str, required: Required, options: Options) -> list[Part]:
    labels = {str(Label.ORGANIZATION): xr.metadata.name}
    found = [
        *_access(xr, namespace, required, labels),
        Part("host", _host(xr, namespace, labels), after=(tenancy.NAMESPACE,)),
        Part("provider-config", _provider_config(namespace, labels, options), after=(tenancy.NAMESPACE,)),
    ]
    protection = xr.spec.defaults.branch_protection
    if protection is not None:
        spec = {**protection.model_dump(mode="json", by_alias=True, exclude_unset=True), "repositorySelector": {}}
        obj = objects.make(
            kinds.BRANCH_PROTECTION, "organization-default", namespace=namespace, labels=labels, spec=spec
        )
        found.append(Part("default-protection", obj, after=(tenancy.NAMESPACE,)))
    found.append(Part("project", _project(xr, namespace, labels, options), after=(tenancy.NAMESPACE,)))
    return [part for part in found if options.serves_object(part.object)]


def _access(xr: Organization, namespace: str, required: Required, labels: dict[str, str]) -> list[Part]:
    """Owners administer the namespace; owners and members may read the Organization, everybody a Public one."""
    owners = [
        objects.user(owner.name) if owner.kind is SubjectKind.USER else objects.group(owner.name)
        for owner in xr.spec.owners
    ]
    readers = [*owners, *(objects.user(name) for name in teams.found(required).everybody)]
    if xr.spec.visibility is Visibility.PUBLIC:
        readers.extend(objects.everybody())
    name = f"krate-organization-{xr.metadata.name}"
    rule = objects.rule(kinds.ORGANIZATION.group, [kinds.ORGANIZATION.plural], ["get", "list", "watch"])
    rule["resourceNames"] = [xr.metadata.name]
    binding = objects.bind_cluster_role(
        objects.OWNERS_BINDING, ClusterRole.REPO_ADMIN, owners, namespace=namespace, labels=labels
    )
    return [
        Part("owners", binding, after=(tenancy.NAMESPACE,)),
        Part("role", objects.make(kinds.CLUSTER_ROLE, name, labels=labels, rules=[rule]), after=(tenancy.NAMESPACE,)),
        Part(
            "access",
            objects.make(
                kinds.CLUSTER_ROLE_BINDING,
                name,
                labels=labels,
                roleRef=objects.role_ref(kinds.CLUSTER_ROLE, name),
                subjects=objects.unique(readers),
            ),
            after=("role",),
        ),
    ]


def _host(xr: Organization, namespace: str, labels: dict[str, str]) -> dict[str, Any]:
    spec = {
        "forProvider": {
            "username": namespace,
            "full_name": xr.spec.display_name,
            "visibility": _VISIBILITIES[xr.spec.visibility],
        },
        "managementPolicies": objects.management_policies(["*"], xr.spec.deletion_policy),
        "providerConfigRef": objects.provider_config_ref(),
    }
    return objects.make(kinds.HOSTED_ORGANIZATION, namespace, namespace=namespace, labels=labels, spec=spec)


def _provider_config(namespace: str, labels: dict[str, str], options: Options) -> dict[str, Any]:
    spec = {"type": str(options.host_type)}
    return objects.make(kinds.PROVIDER_CONFIG, "default", namespace=namespace, labels=labels, spec=spec)


def _project(xr: Organization, namespace: str, labels: dict[str, str], options: Options) -> dict[str, Any]:
    """An Argo CD project that deploys the organisation's own repositories into its own namespaces, nothing else."""
    spec = {
        "description": xr.spec.display_name,
        "sourceRepos": [f"{options.git_url.rstrip('/')}/{namespace}/*"] if options.git_url else [],
        "destinations": [
            {"server": "https://kubernetes.default.svc", "namespace": name}
            for name in (namespace, f"{namespace}-previews")
        ],
        "clusterResourceWhitelist": [],
    }
    return objects.foreign(
        "argoproj.io/v1alpha1", "AppProject", namespace, namespace=options.argo_namespace, labels=labels, spec=spec
    )
