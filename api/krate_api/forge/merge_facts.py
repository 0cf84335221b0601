"""What a merge is judged by: approvals and checks counted from their rows, and rights looked up now.

Nothing here trusts what the controller wrote into status.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from krate import approvals, errors, kinds, names
from krate.identity import Caller
from krate.models.check import CheckState
from krate_api.authn.identities import Identities
from krate_api.forge import objects
from krate_api.forge.rules import Loaded
from krate_api.forge.source import Source
from krate_git import demands
from krate_git.interface import GitError, HostUnavailable, MergeFacts, RepositoryKey

CALLERS: Final = "callers"
"""Private rows: uid, groups and extra of every user's latest authenticated request."""


def refused(pull: Mapping[str, Any], message: str, *, denied: bool = False) -> errors.Conflict | errors.Forbidden:
    """The answer to a merge that does not happen."""
    kind, name = kinds.PULL_REQUEST, pull["metadata"]["name"]
    if denied:
        error = errors.Forbidden.of(plural=kind.plural, group=kind.group, name=name, message=message)
        error.denied = True
        return error
    return errors.Conflict.of(plural=kind.plural, group=kind.group, name=name, message=message)


def current_caller(identities: Identities, username: str, recorded: Mapping[str, Any]) -> Caller | None:
    """A user as an access review later sees them: live groups of our own users, recorded ones of everybody else."""
    identity = identities.find(username)
    if identity is not None:
        groups = (*identity.groups, names.GROUP_AUTHENTICATED)
        return None if identity.suspended else Caller(username, groups, identity.uid)
    extra = {key: tuple(values) for key, values in (recorded.get("extra") or {}).items()}
    return Caller(username, tuple(recorded.get("groups") or ()), str(recorded.get("uid") or ""), extra)


async def gather(
    source: Source,
    identities: Identities,
    pull: Mapping[str, Any],
    *,
    loaded: Loaded,
    user: Caller,
    asked: Mapping[str, Any],
) -> tuple[MergeFacts, str]:
    """Count approvals and checks anew, from their rows; answers them and where the target stands.

    Raises:
        Conflict: changes are requested, or a branch is not where it was.
    """
    spec, status = pull["spec"], pull["status"]
    namespace = pull["metadata"]["namespace"]
    key = RepositoryKey(namespace, spec["repository"])
    default = loaded.repository["spec"].get("defaultBranch", "main")
    wanted = demands.merged(loaded.document, spec["target"]["branch"], default_branch=default, user=user.username)
    reviews = await objects.select(
        source.store, kinds.REVIEW, namespace, {"spec.pullRequest": pull["metadata"]["name"]}
    )
    writers = await _writers(source, identities, namespace, spec["repository"], reviews)
    counted = approvals.tally(pull, reviews, writers=writers, dismiss_stale=wanted.dismiss_stale_approvals.value)
    blocking = [one for one in counted.objections if one in writers]
    if blocking:
        raise refused(pull, f"{', '.join(blocking)} asked for changes; resolve that first")
    try:
        head = await source.git.resolve(key, f"refs/heads/{spec['source']['branch']}")
        target = await source.git.resolve(key, f"refs/heads/{spec['target']['branch']}")
        up_to_date = await source.git.contains(key, target, head)
    except HostUnavailable as error:
        raise errors.ServiceUnavailable(str(error), retry_after=1) from error
    except GitError as error:
        raise refused(pull, str(error)) from error
    if head != asked["headSHA"]:
        raise refused(pull, "the source branch moved; the pull request follows it in a moment")
    checks = await _checks(source, namespace, spec["repository"], status["headSHA"])
    return MergeFacts(counted.count, counted.teams, checks, up_to_date), target


async def _writers(
    source: Source, identities: Identities, namespace: str, repository: str, reviews: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """Reviewers who hold Writer now."""
    found: list[str] = []
    for username in sorted(approvals.standing(reviews)):
        row = source.store.record(CALLERS, username)
        caller = current_caller(identities, username, orjson.loads(row) if row is not None else {})
        if caller is not None and await source.writer(caller, namespace, repository):
            found.append(username)
    return tuple(found)


async def _checks(source: Source, namespace: str, repository: str, sha: str) -> dict[str, list[str]]:
    """Context -> reporters whose latest check of this commit succeeded."""
    rows = await objects.select(source.store, kinds.CHECK, namespace, {"spec.repository": repository, "spec.sha": sha})
    latest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda one: (one["metadata"]["creationTimestamp"], objects.version(one))):
        latest[row["spec"]["context"], (row.get("status") or {}).get("reporter", "")] = row
    found: dict[str, list[str]] = {}
    for (context, reporter), row in latest.items():
        if row["spec"]["state"] in {CheckState.SUCCESS, CheckState.SKIPPED}:
            found.setdefault(context, []).append(reporter)
    return found
