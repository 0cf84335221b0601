"""Hosted objects, and a Git host as their steps see it."""

from dataclasses import dataclass, field
from typing import Any

import factories
from krate import kinds
from krate.kinds import Kind
from krate_controllers.deps import HostDeps
from krate_git.interface import Collaborator, HostedRepositorySettings, RefPolicyDocument, RepositoryKey

WEB = RepositoryKey("acme", "web")
UID = "11111111-1111-4111-8111-111111111111"
HELD = HostedRepositorySettings(WEB, "web", UID, private=True, default_branch="main")
BOB = Collaborator("User", "bob", "write")
DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
ACME = {"full_name": "Acme", "visibility": "private"}
EXTERNAL = "crossplane.io/external-name"


@dataclass
class Host:
    """A Git host as steps see it: what it holds, what it is asked, and how it fails."""

    organization: dict[str, str] | None = None
    team: tuple[str, ...] | None = None
    repository: HostedRepositorySettings | None = None
    access: tuple[Collaborator, ...] | None = None
    digest: str | None = None
    failure: Exception | None = None
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def _call(self, *call: Any) -> None:
        if self.failure is not None:
            raise self.failure
        self.calls.append(call)

    async def find_organization(self, _namespace: str) -> dict[str, str] | None:
        return self.organization

    async def put_organization(self, namespace: str, *, full_name: str, visibility: str) -> None:
        self._call("put_organization", namespace, full_name, visibility)

    async def delete_organization(self, namespace: str) -> None:
        self._call("delete_organization", namespace)

    async def find_team(self, _namespace: str, _name: str) -> tuple[str, ...] | None:
        return self.team

    async def put_team(self, namespace: str, name: str, members: tuple[str, ...]) -> None:
        self._call("put_team", namespace, name, members)

    async def delete_team(self, namespace: str, name: str) -> None:
        self._call("delete_team", namespace, name)

    async def find_repository(self, _key: RepositoryKey) -> HostedRepositorySettings | None:
        return self.repository

    async def put_repository(self, settings: HostedRepositorySettings) -> HostedRepositorySettings:
        self._call("put_repository", settings)
        return settings

    async def retire_repository(self, key: RepositoryKey, uid: str) -> None:
        self._call("retire_repository", key, uid)

    async def delete_repository(self, key: RepositoryKey, uid: str) -> None:
        self._call("delete_repository", key, uid)

    async def find_access(self, _key: RepositoryKey) -> tuple[Collaborator, ...] | None:
        return self.access

    async def put_access(self, key: RepositoryKey, collaborators: tuple[Collaborator, ...]) -> None:
        self._call("put_access", key, tuple(collaborators))

    async def find_ref_policy_digest(self, _key: RepositoryKey) -> str | None:
        return self.digest

    async def put_ref_policy(self, key: RepositoryKey, policy: RefPolicyDocument) -> str:
        self._call("put_ref_policy", key, policy)
        return policy.digest


def deps_for(host: Host, *, providers: tuple[str, ...] = ()) -> HostDeps:
    async def find_provider(_namespace: str, name: str) -> dict[str, Any] | None:
        return {} if name in providers else None

    return HostDeps(host, "http://127.0.0.1:7080", find_provider)  # pyright: ignore[reportArgumentType]


def view(kind: Kind, for_provider: dict[str, Any], **parts: Any) -> Any:
    base = {"metadata": {"uid": UID, "generation": 1}, "spec": {"forProvider": for_provider}}
    return kind.model.model_validate(factories.make(kind, "web", **factories.merge(base, parts)))


def organization(**parts: Any) -> Any:
    return view(kinds.HOSTED_ORGANIZATION, {"username": "acme", "full_name": "Acme"}, **parts)


def team(**parts: Any) -> Any:
    wanted = {"organization": "acme", "name": "platform", "members": ["bob", "alice"]}
    return view(kinds.HOSTED_TEAM, wanted, **parts)


def repository(**parts: Any) -> Any:
    return view(kinds.HOSTED_REPOSITORY, {"owner": "acme", "name": "web", "repository": "web"}, **parts)


def access(**parts: Any) -> Any:
    people = [{"kind": "User", "name": "bob", "permission": "write"}]
    wanted = {"owner": "acme", "repository": "Web.Site", "collaborators": people}
    return view(kinds.HOSTED_ACCESS, wanted, **parts)


def policy(**parts: Any) -> Any:
    source = {"kind": "RefPolicy", "uid": "p1", "generation": 3}
    wanted = {"owner": "acme", "repository": "web", "digest": DIGEST, "document": "{}", "sources": [source]}
    return view(kinds.HOSTED_REF_POLICY, wanted, **parts)
