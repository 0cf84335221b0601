"""Aggregated ClusterRoles: whose rules they have, and when they are written."""

import asyncio
from typing import Any

import pytest
import structlog

import factories
from krate import kinds
from krate_controllers.clusterroles import ClusterRoleAggregator, aggregated
from krate_kube.interface import Object
from krate_kube.memory import MemoryClient
from waiting import until

ROLE = kinds.CLUSTER_ROLE


def rule(resource: str) -> dict[str, Any]:
    return {"verbs": ["get"], "apiGroups": [""], "resources": [resource]}


def part(name: str, *resources: str, **labels: str) -> Object:
    return factories.make(ROLE, name, metadata={"labels": labels}, rules=[rule(one) for one in resources])


def whole(*selectors: dict[str, Any], **labels: str) -> Object:
    return factories.make(
        ROLE, "whole", metadata={"labels": labels}, aggregationRule={"clusterRoleSelectors": list(selectors)}
    )


ONE = {"matchLabels": {"to": "one"}}
TWO = {"matchExpressions": [{"key": "to", "operator": "In", "values": ["two"]}]}


@pytest.mark.parametrize(
    ("role", "roles", "want"),
    [
        (whole(ONE), [], []),
        (whole(ONE), [part("b", "x", to="one"), part("a", "y", to="one"), part("c", "z")], ["y", "x"]),
        (whole(ONE, TWO), [part("a", "x", to="one"), part("b", "x", "y", to="two")], ["x", "y"]),
        (whole({}), [part("a", "x")], ["x"]),
        (whole(), [part("a", "x")], []),
        (whole(ONE, to="one"), [{**whole(ONE, to="one"), "rules": [rule("own")]}, part("a", "x", to="one")], ["x"]),
    ],
    ids=["no parts", "by name", "each rule once", "everything", "nothing", "not itself"],
)
def test_aggregated(role: Object, roles: list[Object], want: list[str]) -> None:
    """The rules are those of the selected roles in order of their names, each once, never the role's own."""
    assert aggregated(role, roles) == [rule(one) for one in want]


async def test_written_as_parts_come_and_go() -> None:
    """Rules follow the parts: at the start, when one is added, and when one is deleted; nothing else is written."""
    client = MemoryClient()
    client.seed(whole(ONE), part("a", "x", to="one"))

    def resources() -> list[str]:
        found = client.stored(ROLE, "whole")
        assert found is not None
        return [one["resources"][0] for one in found.get("rules") or []]

    async def becomes(want: list[str]) -> None:
        await until(lambda: resources() == want, pause=0)

    task = asyncio.create_task(ClusterRoleAggregator(client, log=structlog.get_logger()).run())
    await becomes(["x"])
    await client.create(ROLE, part("b", "y", to="one"))
    await becomes(["x", "y"])
    await client.delete(ROLE, "a")
    await becomes(["y"])
    for _ in range(50):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    writes = [action for action in client.actions if action.verb == "patch"]
    assert [(action.name, len(action.body["rules"])) for action in writes] == [("whole", 1), ("whole", 2), ("whole", 1)]
