"""Honest twins for the tests of callers: a push sink and a Git host in memory.

Both pass the same contract suites as the real ones (`tests/contract/git`). The host keeps its records in memory and
decides by the same rules of names and owners; its repositories are real bare ones in a folder that the caller gives
it, so that reads answer what Git answers. It serves no pushes: whoever wants commits in it writes them there.
"""

import itertools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pygit2

from krate import clock as clocks
from krate_git import holdings
from krate_git.interface import (
    Collaborator,
    HostedRepositorySettings,
    Push,
    RefPolicyDocument,
    RefUpdate,
    RepositoryFacts,
    RepositoryKey,
    RepositoryMissing,
    Verdict,
)
from krate_git.reading import Reading
from krate_git.repositories import HEADS
from krate_git.workers import Workers


@dataclass(frozen=True, slots=True)
class Finished:
    """A closed intent."""

    push: Push
    verdict: Verdict
    moved: tuple[RefUpdate, ...]
    facts: RepositoryFacts


@dataclass(slots=True)
class MemoryPushSink:
    """A PushSink whose records tests can look at."""

    finished: list[Finished] = field(default_factory=list[Finished])
    refused: list[tuple[Push, Verdict]] = field(default_factory=list[tuple[Push, Verdict]])
    _open: dict[str, tuple[Push, Verdict]] = field(default_factory=dict[str, tuple[Push, Verdict]])
    _pushed: set[RepositoryKey] = field(default_factory=set[RepositoryKey])
    _ids: "itertools.count[int]" = field(default_factory=itertools.count)

    async def never_pushed(self, key: RepositoryKey) -> bool:
        return key not in self._pushed

    async def begin(self, push: Push, verdict: Verdict) -> str:
        intent = f"intent-{next(self._ids)}"
        self._open[intent] = (push, verdict)
        return intent

    async def finish(self, intent: str, moved: Sequence[RefUpdate], facts: RepositoryFacts) -> None:
        found = self._open.pop(intent, None)
        if found is None:
            return
        push, verdict = found
        self.finished.append(Finished(push, verdict, tuple(moved), facts))
        if moved:
            self._pushed.add(push.key)

    async def denied(self, push: Push, verdict: Verdict) -> None:
        self.refused.append((push, verdict))

    async def open_intents(self) -> Sequence[tuple[str, Push]]:
        return [(intent, push) for intent, (push, _) in self._open.items()]


class MemoryHost(Reading):
    """A GitHost; bare repositories lie below `folder`, one per key, for `path(key)` to find."""

    def __init__(self, folder: Path, *, clock: clocks.Clock = clocks.system) -> None:
        super().__init__(self.path, Workers())
        self._folder = folder
        self._clock = clock
        self._repositories: dict[RepositoryKey, HostedRepositorySettings] = {}
        self._organizations: dict[str, Mapping[str, str]] = {}
        self._teams: dict[tuple[str, str], tuple[str, ...]] = {}
        self._access: dict[RepositoryKey, tuple[Collaborator, ...]] = {}
        self._digests: dict[RepositoryKey, str] = {}
        self._folders: dict[RepositoryKey, Path] = {}

    def close(self) -> None:
        self._workers.close()

    def path(self, key: RepositoryKey) -> Path:
        """Folder of a repository that is served."""
        found = self._repositories.get(key)
        if found is None or found.retired_at:
            raise RepositoryMissing
        return self._folders[key]

    async def put_organization(self, namespace: str, *, full_name: str, visibility: str) -> None:
        holdings.check_namespace(namespace)
        self._organizations[namespace] = {"full_name": full_name, "visibility": visibility}

    async def find_organization(self, namespace: str) -> Mapping[str, str] | None:
        return self._organizations.get(namespace)

    async def delete_organization(self, namespace: str) -> None:
        holdings.check_organization_empty(namespace, self._repositories)
        for key in [key for key in self._repositories if key.namespace == namespace]:
            self._forget(key)
        self._organizations.pop(namespace, None)
        self._teams = {team: members for team, members in self._teams.items() if team[0] != namespace}

    async def put_team(self, namespace: str, name: str, members: Sequence[str]) -> None:
        holdings.check_team(namespace, name)
        self._teams[namespace, name] = tuple(sorted(set(members)))

    async def find_team(self, namespace: str, name: str) -> tuple[str, ...] | None:
        return self._teams.get((namespace, name))

    async def delete_team(self, namespace: str, name: str) -> None:
        self._teams.pop((namespace, name), None)

    async def put_repository(self, settings: HostedRepositorySettings) -> HostedRepositorySettings:
        wanted = holdings.put(settings, self._repositories)
        path = self._folders.setdefault(wanted.key, self._folder / f"{len(self._folders)}-{wanted.host_name}.git")
        if not path.exists():
            pygit2.init_repository(os.fspath(path), bare=True, initial_head=wanted.default_branch).free()
        pygit2.Repository(os.fspath(path)).set_head(HEADS + wanted.default_branch)
        self._repositories[wanted.key] = wanted
        return wanted

    async def find_repository(self, key: RepositoryKey) -> HostedRepositorySettings | None:
        return self._repositories.get(key)

    async def retire_repository(self, key: RepositoryKey, uid: str) -> None:
        retired = holdings.retire(self._repositories.get(key), uid, self._clock())
        if retired is not None:
            self._repositories[key] = retired

    async def delete_repository(self, key: RepositoryKey, uid: str) -> None:
        found = self._repositories.get(key)
        if found is not None and found.uid == uid:
            self._forget(key)

    def _forget(self, key: RepositoryKey) -> None:
        """Drop the records; the next repository of the key gets a folder of its own."""
        del self._repositories[key]
        self._folders[RepositoryKey(key.namespace, f"{key.name} {len(self._folders)}")] = self._folders.pop(key)
        self._access.pop(key, None)
        self._digests.pop(key, None)

    async def put_access(self, key: RepositoryKey, collaborators: Sequence[Collaborator]) -> None:
        self.path(key)
        self._access[key] = tuple(sorted(collaborators, key=lambda item: (item.kind, item.name)))

    async def find_access(self, key: RepositoryKey) -> tuple[Collaborator, ...] | None:
        return self._access.get(key)

    async def put_ref_policy(self, key: RepositoryKey, policy: RefPolicyDocument) -> str:
        self.path(key)
        holdings.check_policy(key, policy)
        self._digests[key] = policy.digest
        return policy.digest

    async def find_ref_policy_digest(self, key: RepositoryKey) -> str | None:
        return self._digests.get(key)
