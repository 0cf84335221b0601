"""What a merge leaves on its pull request: Merged in the intent's own transaction, or a condition that says why not."""

from collections.abc import Mapping
from typing import Any

from krate import clock, conditions, kinds
from krate.conditions import Condition, Reason, Type
from krate.models.pullrequest import PullRequestPhase
from krate_api.forge import objects
from krate_api.forge.source import Source
from krate_api.store.interface import ANY, Operation, Record, Stale
from krate_api.strategies import forge
from krate_api.strategies.forge import MERGE_REQUESTS


def merged(pull: Mapping[str, Any], *, commit: str, user: str, now: str) -> list[Operation]:
    """Operations that make the pull request Merged: part of the transaction that closes the merge's intent."""
    meta = pull["metadata"]
    reached = conditions.true(Type.MERGED, Reason.MERGED, f"Merged as {commit}")
    status: dict[str, Any] = {
        **pull["status"],
        "mergeCommit": commit,
        "mergedBy": user,
        "mergedAt": now,
        "phase": PullRequestPhase.MERGED.value,
        "conditions": conditions.merge(pull["status"].get("conditions") or [], [reached], now=now),
    }
    return [
        objects.say(kinds.PULL_REQUEST, pull, status, now),
        Record(MERGE_REQUESTS, f"{meta['namespace']}/{meta['name']}", None, ANY),
    ]


async def tell(source: Source, pull: Mapping[str, Any], condition: Condition) -> None:
    """Set a condition on the pull request, leaving spec alone."""
    await _change(source, pull, condition, drop=False)


async def drop(source: Source, pull: Mapping[str, Any], condition: Condition) -> None:
    """Set a condition and let the merge request go, leaving spec alone."""
    await _change(source, pull, condition, drop=True)


async def _change(source: Source, pull: Mapping[str, Any], condition: Condition, *, drop: bool) -> None:
    meta = pull["metadata"]
    while True:
        current = await objects.get(source.store, kinds.PULL_REQUEST, meta["namespace"], meta["name"])
        if current is None or forge.merged(current):
            return
        now = clock.rfc3339(source.clock())
        status = {**current["status"]}
        status["conditions"] = conditions.merge(status.get("conditions") or [], [condition], now=now)
        batch: list[Operation] = []
        if drop and status.pop("mergeRequest", None) is not None:
            batch.append(Record(MERGE_REQUESTS, f"{meta['namespace']}/{meta['name']}", None, ANY))
        if not batch and status == current["status"]:
            return
        batch.append(objects.say(kinds.PULL_REQUEST, current, status, now))
        try:
            await source.store.commit(batch)
        except Stale:
            continue
        return
