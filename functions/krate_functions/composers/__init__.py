"""One composer per composite kind: pure functions from values to values."""

from collections.abc import Callable, Mapping
from typing import Final

from krate import kinds
from krate.kinds import Kind
from krate_functions.composers import organization, repository, team
from krate_functions.composition import Desired

COMPOSERS: Final[Mapping[str, tuple[Kind, Callable[..., Desired]]]] = {
    "organization": (kinds.ORGANIZATION, organization.compose),
    "repository": (kinds.REPOSITORY, repository.compose),
    "team": (kinds.TEAM, team.compose),
}
"""The kind that each composer composes, and its `compose(xr, observed, required, options)`."""


def known() -> str:
    """Names of all composers, for messages."""
    return ", ".join(sorted(COMPOSERS))


__all__ = ["COMPOSERS", "known"]
