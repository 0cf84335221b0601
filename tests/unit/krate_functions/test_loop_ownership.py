"""What belongs to others: objects, namespaces and conditions that the loop does not take."""

from pathlib import Path

import pytest

import factories
from composite_rooms import all_ready, declare, held, is_ready, looping, quiet, said
from krate import kinds
from krate_kube.memory import MemoryClient
from waiting import until


@pytest.mark.usefixtures("impatient")
async def test_an_object_of_somebody_else_is_not_taken(controlled: MemoryClient, tmp_path: Path) -> None:
    """A name that another controller holds is unsynced, and that object stays as it is."""
    owner = {"apiVersion": "v1", "kind": "Thing", "name": "t", "uid": "x", "controller": True}
    theirs = factories.make(kinds.ROLE, "krate-repository-web-writer", rules=[], metadata={"ownerReferences": [owner]})
    async with looping(controlled, tmp_path):
        await controlled.create(kinds.ORGANIZATION, factories.make_organization())
        await until(lambda: is_ready(controlled, kinds.ORGANIZATION, "acme"))
        await controlled.create(kinds.ROLE, theirs)
        await controlled.create(kinds.TEAM, factories.make_team())
        await controlled.create(kinds.REPOSITORY, factories.make_repository())
        text = "Unsynced resources: role-writer: Role krate-repository-web-writer is controlled by Thing t"
        await until(lambda: said(controlled, kinds.REPOSITORY, "web", "Synced").get("message") == text)
    assert held(controlled, kinds.ROLE, "krate-repository-web-writer")["rules"] == []


async def test_an_object_of_nobody_is_adopted(controlled: MemoryClient, tmp_path: Path) -> None:
    """A plain object of that name gets the owner and what is wanted, and keeps what it had besides."""
    async with looping(controlled, tmp_path):
        await controlled.create(kinds.ORGANIZATION, factories.make_organization())
        await until(lambda: is_ready(controlled, kinds.ORGANIZATION, "acme"))
        orphan = factories.make(kinds.ROLE, "krate-repository-web-writer", rules=[], metadata={"labels": {"old": "1"}})
        await controlled.create(kinds.ROLE, orphan)
        await controlled.create(kinds.TEAM, factories.make_team())
        await controlled.create(kinds.REPOSITORY, factories.make_repository())
        await until(lambda: is_ready(controlled, kinds.REPOSITORY, "web"))
    found = held(controlled, kinds.ROLE, "krate-repository-web-writer")
    assert (found["metadata"]["labels"]["old"], len(found["rules"])) == ("1", 4)
    assert found["metadata"]["ownerReferences"][0]["kind"] == "Repository"


async def test_a_namespace_of_somebody_else(controlled: MemoryClient, tmp_path: Path) -> None:
    """An organisation whose namespace exists is refused until the namespace's owner hands it over."""
    await controlled.create(kinds.NAMESPACE, factories.make(kinds.NAMESPACE, "acme"))
    async with looping(controlled, tmp_path):
        await controlled.create(kinds.ORGANIZATION, factories.make_organization())
        about = "NamespaceReady"
        await until(lambda: said(controlled, kinds.ORGANIZATION, "acme", about).get("reason") == "NamespaceForeign")
        assert "ownerReferences" not in held(controlled, kinds.NAMESPACE, "acme")["metadata"]
        adopt = {"metadata": {"annotations": {"krate.a5c.ai/adopt": "acme"}}}
        await controlled.patch(kinds.NAMESPACE, "acme", adopt)
        await until(lambda: is_ready(controlled, kinds.ORGANIZATION, "acme"))
    assert held(controlled, kinds.NAMESPACE, "acme")["metadata"]["ownerReferences"][0]["name"] == "acme"


async def test_two_organizations_want_one_namespace(controlled: MemoryClient, tmp_path: Path) -> None:
    """The first has it, the second is told, and nothing flips."""
    async with looping(controlled, tmp_path):
        await controlled.create(kinds.ORGANIZATION, factories.make_organization())
        await until(lambda: is_ready(controlled, kinds.ORGANIZATION, "acme"))
        other = factories.make_organization("other", spec={"namespace": "acme"})
        await controlled.create(kinds.ORGANIZATION, other)
        about = "NamespaceReady"
        await until(lambda: said(controlled, kinds.ORGANIZATION, "other", about).get("reason") == "NamespaceForeign")
        await quiet(controlled)
    assert is_ready(controlled, kinds.ORGANIZATION, "acme")


async def test_conditions_of_others_survive(controlled: MemoryClient, tmp_path: Path) -> None:
    """Another controller's condition and status field stay, also when both write at the same time."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
        theirs = {"type": "Mirrored", "status": "True", "reason": "Done", "lastTransitionTime": "2026-11-25T10:00:00Z"}
        have = held(controlled, kinds.REPOSITORY, "web")["status"]["conditions"]
        patch = {"status": {"conditions": [*have, theirs]}}
        await controlled.patch(kinds.REPOSITORY, "web", patch, namespace="acme", subresource="status")
        await controlled.patch(kinds.REPOSITORY, "web", {"spec": {"archived": True}}, namespace="acme")
        await until(lambda: held(controlled, kinds.REPOSITORY, "web")["status"]["phase"] == "Archived")
    assert said(controlled, kinds.REPOSITORY, "web", "Mirrored") == theirs
