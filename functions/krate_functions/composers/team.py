"""Team: a group on the Git host, and the right to take part in the organisation."""

from typing import Any

from krate import conditions, kinds
from krate.conditions import Condition, Reason, Type
from krate.models import Team
from krate.names import ClusterRole, Label
from krate_functions import objects, summaries, teams
from krate_functions.composers import tenancy
from krate_functions.composition import Desired, Observed, Part, Required
from krate_functions.options import Options
from krate_functions.summaries import Plan


def compose(xr: Team, observed: Observed, required: Required, options: Options) -> Desired:
    """HostedTeam and one RoleBinding to `krate-developer`."""
    namespace = xr.metadata.namespace
    requirements = {
        teams.NAME: teams.requirement(namespace),
        **tenancy.requirements({tenancy.NAMESPACE: namespace}),
    }
    if any(name not in required for name in requirements):
        return Desired(requirements=requirements)
    wanted = [part for part in _parts(xr, namespace) if options.serves_object(part.object)]
    plan = Plan(tuple(wanted), observed)
    deleting = xr.metadata.deletion_timestamp is not None or tenancy.terminating(tenancy.NAMESPACE, required)
    return Desired(
        resources=plan.staged(held=deleting),
        conditions=(_access_ready(xr, plan, required), plan.summary(summaries.HOST_READY, ["host"])),
        status={"memberCount": len(xr.people)},
        requirements=requirements,
    )


def _parts(xr: Team, namespace: str) -> list[Part]:
    labels = {str(Label.TEAM): xr.metadata.name}
    spec: dict[str, Any] = {
        "forProvider": {"organization": namespace, "name": xr.metadata.name, "members": list(xr.people)},
        "providerConfigRef": objects.provider_config_ref(),
    }
    host = objects.make(kinds.HOSTED_TEAM, xr.metadata.name, namespace=namespace, labels=labels, spec=spec)
    binding = objects.bind_cluster_role(
        f"krate-team-{xr.metadata.name}",
        ClusterRole.DEVELOPER,
        (objects.user(name) for name in xr.people),
        namespace=namespace,
        labels=labels,
    )
    return [Part("host", host), Part("developers", binding)]


def _access_ready(xr: Team, plan: Plan, required: Required) -> Condition:
    """The binding's readiness, unless the team's place among the others is a mistake."""
    others = {team["metadata"]["name"]: Team.model_validate(team) for team in required[teams.NAME]}
    others[xr.metadata.name] = xr
    cycle = teams.roster(others.values()).cycle_of(xr.metadata.name)
    if cycle:
        return conditions.false(Type.ACCESS_READY, Reason.TEAM_CYCLE, teams.complaint(cycle))
    if xr.spec.parent and xr.spec.parent not in others:
        text = f"Team {xr.spec.parent} does not exist: create it or remove spec.parent"
        return conditions.false(Type.ACCESS_READY, Reason.TEAM_MISSING, text)
    return plan.summary(summaries.ACCESS_READY, ["developers"])
