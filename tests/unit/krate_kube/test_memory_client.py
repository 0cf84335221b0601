"""What the twin offers to tests beyond the port."""

import asyncio

import pytest

import factories
from krate import errors, kinds, names
from krate_kube import patches
from krate_kube.actions import Action, RawRequest
from krate_kube.interface import PatchType, Unreachable
from krate_kube.memory import MemoryClient


async def test_only_served_kinds_exist() -> None:
    """A kind that is not served answers as an unknown path does."""
    client = MemoryClient([kinds.NAMESPACE])
    with pytest.raises(errors.NotFound, match="the server could not find the requested resource"):
        await client.list(kinds.TEAM)


async def test_reactors_act_for_subresources() -> None:
    """A reactor sees the call and its answer is the answer; without one the subresource is not there."""
    seen: list[Action] = []

    async def merge(action: Action) -> dict:
        seen.append(action)
        return {"kind": "Status", "status": "Success"}

    client = MemoryClient(namespaces=["acme"], reactors={("pullrequests", "merge"): merge})
    client.seed(factories.make_pull_request())
    body = {"apiVersion": kinds.PULL_REQUEST.api_version, "kind": "PullRequestMerge", "spec": {}}
    call = {"namespace": "acme", "name": "web-1"}
    answered = await client.create(kinds.PULL_REQUEST, body, subresource="merge", **call)
    assert (answered["status"], [(action.name, action.body) for action in seen]) == ("Success", [("web-1", body)])
    with pytest.raises(errors.NotFound):
        await client.create(kinds.PULL_REQUEST, body, subresource="rebase", **call)


async def test_raw_reactor() -> None:
    """`raw` is answered by a function of the request, and is not found without one."""
    client = MemoryClient(raw_reactor=lambda request: request.path.encode())
    assert await client.raw("get", "/readyz") == b"/readyz"
    with pytest.raises(errors.NotFound):
        await MemoryClient().raw("GET", "/readyz")
    assert RawRequest("GET", "/x") == RawRequest("GET", "/x")


async def test_seeded_objects_stand_as_given() -> None:
    """`seed` keeps status, uid and deletion time, which no create would."""
    client = MemoryClient(namespaces=["acme"])
    metadata = {"uid": "u-1", "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["krate.a5c.ai/hosted"]}
    (seeded,) = client.seed(factories.make_repository(metadata=metadata, status={"host": "default"}))
    assert seeded == await client.get(kinds.REPOSITORY, "web", namespace="acme")
    assert {key: seeded["metadata"][key] for key in metadata} == metadata
    assert seeded["status"] == {"host": "default"}


async def test_actions_and_faults() -> None:
    """Every call is recorded, and an interceptor makes it fail before anything happens."""
    client = MemoryClient(namespaces=["acme"])

    def refuse(action: Action) -> None:
        if action.verb == "create":
            raise Unreachable

    client.interceptor = refuse
    with pytest.raises(Unreachable):
        await client.create(kinds.CONFIG_MAP, factories.make_config_map(), field_manager="me", dry_run=True)
    assert client.stored(kinds.CONFIG_MAP, "settings", namespace="acme") is None
    assert [(action.verb, action.name, dict(action.options)) for action in client.actions] == [
        ("create", "settings", {"fieldManager": "me", "dryRun": "All"})
    ]


async def test_enumerations_are_stored_as_words() -> None:
    """Keys and values from enumerations become plain strings, as JSON makes them."""
    client = MemoryClient(namespaces=["acme"])
    labels = {names.Label.REPOSITORY: names.RepositoryRole.WRITER}
    made = await client.create(kinds.CONFIG_MAP, factories.make_config_map(metadata={"labels": labels}))
    ((key, value),) = made["metadata"]["labels"].items()
    assert (type(key), type(value), key, value) == (str, str, "krate.a5c.ai/repository", "Writer")


async def test_answers_are_copies() -> None:
    """Changing an answer changes nothing that is stored."""
    client = MemoryClient(namespaces=["acme"])
    made = await client.create(kinds.CONFIG_MAP, factories.make_config_map())
    made["data"]["colour"] = "red"
    found = await client.get(kinds.CONFIG_MAP, "settings", namespace="acme")
    found["data"]["colour"] = "blue"
    assert (await client.get(kinds.CONFIG_MAP, "settings", namespace="acme"))["data"] == {"colour": "green"}


async def test_objects_of_the_wrong_shape() -> None:
    """The model of the kind judges, and every problem is a cause."""
    client = MemoryClient(namespaces=["acme"])
    with pytest.raises(errors.Invalid) as refused:
        await client.create(kinds.TEAM, factories.make_team(spec={"members": "alice", "displayName": 7}))
    assert [(cause.type, cause.field) for cause in refused.value.causes] == [
        ("FieldValueTypeInvalid", "spec.displayName"),
        ("FieldValueTypeInvalid", "spec.members"),
    ]


async def test_status_conflict_and_the_body_uid() -> None:
    """A version or uid in the body that is not the stored one is a Conflict on every endpoint."""
    client = MemoryClient(namespaces=["acme"])
    await client.create(kinds.REPOSITORY, factories.make_repository())
    for metadata in ({"uid": "other"}, {"resourceVersion": "1"}):
        patch = {"metadata": metadata, "status": {"host": "x"}}
        with pytest.raises(errors.Conflict):
            await client.patch(kinds.REPOSITORY, "web", patch, namespace="acme", subresource="status")


async def test_renaming() -> None:
    """A patch that renames, or a body of another namespace, is a BadRequest."""
    client = MemoryClient(namespaces=["acme"])
    await client.create(kinds.CONFIG_MAP, factories.make_config_map())
    with pytest.raises(errors.BadRequest, match="does not match the name on the URL"):
        await client.patch(kinds.CONFIG_MAP, "settings", {"metadata": {"name": "other"}}, namespace="acme")
    with pytest.raises(errors.BadRequest, match="does not match the namespace"):
        await client.create(kinds.CONFIG_MAP, factories.make_config_map(), namespace="globex")
    with pytest.raises(errors.BadRequest, match="resourceVersion should not be set"):
        await client.create(kinds.CONFIG_MAP, factories.make_config_map("b", metadata={"resourceVersion": "1"}))


async def test_names_and_versions_that_cannot_be() -> None:
    """Names that are too long, pages that are forgotten and patches that the twin cannot apply are refused."""
    client = MemoryClient(namespaces=["acme"])
    await client.create(kinds.CONFIG_MAP, factories.make_config_map())
    with pytest.raises(errors.Invalid, match="must be no more than 50 characters"):
        await client.create(kinds.REPOSITORY, factories.make_repository("a" * 51))
    with pytest.raises(errors.Expired):
        await client.list(kinds.CONFIG_MAP, limit=1, continue_token="forgotten")
    with pytest.raises(errors.UnsupportedMediaType):
        await client.patch(kinds.CONFIG_MAP, "settings", {}, namespace="acme", type=PatchType.STRATEGIC)
    with pytest.raises(KeyError, match="no row for"):
        client.seed({"apiVersion": "v9", "kind": "Thing", "metadata": {"name": "x"}})


async def test_late_finalizers() -> None:
    """A finalizer cannot be added while the object is going."""
    client = MemoryClient(namespaces=["acme"])
    await client.create(kinds.CONFIG_MAP, factories.make_config_map(metadata={"finalizers": ["krate.test/a"]}))
    await client.delete(kinds.CONFIG_MAP, "settings", namespace="acme")
    patch = {"metadata": {"finalizers": ["krate.test/a", "krate.test/b"]}}
    with pytest.raises(errors.Invalid, match="no new finalizers can be added"):
        await client.patch(kinds.CONFIG_MAP, "settings", patch, namespace="acme")


async def test_a_watch_that_fell_behind_is_told() -> None:
    """A live watch that compaction overtakes raises Expired rather than skipping."""
    client = MemoryClient(namespaces=["acme"])
    stream = client.watch(kinds.CONFIG_MAP)
    await anext(stream)
    waiting = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    client.seed(factories.make_config_map())
    client.compact()
    with pytest.raises(errors.Expired):
        await waiting


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": 1}, {"a": 1}),
        ({"a": 1, "b": {"c": 1, "d": 2}}, {"b": {"c": 1, "e": [1]}}),
        ({"a": [1, 2]}, {"a": [2]}),
        ({"a": {"b": 1}}, {"a": 7}),
        ({"a": 7}, {"a": {"b": {"c": 1}}}),
    ],
    ids=["same", "nested", "list", "map to scalar", "scalar to map"],
)
def test_difference_is_the_inverse_of_merge(before: dict, after: dict) -> None:
    """The patch between two values, merged into the first, gives the second; nothing to change is {}."""
    patch = patches.difference(before, after)
    assert patches.merge(before, patch) == after
    assert (patch == {}) == (before == after)
