"""Facts about pull requests and reviews."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from krate import clock, errors, kinds, names
from krate.errors import Cause, CauseType
from krate.identity import Caller
from krate_api.admission.interface import Operation
from krate_api.forge import objects
from krate_api.forge.source import Inquiry, Source
from krate_api.store.interface import Operation as StoreOperation
from krate_api.store.interface import Put
from krate_api.strategies.forge import merged
from krate_api.strategies.interface import Facts
from krate_git.interface import GitError, HostUnavailable, RepositoryKey, RepositoryMissing, RevisionMissing

REFS: Final = "refs"
"""Private rows: who moved a branch last, as the push's transaction recorded it."""


def missing(field: str, value: str) -> Cause:
    return Cause(CauseType.NOT_FOUND, f"Not found: {errors.quoted(value)}", field)


def sequence_of(namespace: str, repository: str) -> str:
    """The sequence that numbers the issues and pull requests of a repository."""
    return f"{namespace}/{repository}"


def caller_row(caller: Caller) -> dict[str, Any]:
    """A caller as a private row, for an access review made later in their name."""
    return {
        "username": caller.username,
        "uid": caller.uid,
        "groups": list(caller.groups),
        # Not which credential they showed: the row is about who they are, and would change with every token.
        "extra": {key: list(values) for key, values in caller.extra.items() if key != names.CREDENTIAL_ID},
    }


def pusher_of(source: Source, namespace: str, repository: str, branch: str, sha: str) -> str:
    """Who moved the branch to `sha`; `unknown` when no push of ours did."""
    row = source.store.record(REFS, f"{namespace}/{repository}/refs/heads/{branch}")
    recorded = orjson.loads(row) if row is not None else {}
    return recorded["by"] if recorded.get("sha") == sha else names.UNKNOWN_PUSHER


async def _resolve(source: Source, key: RepositoryKey, branch: str, field: str) -> tuple[str, tuple[Cause, ...]]:
    if "\0" in branch:  # Git's library would take what comes before it for the name
        return "", (missing(field, branch),)
    try:
        return await source.git.resolve(key, f"refs/heads/{branch}"), ()
    except (RevisionMissing, RepositoryMissing):
        return "", (missing(field, branch),)
    except HostUnavailable as error:
        raise errors.ServiceUnavailable(f"the Git host cannot be reached: {error}", retry_after=1) from error


async def pull_request(source: Source, ask: Inquiry) -> Facts:
    """number, sequence, head_sha, head_pushed_by, writer, caller; on update head_sha when it reopens."""
    if ask.operation is Operation.CREATE:
        return await _new_pull_request(source, ask)
    if ask.operation is Operation.DELETE or ask.old is None:
        return Facts()
    namespace, spec, before = ask.obj["metadata"]["namespace"], ask.obj["spec"], ask.old["spec"]
    values: dict[str, Any] = {"caller": caller_row(ask.call.caller)}
    problems: tuple[Cause, ...] = ()
    key = RepositoryKey(namespace, spec["repository"])
    if before.get("closed") and not spec.get("closed") and not merged(ask.old):
        head, problems = await _resolve(source, key, spec["source"]["branch"], "spec.closed")
        pusher = pusher_of(source, namespace, spec["repository"], spec["source"]["branch"], head)
        values |= {"head_sha": head, "head_pushed_by": pusher}
    if spec["target"] != before["target"]:
        _, more = await _resolve(source, key, spec["target"]["branch"], "spec.target.branch")
        problems += more
        values["operations"] = await _stale_reviews(source, ask.obj)
    return Facts(values, problems)


async def _new_pull_request(source: Source, ask: Inquiry) -> Facts:
    namespace, spec = ask.obj["metadata"]["namespace"], ask.obj["spec"]
    name = spec["repository"]
    repository = await objects.get(source.store, kinds.REPOSITORY, namespace, name)
    sequence = sequence_of(namespace, name)
    values: dict[str, Any] = {
        "sequence": sequence,
        "number": source.store.sequence(sequence) + 1,
        "caller": caller_row(ask.call.caller),
    }
    if repository is None or objects.terminating(repository):
        return Facts(values, (missing("spec.repository", name),))
    if repository["spec"].get("archived"):
        text = "Forbidden: the repository is archived"
        return Facts(values, (Cause(CauseType.FORBIDDEN, text, "spec.repository"),))
    key = RepositoryKey(namespace, name)
    source_branch, target_branch = spec["source"]["branch"], spec["target"]["branch"]
    head, problems = await _resolve(source, key, source_branch, "spec.source.branch")
    base, more = await _resolve(source, key, target_branch, "spec.target.branch")
    problems += more
    if head and base and source_branch != target_branch:
        problems += await _worth_opening(source, key, ask.obj, head=head, base=base)
    values["head_sha"] = head
    values["head_pushed_by"] = pusher_of(source, namespace, name, source_branch, head)
    values["writer"] = await source.writer(ask.call.caller, namespace, name)
    return Facts(values, problems)


async def _worth_opening(
    source: Source, key: RepositoryKey, obj: Mapping[str, Any], *, head: str, base: str
) -> tuple[Cause, ...]:
    """There must be something to merge, and no open pull request that asks for the same."""
    spec = obj["spec"]
    source_branch, target_branch = spec["source"]["branch"], spec["target"]["branch"]
    try:
        nothing = await source.git.contains(key, head, base)
    except GitError as error:
        raise errors.ServiceUnavailable(f"the Git host cannot compare the branches: {error}", retry_after=1) from error
    if nothing:
        text = f'Invalid value: "{source_branch}": no commits between {target_branch} and {source_branch}'
        return (Cause(CauseType.INVALID, text, "spec.source.branch"),)
    same = {"spec.repository": key.name, "spec.source.branch": source_branch, "spec.target.branch": target_branch}
    for other in await objects.select(source.store, kinds.PULL_REQUEST, key.namespace, same):
        # One of the same name is the store's to refuse: it says AlreadyExists.
        if other["metadata"]["name"] == obj["metadata"].get("name"):
            continue
        if not merged(other) and not other["spec"].get("closed") and not spec.get("closed"):
            text = f'Duplicate value: "{source_branch}": {other["metadata"]["name"]} is open for it already'
            return (Cause(CauseType.DUPLICATE, text, "spec.source.branch"),)
    return ()


async def _stale_reviews(source: Source, pull: Mapping[str, Any]) -> list[StoreOperation]:
    """A changed target makes every review stale, in the same transaction."""
    meta = pull["metadata"]
    reviews = await objects.select(source.store, kinds.REVIEW, meta["namespace"], {"spec.pullRequest": meta["name"]})
    now = clock.rfc3339(source.clock())
    return [stale_review(review, now) for review in reviews if not (review.get("status") or {}).get("stale")]


def stale_review(review: Mapping[str, Any], now: str) -> Put:
    """The operation that marks a review stale."""
    return objects.say(kinds.REVIEW, review, {**(review.get("status") or {}), "stale": True}, now)


async def review(source: Source, ask: Inquiry) -> Facts:
    """head_sha and teams of a new review."""
    if ask.operation is not Operation.CREATE:
        return Facts()
    namespace, spec = ask.obj["metadata"]["namespace"], ask.obj["spec"]
    pull = await objects.get(source.store, kinds.PULL_REQUEST, namespace, spec["pullRequest"])
    if pull is None:
        return Facts({}, (missing("spec.pullRequest", spec["pullRequest"]),))
    teams = await teams_of(source, namespace, ask.call.caller.username)
    return Facts({"head_sha": pull["status"].get("headSHA", ""), "teams": teams})


async def teams_of(source: Source, namespace: str, username: str) -> tuple[str, ...]:
    """Names of the teams of the namespace that the user belongs to, by their own lists."""
    found = await objects.select(source.store, kinds.TEAM, namespace)
    names_of = [
        team["metadata"]["name"]
        for team in found
        if username in {*(team["spec"].get("members") or []), *(team["spec"].get("maintainers") or [])}
    ]
    return tuple(sorted(names_of))
