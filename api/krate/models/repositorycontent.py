"""RepositoryContent: what a repository holds, written by the transaction that completes a push."""

from typing import Annotated

from pydantic import Field

from krate.models.meta import ConditionedStatus, Model, Resource


class LastPush(Model):
    """The latest ref update."""

    ref: str
    """Full name of the ref."""
    sha: str
    """Commit the ref names now; zeros when it was deleted."""
    by: str
    """Who pushed."""
    at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When the push completed."""


class RepositoryContentStatus(ConditionedStatus):
    """What the repository holds."""

    last_push: LastPush | None = None
    """The latest ref update; absent while the repository never held a ref."""
    branches: int = 0
    """Number of branches."""
    tags: int = 0
    """Number of tags."""
    size: int = 0
    """Bytes on disk, as of the latest push."""


class RepositoryContent(Resource):
    """The content of a repository: its refs, and through subresources its trees, blobs, commits and diffs."""

    status: RepositoryContentStatus = RepositoryContentStatus()
    """What the repository holds, written by the server."""
