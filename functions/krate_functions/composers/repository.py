"""Repository: what the Git host must hold, and who may do what with it."""

from typing import Any, Final

from krate import conditions, kinds
from krate.conditions import Condition, Reason, Type
from krate.models import Repository
from krate.models.organization import Visibility
from krate.models.repository import RepositoryPhase
from krate.names import Label, RepositoryRole
from krate_functions import composition, objects, readiness, summaries, teams
from krate_functions.composers import roles, tenancy
from krate_functions.composition import Desired, Observed, Part, Required, Selector
from krate_functions.options import Options
from krate_functions.summaries import Plan, Words
from krate_functions.teams import Roster

OWNERS: Final = "owners"
POLICY: Final = "policy"

HOSTED: Final = Words(Type.HOSTED, Reason.HOST_AVAILABLE, Reason.HOST_PENDING, summaries.not_served(Type.HOSTED))

_REPOSITORY: Final = "repository"
_HOST_ACCESS: Final = "host-access"


def compose(xr: Repository, observed: Observed, required: Required, options: Options) -> Desired:
    """HostedRepository, HostedAccess, and a Role with its RoleBinding per repository role."""
    requirements = _requirements(xr, options)
    if any(name not in required for name in requirements):
        return Desired(requirements=requirements)
    roster = teams.found(required)
    wanted = [_host(xr), _host_access(xr), *roles.parts(xr, roster, _owners(required))]
    plan = Plan(tuple(part for part in wanted if options.serves_object(part.object)), observed)
    deleting = xr.metadata.deletion_timestamp is not None or tenancy.terminating(tenancy.NAMESPACE, required)
    said = (
        plan.summary(HOSTED, [_REPOSITORY]),
        _access_ready(xr, plan, roster),
        _protection_ready(xr, required, options),
    )
    return Desired(
        resources=plan.staged(held=deleting),
        conditions=said,
        status=_status(xr, observed, said),
        requirements=requirements,
    )


def _requirements(xr: Repository, options: Options) -> dict[str, Selector]:
    """What must be seen; a kind that the platform does not serve cannot be asked for."""
    namespace = xr.metadata.namespace
    found = {
        teams.NAME: teams.requirement(namespace),
        **tenancy.requirements({tenancy.NAMESPACE: namespace}),
    }
    for name, kind, called in (
        (OWNERS, kinds.ROLE_BINDING, objects.OWNERS_BINDING),
        (POLICY, kinds.HOSTED_REF_POLICY, xr.metadata.name),
    ):
        if options.has(kind):
            found[name] = Selector(kind.api_version, kind.name, called, namespace=namespace)
    return found


def _owners(required: Required) -> list[objects.Subject]:
    """Owners of the organisation, as its RoleBinding in this namespace names them."""
    return [
        {"apiGroup": objects.RBAC_GROUP, "kind": subject["kind"], "name": subject["name"]}
        for binding in required.get(OWNERS, ())
        for subject in binding.get("subjects") or []
    ]


def _labels(xr: Repository) -> dict[str, str]:
    return {str(Label.REPOSITORY): xr.metadata.name}


def _host(xr: Repository) -> Part:
    spec: dict[str, Any] = {
        "forProvider": {
            "owner": xr.metadata.namespace,
            "name": xr.host_name,
            "repository": xr.metadata.name,
            "description": xr.spec.description,
            "private": xr.spec.visibility is not Visibility.PUBLIC,
            "default_branch": xr.spec.default_branch,
            "archived": xr.spec.archived,
        },
        "managementPolicies": objects.management_policies(xr.spec.management_policies, xr.spec.deletion_policy),
        "providerConfigRef": objects.provider_config_ref(xr.spec.host.provider_config_ref.name),
    }
    obj = objects.make(
        kinds.HOSTED_REPOSITORY, xr.metadata.name, namespace=xr.metadata.namespace, labels=_labels(xr), spec=spec
    )
    return Part(_REPOSITORY, obj)


def _host_access(xr: Repository) -> Part:
    spec: dict[str, Any] = {
        "forProvider": {
            "owner": xr.metadata.namespace,
            "repository": xr.host_name,
            "collaborators": roles.collaborators(xr),
        },
        "providerConfigRef": objects.provider_config_ref(xr.spec.host.provider_config_ref.name),
    }
    obj = objects.make(
        kinds.HOSTED_ACCESS, xr.metadata.name, namespace=xr.metadata.namespace, labels=_labels(xr), spec=spec
    )
    return Part(_HOST_ACCESS, obj)


def _access_ready(xr: Repository, plan: Plan, roster: Roster) -> Condition:
    """The roles' readiness, unless a grant names a team that nobody can be counted into."""
    for cycle in roles.broken_teams(xr, roster):
        return conditions.false(Type.ACCESS_READY, Reason.TEAM_CYCLE, teams.complaint(cycle))
    for name in roles.missing_teams(xr, roster):
        text = f"Team {name} does not exist: create it or remove it from spec.access"
        return conditions.false(Type.ACCESS_READY, Reason.TEAM_MISSING, text)
    names = [name for role in RepositoryRole for name in roles.part_names(role)]
    return plan.summary(summaries.ACCESS_READY, [*names, _HOST_ACCESS])


def _protection_ready(xr: Repository, required: Required, options: Options) -> Condition:
    """Whether the receive path has loaded a document of this repository.

    An older one counts: it is in force until the next is loaded, which the policies' own condition Enforced tells. Were
    it otherwise, one changed policy would turn every repository of an organisation unready and ready again.
    """
    if not options.has(kinds.HOSTED_REF_POLICY):
        return summaries.not_served(Type.PROTECTION_READY)
    for policy in required[POLICY]:
        verdict = readiness.by_conditions(policy)
        if verdict.failed:
            return conditions.false(Type.PROTECTION_READY, Reason.UNAVAILABLE, verdict.message)
        if ((policy.get("status") or {}).get("atProvider") or {}).get("digest"):
            return conditions.true(Type.PROTECTION_READY, Reason.LOADED)
        text = f"{readiness.label(policy)} is compiled and not loaded yet: wait"
        return conditions.false(Type.PROTECTION_READY, Reason.NOT_LOADED, text)
    text = f"HostedRefPolicy {xr.metadata.name} is not compiled yet: no push is accepted until it is loaded"
    return conditions.false(Type.PROTECTION_READY, Reason.NOT_LOADED, text)


def _status(xr: Repository, observed: Observed, said: tuple[Condition, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {"phase": str(_phase(xr, said))}
    at_provider = summaries.status_of(observed, _REPOSITORY).get("atProvider") or {}
    if at_provider.get("clone_url"):
        found["cloneURLs"] = {"http": at_provider["clone_url"]}
        found["host"] = xr.spec.host.provider_config_ref.name
    return found


def _phase(xr: Repository, said: tuple[Condition, ...]) -> RepositoryPhase:
    if xr.metadata.deletion_timestamp is not None:
        return RepositoryPhase.DELETING
    if any(composition.is_error(condition) for condition in said):
        return RepositoryPhase.FAILED
    if any(condition.status == conditions.Status.FALSE for condition in said):
        return RepositoryPhase.PENDING
    return RepositoryPhase.ARCHIVED if xr.spec.archived else RepositoryPhase.READY
