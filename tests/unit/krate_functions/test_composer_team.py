"""Team: a group on the host, and the right to take part."""

from typing import Any

import pytest

import composites
import factories
from krate.conditions import Condition, Reason, Status, Type
from krate_functions import dispatch
from krate_functions.composition import Composed, Desired, Selector

RBAC = "rbac.authorization.k8s.io"
META = {"namespace": "acme", "labels": {"app.kubernetes.io/managed-by": "krate", "krate.a5c.ai/team": "platform"}}
REQUIREMENTS = {
    "teams": Selector("krate.a5c.ai/v1alpha1", "Team", namespace="acme"),
    "namespace": Selector("v1", "Namespace", "acme"),
}
HOST = {
    "apiVersion": "host.krate.a5c.ai/v1alpha1",
    "kind": "HostedTeam",
    "metadata": {"name": "platform", **META},
    "spec": {
        "forProvider": {"organization": "acme", "name": "platform", "members": ["alice", "bob", "robin"]},
        "providerConfigRef": {"kind": "ProviderConfig", "name": "default"},
    },
}
DEVELOPERS = {
    "apiVersion": f"{RBAC}/v1",
    "kind": "RoleBinding",
    "metadata": {"name": "krate-team-platform", **META},
    "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "krate-developer"},
    "subjects": [{"apiGroup": RBAC, "kind": "User", "name": name} for name in ("alice", "bob", "robin")],
}


def team(**parts: Any) -> dict[str, Any]:
    spec = {"members": ["bob", "alice"], "maintainers": ["robin", "bob"]}
    return composites.existing(factories.make_team(**factories.merge({"spec": spec}, parts)))


def compose(xr: dict[str, Any], observed: dict[str, Any] | None = None, **answers: Any) -> dispatch.Answer:
    required = {"teams": [xr], "namespace": [composites.namespace()], **answers}
    return dispatch.answer(xr, observed or {}, required, composites.compose_input())


def test_first_pass() -> None:
    """Everything at once; nothing here depends on anything else."""
    want = Desired(
        resources={"developers": Composed(DEVELOPERS), "host": Composed(HOST)},
        conditions=(
            Condition(
                Type.ACCESS_READY, Status.FALSE, Reason.PENDING, "RoleBinding krate-team-platform is not created yet"
            ),
            Condition(Type.HOST_READY, Status.FALSE, Reason.HOST_PENDING, "HostedTeam platform is not created yet"),
        ),
        status={"memberCount": 3},
        requirements=REQUIREMENTS,
    )
    assert compose(team()).desired == want


def test_settled() -> None:
    """A team is ready when binding and host are."""
    xr = team()
    answer = compose(xr, composites.observed(compose(xr), xr))
    assert answer.desired.conditions == (
        Condition(Type.ACCESS_READY, Status.TRUE, Reason.BOUND),
        Condition(Type.HOST_READY, Status.TRUE, Reason.HOST_AVAILABLE),
    )
    assert (answer.ready, answer.composite_ready) == ({"developers": True, "host": True}, None)


def test_children_do_not_count_in_the_binding() -> None:
    """A child has its own binding; its people count in the parent where repositories grant access, not here."""
    xr = team()
    child = factories.make_team("docs", spec={"members": ["dana"], "parent": "platform"})
    assert compose(xr, teams=[xr, child]).desired.resources == compose(xr).desired.resources


@pytest.mark.parametrize(
    ("parent", "others", "want"),
    [
        (
            "nobody",
            [],
            (Reason.TEAM_MISSING, "Team nobody does not exist: create it or remove spec.parent"),
        ),
        (
            "docs",
            [factories.make_team("docs", spec={"parent": "platform"})],
            (
                Reason.TEAM_CYCLE,
                "Teams are their own ancestors: docs -> platform -> docs. Change spec.parent of one of them",
            ),
        ),
    ],
    ids=["missing parent", "cycle"],
)
def test_a_wrong_parent(parent: str, others: list[dict[str, Any]], want: tuple[Reason, str]) -> None:
    """A wrong parent is an error of the team, told once as a warning; its own people keep their access."""
    xr = team(spec={"parent": parent})
    answer = compose(xr, composites.observed(compose(xr), xr), teams=[xr, *others])
    reason, message = want
    assert answer.desired.conditions[0] == Condition(Type.ACCESS_READY, Status.FALSE, reason, message)
    assert answer.composite_ready is False
    assert [(event.severity, event.reason) for event in answer.events] == [
        ("Warning", reason),
        ("Normal", "HostAvailable"),
    ]
    assert set(answer.desired.resources) == {"developers", "host"}


@pytest.mark.parametrize("where", ["team", "namespace"])
def test_terminating(where: str) -> None:
    """While the team or its namespace is being deleted nothing new is emitted, and nothing that exists is withdrawn."""
    gone = {"metadata": {"deletionTimestamp": "2026-11-25T10:00:00Z"}}
    xr = team(**(gone if where == "team" else {}))
    space = composites.namespace(**(gone if where == "namespace" else {}))
    assert compose(xr, namespace=[space]).desired.resources == {}
    observed = composites.observed(compose(team()), xr)
    assert set(compose(xr, observed, namespace=[space]).desired.resources) == {"developers", "host"}


def test_without_people() -> None:
    """A team may be empty; its binding binds nobody."""
    xr = team(spec={"members": [], "maintainers": []})
    answer = compose(xr)
    assert answer.desired.resources["developers"].object["subjects"] == []
    assert answer.desired.status == {"memberCount": 0}
