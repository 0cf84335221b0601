"""PullRequest: a request to merge one branch into another."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from krate.models.meta import ConditionedStatus, Model, Resource, StringSet, list_map
from krate.models.organization import MergeMethod

SHA_PATTERN = r"^[0-9a-f]{40}$"
Sha = Annotated[str, Field(pattern=SHA_PATTERN)]


class SourceBranch(Model):
    """Where the commits come from."""

    branch: Annotated[str, Field(min_length=1, max_length=200)]
    """Branch with the commits to merge."""


class TargetBranch(Model):
    """Where the commits should go."""

    branch: Annotated[str, Field(min_length=1, max_length=200)]
    """Branch to merge into."""


class PullRequestSpec(Model):
    """What is asked for."""

    repository: Annotated[str, Field(min_length=1, max_length=63)]
    """Name of the Repository in the same namespace."""
    title: Annotated[str, Field(min_length=1, max_length=256)]
    """One line that says what changes."""
    body: Annotated[str, Field(max_length=65536)] = ""
    """Description, in Markdown."""
    source: SourceBranch
    """Where the commits come from."""
    target: TargetBranch
    """Where the commits should go."""
    draft: bool = False
    """A draft cannot be merged."""
    closed: bool = False
    """Closed without a merge; false opens it again."""
    reviewers: StringSet = ()
    """Users asked for a review."""
    assignees: StringSet = ()
    """Users who look after it."""
    milestone: str = ""
    """Milestone it belongs to."""
    merged: bool = False
    """True asks to merge as soon as every requirement holds."""
    merge_sha: Sha | None = None
    """Head commit that the asker saw; unequal to the head it is a conflict."""
    merge_method: MergeMethod | None = None
    """How to merge; the repository's default when absent."""


class TrustTier(StrEnum):
    """What may be done with the content, derived from where it comes from."""

    TRUSTED = "Trusted"
    UNTRUSTED = "Untrusted"


class PullRequestPhase(StrEnum):
    """Where a pull request stands."""

    DRAFT = "Draft"
    OPEN = "Open"
    CLOSED = "Closed"
    MERGED = "Merged"


class MergeRequest(Model):
    """Who asked for the merge."""

    user: str
    """User who asked."""
    head_sha: str
    """Head commit that was asked for."""
    method: str = ""
    """Method that was asked for."""
    at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When it was asked."""


class Approval(Model):
    """One reviewer's standing decision."""

    user: str
    """The reviewer."""
    decision: str = "Approve"
    """Approve or RequestChanges."""
    teams: tuple[str, ...] = ()
    """Teams of the reviewer in this organisation."""
    sha: str = ""
    """Head commit that was reviewed."""
    stale: bool = False
    """Whether the head has moved since."""
    counts: bool = False
    """Whether the approval satisfies the rules: a Writer, not the author, not stale."""


class CheckCounts(Model):
    """Latest checks of the head commit."""

    passed: int = 0
    """Succeeded or skipped."""
    failed: int = 0
    """Failed or in error."""
    pending: int = 0
    """Not finished."""


class PullRequestStatus(ConditionedStatus):
    """What is known."""

    number: int = 0
    """Number in the repository, shared with issues; set by the server."""
    author: str = ""
    """Who created it; set by the server."""
    trust_tier: TrustTier | None = None
    """Trusted when the author holds Writer; set by the server."""
    phase: PullRequestPhase | None = None
    """Draft, Open, Closed or Merged."""
    head_sha: str = ""
    """Commit the source branch names; set by the server."""
    head_pushed_by: str = ""
    """Who pushed that commit; set by the server."""
    base_sha: str = ""
    """Commit the target branch names."""
    merge_base: str = ""
    """Best common ancestor of both."""
    commits: int = 0
    """Commits that would be merged."""
    changed_files: int = 0
    """Files that differ from the merge base."""
    additions: int = 0
    """Lines added."""
    deletions: int = 0
    """Lines removed."""
    approvals: Annotated[tuple[Approval, ...], Field(json_schema_extra=list_map("user"))] = ()
    """Standing decisions of reviewers."""
    required_approvals: int = 0
    """How many approvals the protections ask for."""
    checks: CheckCounts = CheckCounts()
    """Latest checks of the head commit."""
    unresolved_threads: int = 0
    """Comment threads that nobody has resolved."""
    merge_request: MergeRequest | None = None
    """Who asked for the merge; set by the server."""
    merge_commit: str = ""
    """The commit that merged it; set by the server."""
    merged_by: str = ""
    """Who asked for the merge that happened; set by the server."""
    merged_at: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When it was merged; set by the server."""


class PullRequest(Resource):
    """A pull request asks to merge one branch into another, under protections and policies."""

    spec: PullRequestSpec
    """What is asked for."""
    status: PullRequestStatus = PullRequestStatus()
    """What is known, written by the server and its controllers."""
