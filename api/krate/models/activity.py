"""Activity: who did, or tried to do, what."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from krate.models.meta import Model, Resource


class AccessDecision(StrEnum):
    """Whether the request was carried out."""

    ALLOWED = "Allowed"
    DENIED = "Denied"


class ActivityObject(Model):
    """What the request was about."""

    api_version: str = Field(default="", alias="apiVersion")
    """Group and version."""
    kind: str = ""
    """Kind."""
    namespace: str = ""
    """Namespace."""
    name: str = ""
    """Name."""
    subresource: str = ""
    """Subresource."""


class ActivityStatus(Model):
    """One mutation or denial."""

    actor: str = ""
    """Authenticated user name."""
    groups: tuple[str, ...] = ()
    """Groups of the actor."""
    impersonator: str = ""
    """Authenticated user name of who acted as the actor, where somebody did."""
    verb: str = ""
    """Verb of the request; `push` for ref updates."""
    object: ActivityObject = ActivityObject()
    """What the request was about."""
    decision: AccessDecision = AccessDecision.ALLOWED
    """Allowed or Denied."""
    reason: str = ""
    """Why it was denied, or what changed."""
    command: str = ""
    """The kubectl or git line that does the same; Secret values are redacted."""
    correlation_id: str = ""
    """Joins UI, API, Git and controllers."""
    at: Annotated[str, Field(json_schema_extra={"format": "date-time"})] = ""
    """When; of repeated denials the latest."""
    count: int = 1
    """How many equal denials this stands for."""


class Activity(Resource):
    """An activity records one mutation, or one denied request, of one actor."""

    status: ActivityStatus = ActivityStatus()
    """What happened, written by the server."""
