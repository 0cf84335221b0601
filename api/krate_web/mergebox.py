"""The merge box: what is missing, who can help, and the one button that asks for the merge."""

from dataclasses import dataclass
from enum import StrEnum

from krate import conditions
from krate.conditions import Reason, Type
from krate.models.pullrequest import MergeRequest
from krate_web import standing
from krate_web.pullfacts import PullFacts
from krate_web.standing import Requirement, State, Tone


class Step(StrEnum):
    """What the box offers."""

    MERGE = "merge"
    """Everything holds."""
    WHEN_READY = "when-ready"
    """Ask now, merge as soon as everything holds."""
    REQUESTED = "requested"
    """Somebody asked."""
    FORBIDDEN = "forbidden"
    """The reader may not merge here."""
    NOTHING = "nothing"
    """Merged, closed, or there is no head yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeBox:
    """What the box shows."""

    state: State
    lines: tuple[Requirement, ...]
    step: Step
    sentence: str
    """What stands beside the button: the first thing to do, or what became of it."""
    why_not: str
    """Why the reader may not merge, and who may."""
    dropped: str
    """Why an earlier request was dropped."""
    requested: MergeRequest | None
    head: str
    target: str

    @property
    def tone(self) -> Tone:
        """Colour of the box: its own, because an open pull request need not be ready."""
        if self.state.word in {"Merged", "Closed"}:
            return self.state.tone
        return Tone.OK if self.ready else Tone.WARN

    @property
    def ready(self) -> bool:
        return not standing.missing(self.lines)


def box(facts: PullFacts) -> MergeBox:
    """The merge box of a pull request as the reader sees it."""
    pull = facts.pull
    lines = standing.requirements(pull, facts.writers)
    missing = standing.missing(lines)
    requested = pull.status.merge_request if standing.is_open(pull) else None
    step = _step(facts, requested, bool(missing))
    first = missing[0] if missing else None
    sentence = "" if first is None else " ".join(part for part in (first.text, first.help) if part)
    return MergeBox(
        state=standing.state(pull),
        lines=lines,
        step=step,
        sentence=sentence,
        why_not=_why_not(facts),
        dropped=_dropped(facts),
        requested=requested,
        head=pull.status.head_sha,
        target=pull.spec.target.branch,
    )


def _step(facts: PullFacts, requested: MergeRequest | None, missing: bool) -> Step:  # noqa: FBT001 - private, one caller
    pull = facts.pull
    if not standing.is_open(pull) or not pull.status.head_sha:
        return Step.NOTHING
    if requested is not None:
        return Step.REQUESTED
    if not facts.rights.merge.allowed:
        return Step.FORBIDDEN
    return Step.WHEN_READY if missing else Step.MERGE


def _why_not(facts: PullFacts) -> str:
    if facts.rights.merge.allowed:
        return ""
    who = facts.writers.sentence()
    helped = f" {who} can." if who else " An owner of the organisation can grant it."
    return f"You may not merge into {facts.repository.metadata.name}.{helped}"


_DROPPED = frozenset({Reason.HEAD_MOVED, Reason.TARGET_CHANGED, Reason.NOT_ALLOWED, Reason.EXPIRED, Reason.DENIED})


def _dropped(facts: PullFacts) -> str:
    """Why the last request to merge came to nothing, until somebody asks again."""
    found = standing.condition(facts.pull.status.conditions, Type.MERGED)
    if found is None or found.status == conditions.Status.TRUE or found.reason not in _DROPPED:
        return ""
    return found.message or f"The request to merge was dropped: {found.reason}."
