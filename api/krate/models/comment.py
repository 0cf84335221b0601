"""Comment: a remark on a pull request, on its whole or on a line."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from krate.models.meta import ConditionedStatus, Model, Resource
from krate.models.pullrequest import Sha


class SubjectKind(StrEnum):
    """What can be commented on."""

    PULL_REQUEST = "PullRequest"


class Subject(Model):
    """What the comment is about."""

    kind: SubjectKind = SubjectKind.PULL_REQUEST
    """Kind of the object."""
    name: Annotated[str, Field(min_length=1, max_length=253)]
    """Name of the object in the same namespace."""


class Side(StrEnum):
    """Which version of the file a line number counts in."""

    OLD = "Old"
    NEW = "New"


class Anchor(Model):
    """A line of a file at a commit."""

    path: Annotated[str, Field(min_length=1, max_length=4096)]
    """Path of the file."""
    side: Side = Side.NEW
    """Old counts lines before the change, New after it."""
    line: Annotated[int, Field(ge=1)]
    """Line number, from 1; the last line of a range."""
    start_line: Annotated[int | None, Field(ge=1)] = None
    """First line of a range."""
    sha: Sha
    """Head commit that was looked at."""


class CommentSpec(Model):
    """The remark."""

    subject: Subject
    """What the comment is about."""
    body: Annotated[str, Field(min_length=1, max_length=65536)]
    """The remark, in Markdown."""
    in_reply_to: str | None = None
    """Name of the first Comment of the thread."""
    anchor: Anchor | None = None
    """Line that is meant; a comment on the whole has none."""
    review: str | None = None
    """Name of the Review it belongs to."""
    resolved: bool = False
    """Whether the thread that starts here is settled."""


class CommentStatus(ConditionedStatus):
    """What is known of the comment."""

    author: str = ""
    """Who wrote it; set by the server."""
    outdated: bool = False
    """Whether the line has changed since; set by the server."""
    edited_at: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When the body last changed; set by the server."""


class Comment(Resource):
    """A comment is a remark on a pull request, on its whole or on a line of the diff."""

    spec: CommentSpec
    """The remark."""
    status: CommentStatus = CommentStatus()
    """What is known of the comment."""
