"""What writing through a Client means, whoever implements it."""

import asyncio
import re

import pytest

import factories
from krate import errors, kinds
from krate_kube.interface import Client, PatchType, Propagation

CONFIG_MAP, REPOSITORY = kinds.CONFIG_MAP, kinds.REPOSITORY


def spoken(found: dict, *members: str) -> dict:
    """Metadata that the caller decides, and `members`."""
    kept = {
        key: found["metadata"][key]
        for key in ("name", "namespace", "generation", "labels", "finalizers")
        if key in found["metadata"]
    }
    return {"metadata": kept, **{member: found.get(member) for member in members}}


async def test_create_answers_the_stored_object(kube_client: Client) -> None:
    """A created object carries uid, creation time, generation 1 and a version, and `get` answers the same."""
    made = await kube_client.create(CONFIG_MAP, factories.make_config_map())
    metadata = made["metadata"]
    assert made == await kube_client.get(CONFIG_MAP, "settings", namespace="acme")
    assert spoken(made, "data") == {
        "metadata": {"name": "settings", "namespace": "acme", "generation": metadata.get("generation", 1)}
        if "generation" in metadata
        else {"name": "settings", "namespace": "acme"},
        "data": {"colour": "green"},
    }
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", metadata["uid"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", metadata["creationTimestamp"])
    assert metadata["resourceVersion"].isdecimal()


async def test_create_twice(kube_client: Client) -> None:
    """A second object of one name is AlreadyExists."""
    await kube_client.create(CONFIG_MAP, factories.make_config_map())
    with pytest.raises(errors.AlreadyExists, match=r'configmaps "settings" already exists'):
        await kube_client.create(CONFIG_MAP, factories.make_config_map())


async def test_create_in_missing_namespace(kube_client: Client) -> None:
    """A namespace that does not exist holds nothing: 404 that names it."""
    with pytest.raises(errors.NotFound, match=r'namespaces "nowhere" not found'):
        await kube_client.create(CONFIG_MAP, factories.make_config_map(metadata={"namespace": "nowhere"}))


async def test_generate_name(kube_client: Client) -> None:
    """`generateName` ends in five characters of the server's choice."""
    body = factories.make_config_map(metadata={"name": "", "generateName": "settings-"})
    made = await kube_client.create(CONFIG_MAP, body)
    assert re.fullmatch(r"settings-[bcdfghjklmnpqrstvwxz2456789]{5}", made["metadata"]["name"])


async def test_dry_run_stores_nothing(kube_client: Client) -> None:
    """A dry run answers as if, and leaves nothing behind."""
    await kube_client.create(CONFIG_MAP, factories.make_config_map(), dry_run=True)
    with pytest.raises(errors.NotFound, match=r'configmaps "settings" not found'):
        await kube_client.get(CONFIG_MAP, "settings", namespace="acme")


async def test_unknown_fields_are_pruned_and_defaults_written(kube_client: Client) -> None:
    """What the schema does not know is dropped, and its defaults are stored."""
    made = await kube_client.create(REPOSITORY, factories.make_repository(spec={"colour": "green"}))
    assert "colour" not in made["spec"]
    assert made["spec"]["visibility"] == "Private"


async def test_update_needs_the_latest_version(kube_client: Client) -> None:
    """A stale PUT is a Conflict and changes nothing."""
    old = await kube_client.create(CONFIG_MAP, factories.make_config_map())
    new = await kube_client.update(CONFIG_MAP, {**old, "data": {"colour": "red"}})
    with pytest.raises(errors.Conflict, match="the object has been modified; please apply your changes to the latest"):
        await kube_client.update(CONFIG_MAP, {**old, "data": {"colour": "blue"}})
    assert await kube_client.get(CONFIG_MAP, "settings", namespace="acme") == new


async def test_update_without_version(kube_client: Client) -> None:
    """Our kinds demand a resourceVersion on PUT, as custom resources do."""
    made = await kube_client.create(REPOSITORY, factories.make_repository())
    del made["metadata"]["resourceVersion"]
    with pytest.raises(errors.Invalid, match=r"metadata\.resourceVersion: Invalid value.*must be specified"):
        await kube_client.update(REPOSITORY, made)


async def test_a_write_that_changes_nothing(kube_client: Client) -> None:
    """A patch without effect answers the stored object under its old version."""
    made = await kube_client.create(CONFIG_MAP, factories.make_config_map())
    assert await kube_client.patch(CONFIG_MAP, "settings", {"data": {"colour": "green"}}, namespace="acme") == made


async def test_merge_patch(kube_client: Client) -> None:
    """Null removes, maps merge."""
    await kube_client.create(CONFIG_MAP, factories.make_config_map(data={"colour": "green", "size": "small"}))
    patch = {"data": {"colour": None, "shape": "round"}}
    found = await kube_client.patch(CONFIG_MAP, "settings", patch, namespace="acme")
    assert found["data"] == {"size": "small", "shape": "round"}


async def test_merge_patch_with_stale_version(kube_client: Client) -> None:
    """A version inside a merge patch is an optimistic lock."""
    made = await kube_client.create(CONFIG_MAP, factories.make_config_map())
    await kube_client.patch(CONFIG_MAP, "settings", {"data": {"colour": "red"}}, namespace="acme")
    patch = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}, "data": {"colour": "blue"}}
    with pytest.raises(errors.Conflict):
        await kube_client.patch(CONFIG_MAP, "settings", patch, namespace="acme")


async def test_json_patch(kube_client: Client) -> None:
    """JSON patches apply when their tests hold, and are Invalid as a whole when one does not."""
    await kube_client.create(CONFIG_MAP, factories.make_config_map())
    change = {"op": "replace", "path": "/data/colour", "value": "red"}

    async def send(expected: str) -> dict:
        patch = [{"op": "test", "path": "/data/colour", "value": expected}, change]
        return await kube_client.patch(CONFIG_MAP, "settings", patch, namespace="acme", type=PatchType.JSON)

    assert (await send("green"))["data"] == {"colour": "red"}
    with pytest.raises(errors.Invalid):
        await send("green")


async def test_generation_counts_the_desired_state(kube_client: Client) -> None:
    """Labels and status leave the generation alone; spec moves it."""
    await kube_client.create(REPOSITORY, factories.make_repository())

    async def patched(patch: dict, **options: str) -> int:
        found = await kube_client.patch(REPOSITORY, "web", patch, namespace="acme", **options)
        return found["metadata"]["generation"]

    assert [
        await patched({"metadata": {"labels": {"tier": "one"}}}),
        await patched({"status": {"phase": "Ready"}}, subresource="status"),
        await patched({"spec": {"description": "The web"}}),
    ] == [1, 1, 2]


async def test_status_is_its_own_door(kube_client: Client) -> None:
    """Status is dropped at create and at the main endpoint; the status endpoint takes nothing else."""
    await kube_client.create(REPOSITORY, factories.make_repository(status={"phase": "Ready"}))
    both = {"spec": {"description": "The web"}, "status": {"host": "default"}}
    await kube_client.patch(REPOSITORY, "web", {**both, "status": {"phase": "Failed"}}, namespace="acme")
    found = await kube_client.patch(
        REPOSITORY, "web", {**both, "spec": {"description": "?"}}, namespace="acme", subresource="status"
    )
    assert (found["spec"]["description"], found["status"]) == ("The web", {"host": "default"})


async def test_immutable_fields(kube_client: Client) -> None:
    """What the table calls immutable cannot change once set."""
    await kube_client.create(kinds.ORGANIZATION, factories.make_organization(spec={"namespace": "acme"}))
    with pytest.raises(errors.Invalid, match=r"spec\.namespace"):
        await kube_client.patch(kinds.ORGANIZATION, "acme", {"spec": {"namespace": "other"}})


async def test_finalizers_hold_a_deleted_object(kube_client: Client) -> None:
    """A delete marks, a second one changes nothing, and the last finalizer's removal lets the object go."""
    await kube_client.create(CONFIG_MAP, factories.make_config_map(metadata={"finalizers": ["krate.test/hold"]}))
    marked = await kube_client.delete(CONFIG_MAP, "settings", namespace="acme")
    assert marked["metadata"]["deletionTimestamp"]
    assert await kube_client.delete(CONFIG_MAP, "settings", namespace="acme") == marked
    with pytest.raises(errors.AlreadyExists, match="object is being deleted: "):
        await kube_client.create(CONFIG_MAP, factories.make_config_map())
    await kube_client.patch(CONFIG_MAP, "settings", {"metadata": {"finalizers": []}}, namespace="acme")
    with pytest.raises(errors.NotFound):
        await kube_client.get(CONFIG_MAP, "settings", namespace="acme")


async def test_immediate_delete_answers_a_status(kube_client: Client) -> None:
    """Without finalizers the answer is a Success that names what is gone."""
    made = await kube_client.create(REPOSITORY, factories.make_repository())
    assert await kube_client.delete(REPOSITORY, "web", namespace="acme") == {
        "apiVersion": "v1",
        "kind": "Status",
        "metadata": {},
        "status": "Success",
        "details": {"name": "web", "group": "krate.a5c.ai", "kind": "repositories", "uid": made["metadata"]["uid"]},
    }


@pytest.mark.parametrize(
    "wrong",
    [{"uid": "7f7c1d9e-0000-4000-8000-000000000000"}, {"resource_version": "1"}],
    ids=["uid", "resourceVersion"],
)
async def test_delete_preconditions(kube_client: Client, wrong: dict[str, str]) -> None:
    """A precondition that does not hold is a Conflict, and the object stays."""
    made = await kube_client.create(CONFIG_MAP, factories.make_config_map())
    with pytest.raises(errors.Conflict, match="in the precondition"):
        await kube_client.delete(CONFIG_MAP, "settings", namespace="acme", **wrong)
    assert await kube_client.get(CONFIG_MAP, "settings", namespace="acme") == made


@pytest.mark.parametrize(
    ("propagation", "finalizer"),
    [(Propagation.FOREGROUND, "foregroundDeletion"), (Propagation.ORPHAN, "orphan")],
    ids=["foreground", "orphan"],
)
async def test_propagation_leaves_a_finalizer(kube_client: Client, propagation: Propagation, finalizer: str) -> None:
    """Foreground and orphan deletion wait for the garbage collector behind a finalizer."""
    await kube_client.create(CONFIG_MAP, factories.make_config_map(metadata={"finalizers": ["krate.test/hold"]}))
    marked = await kube_client.delete(CONFIG_MAP, "settings", namespace="acme", propagation=propagation)
    assert sorted(marked["metadata"]["finalizers"]) == sorted([finalizer, "krate.test/hold"])


async def test_delete_collection(kube_client: Client) -> None:
    """What the selector chooses goes, in this namespace only; the answer names it."""
    for name, namespace, tier in (("a", "acme", "one"), ("b", "acme", "two"), ("c", "globex", "one")):
        body = factories.make_config_map(name, metadata={"namespace": namespace, "labels": {"tier": tier}})
        await kube_client.create(CONFIG_MAP, body)
    gone = await kube_client.delete_collection(CONFIG_MAP, namespace="acme", labels="tier=one")
    left = await kube_client.list(CONFIG_MAP)
    assert [found["metadata"]["name"] for found in gone] == ["a"]
    assert [found["metadata"]["name"] for found in left.items] == ["b", "c"]


async def test_namespaces_end_in_two_steps(kube_client: Client) -> None:
    """A deleted namespace takes nothing new and stays until its finalizer is taken off through `finalize`."""
    await kube_client.create(kinds.NAMESPACE, factories.make(kinds.NAMESPACE, "brief"))
    marked = await kube_client.delete(kinds.NAMESPACE, "brief")
    assert (marked["status"]["phase"], marked["spec"]["finalizers"]) == ("Terminating", ["kubernetes"])
    with pytest.raises(errors.Forbidden, match="because it is being terminated") as refused:
        await kube_client.create(CONFIG_MAP, factories.make_config_map(metadata={"namespace": "brief"}))
    assert [cause.type for cause in refused.value.causes] == ["NamespaceTerminating"]
    latest = await kube_client.get(kinds.NAMESPACE, "brief")
    await kube_client.update(kinds.NAMESPACE, {**latest, "spec": {"finalizers": []}}, subresource="finalize")
    with pytest.raises(errors.NotFound):
        await kube_client.get(kinds.NAMESPACE, "brief")


async def test_two_patches_at_once_both_count(kube_client: Client) -> None:
    """Merge patches without a version never lose each other's fields."""
    await kube_client.create(CONFIG_MAP, factories.make_config_map(data={"colour": "x"}))
    patches = [{"data": {f"key{number}": "x"}} for number in range(8)]
    await asyncio.gather(*(kube_client.patch(CONFIG_MAP, "settings", patch, namespace="acme") for patch in patches))
    found = await kube_client.get(CONFIG_MAP, "settings", namespace="acme")
    assert found["data"] == {"colour": "x", **{f"key{number}": "x" for number in range(8)}}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (factories.make_config_map("Settings"), errors.Invalid),
        (factories.make_config_map(metadata={"name": ""}), errors.Invalid),
        ({**factories.make_config_map(), "kind": "Secret"}, errors.BadRequest),
        ({**factories.make_config_map(), "apiVersion": "v2"}, errors.BadRequest),
    ],
    ids=["upper case name", "no name", "other kind", "other version"],
)
async def test_malformed_objects(kube_client: Client, body: dict, error: type[errors.StatusError]) -> None:
    """What is no object of the kind is refused with the code of the API."""
    with pytest.raises(error):
        await kube_client.create(CONFIG_MAP, body)
