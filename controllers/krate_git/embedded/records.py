"""What the embedded host remembers of organisations, teams and repositories, on the disk and loaded at start."""

import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pygit2

from krate import logging
from krate_git import document, holdings
from krate_git.embedded import files, layout, locks
from krate_git.embedded.files import Sync
from krate_git.embedded.layout import Layout
from krate_git.interface import (
    Collaborator,
    HostedRepositorySettings,
    PolicyInvalid,
    RefPolicyDocument,
    RepositoryKey,
)
from krate_git.repositories import HEADS

log = logging.get(component="git")


@dataclass(frozen=True, slots=True)
class Held:
    """One repository as the host has it in memory."""

    settings: HostedRepositorySettings
    path: Path
    access: tuple[Collaborator, ...] | None = None
    digest: str | None = None
    """Digest of the loaded document; None when there never was one, or it cannot be loaded."""
    rules: document.Document | None = None


@dataclass(slots=True)
class Loaded:
    """Everything below a root."""

    repositories: dict[RepositoryKey, Held] = field(default_factory=dict[RepositoryKey, Held])
    organizations: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    teams: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict[tuple[str, str], tuple[str, ...]])


class Records:
    """Reads and writes below one root; every method blocks, and raises OSError when the disk fails."""

    def __init__(self, places: Layout, *, sync: Sync = os.fsync) -> None:
        self._places = places
        self._sync = sync

    def load(self) -> Loaded:
        """Everything there is; what a crash left half made or half deleted is cleared away."""
        loaded = Loaded()
        for namespace in self._places.namespaces():
            for held in self._repositories(namespace):
                loaded.repositories[held.settings.key] = held
            organization = files.read_record(self._places.organization_record(namespace))
            if organization is not None:
                loaded.organizations[namespace] = organization
            for path in sorted(self._places.team_record(namespace, "x").parent.glob("[!.]*.json")):
                team = files.read_record(path) or {}
                loaded.teams[namespace, path.stem] = tuple(team.get("members", ()))
        return loaded

    def _repositories(self, namespace: str) -> Iterator[Held]:
        for entry in sorted(os.scandir(self._places.organization(namespace)), key=lambda entry: entry.name):
            if entry.name.startswith((layout.CREATING, layout.DELETING)):
                shutil.rmtree(entry.path, ignore_errors=True)
            elif entry.name.endswith(layout.SUFFIX) and entry.is_dir(follow_symlinks=False):
                try:
                    yield self._repository(namespace, Path(entry.path))
                except (ValueError, KeyError, TypeError):
                    # One damaged repository must not keep the others from being served.
                    log.exception("repository not loaded", path=entry.path)

    def _repository(self, namespace: str, path: Path) -> Held:
        stored = files.read_record(layout.settings_record(path)) or {}
        key = RepositoryKey(namespace, stored.pop("name"))
        host_name = path.name.removesuffix(layout.SUFFIX)
        access = files.read_record(layout.access_record(path))
        held = Held(
            HostedRepositorySettings(key=key, host_name=host_name, **stored),
            path,
            tuple(Collaborator(**item) for item in access["collaborators"]) if access is not None else None,
        )
        return self._with_policy(held)

    def _with_policy(self, held: Held) -> Held:
        """A document that cannot be loaded counts as none: the repository then accepts no push."""
        try:
            stored = files.read_record(layout.policy_record(held.path))
            if stored is None:
                return held
            policy = RefPolicyDocument(stored["digest"], stored["document"])
            return replace(held, digest=policy.digest, rules=holdings.check_policy(held.settings.key, policy))
        except (PolicyInvalid, ValueError, KeyError):
            log.exception("policy document not loaded", repository=str(held.settings.key))
            return held

    def put_organization(self, namespace: str, record: dict[str, str]) -> None:
        path = self._places.organization_record(namespace)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write_record(path, record, sync=self._sync)

    def delete_organization(self, namespace: str) -> None:
        shutil.rmtree(self._places.organization(namespace), ignore_errors=True)

    def put_team(self, namespace: str, name: str, members: tuple[str, ...]) -> None:
        path = self._places.team_record(namespace, name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write_record(path, {"members": list(members)}, sync=self._sync)

    def delete_team(self, namespace: str, name: str) -> None:
        self._places.team_record(namespace, name).unlink(missing_ok=True)

    def create(self, settings: HostedRepositorySettings) -> Path:
        """A new bare repository; it appears under its name only when it is complete."""
        path = self._places.repository(settings.key.namespace, settings.host_name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(layout.CREATING + secrets.token_hex(8))
        try:
            pygit2.init_repository(os.fspath(fresh), bare=True, initial_head=settings.default_branch).free()
            shutil.rmtree(fresh / "hooks", ignore_errors=True)
            (fresh / "krate").mkdir(mode=0o700)
            self.put_settings(fresh, settings)
            files.sync_folder(fresh, sync=self._sync)
            fresh.rename(path)
        except OSError:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        files.sync_folder(path.parent, sync=self._sync)
        return path

    def update(self, held: Held, settings: HostedRepositorySettings) -> Path:
        """Point HEAD at the default branch, write settings, and rename when the name on the host changed.

        The caller holds the repository. In this order each step is found undone, and done again, after a crash.
        """
        path = self._places.repository(settings.key.namespace, settings.host_name)
        if settings.default_branch != held.settings.default_branch:
            locks.clear(held.path)
            repository = pygit2.Repository(os.fspath(held.path))
            repository.set_head(HEADS + settings.default_branch)
            repository.free()
        self.put_settings(held.path, settings)
        if path != held.path:
            held.path.rename(path)
            files.sync_folder(path.parent, sync=self._sync)
        return path

    def put_settings(self, path: Path, settings: HostedRepositorySettings) -> None:
        record: dict[str, Any] = asdict(settings)
        # The folder's own name says namespace and host name, so that a rename is one atomic step.
        del record["key"], record["host_name"]
        files.write_record(layout.settings_record(path), {**record, "name": settings.key.name}, sync=self._sync)

    def delete(self, path: Path) -> None:
        """Take the repository away in one step, then remove its files."""
        gone = path.with_name(layout.DELETING + secrets.token_hex(8))
        path.rename(gone)
        files.sync_folder(path.parent, sync=self._sync)
        shutil.rmtree(gone, ignore_errors=True)

    def put_access(self, path: Path, collaborators: tuple[Collaborator, ...]) -> None:
        record = {"collaborators": [asdict(collaborator) for collaborator in collaborators]}
        files.write_record(layout.access_record(path), record, sync=self._sync)

    def put_policy(self, path: Path, policy: RefPolicyDocument) -> None:
        record = {
            "digest": policy.digest,
            "document": policy.document,
            "sources": [dict(source) for source in policy.sources],
        }
        files.write_record(layout.policy_record(path), record, sync=self._sync)
