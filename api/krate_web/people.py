"""Who can help: the people an organisation's own objects name for a repository."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from krate import kinds, models
from krate.models.repository import GrantKind
from krate.names import RepositoryRole
from krate_kube.interface import Client
from krate_web import access

_WRITERS = frozenset({RepositoryRole.WRITER, RepositoryRole.ADMIN})


@dataclass(frozen=True, slots=True)
class Helpers:
    """Users and groups that hold at least Writer, sorted; empty when nobody is named or it may not be read."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def without(self, *names: str) -> "Helpers":
        return Helpers(tuple(user for user in self.users if user not in names), self.groups)

    def __bool__(self) -> bool:
        return bool(self.users or self.groups)

    def sentence(self, *, most: int = 5) -> str:
        """`bob, carol or 3 others`; "" for nobody."""
        named = [*self.users, *(f"group {group}" for group in self.groups)]
        if len(named) > most:
            named = [*named[: most - 1], f"{len(named) - most + 1} others"]
        if len(named) < 2:  # noqa: PLR2004 - one name needs no conjunction
            return "".join(named)
        return f"{', '.join(named[:-1])} or {named[-1]}"


def writers(repository: models.Repository, teams: Mapping[str, models.Team]) -> Helpers:
    """Who the repository's own grants make a Writer or more; members of child teams count in their parents."""
    users: set[str] = set()
    groups: set[str] = set()
    for grant in repository.spec.access:
        if grant.role not in _WRITERS:
            continue
        match grant.kind:
            case GrantKind.USER:
                users.add(grant.name)
            case GrantKind.GROUP:
                groups.add(grant.name)
            case GrantKind.TEAM:
                users.update(_members(grant.name, teams))
    return Helpers(tuple(sorted(users)), tuple(sorted(groups)))


def _members(team: str, teams: Mapping[str, models.Team]) -> Iterable[str]:
    seen: set[str] = set()
    waiting = [team]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in teams:
            continue
        seen.add(name)
        yield from teams[name].people
        waiting.extend(child for child, found in teams.items() if found.spec.parent == name)


async def helpers(client: Client, namespace: str, repository: models.Repository) -> Helpers:
    """The same, with the teams read as the signed-in user; nobody where they may not be read."""
    if not await access.may_list(client, kinds.TEAM, namespace):
        return writers(repository, {})
    listing = await client.list(kinds.TEAM, namespace=namespace)
    teams = [models.Team.model_validate(item) for item in listing.items]
    return writers(repository, {team.metadata.name: team for team in teams})
