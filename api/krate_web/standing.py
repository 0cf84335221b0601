"""Where a pull request stands, in words: its state, what its merge still needs, and whether it waits for you."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from krate import models
from krate.conditions import Reason, Status, Type
from krate.models.meta import ConditionView
from krate.models.pullrequest import Approval, PullRequestPhase
from krate.models.review import Decision
from krate_web.people import Helpers


class Tone(StrEnum):
    """Colours of `tokens.css`; never alone, an icon and a word go with each."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    MERGED = "merged"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class State:
    """A word, an icon and a colour."""

    word: str
    icon: str
    tone: Tone


_STATES: Final[Mapping[PullRequestPhase, State]] = {
    PullRequestPhase.OPEN: State("Open", "git-pull-request", Tone.OK),
    PullRequestPhase.DRAFT: State("Draft", "git-pull-request-draft", Tone.QUIET),
    PullRequestPhase.MERGED: State("Merged", "git-merge", Tone.MERGED),
    PullRequestPhase.CLOSED: State("Closed", "git-pull-request-closed", Tone.BAD),
}


def phase(pull: models.PullRequest) -> PullRequestPhase:
    """The phase; before a controller has seen the pull request, what its spec says."""
    if pull.status.phase:
        return pull.status.phase
    if pull.spec.closed:
        return PullRequestPhase.CLOSED
    return PullRequestPhase.DRAFT if pull.spec.draft else PullRequestPhase.OPEN


def state(pull: models.PullRequest) -> State:
    return _STATES[phase(pull)]


def is_open(pull: models.PullRequest) -> bool:
    return phase(pull) in {PullRequestPhase.OPEN, PullRequestPhase.DRAFT}


def condition(conditions: Sequence[ConditionView], kind: Type) -> ConditionView | None:
    return next((entry for entry in conditions if entry.type == kind), None)


def counted(pull: models.PullRequest) -> int:
    """Approvals that satisfy the rules."""
    return sum(1 for entry in pull.status.approvals if entry.counts and entry.decision == Decision.APPROVE)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of the merge box: what must hold, whether it does, and who can help when it does not."""

    tone: Tone
    icon: str
    text: str
    help: str = ""


_MET: Final = (Tone.OK, "check")
_UNMET: Final = (Tone.BAD, "x")
_OPEN: Final = (Tone.WARN, "circle-dashed")


def _line(entry: ConditionView | None, *, holds: str, lacks: str, pending: str, help_: str = "") -> Requirement:
    """A condition as a line; its own message wins over the default words."""
    if entry is None:
        return Requirement(*_OPEN, pending)
    if entry.status == Status.TRUE:
        return Requirement(*_MET, entry.message or holds)
    if entry.status == Status.UNKNOWN or entry.reason == Reason.CHECKS_PENDING:
        return Requirement(*_OPEN, entry.message or pending)
    return Requirement(*_UNMET, entry.message or lacks, help_)


def requirements(pull: models.PullRequest, writers: Helpers) -> tuple[Requirement, ...]:
    """What the merge needs, in the order people fix it.

    Args:
        pull: the pull request with its conditions.
        writers: who may approve.
    """
    found = {kind: condition(pull.status.conditions, kind) for kind in Type}
    lines: list[Requirement] = []
    if phase(pull) is PullRequestPhase.DRAFT:
        lines.append(Requirement(*_UNMET, "This is a draft.", f"{pull.status.author} can mark it ready."))
    lines.append(_approvals(pull, found[Type.APPROVED], writers))
    lines.append(_policies(found[Type.POLICY_COMPLIANT]))
    lines.append(
        _line(
            found[Type.CHECKS_PASSED],
            holds="Required checks passed.",
            lacks="A required check failed.",
            pending="Required checks are pending.",
        )
    )
    lines.append(
        _line(
            found[Type.MERGEABLE],
            holds=f"Merges into {pull.spec.target.branch} without conflicts.",
            lacks=f"Conflicts with {pull.spec.target.branch}.",
            pending="Whether it merges cleanly is being computed.",
            help_=f"Merge or rebase {pull.spec.target.branch} into {pull.spec.source.branch} and push.",
        )
    )
    return tuple(lines)


def _policies(entry: ConditionView | None) -> Requirement:
    """Policies judge the merge itself; before anybody asked for one there is nothing to wait for."""
    if entry is None:
        return Requirement(Tone.QUIET, "shield-check", "Policies judge it when it merges.")
    return _line(entry, holds="Policies allow it.", lacks="A policy refuses it.", pending="Policies are judging it.")


def _approvals(pull: models.PullRequest, entry: ConditionView | None, writers: Helpers) -> Requirement:
    have, need = counted(pull), pull.status.required_approvals
    done = {review.user for review in pull.status.approvals if review.counts}
    who = writers.without(pull.status.author, *done).sentence()
    helped = f"{who} can approve." if who else "Nobody else holds Writer here; an owner can grant it."
    if not need and entry is not None and entry.status == Status.TRUE:
        return Requirement(*_MET, entry.message or "No approvals are required.")
    words = f"{have} of {need} approval{'s' if need != 1 else ''}" if need else "Approvals"
    if entry is not None and "can approve" in entry.message:
        helped = ""  # the controller knows who, and said so
    line = _line(entry, holds=f"{words}.", lacks=f"{words}.", pending=f"{words}.", help_=helped)
    if need and f"{have} of {need}" not in line.text:
        return Requirement(line.tone, line.icon, f"{words}. {line.text}", line.help)
    return line


def missing(lines: Sequence[Requirement]) -> tuple[Requirement, ...]:
    """What still has to happen before the merge."""
    return tuple(line for line in lines if line.tone not in {Tone.OK, Tone.QUIET})


@dataclass(frozen=True, slots=True)
class Turn:
    """Why a pull request waits for the reader, and since when."""

    why: str
    since: str


def turn(  # noqa: PLR0911 - one return per reason
    pull: models.PullRequest, me: str, *, may_approve: bool = False
) -> Turn | None:
    """Whether `me` is the one who moves it on.

    Args:
        pull: the pull request.
        me: user name of the reader.
        may_approve: whether the reader's approval would count, as far as an access review says.
    """
    if not is_open(pull) or pull.status.merge_request is not None:
        return None
    approved = condition(pull.status.conditions, Type.APPROVED)
    created = pull.metadata.creation_timestamp or ""
    since = (approved.last_transition_time if approved else None) or created
    if me == pull.status.author:
        return _author_turn(pull, since)
    mine = next((entry for entry in pull.status.approvals if entry.user == me), None)
    if mine is not None and mine.stale:
        return Turn("your review again: the branch moved", since)
    if mine is not None or phase(pull) is PullRequestPhase.DRAFT:
        return None
    if me in pull.spec.reviewers:
        return Turn("your review was asked for", since)
    if may_approve and not pull.spec.reviewers and counted(pull) < pull.status.required_approvals:
        return Turn("an approval is missing, yours counts", since)
    return None


def _author_turn(pull: models.PullRequest, since: str) -> Turn | None:
    objections = [entry for entry in pull.status.approvals if _objects(entry)]
    if objections:
        return Turn(f"{', '.join(entry.user for entry in objections)} asked for changes", since)
    mergeable = condition(pull.status.conditions, Type.MERGEABLE)
    if mergeable is not None and mergeable.reason == Reason.CONFLICTS:
        return Turn("it conflicts with its target", mergeable.last_transition_time or since)
    if pull.status.checks.failed:
        return Turn("a check failed", since)
    gates = (Type.MERGEABLE, Type.APPROVED, Type.CHECKS_PASSED)
    entries = [condition(pull.status.conditions, kind) for kind in gates]
    if phase(pull) is PullRequestPhase.OPEN and all(entry and entry.status == Status.TRUE for entry in entries):
        return Turn("ready to merge", since)
    return None


def _objects(entry: Approval) -> bool:
    return entry.decision == Decision.REQUEST_CHANGES and not entry.stale
