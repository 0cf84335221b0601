"""Where the receive path records what it lets through: the sink of the Git host, over the store.

An intent is a private row, committed before any ref moves. The transaction that closes it also updates
RepositoryContent, the record of who moved which ref, and every open pull request from the moved branch: those ordinary
MODIFIED events are what controllers watch. A ref that moved without an intent has pusher `unknown`.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from krate import conditions, kinds, names
from krate.clock import Clock, rfc3339
from krate.conditions import Reason, Type
from krate.identity import Caller
from krate.models.activity import AccessDecision
from krate_api import activity
from krate_api.forge import merge_records, objects
from krate_api.forge.pull_facts import REFS, stale_review
from krate_api.store.interface import ANY, Operation, Record, Stale, Store
from krate_api.strategies.forge import MERGE_REQUESTS, merged
from krate_git.interface import (
    ZERO,
    GitError,
    GitReading,
    Push,
    RefUpdate,
    RepositoryFacts,
    RepositoryKey,
    Verdict,
    Via,
)

INTENTS: Final = "intents"
HEADS: Final = "refs/heads/"


def _encode(push: Push, verdict: Verdict) -> bytes:
    return orjson.dumps(
        {
            "namespace": push.key.namespace,
            "name": push.key.name,
            "caller": {
                "username": push.caller.username,
                "uid": push.caller.uid,
                "groups": list(push.caller.groups),
            },
            "via": push.via,
            "updates": [[update.ref, update.old, update.new] for update in push.updates],
            "correlationID": push.correlation_id,
            "pullRequest": push.pull_request,
            "bypassed": list(verdict.bypassed),
        }
    )


def _decode(value: bytes) -> Push:
    raw: Mapping[str, Any] = orjson.loads(value)
    caller = raw["caller"]
    return Push(
        RepositoryKey(raw["namespace"], raw["name"]),
        Caller(caller["username"], tuple(caller["groups"]), caller["uid"]),
        Via(raw["via"]),
        tuple(RefUpdate(*update) for update in raw["updates"]),
        raw["correlationID"],
        raw["pullRequest"],
    )


class StorePushSink:
    """The `PushSink` of embedded mode."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def never_pushed(self, key: RepositoryKey) -> bool:
        content = await objects.get(self._store, kinds.REPOSITORY_CONTENT, key.namespace, key.name)
        return not ((content or {}).get("status") or {}).get("lastPush")

    async def begin(self, push: Push, verdict: Verdict) -> str:
        intent = uuid.uuid4().hex
        await self._store.commit([Record(INTENTS, intent, _encode(push, verdict), None)])
        return intent

    async def open_intents(self) -> Sequence[tuple[str, Push]]:
        return [(key, _decode(value)) for key, value in await self._store.records(INTENTS)]

    async def denied(self, push: Push, verdict: Verdict) -> None:
        reason = "; ".join(
            f"{finding.source} ({finding.rule}): {finding.message}" for finding in verdict.findings if finding.enforced
        )
        await self._store.commit([self._entry(push, push.updates, AccessDecision.DENIED, reason)])

    async def finish(self, intent: str, moved: Sequence[RefUpdate], facts: RepositoryFacts) -> None:
        while (value := self._store.record(INTENTS, intent)) is not None:
            batch = await self._closing(intent, value, moved, facts)
            try:
                await self._store.commit(batch)
            except Stale:
                continue
            return

    async def _closing(
        self, intent: str, value: bytes, moved: Sequence[RefUpdate], facts: RepositoryFacts
    ) -> list[Operation]:
        """Everything that belongs into the transaction that closes an intent, whoever closes it.

        A merge whose server died before it could say so becomes Merged here, at the next start.
        """
        push = _decode(value)
        bypassed: list[str] = orjson.loads(value)["bypassed"]
        batch: list[Operation] = [Record(INTENTS, intent, None, value)]
        if not moved:
            return batch
        now = rfc3339(self._clock())
        for update in moved:
            batch.append(_moved_by(push, update, now))
            if update.ref.startswith(HEADS) and update.new != ZERO:
                batch += await self._heads(push.key, update, push.caller.username, now)
                batch += await self._merged(push, update, now)
        batch += await self._content(push, moved, facts, now)
        reason = f"bypassed {', '.join(bypassed)}" if bypassed else ""
        batch.append(self._entry(push, moved, AccessDecision.ALLOWED, reason))
        return batch

    async def _merged(self, push: Push, update: RefUpdate, now: str) -> list[Operation]:
        """A merge that moved its target makes its pull request Merged."""
        if push.via is not Via.MERGE:
            return []
        pull = await objects.get(self._store, kinds.PULL_REQUEST, push.key.namespace, push.pull_request)
        if pull is None or merged(pull):
            return []
        return merge_records.merged(pull, commit=update.new, user=push.caller.username, now=now)

    async def _content(
        self, push: Push, moved: Sequence[RefUpdate], facts: RepositoryFacts, now: str
    ) -> list[Operation]:
        content = await objects.get(self._store, kinds.REPOSITORY_CONTENT, push.key.namespace, push.key.name)
        if content is None:
            return []
        last = moved[-1]
        status: dict[str, Any] = {
            **(content.get("status") or {}),
            "branches": facts.branches,
            "tags": facts.tags,
            "size": facts.size,
            "lastPush": {"ref": last.ref, "sha": last.new, "by": push.caller.username, "at": now},
        }
        return [objects.say(kinds.REPOSITORY_CONTENT, content, status, now)]

    async def _heads(self, key: RepositoryKey, update: RefUpdate, pusher: str, now: str) -> list[Operation]:
        """Open pull requests from the branch follow it; their reviews go stale and merge requests drop."""
        branch = update.ref.removeprefix(HEADS)
        fields = {"spec.repository": key.name, "spec.source.branch": branch}
        batch: list[Operation] = []
        for pull in await objects.select(self._store, kinds.PULL_REQUEST, key.namespace, fields):
            if merged(pull) or pull["spec"].get("closed") or pull["status"].get("headSHA") == update.new:
                continue
            batch += await self._follow(pull, update.new, pusher, now)
        return batch

    async def _follow(self, pull: Mapping[str, Any], head: str, pusher: str, now: str) -> list[Operation]:
        meta = pull["metadata"]
        status: dict[str, Any] = {**pull["status"], "headSHA": head, "headPushedBy": pusher}
        batch: list[Operation] = []
        if status.pop("mergeRequest", None) is not None:
            moved = conditions.false(
                Type.MERGED, Reason.HEAD_MOVED, "The head moved after the merge was asked for; look at it and ask again"
            )
            status["conditions"] = conditions.merge(status.get("conditions") or [], [moved], now=now)
            batch.append(Record(MERGE_REQUESTS, f"{meta['namespace']}/{meta['name']}", None, ANY))
        batch.append(objects.say(kinds.PULL_REQUEST, pull, status, now))
        fields = {"spec.pullRequest": meta["name"]}
        reviews = await objects.select(self._store, kinds.REVIEW, meta["namespace"], fields)
        batch += [stale_review(one, now) for one in reviews if not _stale(one) and one["spec"].get("sha") != head]
        return batch

    def _entry(self, push: Push, updates: Sequence[RefUpdate], decision: AccessDecision, reason: str) -> Operation:
        """The audit row of a push or merge."""
        specs = " ".join(f"{update.new}:{update.ref}" if update.new != ZERO else f":{update.ref}" for update in updates)
        verb = "merge" if push.via is Via.MERGE else "push"
        return activity.Entry(
            push.caller,
            verb,
            kinds.REPOSITORY.api_version,
            kinds.REPOSITORY.name,
            push.key.namespace,
            push.key.name,
            rfc3339(self._clock()),
            push.correlation_id,
            decision,
            kinds.GIT_SUBRESOURCE,
            reason,
            f"git push origin {specs}" if push.via is Via.PUSH else f"merge of {push.pull_request}: {specs}",
        ).operation()

    async def follow_heads(self, git: GitReading) -> int:
        """Compare every open pull request's head with its branch; answers how many had moved without an intent."""
        found = 0
        page = await self._store.page(kinds.PULL_REQUEST.resource)
        for item in page.items:
            pull = orjson.loads(item.body)
            if merged(pull) or pull["spec"].get("closed"):
                continue
            key = RepositoryKey(pull["metadata"]["namespace"], pull["spec"]["repository"])
            try:
                head = await git.resolve(key, HEADS + pull["spec"]["source"]["branch"])
            except GitError:
                continue
            if head != pull["status"].get("headSHA"):
                now = rfc3339(self._clock())
                await self._store.commit(await self._follow(pull, head, names.UNKNOWN_PUSHER, now))
                found += 1
        return found


def _moved_by(push: Push, update: RefUpdate, now: str) -> Record:
    key = f"{push.key.namespace}/{push.key.name}/{update.ref}"
    if update.new == ZERO:
        return Record(REFS, key, None, ANY)
    return Record(REFS, key, orjson.dumps({"sha": update.new, "by": push.caller.username, "at": now}), ANY)


def _stale(review: Mapping[str, Any]) -> bool:
    return bool((review.get("status") or {}).get("stale"))
