"""The embedded loop on an API server in memory: what people and controllers do, and what the loop makes of it."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import composites
import factories
from krate import conditions, errors, kinds
from krate.kinds import Kind
from krate_functions.engine import documents, loop, queue, world
from krate_kube import watch
from krate_kube.actions import Action
from krate_kube.interface import Unreachable
from krate_kube.memory import MemoryClient

ROOT = Path(__file__).parents[3]
COMPOSITIONS = [
    documents.load_one(ROOT / "compositions" / plural / "composition.yaml")
    for plural in ("organizations", "teams", "repositories")
]
WRITES = frozenset({"create", "patch", "update", "delete"})
HOSTED = (
    kinds.HOSTED_ORGANIZATION,
    kinds.HOSTED_TEAM,
    kinds.HOSTED_REPOSITORY,
    kinds.HOSTED_ACCESS,
    kinds.BRANCH_PROTECTION,
)


async def until(condition: Callable[[], Awaitable[bool] | bool], seconds: float = 10) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.002)


@asynccontextmanager
async def looping(client: MemoryClient, state: Path, **options: Any) -> AsyncIterator[None]:
    """The loop, watching, from entry to exit."""
    stop, ready = asyncio.Event(), asyncio.Event()
    options.setdefault("options_override", {"serves": composites.SERVES})
    task = asyncio.create_task(
        loop.run(client, state=state, compositions=COMPOSITIONS, stop=stop, ready=ready, **options)
    )
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        stop.set()
        waiting.cancel()
        await asyncio.wait_for(task, 10)


async def control(client: MemoryClient) -> None:
    """Every controller of the platform: whatever is composed becomes healthy, policies are compiled and loaded."""
    async with asyncio.TaskGroup() as group:
        for kind in HOSTED:
            group.create_task(_heal(client, kind))


async def _heal(client: MemoryClient, kind: Kind) -> None:
    async with aclosing(watch.Informer(client, kind).follow()) as changes:
        async for change in changes:
            if change.type in {"ADDED", "MODIFIED"}:
                await _work(client, kind, change.object)


async def _work(client: MemoryClient, kind: Kind, found: dict[str, Any]) -> None:
    """What the controller of one kind does to one object."""
    status, name = composites.healthy(found)["status"], found["metadata"]["name"]
    where = {"namespace": found["metadata"]["namespace"]}
    if found.get("status") == status:
        return
    try:
        await client.patch(kind, name, {"status": status}, subresource="status", **where)
        if kind is kinds.HOSTED_REPOSITORY:
            policy = composites.loaded_policy(name)
            await client.create(kinds.HOSTED_REF_POLICY, policy)
            loaded = {"status": policy["status"]}
            await client.patch(kinds.HOSTED_REF_POLICY, name, loaded, subresource="status", **where)
    except (errors.AlreadyExists, errors.NotFound):
        return


@pytest.fixture
def client() -> MemoryClient:
    return MemoryClient()


@pytest.fixture
async def controlled(client: MemoryClient) -> AsyncIterator[MemoryClient]:
    """A server whose controllers work."""
    task = asyncio.create_task(control(client))
    yield client
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def declare(client: MemoryClient) -> None:
    """An organisation with a team and a repository, as `krate apply` would: what is refused is tried again."""
    await client.create(kinds.ORGANIZATION, factories.make_organization())
    for kind, obj in ((kinds.TEAM, factories.make_team()), (kinds.REPOSITORY, factories.make_repository())):
        await until(lambda kind=kind, obj=obj: _created(client, kind, obj))


async def _created(client: MemoryClient, kind: Kind, obj: dict[str, Any]) -> bool:
    try:
        await client.create(kind, obj)
    except errors.NotFound:
        return False
    return True


def said(client: MemoryClient, kind: Kind, name: str, about: str) -> dict[str, Any]:
    """One condition of a composite; {} when it says nothing yet."""
    found = client.stored(kind, name, namespace="acme")
    listed = ((found or {}).get("status") or {}).get("conditions") or []
    return dict(conditions.find(listed, about) or {})


def is_ready(client: MemoryClient, kind: Kind, name: str) -> bool:
    return said(client, kind, name, "Ready").get("status") == "True"


async def all_ready(client: MemoryClient) -> None:
    await until(lambda: is_ready(client, kinds.ORGANIZATION, "acme"))
    await until(lambda: is_ready(client, kinds.TEAM, "platform"))
    await until(lambda: is_ready(client, kinds.REPOSITORY, "web"))


def writers(client: MemoryClient) -> list[str]:
    binding = client.stored(kinds.ROLE_BINDING, "krate-repository-web-writer", namespace="acme")
    return [subject["name"] for subject in (binding or {}).get("subjects", [])]


def writes(client: MemoryClient) -> list[Action]:
    return [action for action in client.actions if action.verb in WRITES]


async def quiet(client: MemoryClient) -> None:
    """Wait until nobody has asked the server for anything for a while."""
    while True:
        before = len(client.actions)
        for _ in range(30):
            await asyncio.sleep(0.002)
        if len(client.actions) == before:
            return


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
    status = controlled.stored(kinds.REPOSITORY, "web", namespace="acme")["status"]
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


async def test_a_removed_member_loses_access(controlled: MemoryClient, tmp_path: Path) -> None:
    """A change of a team reaches the bindings of repositories well within the second, and touches nothing else."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
        await until(lambda: writers(controlled) == ["alice", "bob"])
        await quiet(controlled)
        controlled.actions.clear()
        await controlled.patch(kinds.TEAM, "platform", {"spec": {"members": ["alice"]}}, namespace="acme")
        await until(lambda: writers(controlled) == ["alice"], seconds=1)
        await quiet(controlled)
    touched = {(action.kind.name, action.name) for action in writes(controlled) if action.subresource != "status"}
    assert touched - {(kind.name, "") for kind in HOSTED} == {
        ("Team", "platform"),
        ("RoleBinding", "krate-repository-web-writer"),
        ("RoleBinding", "krate-team-platform"),
        ("ClusterRoleBinding", "krate-organization-acme"),
        ("HostedTeam", "platform"),
    }


async def test_a_deleted_team_takes_its_access_along(controlled: MemoryClient, tmp_path: Path) -> None:
    """Without the team its people write no more, and the repository says what to do."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await until(lambda: writers(controlled) == ["alice", "bob"])
        await controlled.delete(kinds.TEAM, "platform", namespace="acme")
        await until(lambda: writers(controlled) == [])
        await until(lambda: said(controlled, kinds.REPOSITORY, "web", "AccessReady").get("reason") == "TeamMissing")


async def test_drift(controlled: MemoryClient, tmp_path: Path) -> None:
    """A deleted object comes back, a changed field is set again, and what others added stays."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
        name = "krate-repository-web-writer"
        before = controlled.stored(kinds.ROLE, name, namespace="acme")
        await controlled.delete(kinds.ROLE, name, namespace="acme")
        await until(lambda: controlled.stored(kinds.ROLE, name, namespace="acme") is not None)
        after = controlled.stored(kinds.ROLE, name, namespace="acme")
        assert (after["rules"], after["metadata"]["uid"] != before["metadata"]["uid"]) == (before["rules"], True)
        theirs = {"metadata": {"labels": {"theirs": "1"}}, "subjects": []}
        await controlled.patch(kinds.ROLE_BINDING, name, theirs, namespace="acme")
        await until(lambda: writers(controlled) == ["alice", "bob"])
        labels = controlled.stored(kinds.ROLE_BINDING, name, namespace="acme")["metadata"]["labels"]
        assert labels["theirs"] == "1"


PROTECTION = {"spec": {"defaults": {"branchProtection": {"requiredApprovals": 2, "requireUpToDate": True}}}}


async def test_what_is_wanted_no_more_goes(controlled: MemoryClient, tmp_path: Path) -> None:
    """A field that was wanted is removed, an object that was wanted is deleted, fields of others stay."""

    def protection() -> dict[str, Any]:
        found = controlled.stored(kinds.BRANCH_PROTECTION, "organization-default", namespace="acme")
        return found["spec"] if found else {}

    async with looping(controlled, tmp_path):
        await controlled.create(kinds.ORGANIZATION, factories.make_organization(**PROTECTION))
        await until(lambda: protection().get("requireUpToDate") is True)
        theirs = {"spec": {"pushers": ["robot"]}}
        await controlled.patch(kinds.BRANCH_PROTECTION, "organization-default", theirs, namespace="acme")
        less = {"spec": {"defaults": {"branchProtection": {"requireUpToDate": None}}}}
        await controlled.patch(kinds.ORGANIZATION, "acme", less)
        await until(lambda: "requireUpToDate" not in protection())
        assert (protection()["requiredApprovals"], protection()["pushers"]) == (2, ["robot"])
        await controlled.patch(kinds.ORGANIZATION, "acme", {"spec": {"defaults": None}})
        await until(lambda: protection() == {})
        await until(lambda: said(controlled, kinds.ORGANIZATION, "acme", "PoliciesReady")["reason"] == "NotRequired")


async def test_a_composite_that_is_being_deleted_is_left_alone(controlled: MemoryClient, tmp_path: Path) -> None:
    """While a finalizer holds it, its objects vanish and are not made again; when it is gone nothing is remembered."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
        held = {"metadata": {"finalizers": ["krate.a5c.ai/repository"]}}
        await controlled.patch(kinds.REPOSITORY, "web", held, namespace="acme")
        await controlled.delete(kinds.REPOSITORY, "web", namespace="acme")
        await until(lambda: said(controlled, kinds.REPOSITORY, "web", "Ready").get("reason") == "Deleting")
        await controlled.delete(kinds.ROLE, "krate-repository-web-writer", namespace="acme")
        await controlled.patch(kinds.TEAM, "platform", {"spec": {"members": ["alice"]}}, namespace="acme")
        await quiet(controlled)
        assert controlled.stored(kinds.ROLE, "krate-repository-web-writer", namespace="acme") is None
        assert writers(controlled) == ["alice", "bob"]
        await controlled.patch(kinds.REPOSITORY, "web", {"metadata": {"finalizers": None}}, namespace="acme")
        await quiet(controlled)
    assert controlled.stored(kinds.REPOSITORY, "web", namespace="acme") is None


@pytest.mark.parametrize("lost", [False, True], ids=["remembered", "memory lost"])
async def test_a_restart_writes_nothing(controlled: MemoryClient, tmp_path: Path, lost: Any) -> None:
    """Settled composites are read and compared, and left alone, whether or not anything is remembered of them."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
        await quiet(controlled)
    if lost:
        (tmp_path / loop.FILE).unlink()
    controlled.actions.clear()
    async with looping(controlled, tmp_path):
        await quiet(controlled)
    assert writes(controlled) == []


async def test_what_was_withdrawn_while_nobody_looked(controlled: MemoryClient, tmp_path: Path) -> None:
    """An object that is wanted no more goes at the next start, although nobody composes its kind any longer."""
    name = "organization-default"
    async with looping(controlled, tmp_path):
        await controlled.create(kinds.ORGANIZATION, factories.make_organization(**PROTECTION))
        await until(lambda: is_ready(controlled, kinds.ORGANIZATION, "acme"))
    await controlled.patch(kinds.ORGANIZATION, "acme", {"spec": {"defaults": None}})
    async with looping(controlled, tmp_path):
        await until(lambda: controlled.stored(kinds.BRANCH_PROTECTION, name, namespace="acme") is None)


async def test_composites_that_went_meanwhile_are_forgotten(controlled: MemoryClient, tmp_path: Path) -> None:
    """What is remembered of composites that vanished while nobody looked is dropped at the start."""
    from krate_functions.engine.remembered import Remembered  # noqa: PLC0415 - the file is the loop's while it runs

    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
    uid = controlled.stored(kinds.REPOSITORY, "web", namespace="acme")["metadata"]["uid"]
    await controlled.delete(kinds.REPOSITORY, "web", namespace="acme")
    async with looping(controlled, tmp_path):
        await quiet(controlled)
    found = Remembered(tmp_path / loop.FILE)
    assert uid not in found.composites()
    assert len(found.composites()) == 2
    found.close()


def failing(kind: Kind, verb: str, problem: Exception, *, times: float = 1) -> Callable[[Action], None]:
    """An interceptor that lets the first calls of one sort fail."""
    left = itertools.count(1)

    def intercept(action: Action) -> None:
        if action.kind is kind and action.verb == verb and next(left) <= times:
            raise problem

    return intercept


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures are tried again at once."""
    monkeypatch.setattr(queue, "FIRST_PAUSE", 0.005)
    monkeypatch.setattr(queue, "LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(world, "RETRY", 0.01)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "problem",
    [
        errors.Conflict(),
        errors.AlreadyExists(),
        errors.Forbidden("no"),
        errors.InternalError("boom"),
        errors.TooManyRequests(),
        Unreachable("refused"),
    ],
    ids=lambda problem: type(problem).__name__,
)
async def test_trouble_passes(controlled: MemoryClient, tmp_path: Path, problem: Exception) -> None:
    """Whatever the server answers for a while, composites turn Ready once it answers well."""
    controlled.interceptor = failing(kinds.HOSTED_REPOSITORY, "create", problem, times=3)
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
    assert said(controlled, kinds.REPOSITORY, "web", "Synced")["status"] == "True"


@pytest.mark.usefixtures("impatient")
async def test_a_refusal_is_said(controlled: MemoryClient, tmp_path: Path) -> None:
    """An object that the server forbids stops the reconcile, which says why, as condition and as event."""
    problem = errors.Forbidden('hostedrepositories.host.krate.a5c.ai "web" is forbidden: no')
    controlled.interceptor = failing(kinds.HOSTED_REPOSITORY, "create", problem, times=float("inf"))
    text = f'cannot compose resources: cannot apply composed resource "repository": {problem.message}'
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await until(lambda: said(controlled, kinds.REPOSITORY, "web", "Synced").get("message") == text)
        await quiet_events(controlled)
    found = [event for event in events(controlled) if event["reason"] == "ReconcileError"]
    assert [(event["type"], event["message"], event["involvedObject"]["name"]) for event in found] == [
        ("Warning", text, "web")
    ]


def events(client: MemoryClient) -> list[dict[str, Any]]:
    return [obj for (resource, _, _), obj in client.ledger.objects.items() if resource == "events"]


async def quiet_events(client: MemoryClient) -> None:
    """Wait until no event was recorded for a while."""
    while True:
        before = len(events(client))
        for _ in range(40):
            await asyncio.sleep(0.002)
        if len(events(client)) == before:
            return


@pytest.mark.usefixtures("impatient")
async def test_an_invalid_object_does_not_stop_the_others(controlled: MemoryClient, tmp_path: Path) -> None:
    """422 marks one object unsynced; everything else is written, and the composite is in sync once it is valid."""
    problem = errors.Invalid('HostedAccess "web" is invalid: spec: no')
    controlled.interceptor = failing(kinds.HOSTED_ACCESS, "create", problem, times=float("inf"))
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await until(lambda: said(controlled, kinds.REPOSITORY, "web", "Synced").get("reason") == "ReconcileError")
        await until(lambda: writers(controlled) == ["alice", "bob"])
        message = said(controlled, kinds.REPOSITORY, "web", "Synced")["message"]
        assert message == f"Unsynced resources: host-access: {problem.message}"
        controlled.interceptor = None
        await until(lambda: is_ready(controlled, kinds.REPOSITORY, "web"))
    assert said(controlled, kinds.REPOSITORY, "web", "Synced")["status"] == "True"


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
    assert controlled.stored(kinds.ROLE, "krate-repository-web-writer", namespace="acme")["rules"] == []


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
    found = controlled.stored(kinds.ROLE, "krate-repository-web-writer", namespace="acme")
    assert (found["metadata"]["labels"]["old"], len(found["rules"])) == ("1", 4)
    assert found["metadata"]["ownerReferences"][0]["kind"] == "Repository"


async def test_a_namespace_of_somebody_else(controlled: MemoryClient, tmp_path: Path) -> None:
    """An organisation whose namespace exists is refused until the namespace's owner hands it over."""
    await controlled.create(kinds.NAMESPACE, factories.make(kinds.NAMESPACE, "acme"))
    async with looping(controlled, tmp_path):
        await controlled.create(kinds.ORGANIZATION, factories.make_organization())
        about = "NamespaceReady"
        await until(lambda: said(controlled, kinds.ORGANIZATION, "acme", about).get("reason") == "NamespaceForeign")
        assert "ownerReferences" not in controlled.stored(kinds.NAMESPACE, "acme")["metadata"]
        adopt = {"metadata": {"annotations": {"krate.a5c.ai/adopt": "acme"}}}
        await controlled.patch(kinds.NAMESPACE, "acme", adopt)
        await until(lambda: is_ready(controlled, kinds.ORGANIZATION, "acme"))
    assert controlled.stored(kinds.NAMESPACE, "acme")["metadata"]["ownerReferences"][0]["name"] == "acme"


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
        have = controlled.stored(kinds.REPOSITORY, "web", namespace="acme")["status"]["conditions"]
        patch = {"status": {"conditions": [*have, theirs]}}
        await controlled.patch(kinds.REPOSITORY, "web", patch, namespace="acme", subresource="status")
        await controlled.patch(kinds.REPOSITORY, "web", {"spec": {"archived": True}}, namespace="acme")
        await until(
            lambda: controlled.stored(kinds.REPOSITORY, "web", namespace="acme")["status"]["phase"] == "Archived"
        )
    assert said(controlled, kinds.REPOSITORY, "web", "Mirrored") == theirs


async def test_events_are_recorded_once(controlled: MemoryClient, tmp_path: Path) -> None:
    """Each transition is one event; reconciles that change nothing record nothing."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
        await quiet(controlled)
        before = Counter(
            (event["involvedObject"]["kind"], event["reason"], event["type"]) for event in events(controlled)
        )
        await controlled.patch(kinds.TEAM, "platform", {"metadata": {"labels": {"a": "b"}}}, namespace="acme")
        await quiet(controlled)
    after = Counter((event["involvedObject"]["kind"], event["reason"], event["type"]) for event in events(controlled))
    assert after == before
    told = Counter((event["involvedObject"]["uid"], event["reason"], event["message"]) for event in events(controlled))
    assert {key: count for key, count in told.items() if count > 1} == {}
    assert before["Repository", "Available", "Normal"] == 1
    assert {
        event["involvedObject"]["kind"] for event in events(controlled) if event["metadata"]["namespace"] == "default"
    } == {"Organization"}


@pytest.mark.usefixtures("impatient")
async def test_a_fatal_result(client: MemoryClient, tmp_path: Path) -> None:
    """A function that refuses its input is quoted in Synced, and nothing is touched."""
    async with looping(client, tmp_path, options_override={"serves": []}):
        await client.create(kinds.ORGANIZATION, factories.make_organization())
        await until(lambda: said(client, kinds.ORGANIZATION, "acme", "Synced").get("status") == "False")
    assert said(client, kinds.ORGANIZATION, "acme", "Synced")["message"] == (
        'cannot compose resources: pipeline step "compose" returned a fatal result: Compose input is invalid: '
        "options.serves: Tuple should have at least 1 item after validation, not 0"
    )
    assert client.stored(kinds.NAMESPACE, "acme") is None


async def test_paused(controlled: MemoryClient, tmp_path: Path) -> None:
    """A paused composite says so and is left alone until the annotation goes."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
        paused = {"metadata": {"annotations": {"crossplane.io/paused": "true"}}}
        await controlled.patch(kinds.REPOSITORY, "web", paused, namespace="acme")
        await until(lambda: said(controlled, kinds.REPOSITORY, "web", "Synced").get("reason") == "ReconcilePaused")
        await controlled.patch(kinds.TEAM, "platform", {"spec": {"members": []}}, namespace="acme")
        await quiet(controlled)
        assert writers(controlled) == ["alice", "bob"]
        going = {"metadata": {"annotations": {"crossplane.io/paused": None}}}
        await controlled.patch(kinds.REPOSITORY, "web", going, namespace="acme")
        await until(lambda: writers(controlled) == [])
        await until(lambda: said(controlled, kinds.REPOSITORY, "web", "Synced").get("reason") == "ReconcileSuccess")


@pytest.mark.usefixtures("impatient")
async def test_a_kind_that_may_not_be_watched(controlled: MemoryClient, tmp_path: Path) -> None:
    """The composite says which kind it cannot see, and goes on once it may."""
    await until(lambda: any((a.verb, a.kind) == ("watch", kinds.HOSTED_TEAM) for a in controlled.actions))
    problem = errors.Forbidden("hostedteams.host.krate.a5c.ai is forbidden")
    controlled.interceptor = failing(kinds.HOSTED_TEAM, "list", problem, times=float("inf"))
    text = f"cannot compose resources: cannot watch HostedTeam: {problem.message}"
    async with looping(controlled, tmp_path):
        await controlled.create(kinds.ORGANIZATION, factories.make_organization())
        await until(lambda: is_ready(controlled, kinds.ORGANIZATION, "acme"))
        await controlled.create(kinds.TEAM, factories.make_team())
        await until(lambda: said(controlled, kinds.TEAM, "platform", "Synced").get("message") == text)
        controlled.interceptor = None
        await until(lambda: is_ready(controlled, kinds.TEAM, "platform"))


@pytest.mark.usefixtures("impatient")
async def test_composites_that_may_not_be_watched_yet(controlled: MemoryClient, tmp_path: Path) -> None:
    """A loop that starts before its rights waits for them."""
    controlled.interceptor = failing(kinds.TEAM, "list", errors.Forbidden("no"), times=3)
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)


async def test_watches_that_break(controlled: MemoryClient, tmp_path: Path) -> None:
    """Ended watches resume, and what changed while history was forgotten is found by listing."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
        controlled.compact()
        controlled.end_watches()
        await controlled.patch(kinds.TEAM, "platform", {"spec": {"members": ["bob"]}}, namespace="acme")
        await until(lambda: writers(controlled) == ["bob"])


async def test_stopping_before_anything_is_served(tmp_path: Path) -> None:
    """A loop whose server does not answer stops when it is told to."""
    client = MemoryClient()
    client.interceptor = failing(kinds.ORGANIZATION, "list", Unreachable("refused"), times=float("inf"))
    stop = asyncio.Event()
    task = asyncio.create_task(loop.run(client, state=tmp_path, compositions=COMPOSITIONS, stop=stop))
    await until(lambda: bool(client.actions))
    stop.set()
    await asyncio.wait_for(task, 5)


async def test_a_composition_for_nobody(tmp_path: Path) -> None:
    """A Composition of a kind that the platform does not know is refused at the start."""
    broken = {
        **COMPOSITIONS[0],
        "spec": {**COMPOSITIONS[0]["spec"], "compositeTypeRef": {"apiVersion": "v1", "kind": "X"}},
    }
    with pytest.raises(Exception, match="is for v1 X, which is no kind of this platform"):
        await loop.run(MemoryClient(), state=tmp_path, compositions=[broken], stop=asyncio.Event())


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
    from krate_functions.engine.reconciler import Key, spread  # noqa: PLC0415 - only this test looks inside

    found = [spread(Key("k", "acme", f"r{number}"), 3600) for number in range(200)]
    assert found == [spread(Key("k", "acme", f"r{number}"), 3600) for number in range(200)]
    assert all(3240 <= seconds <= 3960 for seconds in found)
    assert len(set(found)) > 190
    assert spread(Key("k", "acme", "r"), 0) == 0
