"""A tenant of a real installation: its hosted repository, its Writers, and ways to wait for what controllers do."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import factories
from installations import Home
from krate import conditions, errors, kinds
from krate.conditions import Type
from krate.kinds import Kind
from krate_kube.interface import Client, Object

RBAC = "rbac.authorization.k8s.io"
PATIENCE = 20.0


async def wait_for(client: Client, kind: Kind, name: str, holds: Callable[[Object], Any], *, namespace: str) -> Object:
    """The object, once `holds` is true of it."""
    found: Object = {}
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    found = await client.get(kind, name, namespace=namespace)
                except errors.NotFound:
                    found = {}
                if found and holds(found):
                    return found
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"{kind.name} {name} never got there: {found.get('status')}")


async def until_gone(client: Client, kind: Kind, name: str, *, namespace: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                await client.get(kind, name, namespace=namespace)
                await asyncio.sleep(0.02)
    except errors.NotFound:
        return


def is_true(kind: Type) -> Callable[[Object], bool]:
    return lambda found: conditions.is_true((found.get("status") or {}).get("conditions") or [], kind)


def said(found: Object, kind: Type) -> tuple[str, str, str]:
    entry = conditions.find(found["status"]["conditions"], kind)
    assert entry is not None
    return entry["status"], entry["reason"], entry["message"]


async def git(folder: Path, *arguments: str) -> str:
    """Run git; fails the test with what git said."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
           for what, value in (("NAME", "Alice"), ("EMAIL", "alice@acme.example"))},
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, f"git {' '.join(arguments)}: {output.decode()}"
    return output.decode().strip()


@dataclass(frozen=True)
class Tenant:
    """One namespace with one repository, its Writers alice and bob, and a work tree."""

    home: Home
    namespace: str
    folder: Path

    @property
    def admin(self) -> Client:
        return self.home.admin

    async def create(self, kind: Kind, name: str, **parts: Any) -> Object:
        return await self.admin.create(kind, factories.make(kind, name, namespace=self.namespace, **parts))

    async def wait(self, kind: Kind, name: str, holds: Callable[[Object], Any]) -> Object:
        return await wait_for(self.admin, kind, name, holds, namespace=self.namespace)

    async def gone(self, kind: Kind, name: str) -> None:
        await until_gone(self.admin, kind, name, namespace=self.namespace)

    async def protect(self) -> None:
        spec = factories.make_branch_protection()["spec"]
        await self.create(kinds.BRANCH_PROTECTION, "main", spec=spec)
        await self.wait(kinds.BRANCH_PROTECTION, "main", is_true(Type.ENFORCED))

    async def host(self, *, policy: str = "Retain") -> None:
        """What the composite engine would compose for the organisation and the repository `web`."""
        owner = self.namespace
        await self.admin.create(kinds.NAMESPACE, factories.make(kinds.NAMESPACE, owner))
        organization = {"username": owner, "full_name": "Acme"}
        repository = {"owner": owner, "name": "web", "repository": "web"}
        people = [{"kind": "User", "name": name, "permission": "write"} for name in ("alice", "bob")]
        access = {"owner": owner, "repository": "web", "collaborators": people}
        await self.create(kinds.HOSTED_ORGANIZATION, owner, spec={"forProvider": organization})
        await self.create(kinds.REPOSITORY, "web", spec={"deletionPolicy": policy})
        await self.create(kinds.HOSTED_REPOSITORY, "web", spec={"forProvider": repository})
        await self.create(kinds.HOSTED_ACCESS, "web", spec={"forProvider": access})
        await self._bind()
        await self.wait(kinds.HOSTED_ORGANIZATION, owner, is_true(Type.READY))
        for kind in (kinds.HOSTED_REPOSITORY, kinds.HOSTED_ACCESS, kinds.HOSTED_REF_POLICY):
            await self.wait(kind, "web", is_true(Type.READY))

    async def _bind(self) -> None:
        web = {"apiGroups": ["krate.a5c.ai"], "resourceNames": ["web"]}
        rules = [
            {**web, "verbs": ["get", "update"], "resources": ["repositories/git"]},
            {**web, "verbs": ["create"], "resources": ["repositories/merge"]},
        ]
        await self.create(kinds.ROLE, "web-writer", rules=rules)
        subjects = [{"kind": "User", "name": name, "apiGroup": RBAC} for name in ("alice", "bob")]
        for name, kind in (("web-writer", "Role"), ("krate-developer", "ClusterRole")):
            ref = {"apiGroup": RBAC, "kind": kind, "name": name}
            labels = {"labels": {"krate.a5c.ai/repository": "web"}}
            await self.create(kinds.ROLE_BINDING, name, metadata=labels, roleRef=ref, subjects=subjects)

    async def remote(self) -> str:
        token = await self.home.token("alice")
        return f"{self.home.web_url.replace('//', f'//alice:{token}@')}/{self.namespace}/web.git"

    async def commit(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        await git(self.folder, "add", ".")
        await git(self.folder, "commit", "-q", "-m", f"Write {name}")
        return await git(self.folder, "rev-parse", "HEAD")

    async def open_pull_request(self) -> tuple[str, str]:
        """Push main and a branch `keys`, open a pull request as alice; answers its name and head."""
        self.folder.mkdir()
        remote = await self.remote()
        await git(self.folder, "init", "-q", "-b", "main")
        await self.commit("README.md", "Acme\n")
        await git(self.folder, "push", "-q", remote, "main")
        await git(self.folder, "switch", "-q", "-c", "keys")
        head = await self.commit("keys.txt", "one\ntwo\n")
        await git(self.folder, "push", "-q", remote, "keys")
        spec = factories.make_pull_request()["spec"]
        metadata = {"generateName": "web-", "namespace": self.namespace}
        async with await self.home.client("alice") as alice:
            made = await alice.create(
                kinds.PULL_REQUEST, factories.make(kinds.PULL_REQUEST, "", metadata=metadata, spec=spec)
            )
        return made["metadata"]["name"], head

    async def review(self, user: str, pull: str) -> None:
        async with await self.home.client(user) as client:
            await client.create(
                kinds.REVIEW,
                factories.make_review(
                    f"{pull}-{user}", metadata={"namespace": self.namespace}, spec={"pullRequest": pull}
                ),
            )
