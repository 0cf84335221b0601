"""Controllers before the real API server and the real Git host, each as its own ServiceAccount: RBAC included."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

import factories
import installations
from installations import Home
from krate import clock, errors, kinds, logging
from krate.conditions import Type
from krate.names import ServiceAccount
from krate_controllers import main as controllers
from krate_controllers.recorder import EventType, Recorder
from krate_kube.client import HttpClient
from tenants import Tenant, git, is_true, said, until_gone, wait_for

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Home]:
    """An installation with all controllers running; each test has a namespace of its own in it."""
    folder = tmp_path_factory.mktemp("krate")
    async with installations.running(folder) as found, AsyncExitStack() as stack:
        kit = await controllers.open_kit(await found.briefing(), stack)
        work = asyncio.create_task(controllers.run(kit))
        yield found
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        if not work.cancelled() and work.exception() is not None:
            work.result()


@pytest.fixture
def tenant(home: Home, tmp_path: Path, request: pytest.FixtureRequest) -> Tenant:
    name = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_"))[-40:].strip("-")
    return Tenant(home, name, tmp_path / "work")


async def test_a_declared_repository_is_hosted(tenant: Tenant) -> None:
    """Hosted objects turn Ready with their clone URL, rules are enforced, and a broken rule is told where it stands."""
    await tenant.host()
    await tenant.protect()
    await tenant.create(kinds.REF_POLICY, "internal-refs", spec=factories.make_ref_policy()["spec"])
    found = await tenant.wait(kinds.REF_POLICY, "internal-refs", is_true(Type.ENFORCED))
    assert (found["status"]["matchedRepositories"], said(found, Type.COMPILED)) == (1, ("True", "Compiled", ""))
    hosted = await tenant.admin.get(kinds.HOSTED_REPOSITORY, "web", namespace=tenant.namespace)
    assert hosted["status"]["atProvider"]["clone_url"] == f"{tenant.home.web_url}/{tenant.namespace}/web.git"
    assert hosted["metadata"]["annotations"] == {"crossplane.io/external-name": "web"}

    broken = {"spec": {"rules": [{"name": "bad", "refs": ["refs/**"], "expression": "ref =="}]}}
    await tenant.admin.patch(kinds.REF_POLICY, "internal-refs", broken, namespace=tenant.namespace)
    found = await tenant.wait(kinds.REF_POLICY, "internal-refs", lambda obj: said(obj, Type.COMPILED)[0] == "False")
    assert said(found, Type.COMPILED)[2].startswith("RefPolicy/internal-refs: spec.rules[0].expression: ")
    await tenant.wait(kinds.BRANCH_PROTECTION, "main", is_true(Type.ENFORCED))
    await tenant.admin.delete(kinds.HOSTED_ACCESS, "web", namespace=tenant.namespace)
    await tenant.gone(kinds.HOSTED_ACCESS, "web")
    events = await tenant.admin.list(kinds.EVENT, namespace=tenant.namespace)
    assert {"Available", "CompileFailed"} <= {event["reason"] for event in events.items}


async def test_a_pull_request_from_opening_to_merge(tenant: Tenant) -> None:
    """Facts follow the push, approvals follow reviews, the merge follows the request."""
    await tenant.host()
    await tenant.protect()
    name, head = await tenant.open_pull_request()

    opened = await tenant.wait(kinds.PULL_REQUEST, name, is_true(Type.MERGEABLE))
    facts = {key: opened["status"].get(key) for key in ("headSHA", "commits", "changedFiles", "additions", "phase")}
    assert facts == {"headSHA": head, "commits": 1, "changedFiles": 1, "additions": 2, "phase": "Open"}
    text = "0 of 1 approvals required by BranchProtection/main. These can approve: bob."
    assert said(opened, Type.APPROVED) == ("False", "MissingApprovals", text)

    async with await tenant.home.client("alice") as alice:
        ask = {"spec": {"merged": True, "mergeSHA": head}}
        await alice.patch(kinds.PULL_REQUEST, name, ask, namespace=tenant.namespace)
    waiting = await tenant.wait(
        kinds.PULL_REQUEST, name, lambda obj: said(obj, Type.MERGED)[1] == "RequirementsPending"
    )
    assert said(waiting, Type.MERGED)[2] == f"alice asked for the merge; it waits: {text}"
    await tenant.review("bob", name)
    merged = await tenant.wait(kinds.PULL_REQUEST, name, lambda obj: obj["status"]["phase"] == "Merged")
    assert (merged["status"]["mergedBy"], said(merged, Type.MERGED)[0]) == ("alice", "True")
    owned = {one["manager"]: one["fieldsV1"]["f:status"] for one in merged["metadata"]["managedFields"][1:]}
    assert {"f:mergeCommit", "f:mergedBy", "f:mergedAt", "f:phase"} <= owned["krate"].keys()
    await git(tenant.folder, "fetch", "-q", await tenant.remote(), "main")
    assert await git(tenant.folder, "rev-parse", "FETCH_HEAD") == merged["status"]["mergeCommit"]
    assert (await git(tenant.folder, "rev-list", "--parents", "-1", "FETCH_HEAD")).split()[2] == head


async def test_a_deleted_repository_takes_everything_along(tenant: Tenant) -> None:
    """Under Delete the pull request, its review and the compiled rules go with the Repository."""
    await tenant.host(policy="Delete")
    name, _ = await tenant.open_pull_request()
    await tenant.review("bob", name)
    await tenant.wait(kinds.PULL_REQUEST, name, is_true(Type.APPROVED))
    await tenant.admin.delete(kinds.REPOSITORY, "web", namespace=tenant.namespace)
    await tenant.gone(kinds.REPOSITORY, "web")
    await tenant.gone(kinds.PULL_REQUEST, name)
    await tenant.gone(kinds.REVIEW, f"{name}-bob")
    await tenant.gone(kinds.HOSTED_REF_POLICY, "web")


async def test_a_deleted_namespace_is_emptied(tenant: Tenant) -> None:
    """A namespace with hosted objects goes, each let go by its controller; nothing new is taken in."""
    await tenant.host()
    await tenant.admin.delete(kinds.NAMESPACE, tenant.namespace)
    await until_gone(tenant.admin, kinds.NAMESPACE, tenant.namespace, namespace="")
    with pytest.raises(errors.NotFound):
        await tenant.create(kinds.CONFIG_MAP, "late", data={})


RECORDING = (
    ServiceAccount.HOSTED,
    ServiceAccount.PROTECTIONS,
    ServiceAccount.PULL_REQUESTS,
    ServiceAccount.REPOSITORIES,
    ServiceAccount.ORGANIZATIONS,
)


@pytest.mark.parametrize("account", RECORDING)
async def test_events_that_happen_again_are_counted(tenant: Tenant, account: ServiceAccount) -> None:
    """Each controller may record an event, and count it when it happens again."""
    about = await tenant.admin.create(kinds.NAMESPACE, factories.make(kinds.NAMESPACE, tenant.namespace))
    async with HttpClient((await tenant.home.briefing()).connection(account), user_agent="test") as client:
        recorder = Recorder(client, account.value, clock.system, logging.get())
        for message in ("once", "again"):
            await recorder.record(about, EventType.NORMAL, reason="Tested", message=message)
    found = await tenant.admin.list(kinds.EVENT, fields=f"involvedObject.name={tenant.namespace}")
    assert [(event["count"], event["message"]) for event in found.items] == [(2, "again")]


async def test_aggregated_roles_have_their_rules(home: Home) -> None:
    """The shipped roles of people get the rules of their labelled parts."""
    name = "krate-developer"
    found = await wait_for(home.admin, kinds.CLUSTER_ROLE, name, lambda obj: obj.get("rules"), namespace="")
    part = await home.admin.get(kinds.CLUSTER_ROLE, f"{name}-part")
    assert found["rules"] == part["rules"]
