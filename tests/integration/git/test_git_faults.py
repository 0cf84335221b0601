"""What goes wrong while somebody pushes: every fault refuses the push, and no fault loses or invents a ref."""

import asyncio
import errno
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import httpx2
import pytest

import git_rooms
import git_samples
import git_server
from krate.identity import Attributes, Caller, Decision
from krate_git.document import BranchRules, Source
from krate_git.embedded import hook
from krate_git.interface import GitError, Push, RefUpdate, RepositoryFacts, RepositoryKey, Verdict
from krate_git.memory import MemoryPushSink

PROTECTED = BranchRules(Source("BranchProtection", "main"), require_pull_request=True)
RECEIVE = {"content-type": "application/x-git-receive-pack-request"}


class Faulty(MemoryPushSink):
    """A sink that does what a test tells it to, just before or just after it does its own work."""

    before_begin: Callable[[Push], Awaitable[None]] | None = None
    after_begin: Callable[[Push], Awaitable[None]] | None = None
    before_finish: Callable[[str], Awaitable[None]] | None = None
    before_denied: Callable[[Push], Awaitable[None]] | None = None

    async def begin(self, push: Push, verdict: Verdict) -> str:
        if self.before_begin is not None:
            await self.before_begin(push)
        intent = await super().begin(push, verdict)
        if self.after_begin is not None:
            await self.after_begin(push)
        return intent

    async def finish(self, intent: str, moved: Sequence[RefUpdate], facts: RepositoryFacts) -> None:
        if self.before_finish is not None:
            await self.before_finish(intent)
        await super().finish(intent, moved, facts)

    async def denied(self, push: Push, verdict: Verdict) -> None:
        if self.before_denied is not None:
            await self.before_denied(push)
        await super().denied(push, verdict)


@pytest.fixture
def sink() -> Faulty:
    return Faulty()


@pytest.fixture
async def room(tmp_path: Path, sink: Faulty) -> AsyncGenerator[git_rooms.Room]:
    async with git_rooms.open_room(tmp_path, sink=sink) as found:
        yield found


@pytest.fixture
async def tree(room: git_rooms.Room) -> Path:
    return await room.work_tree()


async def push(room: git_rooms.Room, tree: Path, *specs: str, user: str = "alice") -> git_rooms.Outcome:
    return await room.git("push", "origin", *(specs or ("main",)), cwd=tree, user=user, check=False)


async def refused(room: git_rooms.Room, tree: Path, text: str) -> None:
    """A push to a fresh branch is refused with that text, and leaves no ref and no open intent."""
    before = await room.refs()
    outcome = await push(room, tree, "main:refs/heads/refused")
    assert outcome.status != 0
    assert f"remote: {text}" in outcome.err, outcome.err
    assert await room.refs() == before
    assert list(await room.sink.open_intents()) == []


async def post(room: git_rooms.Room, body: bytes | AsyncIterator[bytes]) -> httpx2.Response:
    """A push without asking for refs first."""
    async with httpx2.AsyncClient() as client:
        headers = {**RECEIVE, "authorization": git_rooms.basic("alice")}
        return await client.post(f"{room.clone_url()}/git-receive-pack", content=body, headers=headers)


async def closed(room: git_rooms.Room, tree: Path, text: str) -> None:
    """No push is accepted at all, from a client that asks for refs first and from one that does not."""
    await refused(room, tree, text)
    answer = await post(room, await git_rooms.push_body(tree, "refs/heads/refused"))
    assert (answer.status_code, answer.text) == (503, text + "\n")
    assert await room.refs() == {}


# ------------------------------------------------------------------------------------------------ hook and evaluator


HOOK_BROKEN = "the receive hook is not as it was installed, so no push is accepted; restart the Git host."
NOT_RUNNING = "the rules of repositories cannot be evaluated now, so no push is accepted"


def hooks_of(room: git_rooms.Room) -> Path:
    (folder,) = (room.folder.parent / "data" / ".krate" / "hooks").iterdir()
    return folder


BREAK = {
    "deleted": lambda path: path.unlink(),
    "not executable": lambda path: path.chmod(0o400),
    "writable": lambda path: path.chmod(0o700),
    "changed": lambda path: (path.chmod(0o700), path.write_text("#!/bin/sh\nexit 0\n"), path.chmod(0o500)),
    "a link": lambda path: (path.rename(path.with_name("krate-hook.bak")), path.symlink_to("/bin/true")),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


BROKEN = [
    (name, how)
    for name in ("pre-receive", "krate-hook.py")
    for how in BREAK
    if (name, how) != ("krate-hook.py", "not executable")
]


@pytest.mark.parametrize(("name", "how"), BROKEN)
async def test_a_hook_that_is_not_as_installed(room: git_rooms.Room, tree: Path, name: str, how: str):
    """Deleted, without its x bit, writable, changed or replaced: no push, though Git itself would let it through."""
    folder = hooks_of(room)
    folder.chmod(0o700)
    BREAK[how](folder / name)
    folder.chmod(0o500)
    await closed(room, tree, HOOK_BROKEN)


@pytest.mark.parametrize("spoil", ["missing", "writable", "another hook"])
async def test_a_hooks_folder_that_is_not_as_installed(room: git_rooms.Room, tree: Path, spoil: str):
    """A folder that is gone, open to others, or holds one file more: no push."""
    folder = hooks_of(room)
    folder.chmod(0o700)
    if spoil == "missing":
        folder.rename(folder.with_name("elsewhere"))
    elif spoil == "another hook":
        (folder / "update").write_text("#!/bin/sh\nexit 0\n")
        folder.chmod(0o500)
    await closed(room, tree, HOOK_BROKEN)


async def test_a_dead_evaluator(room: git_rooms.Room, tree: Path):
    """Without its socket nobody is admitted."""
    await room.host._evaluator.stop()
    await closed(room, tree, NOT_RUNNING)


async def test_an_evaluator_that_dies_during_the_push(room: git_rooms.Room, tree: Path):
    """The hook finds nobody at the socket, and refuses."""
    socket = room.host._evaluator.socket
    body = await git_rooms.push_body(tree, "refs/heads/main")

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:20]
        socket.unlink()
        yield body[20:]

    answer = await post(room, slowly())
    assert "cannot be evaluated now; try again in a moment" in git_rooms.told(answer.content)
    assert await room.refs() == {}


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({}, "did not come through the Git host"),
        ({hook.NONCE: "x"}, "did not come through the Git host"),
        ({hook.SOCKET: "SOCKET", hook.NONCE: "f" * 64}, "did not come through the Git host"),
        ({hook.SOCKET: "/nowhere", hook.NONCE: "x"}, "cannot be evaluated now"),
    ],
    ids=["nothing", "no socket", "forged nonce", "dead socket"],
)
async def test_a_receive_pack_that_the_host_did_not_start(
    room: git_rooms.Room, tree: Path, environment: dict[str, str], text: str
):
    """Somebody who runs receive-pack with our hook but without a nonce of ours moves nothing."""
    socket = os.fspath(room.host._evaluator.socket)
    found = {name: value.replace("SOCKET", socket) for name, value in environment.items()}
    path = room.host.locate(git_rooms.KEY)
    hooks = hooks_of(room)
    outcome = await git_rooms.git(
        "push", f"--receive-pack=git -c core.hooksPath={hooks} receive-pack", os.fspath(path), "main",
        cwd=tree, check=False, env=found,
    )  # fmt: skip
    assert (outcome.status, text in outcome.err) == (1, True), outcome.err
    assert await room.refs() == {}


async def ask(room: git_rooms.Room, question: bytes) -> bytes:
    """What the evaluator answers to a question on its socket."""
    reader, writer = await asyncio.open_unix_connection(os.fspath(room.host._evaluator.socket))
    writer.write(question)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_nonce_is_good_once_and_for_its_push_only(room: git_rooms.Room):
    """Malformed questions, wrong quarantines and second uses are refused, each nonce being used up by its first."""
    held = room.host.held(git_rooms.KEY)
    line = f"{'0' * 40} {'a' * 40} refs/heads/main\n".encode()
    questions = [
        (b"\n\n" + b"no update\n", b"no ref update"),
        (b"\n\n", b"no ref update"),
        (b"/etc\n\n" + line, b"not inside its repository"),
        (b"/tmp/tmp_objdir-incoming-x\n\n" + line, b"not inside its repository"),
        (f"{held.path}/objects/../../x\n\n".encode() + line, b"not inside its repository"),
        (b"\n\n" + line, b"which it does not bring"),
    ]
    for rest, text in questions:
        session, environment = room.host._evaluator.admit(held, Caller("alice"), "c")
        nonce = environment[hook.NONCE].encode()
        answer = await ask(room, nonce + b"\n" + rest)
        assert answer.startswith(b"refuse\n"), answer
        assert text in answer, answer
        assert (await ask(room, nonce + b"\n" + rest)).startswith(b"refuse\nRefused: this push did not come")
        assert await room.host._evaluator.settle(session) == ()
    assert await ask(room, b"") == b"refuse\nRefused: this push did not come through the Git host\nend\n"


# ------------------------------------------------------------------------------------------------ store and disk


async def full_disk(push: Push) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_an_intent_that_cannot_be_written(room: git_rooms.Room, tree: Path, sink: Faulty):
    """A full disk or a failing store refuses the push before anything moves, and the next one works."""
    sink.before_begin = full_disk
    await refused(room, tree, "Refused: the rules of this repository cannot be evaluated; details: krate trace")
    sink.before_begin = None
    assert (await push(room, tree)).ok


async def test_a_denial_that_cannot_be_recorded(room: git_rooms.Room, tree: Path, sink: Faulty):
    """A refusal stays a refusal when the store fails."""
    await room.protect(branches=[BranchRules(Source("BranchProtection", "all"), ("**",), require_pull_request=True)])
    sink.before_denied = full_disk
    await refused(room, tree, "Refused: the rules of this repository cannot be evaluated")


async def test_a_push_that_cannot_be_recorded_blocks_the_next(room: git_rooms.Room, tree: Path, sink: Faulty):
    """The refs moved, so the client hears of it; until the store has heard of it too, nothing else moves."""

    async def fail(intent: str) -> None:
        raise OSError(errno.EIO, "Input/output error")

    sink.before_finish = fail
    assert (await push(room, tree)).ok
    blocked = await push(room, tree, "main:topic")
    assert "an earlier push is not recorded yet, so nothing may move" in blocked.err
    assert sorted(await room.refs()) == ["refs/heads/main"]
    sink.before_finish = None
    assert (await push(room, tree, "main:topic")).ok
    assert [[update.ref for update in done.moved] for done in sink.finished] == [
        ["refs/heads/main"],
        ["refs/heads/topic"],
    ]


async def test_a_disk_that_fails_to_flush(tmp_path: Path):
    """A setting or a policy that cannot be made durable is an error, and the one before stays in force."""
    failing = False

    def sync(descriptor: int) -> None:
        if failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        os.fsync(descriptor)

    async with git_rooms.open_room(tmp_path, sync=sync) as room:
        before = git_rooms.policy().digest
        failing = True
        other = git_rooms.policy(branches=[PROTECTED])
        for change in (
            room.host.put_ref_policy(git_rooms.KEY, other),
            room.host.put_repository(git_rooms.settings(description="new")),
            room.host.put_repository(git_rooms.settings(RepositoryKey("acme", "second"))),
            room.host.put_access(git_rooms.KEY, ()),
            room.host.put_organization("globex", full_name="Globex", visibility="private"),
            room.host.put_team("acme", "platform", ["alice"]),
            room.host.retire_repository(git_rooms.KEY, "uid-1"),
        ):
            with pytest.raises(GitError, match=r"could not write to its disk: .*No space left"):
                await change
        failing = False
        assert await room.host.find_ref_policy_digest(git_rooms.KEY) == before
        assert await room.host.find_repository(git_rooms.KEY) == git_rooms.settings()
        assert await room.host.find_repository(RepositoryKey("acme", "second")) is None
        assert await room.host.find_access(git_rooms.KEY) is None
        assert await room.host.find_team("acme", "platform") is None
        stored = {path.name for path in room.host.locate(git_rooms.KEY).joinpath("krate").iterdir()}
        assert stored == {"settings.json", "policy.json", "lock"}
    async with git_rooms.open_room(tmp_path, sync=sync) as room:
        assert await room.host.find_ref_policy_digest(git_rooms.KEY) == before


# ------------------------------------------------------------------------------------------------ killed processes


async def until(holds: Callable[[], object]) -> None:
    """Wait for what no event announces: a process, or a record of another task."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


def receive_packs() -> list[int]:
    return git_server.receive_packs(os.getpid())


async def test_receive_pack_killed_between_intent_and_refs(room: git_rooms.Room, tree: Path, sink: Faulty):
    """The intent is closed with nothing moved, the repository is free, and the next push is a first push still."""

    async def kill(push: Push) -> None:
        (pid,) = receive_packs()
        os.kill(pid, signal.SIGKILL)

    sink.after_begin = kill
    outcome = await push(room, tree)
    assert outcome.status != 0
    assert await room.refs() == {}
    assert [done.moved for done in sink.finished] == [()]
    assert list(await sink.open_intents()) == []
    sink.after_begin = None
    await room.protect(branches=[PROTECTED])
    assert (await push(room, tree)).ok


async def test_receive_pack_killed_while_it_is_judged(room: git_rooms.Room, tree: Path, sink: Faulty):
    """A push that dies before its intent is written is settled only after the judgement ended; no intent stays open."""

    async def kill(push: Push) -> None:
        (pid,) = receive_packs()
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not receive_packs())
        # The process is gone and its session waits; the intent is written all the same, a moment later.
        await asyncio.sleep(0.05)

    sink.before_begin = kill
    assert not (await push(room, tree)).ok
    await until(lambda: sink.finished)
    assert ([done.moved for done in sink.finished], list(await sink.open_intents())) == ([()], [])
    sink.before_begin = None
    assert (await push(room, tree)).ok


async def test_who_pushed_reads_what_they_wrote(room: git_rooms.Room, tree: Path, sink: Faulty):
    """The answer to a push ends only after the push is recorded."""
    recording, proceed = asyncio.Event(), asyncio.Event()

    async def wait(intent: str) -> None:
        recording.set()
        await proceed.wait()

    sink.before_finish = wait
    pushing = asyncio.create_task(push(room, tree))
    await recording.wait()
    await asyncio.wait({pushing}, timeout=0.5)
    assert not pushing.done()
    proceed.set()
    assert (await pushing).ok


async def test_a_client_that_vanishes_during_the_upload(room: git_rooms.Room, tree: Path):
    """Half a pack moves nothing, leaves no process and no lock."""
    body = await git_rooms.push_body(tree, "refs/heads/main")
    reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
    head = (
        f"POST /acme/web.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: {git_rooms.basic('alice')}\r\n"
        f"Content-Type: {RECEIVE['content-type']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body[:-10])
    await writer.drain()
    await until(receive_packs)
    writer.transport.abort()
    await until(lambda: not receive_packs())
    assert await room.refs() == {}
    assert (await push(room, tree)).ok
    del reader


async def test_a_client_that_vanishes_after_the_upload(room: git_rooms.Room, tree: Path, sink: Faulty):
    """Once the pack is there the push runs to its end and is recorded, though nobody reads the answer."""
    body = await git_rooms.push_body(tree, "refs/heads/main")
    begun, gone = asyncio.Event(), asyncio.Event()

    async def wait(push: Push) -> None:
        begun.set()
        await gone.wait()

    sink.before_begin = wait
    _, writer = await asyncio.open_connection("127.0.0.1", room.port)
    head = (
        f"POST /acme/web.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: {git_rooms.basic('alice')}\r\n"
        f"Content-Type: {RECEIVE['content-type']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    await begun.wait()
    writer.transport.abort()
    await asyncio.sleep(0)
    gone.set()
    await until(lambda: sink.finished)
    assert sorted(await room.refs()) == ["refs/heads/main"]
    assert [[update.ref for update in done.moved] for done in sink.finished] == [["refs/heads/main"]]


# ------------------------------------------------------------------------------------------------ races


async def test_two_first_pushes(room: git_rooms.Room, tree: Path, sink: Faulty):
    """Of two racing first pushes one wins; the loser is judged by the full rule and refused."""
    await room.protect(branches=[PROTECTED])
    other = await room.work_tree("other", files={"b": "2"})
    await git_rooms.git("commit", "-q", "--amend", "-m", "unrelated", cwd=other)
    outcomes = await asyncio.gather(push(room, tree), push(room, other, user="bob"))
    assert sorted(outcome.ok for outcome in outcomes) == [False, True]
    assert len(await room.refs()) == 1
    assert [len(done.moved) for done in sink.finished] == [1]
    (loser,) = [outcome for outcome in outcomes if not outcome.ok]
    assert "remote: Refused: refs/heads/main" in loser.err or "fetch first" in loser.err


async def test_refs_that_the_store_does_not_know_of(room: git_rooms.Room, tree: Path):
    """A repository that holds a ref is no virgin, whatever the records say."""
    git_samples.Scribe(room.host.locate(git_rooms.KEY)).commit({"a": b"1"}, branch="elsewhere")
    await room.protect(branches=[PROTECTED])
    assert await room.sink.never_pushed(git_rooms.KEY)
    assert "rule requirePullRequest" in (await push(room, tree)).err


async def test_the_loser_of_a_first_push_hears_the_full_rule(room: git_rooms.Room, tree: Path, sink: Faulty):
    """A push that began before the first one ended, and creates another branch beside, is no first push any more."""
    await room.protect(branches=[BranchRules(Source("BranchProtection", "all"), ("**",), require_pull_request=True)])
    started, proceed = asyncio.Event(), asyncio.Event()

    async def wait(push: Push) -> None:
        started.set()
        await proceed.wait()

    sink.before_begin = wait
    winner = asyncio.create_task(push(room, tree))
    await started.wait()
    sink.before_begin = None
    loser = asyncio.create_task(push(room, tree, "main:other", user="bob"))
    await until(lambda: len(receive_packs()) == 2)
    proceed.set()
    assert (await winner).ok
    assert "by BranchProtection/all, rule requirePullRequest:" in (await loser).err


async def test_concurrent_pushes_to_one_repository(room: git_rooms.Room, tree: Path, sink: Faulty):
    """Ten pushes to ten branches at once all arrive, one after the other; ten to one branch let one win."""
    assert (await push(room, tree)).ok
    trees = []
    for number in range(10):
        copy = room.folder / f"copy{number}"
        await room.git("clone", "-q", room.clone_url(), os.fspath(copy))
        await room.commit(copy, {"n": str(number)}, f"change {number}")
        trees.append(copy)
    own = await asyncio.gather(*(push(room, copy, f"main:own{number}") for number, copy in enumerate(trees)))
    assert [outcome.status for outcome in own] == [0] * 10
    assert len(await room.refs()) == 11
    same = await asyncio.gather(*(push(room, copy, "main") for copy in trees))
    assert sorted(outcome.ok for outcome in same) == [False] * 9 + [True]
    (winner,) = [copy for copy, outcome in zip(trees, same, strict=True) if outcome.ok]
    assert (await room.refs())["refs/heads/main"] == (await git_rooms.git("rev-parse", "HEAD", cwd=winner)).out
    assert [len(done.moved) for done in sink.finished] == [1] * 12
    assert list(await sink.open_intents()) == []


async def test_a_ref_that_moves_under_a_push(room: git_rooms.Room, tree: Path):
    """A push whose old value is no longer true is refused as a whole with that reason, before any rule looks at it."""
    assert (await push(room, tree)).ok
    one = (await git_rooms.git("rev-parse", "HEAD", cwd=tree)).out
    await room.commit(tree, {"a": "b"})
    assert (await push(room, tree)).ok
    await room.commit(tree, {"a": "c"})
    body = await git_rooms.push_body(tree, "refs/heads/main", old=one)
    answer = await post(room, body)
    assert "refs/heads/main moved while you pushed; fetch, look again, and push anew" in git_rooms.told(answer.content)


async def test_a_right_that_is_lost_during_the_push(room: git_rooms.Room, tree: Path, sink: Faulty):
    """The right is reviewed again under the lock, after the upload, and the refusal is recorded."""
    review, updates = room.gate.review, 0

    async def losing(caller: Caller, attributes: Attributes) -> Decision:
        nonlocal updates
        updates += attributes.verb == "update"
        return Decision(allowed=False) if updates > 2 else await review(caller, attributes)

    room.gate.review = losing
    outcome = await push(room, tree)
    assert "by Krate/host, rule access:" in outcome.err
    assert await room.refs() == {}
    assert [verdict.findings[0].rule for _, verdict in sink.refused] == ["access"]


@pytest.mark.parametrize("end", ["deleted", "retired"])
async def test_a_repository_that_goes_while_it_is_pushed_to(room: git_rooms.Room, tree: Path, end: str):
    """A push that was uploading when its repository went is refused, and the repository stays gone."""
    body = await git_rooms.push_body(tree, "refs/heads/main")
    path = room.host.locate(git_rooms.KEY)

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:20]
        await until(receive_packs)
        if end == "deleted":
            await room.host.delete_repository(git_rooms.KEY, "uid-1")
        else:
            await room.host.retire_repository(git_rooms.KEY, "uid-1")
        yield body[20:]

    answer = await post(room, slowly())
    assert b"ok refs/heads/main" not in answer.content
    assert path.exists() is (end == "retired")
    if end == "retired":
        assert "the Git host holds no such repository" in git_rooms.told(answer.content)
        await room.host.put_repository(git_rooms.settings())
        assert await room.refs() == {}
