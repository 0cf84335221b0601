"""Who holds Writer in a repository, read from RBAC objects: Writer means update on `repositories/git` of its name.

This is a reading aid for conditions and messages. The server asks its authorizer at merge time; here a clear yes or a
clear no is given where roles, bindings and the user's groups can all be read, and "cannot tell" otherwise.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from krate import errors, kinds, names
from krate.kinds import Kind
from krate.names import Verb
from krate_kube.interface import Client, Object


@dataclass(frozen=True, slots=True)
class Grants:
    """Subjects that hold Writer in one repository."""

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def __or__(self, other: "Grants") -> "Grants":
        return Grants(self.users | other.users, self.groups | other.groups)


def allows_writing(rule: Mapping[str, Any], repository: str) -> bool:
    """Whether an RBAC rule allows update on `repositories/git` of the repository."""

    def covers(member: str, wanted: str) -> bool:
        return bool({"*", wanted} & set(rule.get(member) or []))

    only = rule.get("resourceNames") or []
    return (
        covers("verbs", Verb.UPDATE)
        and covers("apiGroups", kinds.REPOSITORY.group)
        and covers("resources", f"{kinds.REPOSITORY.plural}/{kinds.GIT_SUBRESOURCE}")
        and (not only or repository in only)
    )


def granted(repository: str, roles: Iterable[Object], bindings: Iterable[Object], *, role_kind: Kind) -> Grants:
    """Subjects of the bindings that lead to a role of `role_kind` which allows writing."""
    able = {
        role["metadata"]["name"]
        for role in roles
        if any(allows_writing(rule, repository) for rule in role.get("rules") or [])
    }
    users: set[str] = set()
    groups: set[str] = set()
    for binding in bindings:
        ref = binding["roleRef"]
        if ref["kind"] != role_kind.name or ref["name"] not in able:
            continue
        for subject in binding.get("subjects") or []:
            match subject["kind"]:
                case "User":
                    users.add(subject["name"])
                case "Group":
                    groups.add(subject["name"])
                case _:
                    users.add(names.service_account_user(subject.get("namespace", ""), subject["name"]))
    return Grants(frozenset(users), frozenset(groups))


@dataclass(frozen=True, slots=True)
class Writers:
    """Answers from the API, as one identity."""

    client: Client

    async def __call__(self, namespace: str, repository: str, user: str) -> bool | None:
        """Whether `user` holds Writer; None when the objects that would tell cannot be read."""
        grants, complete = await self._grants(namespace, repository)
        if user in grants.users:
            return True
        groups = await self._groups(user)
        if groups is not None and grants.groups & groups:
            return True
        return None if groups is None or not complete else False

    async def people(self, namespace: str, repository: str) -> tuple[str, ...]:
        """Users that bindings name as Writers, by name."""
        grants, _ = await self._grants(namespace, repository)
        return tuple(sorted(user for user in grants.users if not user.startswith("system:")))

    async def _grants(self, namespace: str, repository: str) -> tuple[Grants, bool]:
        """Grants in the namespace and everywhere; and whether all that could grant was read."""
        roles = await self._list(kinds.ROLE, namespace)
        bindings = await self._list(kinds.ROLE_BINDING, namespace)
        cluster_roles = await self._list(kinds.CLUSTER_ROLE, "")
        cluster_bindings = await self._list(kinds.CLUSTER_ROLE_BINDING, "")
        found = granted(repository, roles or (), bindings or (), role_kind=kinds.ROLE)
        everywhere = (*(bindings or ()), *(cluster_bindings or ()))
        found |= granted(repository, cluster_roles or (), everywhere, role_kind=kinds.CLUSTER_ROLE)
        return found, all(part is not None for part in (roles, bindings, cluster_roles, cluster_bindings))

    async def _groups(self, user: str) -> frozenset[str] | None:
        """Groups of a user that Krate itself signs in; None for everybody else, whose groups only a login tells."""
        try:
            found = await self.client.get(kinds.USER, names.user_object_name(user))
        except (errors.NotFound, errors.Forbidden):
            return None
        groups = (found.get("status") or {}).get("groups") or []
        return frozenset({*groups, names.GROUP_AUTHENTICATED})

    async def _list(self, kind: Kind, namespace: str) -> Sequence[Object] | None:
        try:
            return (await self.client.list(kind, namespace=namespace)).items
        except errors.Forbidden:
            return None
