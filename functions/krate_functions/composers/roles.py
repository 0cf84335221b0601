"""Repository roles: what each may do, and who holds it (kinds.md, "Repository roles")."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from krate import kinds
from krate.models import Repository
from krate.models.organization import Visibility
from krate.models.repository import Grant, GrantKind
from krate.names import Label, RepositoryRole
from krate_functions import objects
from krate_functions.composition import Part
from krate_functions.objects import Rule, Subject
from krate_functions.teams import Roster

_REPOSITORIES: Final = kinds.REPOSITORY.plural

PERMISSIONS: Final = {RepositoryRole.READER: "read", RepositoryRole.WRITER: "write", RepositoryRole.ADMIN: "admin"}
"""What the roles are called on the Git host."""


def rules(role: RepositoryRole, name: str) -> list[Rule]:
    """The rules of one role on the repository `name`; each role includes those before it."""

    def repository(verbs: Sequence[str], *below: str) -> Rule:
        resources = [f"{_REPOSITORIES}/{sub}" if sub else _REPOSITORIES for sub in below]
        return objects.rule(kinds.REPOSITORY.group, resources, verbs, only=name)

    content = kinds.REPOSITORY_CONTENT
    views = [f"{content.plural}/{view}" for view in kinds.CONTENT_VIEWS]
    added: dict[RepositoryRole, list[Rule]] = {
        RepositoryRole.READER: [
            repository(["get"], "", kinds.GIT_SUBRESOURCE),
            objects.rule(content.group, views, ["get"], only=name),
        ],
        RepositoryRole.WRITER: [
            repository(["update"], kinds.GIT_SUBRESOURCE),
            repository(["create"], kinds.MERGE_SUBRESOURCE, kinds.CHECKS_SUBRESOURCE),
        ],
        RepositoryRole.ADMIN: [
            repository(["update", "patch"], ""),
            repository(["create"], kinds.BYPASS_SUBRESOURCE),
        ],
    }
    steps = list(RepositoryRole)
    return [rule for step in steps[: steps.index(role) + 1] for rule in added[step]]


def role_name(repository: str, role: RepositoryRole) -> str:
    """Name of the Role and of the RoleBinding."""
    return f"krate-repository-{repository}-{role.lower()}"


def part_names(role: RepositoryRole) -> tuple[str, str]:
    """Names of the parts that are the Role and the RoleBinding."""
    return f"role-{role.lower()}", f"binding-{role.lower()}"


def parts(xr: Repository, roster: Roster, owners: Iterable[Subject]) -> list[Part]:
    """One Role and one RoleBinding per role; a binding waits for its role, which an escalation check would miss."""
    name, namespace = xr.metadata.name, xr.metadata.namespace
    owners = list(owners)
    found: list[Part] = []
    for role in RepositoryRole:
        labels = {str(Label.REPOSITORY): name, str(Label.ROLE): str(role)}
        below, above = part_names(role)
        called = role_name(name, role)
        obj = objects.make(kinds.ROLE, called, namespace=namespace, labels=labels, rules=rules(role, name))
        found.append(Part(below, obj))
        binding = objects.make(
            kinds.ROLE_BINDING,
            called,
            namespace=namespace,
            labels=labels,
            roleRef=objects.role_ref(kinds.ROLE, called),
            subjects=objects.unique(_holders(xr, role, roster, owners)),
        )
        found.append(Part(above, binding, after=(below,)))
    return found


def _holders(xr: Repository, role: RepositoryRole, roster: Roster, owners: list[Subject]) -> list[Subject]:
    found = [subject for grant in xr.spec.access if grant.role is role for subject in _subjects(grant, roster)]
    if role is RepositoryRole.READER and xr.spec.visibility is Visibility.PUBLIC:
        found.extend(objects.everybody())
    if role is RepositoryRole.READER and xr.spec.visibility is Visibility.INTERNAL:
        found.extend([*owners, *(objects.user(person) for person in roster.everybody)])
    return found


def _subjects(grant: Grant, roster: Roster) -> list[Subject]:
    match grant.kind:
        case GrantKind.USER:
            return [objects.user(grant.name)]
        case GrantKind.GROUP:
            return [objects.group(grant.name)]
        case GrantKind.TEAM:
            return [objects.user(person) for person in roster.people.get(grant.name, ())]


def missing_teams(xr: Repository, roster: Roster) -> list[str]:
    """Teams that were granted access and do not exist."""
    return [grant.name for grant in xr.spec.access if grant.kind is GrantKind.TEAM and grant.name not in roster.people]


def broken_teams(xr: Repository, roster: Roster) -> list[tuple[str, ...]]:
    """Cycles of teams that were granted access, or that an Internal repository reads its people from."""
    if xr.spec.visibility is Visibility.INTERNAL:
        return list(roster.cycles)
    found = {roster.cycle_of(grant.name) for grant in xr.spec.access if grant.kind is GrantKind.TEAM}
    return sorted(cycle for cycle in found if cycle)


def collaborators(xr: Repository) -> list[dict[str, Any]]:
    """The grants as the Git host records them."""
    return [
        {"kind": str(grant.kind), "name": grant.name, "permission": PERMISSIONS[grant.role]}
        for grant in sorted(xr.spec.access, key=lambda grant: (grant.kind, grant.name))
    ]
