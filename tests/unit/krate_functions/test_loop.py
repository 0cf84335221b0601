"""The embedded loop on an API server in memory: declared objects turn Ready, in order and without waste."""

from collections import Counter
from pathlib import Path

import composites
import factories
from composite_rooms import all_ready, declare, held, is_ready, looping
from krate import kinds
from krate_functions.engine import reconciler
from krate_kube.memory import MemoryClient
from waiting import until


async def test_from_nothing_to_ready(controlled: MemoryClient, tmp_path: Path) -> None:
    """Declared objects turn Ready; everything they compose carries its owner, and a cascade would take it along."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
    composed = Counter(
        f"{owner['kind']}/{obj['kind']}"
        for obj in controlled.ledger.objects.values()
        for owner in obj["metadata"].get("ownerReferences", [])
        if owner["controller"] and owner["blockOwnerDeletion"]
    )
    assert composed == {
        "Organization/Namespace": 1,
        "Organization/ClusterRole": 1,
        "Organization/ClusterRoleBinding": 1,
        "Organization/RoleBinding": 1,
        "Organization/HostedOrganization": 1,
        "Organization/ProviderConfig": 1,
        "Team/HostedTeam": 1,
        "Team/RoleBinding": 1,
        "Repository/HostedRepository": 1,
        "Repository/HostedAccess": 1,
        "Repository/Role": 3,
        "Repository/RoleBinding": 3,
    }
    status = held(controlled, kinds.REPOSITORY, "web")["status"]
    assert {key: status[key] for key in ("phase", "cloneURLs", "host")} == {
        "phase": "Ready",
        "cloneURLs": {"http": composites.CLONE_URL},
        "host": "default",
    }
    assert {entry["observedGeneration"] for entry in status["conditions"]} == {1}
    assert [entry["type"] for entry in status["conditions"]] == [
        "AccessReady",
        "Hosted",
        "ProtectionReady",
        "Ready",
        "Synced",
    ]


async def test_order_of_creation(controlled: MemoryClient, tmp_path: Path) -> None:
    """The namespace comes before what lives in it, each role before its binding, and nothing had to be refused."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
    made = [
        (action.kind.name, action.name)
        for action in controlled.actions
        if action.verb == "create" and action.options.get("fieldManager") == "krate-composites"
    ]
    assert made[0] == ("Namespace", "acme")
    for step in ("reader", "writer", "admin"):
        name = f"krate-repository-web-{step}"
        assert made.index(("Role", name)) < made.index(("RoleBinding", name))


async def test_many_repositories(controlled: MemoryClient, tmp_path: Path) -> None:
    """Fifty repositories settle, each with its eight objects created once and few writes of its status."""
    names = [f"repo-{number}" for number in range(50)]
    async with looping(controlled, tmp_path):
        await declare(controlled)
        for name in names:
            await controlled.create(kinds.REPOSITORY, factories.make_repository(name))
        await until(lambda: all(is_ready(controlled, kinds.REPOSITORY, name) for name in names), seconds=60)
    made = Counter(
        action.name for action in controlled.actions if action.verb == "create" and action.kind is kinds.ROLE
    )
    assert {made[f"krate-repository-{name}-writer"] for name in names} == {1}
    statuses = Counter(
        action.name
        for action in controlled.actions
        if action.kind is kinds.REPOSITORY and action.subresource == "status"
    )
    assert max(statuses[name] for name in names) <= 12


def test_spread() -> None:
    """Composites come back near their time, each at its own, the same every time."""
    found = [reconciler.spread(reconciler.Key("k", "acme", f"r{number}"), 3600) for number in range(200)]
    assert found == [reconciler.spread(reconciler.Key("k", "acme", f"r{number}"), 3600) for number in range(200)]
    assert all(3240 <= seconds <= 3960 for seconds in found)
    assert len(set(found)) > 190
    assert reconciler.spread(reconciler.Key("k", "acme", "r"), 0) == 0
