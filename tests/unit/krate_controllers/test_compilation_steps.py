"""The document of a repository: when it is compiled, replaced and kept."""

import hashlib
from typing import Any

import pytest

import factories
from krate import errors, kinds
from krate.conditions import Reason
from krate.models import Repository
from krate_controllers.deps import Rules
from krate_controllers.outcomes import Done, Stall
from krate_controllers.steps import compilation
from rule_rooms import World, broken, guard, hosted, repository


async def test_first_document() -> None:
    """A repository without any rule gets its HostedRefPolicy too, owned by the Repository's object."""
    world = World(Rules(repositories=(repository(),)))
    assert await compilation.compile_document(repository(), world.deps()) == Done()
    document = '{"branches":[],"refs":[],"repository":"web","schema":1}'
    assert world.created == [
        {
            "apiVersion": "host.krate.a5c.ai/v1alpha1",
            "kind": "HostedRefPolicy",
            "metadata": {
                "name": "web",
                "namespace": "acme",
                "labels": {"app.kubernetes.io/managed-by": "krate", "krate.a5c.ai/repository": "web"},
                "ownerReferences": [
                    {
                        "apiVersion": "krate.a5c.ai/v1alpha1",
                        "kind": "Repository",
                        "name": "web",
                        "uid": "r1",
                        "controller": True,
                        "blockOwnerDeletion": True,
                    }
                ],
            },
            "spec": {
                "forProvider": {
                    "owner": "acme",
                    "repository": "web",
                    "digest": "sha256:" + hashlib.sha256(document.encode()).hexdigest(),
                    "document": document,
                    "sources": [],
                },
                "providerConfigRef": {"kind": "ProviderConfig", "name": "default"},
            },
        }
    ]


async def test_an_up_to_date_document_is_left_alone() -> None:
    """Nothing is written when the HostedRefPolicy says what it should."""
    world = World(Rules(protections=(guard(),)), hosted=hosted(repository(), guard()))
    assert await compilation.compile_document(repository(), world.deps()) == Done()
    assert (world.created, world.replaced) == ([], [])


@pytest.mark.parametrize(
    "change",
    [{"requiredApprovals": 2}, {"branches": ["main", "release/*"]}],
    ids=["rule", "branches"],
)
async def test_a_changed_rule_replaces_the_document(change: dict[str, Any]) -> None:
    """A changed rule changes digest, document and sources; what others set on the object stays."""
    before = hosted(repository(), guard())
    changed = guard(generation=3, **change)
    world = World(Rules(protections=(changed,)), hosted=before)
    assert await compilation.compile_document(repository(), world.deps()) == Done()
    ((old, new),) = world.replaced
    expected = hosted(repository(), changed)["spec"]["forProvider"]
    assert (old, new["spec"]["forProvider"]) == (before, expected)
    assert (new["metadata"]["resourceVersion"], new["spec"]["managementPolicies"]) == ("7", ["*"])


async def test_a_new_generation_without_a_new_rule() -> None:
    """An edit that changes no rule keeps the digest, and is told in the sources all the same."""
    world = World(Rules(protections=(guard(generation=3),)), hosted=hosted(repository(), guard()))
    await compilation.compile_document(repository(), world.deps())
    ((old, new),) = world.replaced
    assert new["spec"]["forProvider"]["digest"] == old["spec"]["forProvider"]["digest"]
    assert new["spec"]["forProvider"]["sources"] == [{"kind": "BranchProtection", "uid": "bp-main", "generation": 3}]


async def test_a_recreated_repository_takes_its_document_over() -> None:
    """The owner reference follows the Repository's new uid."""
    world = World(hosted=hosted(repository()))
    again = Repository.model_validate(factories.make_repository(metadata={"uid": "r9"}))
    await compilation.compile_document(again, world.deps())
    ((_, new),) = world.replaced
    assert [owner["uid"] for owner in new["metadata"]["ownerReferences"]] == ["r9"]


async def test_a_failed_compile_keeps_the_last_document() -> None:
    """When anything does not compile nothing is written, whether there was a document or not."""
    for before in (None, hosted(repository())):
        world = World(Rules(protections=(guard(),), policies=(broken(),)), hosted=before)
        said = await compilation.compile_document(repository(), world.deps())
        text = "RefPolicy/naming: spec.rules[0].expression: Syntax error: mismatched input"
        assert said == Stall(Reason.COMPILE_FAILED, f"The last document stays in force: {text}")
        assert (world.created, world.replaced) == ([], [])


async def test_a_terminating_namespace_takes_no_document() -> None:
    """In a namespace that is going nothing is created, and that is no failure."""
    refusal = errors.Forbidden("no", causes=[errors.Cause("NamespaceTerminating", "going")])
    said = await compilation.compile_document(repository(), World(refusal=refusal).deps())
    assert said == Stall(Reason.DELETING, "The namespace is being deleted.")
    with pytest.raises(errors.Forbidden):
        await compilation.compile_document(repository(), World(refusal=errors.Forbidden("rights")).deps())


def test_what_the_compiler_listens_to() -> None:
    """Protections and policies concern every repository of their namespace, a HostedRefPolicy its own."""
    known = {("acme", "web"): None, ("acme", "api"): None, ("globex", "web"): None}
    found = {
        trigger.kind: sorted(trigger.keys(factories.make(trigger.kind, "web"), known))
        for trigger in compilation.CONTROLLER.triggers
    }
    everywhere = [("acme", "api"), ("acme", "web")]
    assert found == {
        kinds.BRANCH_PROTECTION: everywhere,
        kinds.REF_POLICY: everywhere,
        kinds.HOSTED_REF_POLICY: [("acme", "web")],
    }
