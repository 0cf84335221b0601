"""What the host of a repository is told, what it may do, and how its trouble is told."""

from typing import Any

import pytest

import composites
from composed_repositories import compose, objects_of, repository, settled
from krate.conditions import Condition, Reason, Status, Type


def test_the_words_of_the_host_reach_the_repository() -> None:
    """A hosted repository in trouble is quoted, and the repository has failed."""
    xr = repository()
    observed = composites.observed(settled(xr), xr)
    observed["repository"]["status"]["conditions"] = [
        {"type": "Ready", "status": "True", "reason": "Available"},
        {"type": "Synced", "status": "False", "reason": "ReconcileError", "message": "the host does not answer"},
    ]
    answer = compose(xr, observed)
    assert answer.desired.conditions[0] == Condition(
        Type.HOSTED, Status.FALSE, Reason.UNAVAILABLE, "HostedRepository web: the host does not answer"
    )
    assert (answer.desired.status["phase"], answer.ready["repository"]) == ("Failed", False)


@pytest.mark.parametrize(
    ("spec", "want"),
    [
        ({}, ["Observe", "Create", "Update", "LateInitialize"]),
        ({"deletionPolicy": "Delete"}, ["*"]),
        ({"managementPolicies": ["Observe"]}, ["Observe"]),
        ({"managementPolicies": ["Delete", "Observe"]}, ["Observe"]),
        (
            {"managementPolicies": ["Delete", "Create", "Observe"], "deletionPolicy": "Delete"},
            ["Observe", "Create", "Delete"],
        ),
    ],
    ids=["retain", "delete", "observe only", "retain forbids delete", "delete as asked"],
)
def test_management_policies(spec: dict[str, Any], want: list[str]) -> None:
    """Under Retain the host is never told that it may delete."""
    assert objects_of(compose(repository(spec=spec)))["repository"]["spec"]["managementPolicies"] == want


def test_host_settings() -> None:
    """Names, branch, description and archival are the host's to hold; the object's name stays the key."""
    spec = {
        "hostName": "Web.Shop",
        "description": "shop",
        "defaultBranch": "trunk",
        "archived": True,
        "visibility": "Public",
        "host": {"providerConfigRef": {"name": "other"}},
    }
    answer = settled(repository(spec=spec))
    assert objects_of(answer)["repository"]["spec"]["forProvider"] == {
        "owner": "acme",
        "name": "Web.Shop",
        "repository": "web",
        "description": "shop",
        "private": False,
        "default_branch": "trunk",
        "archived": True,
    }
    assert objects_of(answer)["host-access"]["spec"]["forProvider"]["repository"] == "Web.Shop"
    assert (answer.desired.status["phase"], answer.desired.status["host"]) == ("Archived", "other")
