"""Team: a group of people in one organisation."""

from typing import Annotated

from pydantic import Field

from krate.models.meta import ConditionedStatus, Model, Resource, StringSet


class TeamSpec(Model):
    """Who belongs to the team."""

    display_name: Annotated[str, Field(max_length=100)] = ""
    """Name shown to people."""
    members: StringSet = ()
    """Authenticated user names."""
    maintainers: StringSet = ()
    """Members who also maintain the team; they count as members."""
    parent: str | None = None
    """Name of the team that this one is part of; children count in their parent."""


class TeamStatus(ConditionedStatus):
    """What the team is."""

    member_count: int = 0
    """Distinct members and maintainers, children not counted."""


class Team(Resource):
    """A team groups people of an organisation; repositories grant access to teams."""

    spec: TeamSpec = TeamSpec()
    """Who belongs to the team."""
    status: TeamStatus = TeamStatus()
    """What the team is, written by controllers."""

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(sorted({*self.spec.members, *self.spec.maintainers}))
