"""The merge service: all is judged again at merge time, then Git moves the ref, and only then status says Merged.

Only the pull-request controller may post here, and only for a live request that a user made. The right to merge is the
recorded user's, looked up now; admission sees the whole pull request; the receive policies judge the real merge commit.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from krate import clock, conditions, errors, kinds
from krate.conditions import Reason, Type
from krate.identity import Caller
from krate_api.admission.chain import Chain
from krate_api.admission.interface import Operation as Admission
from krate_api.admission.interface import Request
from krate_api.authn.identities import Identities
from krate_api.forge import merge_facts, merge_records, objects, rules
from krate_api.forge.merge_facts import refused
from krate_api.forge.pushes import StorePushSink
from krate_api.forge.rules import Loaded
from krate_api.forge.source import Source
from krate_api.registry.call import Call
from krate_api.strategies.forge import MERGE_REQUESTS, merged
from krate_git.interface import (
    GitError,
    GitMerging,
    HostUnavailable,
    MergeFacts,
    MergeOrder,
    MergeOutcome,
    RefMoved,
    RepositoryKey,
    Verdict,
)

EXPIRES: Final = datetime.timedelta(hours=72)
KIND: Final = "PullRequestMerge"


@dataclass(frozen=True, slots=True)
class Service:
    """What merging needs beside the source."""

    source: Source
    merging: GitMerging
    sink: StorePushSink
    chain: Chain
    identities: Identities


class Dropped(Exception):
    """The merge request must go: nobody may act on it any more."""

    def __init__(self, reason: Reason, message: str) -> None:
        self.condition = conditions.false(Type.MERGED, reason, message)
        super().__init__(message)


async def merge(service: Service, call: Call, namespace: str, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the pull request; answers it as it is stored then.

    Raises:
        Conflict: there is no live request, or something moved.
        Forbidden: a rule or policy refuses.
        ServiceUnavailable: the Git host or the rules cannot be reached.
    """
    source = service.source
    pull = await objects.get(source.store, kinds.PULL_REQUEST, namespace, name)
    if pull is None:
        raise errors.NotFound.of(plural=kinds.PULL_REQUEST.plural, group=kinds.PULL_REQUEST.group, name=name)
    asked = _live(pull, str((body.get("spec") or {}).get("sha") or ""))
    try:
        user = await _asker(service, pull, asked)
        loaded = await rules.load(source, namespace, pull["spec"]["repository"])
        facts, target_sha = await merge_facts.gather(
            source, service.identities, pull, loaded=loaded, user=user, asked=asked
        )
        order = _order(pull, loaded, user=user, facts=facts, target_sha=target_sha, correlation_id=call.correlation_id)
        await _admit(service, call, pull, order, user)
        return await _carry_out(service, call, pull, order)
    except Dropped as dropped:
        await merge_records.drop(source, pull, dropped.condition)
        raise refused(pull, str(dropped)) from None


def _live(pull: Mapping[str, Any], sha: str) -> Mapping[str, Any]:
    """The request that stands.

    Raises:
        Conflict: there is none, or it speaks of another head.
    """
    spec, status = pull["spec"], pull["status"]
    if merged(pull):
        raise refused(pull, "the pull request is merged already")
    asked = status.get("mergeRequest")
    if not asked or not spec.get("merged"):
        raise refused(pull, "nobody asks for this merge; set spec.merged: true")
    if spec.get("draft") or spec.get("closed"):
        raise refused(pull, "a draft or closed pull request cannot be merged")
    if status.get("headSHA") != asked["headSHA"] or (sha and sha != asked["headSHA"]):
        raise refused(pull, f"the head is {status.get('headSHA')}, the merge was asked for {asked['headSHA']}")
    return asked


async def _asker(service: Service, pull: Mapping[str, Any], asked: Mapping[str, Any]) -> Caller:
    """The recorded user as they are now.

    Raises:
        Dropped: the request is too old, or the user lost the right.
    """
    source, meta = service.source, pull["metadata"]
    if source.clock() - clock.parse(asked["at"]) > EXPIRES:
        raise Dropped(Reason.EXPIRED, "The merge was asked for more than 72 hours ago; ask again")
    row = source.store.record(MERGE_REQUESTS, f"{meta['namespace']}/{meta['name']}")
    recorded: Mapping[str, Any] = orjson.loads(row) if row is not None else {}
    user = merge_facts.current_caller(service.identities, asked["user"], recorded)
    allowed = user is not None and await source.holds(
        user, "create", kinds.MERGE_SUBRESOURCE, meta["namespace"], pull["spec"]["repository"]
    )
    if user is None or not allowed:
        raise Dropped(Reason.NOT_ALLOWED, f"{asked['user']} may not merge in this repository any more")
    return user


def _order(
    pull: Mapping[str, Any], loaded: Loaded, *, user: Caller, facts: MergeFacts, target_sha: str, correlation_id: str
) -> MergeOrder:
    spec, meta = pull["spec"], pull["metadata"]
    body = spec.get("body", "").strip()
    title = f"Merge pull request {meta['name']}: {spec['title']}"
    return MergeOrder(
        key=RepositoryKey(meta["namespace"], spec["repository"]),
        caller=user,
        target=spec["target"]["branch"],
        target_sha=target_sha,
        source=spec["source"]["branch"],
        head_sha=pull["status"]["headSHA"],
        message=f"{title}\n\n{body}\n" if body else f"{title}\n",
        author_name=user.username,
        author_email=f"{user.username.replace(':', '-')}@users.krate.invalid",
        facts=facts,
        correlation_id=correlation_id,
        pull_request=meta["name"],
        delete_source=bool((loaded.repository["spec"].get("merge") or {}).get("deleteBranch", True)),
    )


async def _admit(service: Service, call: Call, pull: Mapping[str, Any], order: MergeOrder, user: Caller) -> None:
    """Admission at merge time, as the recorded user; a refusal is told on the pull request.

    Raises:
        StatusError: a policy denies.
    """
    meta = pull["metadata"]
    shown = {
        "apiVersion": kinds.PULL_REQUEST.api_version,
        "kind": KIND,
        "metadata": {"name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]},
        "spec": {"method": pull["spec"].get("mergeMethod", "Merge"), "sha": order.head_sha, "message": order.message},
        "pullRequest": dict(pull),
    }
    request = Request(
        uid=call.correlation_id,
        operation=Admission.CREATE,
        kind=kinds.PULL_REQUEST,
        name=meta["name"],
        namespace=meta["namespace"],
        caller=user,
        object=shown,
        subresource="merge",
    )
    try:
        await service.chain.validate(request, call.review)
    except errors.StatusError as denial:
        await merge_records.tell(service.source, pull, conditions.false(Type.MERGED, Reason.DENIED, denial.message))
        raise


async def _carry_out(service: Service, call: Call, pull: Mapping[str, Any], order: MergeOrder) -> dict[str, Any]:
    """Write the merge, and close its intent together with the pull request's status."""
    done: list[dict[str, Any]] = []

    async def close(outcome: MergeOutcome) -> None:
        done.append(await _record(service, pull, outcome))

    try:
        outcome = await service.merging.merge(order, close=close)
    except RefMoved as moved:
        raise refused(pull, f"{moved}") from moved
    except HostUnavailable as error:
        raise errors.ServiceUnavailable(str(error), retry_after=1) from error
    except GitError as error:
        raise refused(pull, str(error)) from error
    if not outcome.verdict.allowed:
        message = _explain(outcome.verdict)
        await merge_records.tell(
            service.source, pull, conditions.false(Type.MERGED, Reason.REQUIREMENTS_PENDING, message)
        )
        raise refused(pull, message, denied=True)
    for finding in outcome.deletion_verdict.findings:
        call.warn(f"the branch {order.source} was kept: {finding.message}")
    return done[0]


def _explain(verdict: Verdict) -> str:
    return "; ".join(f"{finding.source}: {finding.message}" for finding in verdict.findings if finding.enforced)


async def _record(service: Service, pull: Mapping[str, Any], outcome: MergeOutcome) -> dict[str, Any]:
    """One transaction: the intent closes, content and heads follow, the pull request is Merged."""
    store, meta = service.source.store, pull["metadata"]
    if outcome.facts is not None:
        await service.sink.finish(outcome.intent, outcome.moved, outcome.facts)
    current = await objects.get(store, kinds.PULL_REQUEST, meta["namespace"], meta["name"])
    if current is None or not merged(current):
        raise errors.InternalError.of(f"the merge {outcome.commit} is not recorded on {meta['name']}")
    return current
