"""What every start does to roles and bindings that are there already."""

from pathlib import Path
from typing import Any

import pytest

from krate import kinds
from krate.kinds import Kind
from krate_api import main
from krate_api.admission.chain import Chain
from krate_api.bootstrap import seed
from krate_api.forge import objects
from krate_api.registry import writing
from krate_api.registry.writing import Kit
from krate_api.settings import Settings
from krate_api.strategies.interface import Facts


class NoFacts:
    """Nothing of the forge is needed."""

    async def find(self, *_: object) -> Facts:
        return Facts()


MINE = {"verbs": ["get"], "apiGroups": ["example.com"], "resources": ["widgets"]}
FROZEN = {"rbac.authorization.kubernetes.io/autoupdate": "false"}
CASES: dict[str, tuple[Kind, str, str, Any, bool, bool]] = {
    # kind, name, member, what an operator adds (before taking away what is there), kept, restored
    "a role of Kubernetes": (kinds.CLUSTER_ROLE, "system:basic-user", "rules", MINE, True, True),
    "a binding of Kubernetes": (
        kinds.CLUSTER_ROLE_BINDING,
        "system:basic-user",
        "subjects",
        {"kind": "User", "apiGroup": kinds.ROLE.group, "name": "bob"},
        True,
        True,
    ),
    "a role of Krate": (kinds.CLUSTER_ROLE, "krate-hosted", "rules", MINE, False, True),
    "an aggregated role": (kinds.CLUSTER_ROLE, "view", "rules", MINE, True, False),
}


@pytest.mark.parametrize("frozen", [False, True], ids=["", "frozen"])
@pytest.mark.parametrize("name", CASES)
async def test_restart(tmp_path: Path, name: str, frozen: bool) -> None:  # noqa: FBT001 - a column of the table
    """Defaults gain what they lack and keep what was added; Krate's own are as released; what is frozen stays."""
    kind, role, member, mine, kept, restored = CASES[name]
    core = await main.open_core(Settings(tmp_path))
    kit = Kit(core.catalog, core.store, Chain([]), NoFacts(), core.clock)
    try:
        await seed.seed(kit)
        released = await objects.get(core.store, kind, "", role)
        assert released is not None
        changed = {**released, member: [mine]}
        if frozen:
            changed["metadata"] = {**released["metadata"], "annotations": FROZEN}
        await core.store.commit([writing.put(core.catalog.of(kind), changed, objects.version(released))])
        await seed.seed(kit)
        found = await objects.get(core.store, kind, "", role)
        assert found is not None
        has = found.get(member, [])
        assert (mine in has) is (kept or frozen)
        assert all(one in has for one in released[member]) is ((restored and not frozen) or not released[member])
    finally:
        await core.store.close()
