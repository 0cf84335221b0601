"""What goes with a Repository and an Organization, and what stays."""

from collections.abc import Sequence
from typing import Any

import pytest

import factories
from krate import kinds
from krate.conditions import Reason
from krate.kinds import Kind
from krate.models import Organization, Repository
from krate_controllers.deps import RowDeps, TenantDeps
from krate_controllers.outcomes import Done, Outcome, Stall, Wait
from krate_controllers.steps import organization, repository
from krate_kube.interface import Object

BATCH = 2


class Rows:
    """Forge rows by kind: name and the value of the field that selects them."""

    def __init__(self, rows: dict[str, list[tuple[str, str]]], *, held: Sequence[str] = ()) -> None:
        self.rows = rows
        self.held = set(held)
        self.deleted: list[str] = []

    def deps(self) -> RowDeps:
        async def page(kind: Kind, namespace: str, fields: str) -> Sequence[Object]:
            assert namespace == "acme"
            _, _, value = fields.partition("=")
            chosen = [name for name, owner in self.rows.get(kind.name, []) if owner == value][:BATCH]
            going = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
            return [{"metadata": {"name": name, **(going if name in self.deleted else {})}} for name in chosen]

        async def delete(kind: Kind, _namespace: str, name: str) -> None:
            if name not in self.deleted:
                self.deleted.append(name)
            if name not in self.held:
                self.rows[kind.name] = [row for row in self.rows[kind.name] if row[0] != name]

        return RowDeps(page, delete)


def repo(policy: str) -> Repository:
    return Repository.model_validate(factories.make_repository(spec={"deletionPolicy": policy}))


async def run(rows: Rows, view: Repository) -> list[Outcome]:
    """Finish as the loop does: again and again until the steps are done, at most ten times."""
    said: list[Outcome] = []
    for _ in range(10):
        for step in repository.CONTROLLER.finish:
            outcome = await step(view, rows.deps())
            if not isinstance(outcome, Done):
                break
        said.append(outcome)
        if isinstance(outcome, Done):
            break
    return said


def filled() -> dict[str, list[tuple[str, str]]]:
    return {
        "PullRequest": [("web-1", "web"), ("web-2", "web"), ("web-3", "web"), ("api-1", "api")],
        "Review": [("r1", "web-1"), ("r2", "web-1"), ("r3", "web-1"), ("r4", "api-1")],
        "Comment": [("c1", "web-2"), ("c2", "api-1")],
        "Check": [("k1", "web"), ("k2", "api")],
    }


async def test_delete_takes_the_rows_along() -> None:
    """Under Delete every pull request goes in batches, each after its reviews and comments, then the checks."""
    rows = Rows(filled())
    said = await run(rows, repo("Delete"))
    assert rows.rows == {
        "PullRequest": [("api-1", "api")],
        "Review": [("r4", "api-1")],
        "Comment": [("c2", "api-1")],
        "Check": [("k2", "api")],
    }
    assert rows.deleted == ["r1", "r2", "r3", "web-1", "c1", "web-2", "web-3", "k1"]
    assert said == [
        *[Wait(0, Reason.DELETING, "Deleting the pullrequests of the repository.")] * 2,
        Wait(0, Reason.DELETING, "Deleting the checks of the repository."),
        Done(),
    ]


async def test_retain_leaves_the_rows() -> None:
    """Under Retain nothing is deleted, so that a re-created Repository finds everything again."""
    rows = Rows(filled())
    assert (await run(rows, repo("Retain")), rows.deleted) == ([Done()], [])


async def test_rows_that_are_held_are_waited_for() -> None:
    """A row that somebody else's finalizer holds is asked for with growing pauses, not without end."""
    rows = Rows({"PullRequest": [("web-1", "web")], "Review": [("r1", "web-1")]}, held=["web-1", "r1"])
    said = await run(rows, repo("Delete"))
    text = "Deleting the pullrequests of the repository."
    assert (said[0], said[1], len(said)) == (Wait(0, Reason.DELETING, text), Wait(None, Reason.DELETING, text), 10)


def org(policy: str, **status: Any) -> Organization:
    return Organization.model_validate(factories.make_organization(spec={"deletionPolicy": policy}, status=status))


def namespace(owner: str = "acme", **metadata: Any) -> Object:
    labels = {"krate.a5c.ai/organization": owner}
    return factories.make(kinds.NAMESPACE, "acme", metadata={"uid": "n1", "labels": labels, **metadata})


REFUSED = Stall(Reason.DELETION_REFUSED, "The deletion policy is Retain: set spec.deletionPolicy to Delete to go on.")


@pytest.mark.parametrize(
    ("view", "found", "want", "deleted"),
    [
        (org("Retain"), namespace(), REFUSED, []),
        (org("Delete"), namespace(), Done(), ["acme"]),
        (org("Delete", namespace="acme"), namespace(), Done(), ["acme"]),
        (org("Delete"), namespace("globex"), Done(), []),
        (org("Delete"), namespace(deletionTimestamp="2026-01-01T00:00:00Z"), Done(), []),
        (org("Delete"), None, Done(), []),
    ],
    ids=["retain", "delete", "by status", "somebody else's", "going already", "gone"],
)
async def test_organization(view: Organization, found: Object | None, want: Outcome, deleted: list[str]) -> None:
    """Under Delete the organisation's own namespace is asked to go, unwaited; under Retain the finalizer holds on."""
    gone: list[str] = []

    async def find(name: str) -> Object | None:
        assert name == "acme"
        return found

    async def delete(obj: Object) -> None:
        gone.append(obj["metadata"]["name"])

    assert (await organization.delete_namespace(view, TenantDeps(find, delete)), gone) == (want, deleted)
