"""Check: what a system says about a commit."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from krate.models.meta import ConditionedStatus, Model, Resource
from krate.models.pullrequest import Sha


class CheckState(StrEnum):
    """Verdict of a check."""

    PENDING = "Pending"
    SUCCESS = "Success"
    FAILURE = "Failure"
    ERROR = "Error"
    SKIPPED = "Skipped"


class CheckSpec(Model):
    """The verdict."""

    repository: Annotated[str, Field(min_length=1, max_length=63)]
    """Name of the Repository in the same namespace."""
    sha: Sha
    """Commit that was checked."""
    context: Annotated[str, Field(min_length=1, max_length=200)]
    """Name of the check, such as `ci/unit`."""
    state: CheckState
    """Pending, Success, Failure, Error or Skipped."""
    target_url: Annotated[str, Field(max_length=2048)] = ""
    """Where to read more."""
    description: Annotated[str, Field(max_length=500)] = ""
    """One line for people."""


class CheckStatus(ConditionedStatus):
    """What is known of the check."""

    reporter: str = ""
    """Who reported it; set by the server."""


class Check(Resource):
    """A check is a system's verdict on one commit; the latest one of a context and reporter counts."""

    spec: CheckSpec
    """The verdict."""
    status: CheckStatus = CheckStatus()
    """What is known of the check."""
