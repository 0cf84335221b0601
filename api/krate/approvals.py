"""Which reviews count: the one tally that the pull-request controller shows and the merge service enforces.

Pure. Whether a reviewer holds Writer is asked beforehand, by whoever can ask; the author's own approval never counts, a
dismissed one neither, a stale one only where no protection dismisses stale approvals.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from krate.models.pullrequest import Approval
from krate.models.review import Decision


@dataclass(frozen=True, slots=True)
class Tally:
    """Standing decisions, one per reviewer, in order of their names."""

    approvals: tuple[Approval, ...] = ()

    @property
    def counting(self) -> tuple[Approval, ...]:
        return tuple(one for one in self.approvals if one.counts)

    @property
    def count(self) -> int:
        return len(self.counting)

    @property
    def objections(self) -> tuple[str, ...]:
        """Reviewers whose request for changes stands."""
        return tuple(one.user for one in self.approvals if one.decision == Decision.REQUEST_CHANGES and not one.stale)

    @property
    def teams(self) -> int:
        """How many approvals can be given distinct teams (a matching of reviewers to teams)."""
        taken: dict[str, str] = {}
        by_user = {one.user: one.teams for one in self.counting}

        def place(user: str, seen: set[str]) -> bool:
            for team in by_user[user]:
                if team in seen:
                    continue
                seen.add(team)
                if team not in taken or place(taken[team], seen):
                    taken[team] = user
                    return True
            return False

        return sum(place(user, set()) for user in sorted(by_user))


def standing(reviews: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The latest deciding review of each author; comments decide nothing, dismissed reviews are gone."""
    found: dict[str, Mapping[str, Any]] = {}
    ordered = sorted(reviews, key=lambda one: (one["metadata"].get("creationTimestamp") or "", one["metadata"]["name"]))
    for review in ordered:
        status = review.get("status") or {}
        author = status.get("author", "")
        if review["spec"]["decision"] == Decision.COMMENT or not author:
            continue
        if status.get("dismissed"):
            found.pop(author, None)
        else:
            found[author] = review
    return found


def tally(
    pull: Mapping[str, Any],
    reviews: Iterable[Mapping[str, Any]],
    *,
    writers: Iterable[str],
    dismiss_stale: bool,
) -> Tally:
    """Count the reviews of a pull request.

    Args:
        pull: the pull request.
        reviews: its Review objects.
        writers: those of the reviewers who hold Writer now.
        dismiss_stale: whether a protection makes approvals stale when the head moves.
    """
    author = (pull.get("status") or {}).get("author", "")
    allowed = set(writers)
    found: list[Approval] = []
    for user, review in sorted(standing(reviews).items()):
        status = review["status"]
        stale = bool(status.get("stale"))
        approves = review["spec"]["decision"] == Decision.APPROVE
        found.append(
            Approval(
                user=user,
                decision=review["spec"]["decision"],
                teams=tuple(status.get("teams") or ()),
                sha=review["spec"].get("sha") or "",
                stale=stale,
                counts=approves and user != author and user in allowed and not (stale and dismiss_stale),
            )
        )
    return Tally(tuple(found))
