"""What the receive path relies on in a PushSink; the store's sink and the one in memory pass the same tests."""

from krate.identity import Caller
from krate_git.interface import (
    ZERO,
    Finding,
    Push,
    RefUpdate,
    RepositoryFacts,
    RepositoryKey,
    Verdict,
    Via,
)

WEB, API = RepositoryKey("acme", "web"), RepositoryKey("acme", "api")
MAIN = RefUpdate("refs/heads/main", ZERO, "a" * 40)
FACTS = RepositoryFacts(branches=1, tags=0, size=1000)
REFUSED = Verdict((Finding("BranchProtection/main", "requirePullRequest", MAIN.ref, "no", enforced=True),))


def push(key: RepositoryKey = WEB, *updates: RefUpdate) -> Push:
    caller = Caller("alice", ("dev", "system:authenticated"), "uid-alice")
    return Push(key, caller, Via.PUSH, updates or (MAIN,), "correlation-1")


async def test_a_repository_is_virgin_until_something_moved(sinking):
    """Beginning, refusing and finishing without a move leave it so; the first ref that moves ends it, for it alone."""
    sink = sinking.sink
    assert await sink.never_pushed(WEB)
    await sink.denied(push(), REFUSED)
    await sink.finish(await sink.begin(push(), Verdict()), (), FACTS)
    assert await sink.never_pushed(WEB)
    await sink.finish(await sink.begin(push(), Verdict()), (MAIN,), FACTS)
    assert (await sink.never_pushed(WEB), await sink.never_pushed(API)) == (False, True)


async def test_deleting_every_ref_makes_no_virgin(sinking):
    """What once held a ref is never pushed to for the first time again."""
    sink = sinking.sink
    await sink.finish(await sink.begin(push(), Verdict()), (MAIN,), FACTS)
    gone = RefUpdate(MAIN.ref, MAIN.new, ZERO)
    await sink.finish(await sink.begin(push(WEB, gone), Verdict()), (gone,), RepositoryFacts(0, 0, 0))
    assert not await sink.never_pushed(WEB)


async def test_open_intents_survive_their_process(sinking):
    """What was begun and not finished is there after a restart, with everything about the push."""
    one = await sinking.sink.begin(push(), Verdict())
    tagged = push(API, MAIN, RefUpdate("refs/tags/v1", "b" * 40, "c" * 40))
    other = await sinking.sink.begin(tagged, Verdict((), ("BranchProtection/main",)))
    closed = await sinking.sink.begin(push(), Verdict())
    await sinking.sink.finish(closed, (), FACTS)
    again = sinking.reopen()
    assert dict(await again.open_intents()) == {one: push(), other: tagged}
    await again.finish(one, (MAIN,), FACTS)
    await again.finish(other, (), FACTS)
    assert list(await again.open_intents()) == []
    assert not await again.never_pushed(WEB)


async def test_intents_have_ids_of_their_own(sinking):
    """Equal pushes get different intents."""
    ids = [await sinking.sink.begin(push(), Verdict()) for _ in range(3)]
    assert len(set(ids)) == 3


async def test_finishing_twice_is_finishing_once(sinking):
    """A host that does not know whether it succeeded may try again, and an unknown intent is nothing to close."""
    sink = sinking.sink
    intent = await sink.begin(push(), Verdict())
    await sink.finish(intent, (MAIN,), FACTS)
    await sink.finish(intent, (MAIN,), FACTS)
    assert list(await sink.open_intents()) == []


async def test_a_refusal_opens_nothing(sinking):
    """A denied push leaves no intent."""
    await sinking.sink.denied(push(), REFUSED)
    assert list(await sinking.sink.open_intents()) == []
