"""PullRequest: the facts that people and the merge service need, and the merge itself once everything holds.

The server owns number, author, trustTier, headSHA, headPushedBy, mergeRequest, mergeCommit, mergedBy, mergedAt and the
phase Merged; nothing here writes them. A merged pull request is left alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from krate import kinds
from krate.conditions import Type
from krate.models import PullRequest
from krate.models.pullrequest import PullRequestPhase
from krate.names import Label, ServiceAccount
from krate_controllers.controller import Controller, Known, Trigger
from krate_controllers.deps import PullDeps
from krate_controllers.steps import pull_approvals, pull_branches, pull_checks, pull_merge, pull_phase, pull_threads
from krate_controllers.workqueue import Key
from krate_kube.interface import Object

_HEADS: Final = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What triggers need to know of a pull request."""

    repository: str
    source: str
    target: str
    head: str
    asked: bool
    """Whether a merge is asked for."""


def index(found: Object) -> Remembered:
    spec = found["spec"]
    status = found.get("status") or {}
    return Remembered(
        repository=spec["repository"],
        source=spec["source"]["branch"],
        target=spec["target"]["branch"],
        head=status.get("headSHA", ""),
        asked=bool(status.get("mergeRequest")),
    )


def unmerged(found: Object) -> bool:
    return (found.get("status") or {}).get("phase") != PullRequestPhase.MERGED


def of_review(found: Object, _known: Known) -> Iterable[Key]:
    return [(found["metadata"]["namespace"], found["spec"]["pullRequest"])]


def of_comment(found: Object, _known: Known) -> Iterable[Key]:
    subject = found["spec"]["subject"]
    if subject.get("kind", kinds.PULL_REQUEST.name) != kinds.PULL_REQUEST.name:
        return []
    return [(found["metadata"]["namespace"], subject["name"])]


def of_check(found: Object, known: Known) -> Iterable[Key]:
    """Pull requests of the repository whose head is the checked commit."""
    namespace, spec = found["metadata"]["namespace"], found["spec"]
    return [
        key
        for key, pull in known.items()
        if key[0] == namespace and pull.repository == spec["repository"] and pull.head == spec["sha"]
    ]


def of_content(found: Object, known: Known) -> Iterable[Key]:
    """Pull requests from or to the branch that moved."""
    last = (found.get("status") or {}).get("lastPush") or {}
    branch = last.get("ref", "").removeprefix(_HEADS)
    return [key for key in of_repository(found, known) if branch in {known[key].source, known[key].target}]


def of_repository(found: Object, known: Known) -> Iterable[Key]:
    """All pull requests of the repository that has the changed object's name."""
    return _of(found["metadata"].get("namespace", ""), found["metadata"]["name"], known)


def of_binding(found: Object, known: Known) -> Iterable[Key]:
    """All pull requests of the repository that a RoleBinding gives roles in: approvals may begin or cease to count."""
    repository = (found["metadata"].get("labels") or {}).get(Label.REPOSITORY, "")
    return _of(found["metadata"].get("namespace", ""), repository, known) if repository else []


def of_policy(_found: Object, known: Known) -> Iterable[Key]:
    """Pull requests whose merge is asked for: a policy that refused it may not do so any more."""
    return [key for key, pull in known.items() if pull.asked]


def _of(namespace: str, repository: str, known: Known) -> list[Key]:
    return [key for key, pull in known.items() if key[0] == namespace and pull.repository == repository]


CONTROLLER: Final[Controller[PullRequest, PullDeps]] = Controller(
    "pull-requests",
    kinds.PULL_REQUEST,
    ServiceAccount.PULL_REQUESTS,
    steps=(
        pull_phase.set_phase,
        pull_branches.compare_branches,
        pull_checks.count_checks,
        pull_threads.count_threads,
        pull_approvals.tally_approvals,
        pull_merge.merge_when_ready,
    ),
    concerns=unmerged,
    index=index,
    triggers=(
        Trigger(kinds.REVIEW, of_review),
        Trigger(kinds.COMMENT, of_comment),
        Trigger(kinds.CHECK, of_check),
        Trigger(kinds.REPOSITORY_CONTENT, of_content),
        Trigger(kinds.HOSTED_REF_POLICY, of_repository),
        Trigger(kinds.REPOSITORY, of_repository),
        Trigger(kinds.ROLE_BINDING, of_binding),
        Trigger(kinds.VALIDATING_POLICY, of_policy),
        Trigger(kinds.NAMESPACED_VALIDATING_POLICY, of_policy),
        Trigger(kinds.VALIDATING_ADMISSION_POLICY, of_policy),
        Trigger(kinds.VALIDATING_ADMISSION_POLICY_BINDING, of_policy),
    ),
    resync=900.0,
    resync_fields=(f"status.phase={PullRequestPhase.OPEN}", f"status.phase={PullRequestPhase.DRAFT}"),
    announces=frozenset({Type.MERGED}),
)
