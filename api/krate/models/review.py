"""Review: one person's decision on a pull request."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from krate.models.meta import ConditionedStatus, Model, Resource
from krate.models.pullrequest import Sha


class Decision(StrEnum):
    """What the reviewer says."""

    APPROVE = "Approve"
    REQUEST_CHANGES = "RequestChanges"
    COMMENT = "Comment"


class ReviewSpec(Model):
    """The decision."""

    pull_request: Annotated[str, Field(min_length=1, max_length=253)]
    """Name of the PullRequest in the same namespace."""
    decision: Decision
    """Approve, RequestChanges or Comment."""
    body: Annotated[str, Field(max_length=65536)] = ""
    """Why, in Markdown."""
    sha: Sha | None = None
    """Head commit that was reviewed; the current head when absent."""


class Dismissal(Model):
    """Who set the review aside, and why."""

    by: str
    """Who dismissed it."""
    reason: str = ""
    """Why."""


class ReviewStatus(ConditionedStatus):
    """What is known of the review."""

    author: str = ""
    """The reviewer; set by the server."""
    teams: tuple[str, ...] = ()
    """Teams of the reviewer when the review was written; set by the server."""
    stale: bool = False
    """Whether the head has moved since; set by the server."""
    dismissed: Dismissal | None = None
    """Set when somebody put the review aside."""


class Review(Resource):
    """A review records one person's decision on the commits of a pull request."""

    spec: ReviewSpec
    """The decision."""
    status: ReviewStatus = ReviewStatus()
    """What is known of the review."""
