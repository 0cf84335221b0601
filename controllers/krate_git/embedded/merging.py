"""GitMerging on this machine: the merge service's way to move a target branch, under the same lock as a push."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pygit2

from krate.clock import Clock
from krate_git import interface, merge, repositories
from krate_git.embedded import ledger
from krate_git.embedded.hosting import Hosting
from krate_git.embedded.judging import Judge
from krate_git.embedded.ledger import Ledger
from krate_git.embedded.locks import Locks
from krate_git.embedded.records import Held
from krate_git.interface import (
    ZERO,
    GitError,
    MergeOrder,
    MergeOutcome,
    Push,
    RefMoved,
    RefUpdate,
    Verdict,
    Via,
)
from krate_git.repositories import HEADS
from krate_git.workers import Workers

Close = Callable[[MergeOutcome], Awaitable[None]]


class Merging:
    """Merges of one host."""

    def __init__(
        self, *, hosting: Hosting, locks: Locks, ledger: Ledger, judge: Judge, workers: Workers, clock: Clock
    ) -> None:
        self._hosting = hosting
        self._locks = locks
        self._ledger = ledger
        self._judge = judge
        self._workers = workers
        self._clock = clock
        self._running: set[asyncio.Future[MergeOutcome]] = set()

    async def merge(self, order: MergeOrder, *, close: Close | None = None) -> MergeOutcome:
        """As `interface.GitMerging.merge` says; a caller that is cancelled leaves a merge that still completes."""
        task = asyncio.ensure_future(self._locked(order, close))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Wait until every merge that is under way has ended."""
        while self._running:
            await asyncio.wait(self._running)

    async def _locked(self, order: MergeOrder, close: Close | None) -> MergeOutcome:
        path = self._hosting.locate(order.key)
        async with self._locks.hold(order.key, path):
            await self._ledger.settle(order.key)
            held = self._hosting.held(order.key)
            if held.settings.archived:
                raise GitError("the repository is archived; nothing can be merged")
            return await self._merge(held, order, close)

    async def _merge(self, held: Held, order: MergeOrder, close: Close | None) -> MergeOutcome:
        commit = await self._workers.light(repositories.call, _write, held.path, order, self._signature(order))
        update = RefUpdate(HEADS + order.target, order.target_sha, commit)
        push = self._push(order, (update,))
        verdict = await self._judge.verdict(held, push, merge=order.facts)
        if not verdict.allowed:
            await self._judge.sink.denied(push, verdict)
            return MergeOutcome(verdict)
        deletion, verdict_of_deletion = await self._deletion(held, order)
        push = self._push(order, (update, *deletion))
        intent = await self._ledger.begin(push, verdict)
        try:
            await self._workers.light(repositories.call, _move, held.path, push.updates)
            moved, facts = await self._workers.light(ledger.look, held.path, push.updates)
        except BaseException:
            # Closed from the refs: whatever moved before the failure is recorded.
            await self._ledger.close(intent, push)
            raise
        outcome = MergeOutcome(verdict, commit, intent, len(moved) > 1, verdict_of_deletion, moved, facts)
        if close is not None:
            try:
                await close(outcome)
            except BaseException:
                self._ledger.leave_open(intent, push)
                raise
        return outcome

    async def _deletion(self, held: Held, order: MergeOrder) -> tuple[tuple[RefUpdate, ...], Verdict]:
        """The deletion of the source branch, if it is asked for and the rules allow it."""
        if not order.delete_source:
            return (), Verdict()
        update = RefUpdate(HEADS + order.source, order.head_sha, ZERO)
        push = self._push(order, (update,))
        verdict = await self._judge.verdict(held, push)
        if not verdict.allowed:
            await self._judge.sink.denied(push, verdict)
            return (), verdict
        return (update,), verdict

    def _push(self, order: MergeOrder, updates: tuple[RefUpdate, ...]) -> Push:
        return Push(order.key, order.caller, Via.MERGE, updates, order.correlation_id, order.pull_request)

    def _signature(self, order: MergeOrder) -> interface.Signature:
        return merge.signature(order.author_name, order.author_email, self._clock())


def _write(repository: pygit2.Repository, order: MergeOrder, author: interface.Signature) -> str:
    """The merge commit of an order, once target and source are found where the order says."""
    for branch, expected in ((order.target, order.target_sha), (order.source, order.head_sha)):
        found = repositories.read_ref(repository, HEADS + branch)
        if found != expected:
            where = f"at {found[:10]}" if found else "gone"
            raise RefMoved(f"{branch} is {where}, not at {expected[:10]}; look again and decide anew")
    return merge.write_merge(
        repository, target=order.target_sha, head=order.head_sha, message=order.message, author=author
    )


def _move(repository: pygit2.Repository, updates: tuple[RefUpdate, ...]) -> None:
    """Move the target, then delete the source; a source that cannot be deleted leaves the merge as it is."""
    target, *rest = updates
    merge.move_ref(repository, target.ref, old=target.old, new=target.new)
    for update in rest:
        with contextlib.suppress(GitError):
            merge.move_ref(repository, update.ref, old=update.old, new=update.new)
