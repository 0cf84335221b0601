"""Comments as threads, and the conversation as a line of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from krate import models
from krate.models.comment import Anchor
from krate.models.review import Decision
from krate_web.standing import State, Tone

DECISIONS: Final[Mapping[Decision, State]] = {
    Decision.APPROVE: State("approved", "check", Tone.OK),
    Decision.REQUEST_CHANGES: State("asked for changes", "x", Tone.BAD),
    Decision.COMMENT: State("reviewed", "message-square", Tone.QUIET),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """One comment with its text as HTML."""

    name: str
    author: str
    at: str
    body: Markup
    edited: bool
    version: str


@dataclass(frozen=True, slots=True)
class Thread:
    """A first comment and its replies."""

    name: str
    anchor: Anchor | None
    remarks: tuple[Remark, ...]
    resolved: bool
    outdated: bool

    @property
    def id(self) -> str:
        return f"thread-{self.name}"

    @property
    def at(self) -> str:
        return self.remarks[0].at


@dataclass(frozen=True, slots=True)
class Verdict:
    """A review in the conversation."""

    name: str
    author: str
    at: str
    state: State
    body: Markup
    sha: str
    stale: bool
    dismissed: str
    version: str


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, in one line."""

    at: str
    state: State
    actor: str
    text: str
    sha: str = ""


Entry = Thread | Verdict | Moment


def bodies(comments: Sequence[models.Comment], reviews: Sequence[models.Review], body: str) -> list[str]:
    """Every text of the conversation, in the order that `threads` and `verdicts` expect."""
    return [body, *(comment.spec.body for comment in comments), *(review.spec.body for review in reviews)]


def threads(comments: Sequence[models.Comment], texts: Sequence[Markup]) -> tuple[Thread, ...]:
    """Threads in the order they began.

    A reply to a reply belongs to the same thread; a reply whose first comment is gone starts its own.
    """
    by_name = {comment.metadata.name: comment for comment in comments}
    remarks: dict[str, list[Remark]] = {}
    for comment, text in zip(comments, texts, strict=True):
        remarks.setdefault(_root(comment, by_name), []).append(_remark(comment, text))
    return tuple(_thread(by_name[name], tuple(found)) for name, found in remarks.items())


def _root(comment: models.Comment, by_name: Mapping[str, models.Comment]) -> str:
    seen: set[str] = set()
    while comment.spec.in_reply_to in by_name and comment.metadata.name not in seen:
        seen.add(comment.metadata.name)
        comment = by_name[comment.spec.in_reply_to or ""]
    return comment.metadata.name


def _remark(comment: models.Comment, text: Markup) -> Remark:
    return Remark(
        name=comment.metadata.name,
        author=comment.status.author,
        at=comment.metadata.creation_timestamp or "",
        body=text,
        edited=comment.status.edited_at is not None,
        version=comment.metadata.resource_version,
    )


def _thread(first: models.Comment, remarks: tuple[Remark, ...]) -> Thread:
    return Thread(first.metadata.name, first.spec.anchor, remarks, first.spec.resolved, first.status.outdated)


def verdicts(reviews: Sequence[models.Review], texts: Sequence[Markup]) -> tuple[Verdict, ...]:
    """Reviews with their texts."""
    return tuple(
        Verdict(
            name=review.metadata.name,
            author=review.status.author,
            at=review.metadata.creation_timestamp or "",
            state=DECISIONS[review.spec.decision],
            body=text,
            sha=review.spec.sha or "",
            stale=review.status.stale,
            dismissed=review.status.dismissed.by if review.status.dismissed else "",
            version=review.metadata.resource_version,
        )
        for review, text in zip(reviews, texts, strict=True)
    )


def moments(pull: models.PullRequest) -> tuple[Moment, ...]:
    """What the pull request itself says happened."""
    status = pull.status
    found: list[Moment] = []
    if status.merge_request is not None:
        asked = status.merge_request
        state = State("asked", "clock", Tone.WARN)
        found.append(Moment(asked.at, state, asked.user, "asked to merge", asked.head_sha))
    if status.merged_at:
        state = State("merged", "git-merge", Tone.MERGED)
        text = f"merged into {pull.spec.target.branch} as"
        found.append(Moment(status.merged_at, state, status.merged_by, text, status.merge_commit))
    return tuple(found)


def timeline(*parts: Sequence[Entry]) -> tuple[Entry, ...]:
    """All entries, oldest first; of one moment in the order given."""
    return tuple(sorted((entry for part in parts for entry in part), key=lambda entry: entry.at))
