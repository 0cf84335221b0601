"""Query: sorting, counting and membership over forge data; created, answered and never stored."""

from typing import Annotated

from pydantic import Field

from krate.models.meta import FreeForm, Model, Resource


class Membership(Model):
    """A list field that must contain a value."""

    field: Annotated[str, Field(pattern=r"^(spec|status|metadata)\.[A-Za-z0-9.]+$")]
    """Path of a list, such as `spec.reviewers`."""
    value: str
    """The value; `$me` is the caller."""


class SortKey(Model):
    """One key to sort by."""

    field: Annotated[str, Field(pattern=r"^(spec|status|metadata)\.[A-Za-z0-9.]+$")]
    """Path of a scalar, such as `metadata.creationTimestamp`."""
    descending: bool = False
    """Largest first."""


class QuerySpec(Model):
    """What to look for."""

    targets: Annotated[tuple[str, ...], Field(min_length=1, max_length=8)]
    """Kinds of forge data, such as `PullRequest`."""
    namespaces: tuple[str, ...] = ()
    """Namespaces; empty means every namespace the caller may list."""
    label_selector: str = ""
    """Labels, as in a list."""
    field_selector: str = ""
    """Selectable fields, as in a list."""
    any_of: Annotated[tuple[str, ...], Field(max_length=16)] = ()
    """Further field selectors of which one must match."""
    membership: Annotated[tuple[Membership, ...], Field(max_length=8)] = ()
    """Lists that must contain values."""
    columns: Annotated[tuple[str, ...], Field(max_length=32)] = ()
    """Paths to return with each match."""
    sort: Annotated[tuple[SortKey, ...], Field(max_length=4)] = ()
    """Keys to sort by; the object's key decides ties."""
    count_by: str = ""
    """Path of a scalar to count by."""
    limit: Annotated[int, Field(ge=0, le=500)] = 50
    """Matches to return; 0 returns counts only."""
    continue_token: Annotated[str, Field(alias="continue")] = ""
    """Where to go on."""


class QueryMatch(Model):
    """One object that matches."""

    kind: str
    """Kind of the object."""
    namespace: str = ""
    """Namespace of the object."""
    name: str
    """Name of the object."""
    columns: FreeForm = {}
    """Values of the columns asked for, by path."""


class QueryDenied(Model):
    """A target the caller may not list."""

    namespace: str = ""
    """Namespace."""
    target: str
    """Kind."""


class QueryStatus(Model):
    """What was found."""

    matches: tuple[QueryMatch, ...] = ()
    """The matches."""
    total: int = 0
    """How many objects match."""
    counts: dict[str, int] = {}
    """Matches by the value of `countBy`."""
    resource_versions: dict[str, str] = {}
    """Version of each target that the answer reflects."""
    denied: tuple[QueryDenied, ...] = ()
    """What was left out because the caller may not list it."""
    continue_token: Annotated[str, Field(alias="continue")] = ""
    """Where to go on; empty on the last page."""


class Query(Resource):
    """A query sorts, counts and filters forge data across repositories; it is answered and never stored."""

    spec: QuerySpec
    """What to look for."""
    status: QueryStatus = QueryStatus()
    """What was found."""
