"""Strategies of forge data: authors, numbers, heads and merge requests are the server's to write.

Facts that each reads are named in its docstring; they are gathered in `krate_api.forge.facts`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from krate import errors, kinds, names
from krate.errors import Cause, CauseType
from krate.models.pullrequest import PullRequestPhase, TrustTier
from krate_api.store.interface import ANY, Bump, Operation, Record
from krate_api.strategies.interface import Facts, Object, Stamp, Strategy, keep

MERGE_REQUESTS: Final = "merge-requests"
"""Private rows: uid, groups and extra of whoever asked for a merge."""
_NUMBERED: Final = re.compile(r".*-[0-9]+")

PULL_REQUEST_SERVER_FIELDS: Final = (
    "number",
    "author",
    "trustTier",
    "headSHA",
    "headPushedBy",
    "mergeRequest",
    "mergeCommit",
    "mergedBy",
    "mergedAt",
)


def _invalid(field: str, text: str) -> Cause:
    return Cause(CauseType.INVALID, f"Invalid value: {text}", field)


def _open_phase(spec: Mapping[str, Any]) -> str:
    """The phase of a pull request that is not merged; a plain string, as every value of an object is."""
    if spec.get("closed"):
        return PullRequestPhase.CLOSED.value
    return (PullRequestPhase.DRAFT if spec.get("draft") else PullRequestPhase.OPEN).value


def merged(obj: Mapping[str, Any] | None) -> bool:
    """Whether a pull request has been merged."""
    return ((obj or {}).get("status") or {}).get("phase") == PullRequestPhase.MERGED


class PullRequestStrategy(Strategy):
    """Facts: number, sequence, reserved, head_sha, head_pushed_by, writer; on update head_sha when it reopens."""

    predicts_name = True

    def create(self, obj: Object, facts: Facts, stamp: Stamp) -> None:
        meta, spec = obj["metadata"], obj["spec"]
        number = facts.get("number", 0)
        if not meta.get("name"):
            meta["name"] = f"{spec['repository']}-{number}"
        obj["status"] = {
            "number": number,
            "author": stamp.caller.username,
            "trustTier": (TrustTier.TRUSTED if facts.get("writer") else TrustTier.UNTRUSTED).value,
            "headSHA": facts.get("head_sha", ""),
            "headPushedBy": facts.get("head_pushed_by", names.UNKNOWN_PUSHER),
            "phase": _open_phase(spec),
        }
        if spec.get("merged"):
            self._ask(obj, stamp)

    def update(self, obj: Object, old: Mapping[str, Any], facts: Facts, stamp: Stamp) -> None:
        spec, before = obj["spec"], old["spec"]
        keep(obj, old, "status", PULL_REQUEST_SERVER_FIELDS)
        if merged(old):
            return
        status: dict[str, Any] = obj["status"]
        if facts.get("head_sha"):
            status["headSHA"] = facts.get("head_sha")
            status["headPushedBy"] = facts.get("head_pushed_by", names.UNKNOWN_PUSHER)
        status["phase"] = _open_phase(spec)
        asks = bool(spec.get("merged"))
        asked = bool(before.get("merged"))
        if asks and (not asked or spec.get("mergeSHA") != before.get("mergeSHA")):
            self._ask(obj, stamp)
        elif (not asks and asked) or spec.get("closed") or spec["target"] != before["target"]:
            status.pop("mergeRequest", None)

    def _ask(self, obj: Object, stamp: Stamp) -> None:
        """Record who asks for the merge, and for which head.

        Raises:
            Conflict: the head is not the one the asker saw.
        """
        spec, status = obj["spec"], obj["status"]
        head = status.get("headSHA", "")
        if spec.get("mergeSHA", head) != head:
            raise errors.Conflict.of(
                plural=kinds.PULL_REQUEST.plural,
                group=kinds.PULL_REQUEST.group,
                name=obj["metadata"]["name"],
                message=f"the head is {head}, not the {spec['mergeSHA']} you saw; look at it and ask again",
            )
        spec["mergeSHA"] = head
        status["mergeRequest"] = {
            "user": stamp.caller.username,
            "headSHA": head,
            "method": spec.get("mergeMethod", ""),
            "at": stamp.now,
        }

    def update_status(self, obj: Object, old: Mapping[str, Any], stamp: Stamp) -> None:
        keep(obj, old, "status", PULL_REQUEST_SERVER_FIELDS)
        status: dict[str, Any] = obj["status"]
        if merged(old):
            obj["status"] = dict(old["status"])
        elif status.get("phase") == PullRequestPhase.MERGED:
            status["phase"] = old["status"].get("phase", PullRequestPhase.OPEN.value)

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[Cause]:
        meta, spec = obj["metadata"], obj["spec"]
        found: list[Cause] = []
        if old is None:
            wanted = f"{spec['repository']}-"
            prefix = meta.get("generateName")
            if prefix and prefix != wanted:
                found.append(_invalid("metadata.generateName", f'"{prefix}": must be "{wanted}"'))
            if not prefix and _NUMBERED.fullmatch(meta["name"]):
                text = (
                    f'"{meta["name"]}": names that end in a number are given by the server; use generateName: {wanted}'
                )
                found.append(_invalid("metadata.name", text))
        if spec["source"]["branch"] == spec["target"]["branch"]:
            found.append(
                _invalid("spec.target.branch", f'"{spec["target"]["branch"]}": must differ from the source branch')
            )
        if spec.get("merged") and spec.get("closed") and not merged(obj):
            found.append(_invalid("spec.closed", "true: a closed pull request cannot be merged"))
        if old is not None and merged(old):
            found += _after_merge(spec, old["spec"])
        return found

    def operations(
        self, obj: Mapping[str, Any] | None, old: Mapping[str, Any] | None, facts: Facts
    ) -> Sequence[Operation]:
        shown = obj or old or {}
        key = f"{shown['metadata']['namespace']}/{shown['metadata']['name']}"
        found: list[Operation] = list(facts.get("operations", ()))
        if old is None and not facts.get("reserved"):
            found.append(Bump(facts.get("sequence", ""), facts.get("number", 1) - 1))
        asked = ((obj or {}).get("status") or {}).get("mergeRequest")
        if asked and asked != ((old or {}).get("status") or {}).get("mergeRequest"):
            found.append(Record(MERGE_REQUESTS, key, orjson.dumps(facts.get("caller", {})), ANY))
        elif old is not None and not asked:
            found.append(Record(MERGE_REQUESTS, key, None, ANY))
        return found


def _after_merge(spec: Mapping[str, Any], before: Mapping[str, Any]) -> list[Cause]:
    found: list[Cause] = []
    if not spec.get("merged"):
        found.append(_invalid("spec.merged", "false: a merged pull request stays merged"))
    changed = [m for m in ("closed", "draft", "target", "mergeSHA", "mergeMethod") if spec.get(m) != before.get(m)]
    text = "Forbidden: the pull request is merged"
    return [*found, *(Cause(CauseType.FORBIDDEN, text, f"spec.{member}") for member in changed)]


class AuthoredStrategy(Strategy):
    """Stamps the caller as `status.author` and keeps it."""

    field = "author"
    server_fields: tuple[str, ...] = ("author",)

    def create(self, obj: Object, facts: Facts, stamp: Stamp) -> None:
        obj["status"] = {self.field: stamp.caller.username}

    def update(self, obj: Object, old: Mapping[str, Any], facts: Facts, stamp: Stamp) -> None:
        keep(obj, old, "status", self.server_fields)

    def update_status(self, obj: Object, old: Mapping[str, Any], stamp: Stamp) -> None:
        keep(obj, old, "status", self.server_fields)


class ReviewStrategy(AuthoredStrategy):
    """Facts: head_sha, teams."""

    server_fields = ("author", "teams", "stale")

    def create(self, obj: Object, facts: Facts, stamp: Stamp) -> None:
        head = facts.get("head_sha", "")
        spec = obj["spec"]
        if head:
            spec.setdefault("sha", head)
        stale = spec.get("sha") != head
        obj["status"] = {"author": stamp.caller.username, "teams": list(facts.get("teams", ())), "stale": stale}


class CommentStrategy(AuthoredStrategy):
    """Facts: parent (the Comment replied to), subject_kind of it."""

    server_fields = ("author", "outdated")

    def update(self, obj: Object, old: Mapping[str, Any], facts: Facts, stamp: Stamp) -> None:
        keep(obj, old, "status", (*self.server_fields, "editedAt"))
        if obj["spec"].get("body") != old["spec"].get("body"):
            obj["status"]["editedAt"] = stamp.now

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[Cause]:
        spec = obj["spec"]
        found: list[Cause] = []
        anchor: Mapping[str, Any] = spec.get("anchor") or {}
        if anchor.get("startLine", 0) > anchor.get("line", 0):
            found.append(_invalid("spec.anchor.startLine", f"{anchor['startLine']}: must not be after line"))
        if spec.get("inReplyTo") and spec.get("resolved"):
            found.append(_invalid("spec.resolved", "true: resolve the comment that starts the thread"))
        return found


class CheckStrategy(AuthoredStrategy):
    """The reporter is the authenticated caller."""

    field = "reporter"
    server_fields = ("reporter",)
