"""Where the embedded host keeps things below its root.

    root/.krate/lock                 one process serves a root
    root/.krate/hooks/<digest>/      the only hooks that Git ever runs
    root/.krate/home/                an empty HOME for Git
    root/.krate/socket               where the evaluator listens
    root/<namespace>/krate/          organization.json, teams/<name>.json
    root/<namespace>/<name>.git/     a bare repository
        krate/                       settings.json, access.json, policy.json, lock

A namespace is a DNS label and a repository's folder ends in `.git`, so none of these can meet.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CREATING: Final = ".creating-"
DELETING: Final = ".deleting-"
SUFFIX: Final = ".git"


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths below one root."""

    root: Path

    @property
    def own(self) -> Path:
        return self.root / ".krate"

    @property
    def hooks(self) -> Path:
        return self.own / "hooks"

    @property
    def home(self) -> Path:
        return self.own / "home"

    @property
    def socket_record(self) -> Path:
        return self.own / "socket"

    @property
    def process_lock(self) -> Path:
        return self.own / "lock"

    def organization(self, namespace: str) -> Path:
        return self.root / namespace

    def organization_record(self, namespace: str) -> Path:
        return self.root / namespace / "krate" / "organization.json"

    def team_record(self, namespace: str, name: str) -> Path:
        return self.root / namespace / "krate" / "teams" / f"{name}.json"

    def repository(self, namespace: str, host_name: str) -> Path:
        return self.root / namespace / (host_name + SUFFIX)

    def prepare(self) -> None:
        """Make the host's own folders, readable by nobody else."""
        for folder in (self.root, self.own, self.home):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def namespaces(self) -> list[str]:
        return sorted(
            entry.name for entry in os.scandir(self.root) if entry.is_dir() and not entry.name.startswith(".")
        )


def settings_record(repository: Path) -> Path:
    return repository / "krate" / "settings.json"


def access_record(repository: Path) -> Path:
    return repository / "krate" / "access.json"


def policy_record(repository: Path) -> Path:
    return repository / "krate" / "policy.json"


def lock_file(repository: Path) -> Path:
    return repository / "krate" / "lock"


def ref_locks(repository: Path, refs: Iterable[str] = ()) -> list[Path]:
    """Files that Git and libgit2 make while they move refs: one a ref, and those of HEAD and the packed refs."""
    # The rules refuse malformed names before anything is asked of the disk; this is the disk's own rule.
    inside = (ref for ref in refs if ref.startswith("refs/") and ".." not in ref)
    return [repository / f"{name}.lock" for name in ("HEAD", "packed-refs", *inside)]
