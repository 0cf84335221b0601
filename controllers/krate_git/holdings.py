"""What a host may hold: the rules of names, owners and retirement that every implementation shares."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from krate import clock, names
from krate_git import document, reserved
from krate_git.interface import (
    GitError,
    HostedRepositorySettings,
    HostNameTaken,
    PolicyInvalid,
    PredecessorExists,
    RefPolicyDocument,
    RepositoryKey,
)
from krate_git.repositories import HEADS

RETENTION: Final = timedelta(days=30)
"""How long a retired repository can be restored."""
HOST_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

Holdings = Mapping[RepositoryKey, HostedRepositorySettings]


def check_names(settings: HostedRepositorySettings) -> None:
    """Refuse names that cannot be part of a path or an address.

    Raises:
        GitError: the message says which name, and why.
    """
    check_namespace(settings.key.namespace)
    name = settings.host_name
    if not HOST_NAME.fullmatch(name) or name.lower().endswith(".git"):
        raise GitError(
            f"{name!r} cannot be a name on the Git host: at most 100 letters, digits, '.', '_' and '-', beginning with "
            "a letter or digit and not ending in .git"
        )
    if problem := reserved.name_problem(HEADS + settings.default_branch):
        raise GitError(f"{settings.default_branch!r} cannot be the default branch: {problem}")


def check_namespace(namespace: str) -> None:
    """Raises GitError when the text is no name of a namespace."""
    if problems := names.label_problems(namespace):
        raise GitError(f"{namespace!r} is no namespace: {problems[0]}")


def check_team(namespace: str, name: str) -> None:
    """Raises GitError when the names are not those of a namespace and a team in it."""
    check_namespace(namespace)
    if problems := names.label_problems(name):
        raise GitError(f"{name!r} is no name of a team: {problems[0]}")


def check_policy(key: RepositoryKey, policy: RefPolicyDocument) -> document.Document:
    """The document that a policy carries.

    Raises:
        PolicyInvalid: the digest is not that of the document, or the document is not that of the repository.
    """
    if document.digest(policy.document) != policy.digest:
        raise PolicyInvalid(f"the digest {policy.digest} is not that of the document")
    found = document.decode(policy.document)
    if found.repository != key.name:
        raise PolicyInvalid(f"the document is that of {found.repository}, not of {key.name}")
    return found


def put(wanted: HostedRepositorySettings, held: Holdings) -> HostedRepositorySettings:
    """What the host holds once it took in `wanted`: as `GitHosting.put_repository` says.

    Raises:
        HostNameTaken, PredecessorExists, GitError: as there.
    """
    check_names(wanted)
    current = held.get(wanted.key)
    if current is not None and not current.retired_at and current.uid != wanted.uid:
        raise PredecessorExists(f"the Git host still holds a predecessor of {wanted.key}, owned by {current.uid}")
    for other in held.values():
        same = other.key.namespace == wanted.key.namespace and other.key != wanted.key
        if same and other.host_name.casefold() == wanted.host_name.casefold():
            kept = " (retired, kept for 30 days)" if other.retired_at else ""
            raise HostNameTaken(f"the name {wanted.host_name} is taken on the Git host by {other.key}{kept}")
    return replace(wanted, retired_at="")


def retire(current: HostedRepositorySettings | None, uid: str, now: datetime) -> HostedRepositorySettings | None:
    """The settings after retiring; None when there is nothing to do."""
    if current is None or current.uid != uid or current.retired_at:
        return None
    return replace(current, retired_at=clock.rfc3339(now))


def expired(held: Iterable[HostedRepositorySettings], now: datetime) -> tuple[RepositoryKey, ...]:
    """Retired repositories whose time is over."""
    return tuple(
        settings.key for settings in held if settings.retired_at and clock.parse(settings.retired_at) + RETENTION <= now
    )


def check_organization_empty(namespace: str, held: Holdings) -> None:
    """Raises GitError while the organisation holds a repository that is not retired."""
    serving = sorted(key.name for key, found in held.items() if key.namespace == namespace and not found.retired_at)
    if serving:
        raise GitError(f"the organization {namespace} still holds {len(serving)} repositories, {serving[0]} for one")
