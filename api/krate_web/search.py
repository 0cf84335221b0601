"""The search line of a pull request list: what the server can select becomes a Query, the rest is matched here."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from krate import errors, kinds, models, selectors
from krate.conditions import Reason, Status, Type
from krate.models.pullrequest import PullRequestPhase
from krate_web import standing
from krate_web.queries import OPEN_PULLS, PULL_COLUMNS, Ask, escaped

SORTS: Final[Mapping[str, tuple[str, str]]] = {
    "newest": ("Newest", "-status.number"),
    "oldest": ("Oldest", "status.number"),
    "largest": ("Most lines added", "-status.additions"),
    "title": ("Title", "spec.title"),
}
STATES: Final = ("open", "draft", "merged", "closed", "all")
HELP: Final = "is: author: label: review: checks: target: source: reviewer: and words of the title"

_PHASES: Final[Mapping[str, str]] = {
    "open": OPEN_PULLS,
    "draft": f"status.phase={PullRequestPhase.DRAFT}",
    "merged": f"status.phase={PullRequestPhase.MERGED}",
    "closed": f"status.phase={PullRequestPhase.CLOSED}",
    "all": "",
}
_REVIEWS: Final = ("required", "approved", "changes")
_CHECKS: Final = ("passed", "failed", "pending")


@dataclass(frozen=True, slots=True)
class Search:
    """A parsed search line."""

    text: str = ""
    """The line as it was typed."""
    state: str = "open"
    sort: str = "newest"
    fields: tuple[tuple[str, str], ...] = ()
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    review: str = ""
    checks: str = ""
    words: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())

    @property
    def scans(self) -> bool:
        """Whether part of the line is matched here rather than by the server."""
        return bool(self.words or self.review or self.checks)

    def matches(self, pull: models.PullRequest) -> bool:
        """The part that a Query cannot say."""
        title = pull.spec.title.casefold()
        number = str(pull.status.number)
        return (
            all(word in title or word.lstrip("#") == number for word in self.words)
            and (not self.review or _REVIEWED[self.review](pull))
            and (not self.checks or _CHECKED[self.checks](pull))
        )

    def ask(self, namespace: str, repository: str, *, limit: int, continue_token: str = "") -> Ask:
        """The part that a Query can say."""
        terms = [f"spec.repository={repository}", *(f"{path}={escaped(value)}" for path, value in self.fields)]
        selected = [*terms, _PHASES[self.state]] if _PHASES[self.state] else terms
        return Ask(
            target=kinds.PULL_REQUEST,
            namespaces=(namespace,),
            fields=",".join(selected),
            labels=",".join(self.labels),
            membership=tuple(("spec.reviewers", who) for who in self.reviewers),
            columns=PULL_COLUMNS,
            sort=SORTS[self.sort][1],
            limit=limit,
            continue_token=continue_token,
        )


def _holds(kind: Type) -> Callable[[models.PullRequest], bool]:
    def check(pull: models.PullRequest) -> bool:
        entry = standing.condition(pull.status.conditions, kind)
        return entry is not None and entry.status == Status.TRUE

    return check


def _changes(pull: models.PullRequest) -> bool:
    entry = standing.condition(pull.status.conditions, Type.APPROVED)
    return entry is not None and entry.reason == Reason.CHANGES_REQUESTED


_approved = _holds(Type.APPROVED)
_REVIEWED: Final[Mapping[str, Callable[[models.PullRequest], bool]]] = {
    "approved": _approved,
    "required": lambda pull: not _approved(pull),
    "changes": _changes,
}
_CHECKED: Final[Mapping[str, Callable[[models.PullRequest], bool]]] = {
    "failed": lambda pull: pull.status.checks.failed > 0,
    "pending": lambda pull: pull.status.checks.pending > 0 and not pull.status.checks.failed,
    "passed": lambda pull: (
        pull.status.checks.passed > 0 and not pull.status.checks.failed and not pull.status.checks.pending
    ),
}
_FIELDS: Final[Mapping[str, str]] = {
    "author": "status.author",
    "target": "spec.target.branch",
    "source": "spec.source.branch",
}


def parse(text: str, *, me: str, sort: str = "") -> Search:
    """Read a search line; what cannot be read is a problem in words, and the rest still counts.

    Args:
        text: the line.
        me: who `@me` is.
        sort: one of `SORTS`.
    """
    found = Search(text=text.strip(), sort=sort if sort in SORTS else "newest")
    for term in _terms(text):
        key, colon, value = term.partition(":")
        if not colon or not value:
            found = replace(found, words=(*found.words, term.casefold()))
            continue
        found = _term(found, key.casefold(), me if value == "@me" else value)
    return found


def _terms(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # an unclosed quote
        return text.replace('"', " ").replace("'", " ").split()


def _term(found: Search, key: str, value: str) -> Search:  # noqa: PLR0911 - one return per kind of term
    match key:
        case "is" if value in STATES:
            return replace(found, state=value)
        case "review" if value in _REVIEWS:
            return replace(found, review=value)
        case "checks" if value in _CHECKS:
            return replace(found, checks=value)
        case "author" | "target" | "source" if "\\" in value:
            return _problem(found, f"{key}:{value} cannot be: no user and no branch has a backslash in its name")
        case "author" | "target" | "source":
            return replace(found, fields=(*found.fields, (_FIELDS[key], value)))
        case "reviewer":
            return replace(found, reviewers=(*found.reviewers, value))
        case "label":
            return _label(found, value)
        case "is" | "review" | "checks":
            known = {"is": STATES, "review": _REVIEWS, "checks": _CHECKS}[key]
            return _problem(found, f"{key}:{value} is unknown; {key}: takes {', '.join(known)}")
        case _:
            return _problem(found, f"{key}: is unknown; known are {HELP}")


def _label(found: Search, value: str) -> Search:
    try:
        selectors.parse_labels(value)
    except errors.BadRequest as problem:
        return _problem(found, f"label:{value} is no label: {problem.message}")
    return replace(found, labels=(*found.labels, value))


def _problem(found: Search, sentence: str) -> Search:
    return replace(found, problems=(*found.problems, sentence))
