"""GitHosting on this machine: organisations, teams, repositories, access and policies, on disk before in memory.

Changes are rare and small, so one lock orders them all; those that must not meet a push (retiring, renaming, deleting)
take the repository's lock as well. The disk comes first: when it fails, memory still says what the disk says.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec, TypeVar

from krate.clock import Clock
from krate_git import document, expressions, holdings, interface
from krate_git.embedded.locks import Locks
from krate_git.embedded.records import Held, Loaded, Records
from krate_git.interface import Collaborator, GitError, HostedRepositorySettings, RefPolicyDocument, RepositoryKey
from krate_git.workers import Workers

P = ParamSpec("P")
T = TypeVar("T")


class Hosting:
    """What the host holds; reads answer from memory."""

    def __init__(
        self,
        shelf: Records,
        locks: Locks,
        workers: Workers,
        *,
        clock: Clock,
        compile_expression: expressions.Compile,
    ) -> None:
        self._shelf = shelf
        self._locks = locks
        self._workers = workers
        self._clock = clock
        self._compile = compile_expression
        self._state = Loaded()
        self._names: dict[tuple[str, str], RepositoryKey] = {}
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Read everything from the disk; called once, before anything is served."""
        self._state = await self._workers.light(self._shelf.load)
        self._names = {(key.namespace, held.settings.host_name): key for key, held in self._state.repositories.items()}

    # ------------------------------------------------------------------------------- for the rest of the host

    def held(self, key: RepositoryKey) -> Held:
        """A repository that is served.

        Raises:
            RepositoryMissing: there is none, or it is retired.
        """
        found = self._state.repositories.get(key)
        if found is None or found.settings.retired_at:
            raise interface.RepositoryMissing
        return found

    def locate(self, key: RepositoryKey) -> Path:
        """Path of a repository that is served."""
        return self.held(key).path

    def kept(self, key: RepositoryKey) -> Path | None:
        """Path of a repository, a retired one included; None when there is none."""
        found = self._state.repositories.get(key)
        return found.path if found is not None else None

    def named(self, namespace: str, host_name: str) -> Held | None:
        """The repository that an address means, if it is served."""
        key = self._names.get((namespace, host_name))
        found = self._state.repositories.get(key) if key is not None else None
        return None if found is None or found.settings.retired_at else found

    def all(self) -> Iterable[Held]:
        """Every repository, retired ones included."""
        return tuple(self._state.repositories.values())

    # ------------------------------------------------------------------------------- organisations and teams

    async def put_organization(self, namespace: str, *, full_name: str, visibility: str) -> None:
        holdings.check_namespace(namespace)
        record = {"full_name": full_name, "visibility": visibility}
        async with self._changing:
            if self._state.organizations.get(namespace) != record:
                await self._disk(self._shelf.put_organization, namespace, record)
                self._state.organizations[namespace] = record

    async def find_organization(self, namespace: str) -> Mapping[str, str] | None:
        return self._state.organizations.get(namespace)

    async def delete_organization(self, namespace: str) -> None:
        holdings.check_namespace(namespace)
        async with self._changing:
            held = {key: found.settings for key, found in self._state.repositories.items()}
            holdings.check_organization_empty(namespace, held)
            for key in [key for key in held if key.namespace == namespace]:
                await self._remove(self._state.repositories[key])
            await self._disk(self._shelf.delete_organization, namespace)
            self._state.organizations.pop(namespace, None)
            for team in [team for team in self._state.teams if team[0] == namespace]:
                del self._state.teams[team]

    async def put_team(self, namespace: str, name: str, members: Sequence[str]) -> None:
        holdings.check_team(namespace, name)
        found = tuple(sorted(set(members)))
        async with self._changing:
            if self._state.teams.get((namespace, name)) != found:
                await self._disk(self._shelf.put_team, namespace, name, found)
                self._state.teams[namespace, name] = found

    async def find_team(self, namespace: str, name: str) -> tuple[str, ...] | None:
        return self._state.teams.get((namespace, name))

    async def delete_team(self, namespace: str, name: str) -> None:
        holdings.check_team(namespace, name)
        async with self._changing:
            await self._disk(self._shelf.delete_team, namespace, name)
            self._state.teams.pop((namespace, name), None)

    # ------------------------------------------------------------------------------- repositories

    async def put_repository(self, settings: HostedRepositorySettings) -> HostedRepositorySettings:
        async with self._changing:
            wanted = holdings.put(settings, {key: found.settings for key, found in self._state.repositories.items()})
            current = self._state.repositories.get(settings.key)
            if current is None:
                path = await self._disk(self._shelf.create, wanted)
                self._remember(Held(wanted, path))
            elif current.settings != wanted:
                async with self._locks.hold(settings.key, current.path):
                    path = await self._disk(self._shelf.update, current, wanted)
                    self._forget(current)
                    self._remember(replace(current, settings=wanted, path=path))
            return wanted

    async def find_repository(self, key: RepositoryKey) -> HostedRepositorySettings | None:
        found = self._state.repositories.get(key)
        return found.settings if found is not None else None

    async def retire_repository(self, key: RepositoryKey, uid: str) -> None:
        async with self._changing:
            current = self._state.repositories.get(key)
            retired = holdings.retire(current.settings if current else None, uid, self._clock())
            if current is None or retired is None:
                return
            async with self._locks.hold(key, current.path):
                await self._disk(self._shelf.put_settings, current.path, retired)
                self._state.repositories[key] = replace(current, settings=retired)

    async def delete_repository(self, key: RepositoryKey, uid: str) -> None:
        async with self._changing:
            current = self._state.repositories.get(key)
            if current is not None and current.settings.uid == uid:
                await self._remove(current)

    async def purge(self) -> tuple[RepositoryKey, ...]:
        """Remove retired repositories whose 30 days are over; answers which."""
        async with self._changing:
            keys = holdings.expired((held.settings for held in self.all()), self._clock())
            for key in keys:
                await self._remove(self._state.repositories[key])
        return keys

    async def _remove(self, held: Held) -> None:
        async with self._locks.hold(held.settings.key, held.path):
            await self._disk(self._shelf.delete, held.path)
            self._forget(held)

    def _remember(self, held: Held) -> None:
        key = held.settings.key
        self._state.repositories[key] = held
        self._names[key.namespace, held.settings.host_name] = key

    def _forget(self, held: Held) -> None:
        key = held.settings.key
        self._state.repositories.pop(key, None)
        self._names.pop((key.namespace, held.settings.host_name), None)

    # ------------------------------------------------------------------------------- access and policies

    async def put_access(self, key: RepositoryKey, collaborators: Sequence[Collaborator]) -> None:
        found = tuple(sorted(collaborators, key=lambda item: (item.kind, item.name)))
        async with self._changing:
            current = self.held(key)
            if current.access != found:
                await self._disk(self._shelf.put_access, current.path, found)
                self._state.repositories[key] = replace(current, access=found)

    async def find_access(self, key: RepositoryKey) -> tuple[Collaborator, ...] | None:
        found = self._state.repositories.get(key)
        return found.access if found is not None else None

    async def put_ref_policy(self, key: RepositoryKey, policy: RefPolicyDocument) -> str:
        async with self._changing:
            current = self.held(key)
            if current.digest != policy.digest or current.rules is None:
                rules = holdings.check_policy(key, policy)
                self._try_expressions(rules)
                await self._disk(self._shelf.put_policy, current.path, policy)
                self._state.repositories[key] = replace(current, digest=policy.digest, rules=rules)
        return policy.digest

    def _try_expressions(self, rules: document.Document) -> None:
        for source in rules.refs:
            for rule in source.rules:
                try:
                    if rule.expression:
                        self._compile(rule.expression)
                except expressions.ExpressionError as error:
                    message = f"{source.source}, rule {rule.name}: the expression does not compile: {error}"
                    raise interface.PolicyInvalid(message) from error

    async def find_ref_policy_digest(self, key: RepositoryKey) -> str | None:
        found = self._state.repositories.get(key)
        return found.digest if found is not None else None

    async def _disk(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Blocking work on the disk; a full or failing disk is an error of the host, and changes nothing in memory."""
        try:
            return await self._workers.light(function, *args, **kwargs)
        except OSError as error:
            raise GitError(f"the Git host could not write to its disk: {error}") from error
