"""What a repository holds, read through the API's views as the signed-in user."""

from typing import TypeVar

import orjson

from krate import errors, kinds
from krate.models.content import BlobView, CommitsView, CommitView, CompareView, DiffView, RefsView, TreeView
from krate.models.meta import Model
from krate_kube import paths
from krate_kube.interface import Client

View = TypeVar("View", bound=Model)

MAX_COMMITS = 200
"""What the server answers at most."""


class Contents:
    """Views of one repository."""

    def __init__(self, client: Client, namespace: str, repository: str) -> None:
        self._client = client
        self._namespace = namespace
        self._repository = repository

    async def _view(self, name: str, model: type[View], **params: str) -> View:
        path = paths.item(kinds.REPOSITORY_CONTENT, self._repository, namespace=self._namespace, subresource=name)
        sent = {key: value for key, value in params.items() if value}
        return model.model_validate(orjson.loads(await self._client.raw("GET", path, params=sent)))

    async def tree(self, ref: str, path: str) -> TreeView:
        """A directory with the latest commit of each entry."""
        return await self._view("tree", TreeView, ref=ref, path=path, lastCommit="true")

    async def blob(self, ref: str, path: str) -> BlobView:
        return await self._view("blob", BlobView, ref=ref, path=path)

    async def raw(self, ref: str, path: str) -> bytes:
        """The bytes of a file."""
        item = paths.item(kinds.REPOSITORY_CONTENT, self._repository, namespace=self._namespace, subresource="raw")
        params = {key: value for key, value in (("ref", ref), ("path", path)) if value}
        return await self._client.raw("GET", item, params=params)

    async def commits(self, ref: str, *, path: str = "", limit: int = 50) -> CommitsView:
        return await self._view("commits", CommitsView, ref=ref, path=path, limit=str(limit))

    async def latest(self, ref: str, path: str = "") -> CommitView | None:
        """The newest commit that touched `path`."""
        found = await self.commits(ref, path=path, limit=1)
        return found.items[0] if found.items else None

    async def branches(self) -> RefsView:
        return await self._view("branches", RefsView)

    async def tags(self) -> RefsView:
        return await self._view("tags", RefsView)

    async def compare(self, base: str, head: str) -> CompareView:
        return await self._view("compare", CompareView, base=base, head=head)


async def pull_diff(client: Client, namespace: str, name: str) -> DiffView:
    """The change that a pull request proposes, with hunks."""
    path = paths.item(kinds.PULL_REQUEST, name, namespace=namespace, subresource="diff")
    return DiffView.model_validate(orjson.loads(await client.raw("GET", path)))


async def pull_commits(client: Client, namespace: str, name: str) -> CommitsView:
    """The commits that a pull request proposes, newest first."""
    path = paths.item(kinds.PULL_REQUEST, name, namespace=namespace, subresource="commits")
    return CommitsView.model_validate(orjson.loads(await client.raw("GET", path)))


async def has_content(client: Client, namespace: str, repository: str) -> bool:
    """Whether the repository ever held a ref."""
    try:
        found = await client.get(kinds.REPOSITORY_CONTENT, repository, namespace=namespace)
    except errors.NotFound:
        return False
    return bool((found.get("status") or {}).get("lastPush"))
