"""A GitHost over HTTPS: what process B uses, with the token of the controller that asks.

Every call is idempotent, so a connection that fails before an answer is tried again; whatever is left of it is
HostUnavailable. Answers are never guessed at: an unknown one is an error.
"""

import asyncio
import inspect
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import pydantic

from krate_git.embedded import wire
from krate_git.interface import (
    BlameLine,
    Blob,
    Collaborator,
    Commit,
    Comparison,
    FileDiff,
    HostedRepositorySettings,
    HostForbidden,
    HostUnavailable,
    RefPolicyDocument,
    Refs,
    RepositoryKey,
    TreeEntry,
)

Token = Callable[[], str | Awaitable[str]]
"""Answers the bearer token to use now."""

ATTEMPTS: Final = 3
_PAUSE: Final = 0.2
_TIMEOUT: Final = httpx2.Timeout(60.0, connect=5.0)
# The connection failed before there was an answer.
_RETRIED: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ReadError, httpx2.RemoteProtocolError)


class HostClient:
    """Calls of `/-/host/v1/`; `close` when done."""

    def __init__(self, url: str, *, token: Token, ca_file: Path | None = None) -> None:
        """Nothing is connected yet.

        Args:
            url: address of the TLS listener, `https://127.0.0.1:7443`.
            token: supplies the bearer token for each call.
            ca_file: certificates to trust instead of the system's, in PEM.

        Raises:
            ValueError: the address is not https; a token must not travel in the clear.
        """
        if urlsplit(url).scheme != "https":
            raise ValueError("the Git host is reached over https only, because tokens travel there")
        context = ssl.create_default_context(cafile=ca_file)
        self._token = token
        self._http = httpx2.AsyncClient(base_url=url, verify=context, timeout=_TIMEOUT, follow_redirects=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def _call(self, name: str, /, **arguments: Any) -> Any:
        """One call.

        Raises:
            GitError: the class that the host named.
            HostForbidden: the token is not accepted.
            HostUnavailable: no answer, or none that could be read.
        """
        call = wire.CALLS[name]
        body = call.arguments()(**arguments).model_dump_json()
        response = await self._post(wire.PREFIX + name, body)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            raise HostForbidden("the Git host does not accept the token")
        try:
            if response.status_code == HTTPStatus.OK:
                return call.result().model_validate_json(response.content).value  # pyright: ignore[reportAttributeAccessIssue] - the field of a made model
            answer: Mapping[str, Any] = response.json()
            raise wire.error_of(str(answer["error"]), str(answer["message"]))
        except (pydantic.ValidationError, ValueError, KeyError, TypeError) as error:
            raise HostUnavailable(f"the Git host answered {response.status_code} to {name}") from error

    async def _post(self, path: str, body: str) -> httpx2.Response:
        failure: Exception | None = None
        for attempt in range(ATTEMPTS):
            if failure is not None:
                await asyncio.sleep(_PAUSE * attempt)
            token = self._token()
            bearer = await token if inspect.isawaitable(token) else token
            headers = {"authorization": f"Bearer {bearer}", "content-type": "application/json"}
            try:
                return await self._http.post(path, content=body, headers=headers)
            except _RETRIED as error:
                failure = error
            except httpx2.TransportError as error:
                raise HostUnavailable(f"the Git host cannot be reached: {error}") from error
        raise HostUnavailable(f"the Git host cannot be reached: {failure}") from failure

    # ------------------------------------------------------------------------------- hosting

    async def put_organization(self, namespace: str, *, full_name: str, visibility: str) -> None:
        await self._call("put_organization", namespace=namespace, full_name=full_name, visibility=visibility)

    async def find_organization(self, namespace: str) -> Mapping[str, str] | None:
        return await self._call("find_organization", namespace=namespace)

    async def delete_organization(self, namespace: str) -> None:
        await self._call("delete_organization", namespace=namespace)

    async def put_team(self, namespace: str, name: str, members: Sequence[str]) -> None:
        await self._call("put_team", namespace=namespace, name=name, members=members)

    async def find_team(self, namespace: str, name: str) -> tuple[str, ...] | None:
        return await self._call("find_team", namespace=namespace, name=name)

    async def delete_team(self, namespace: str, name: str) -> None:
        await self._call("delete_team", namespace=namespace, name=name)

    async def put_repository(self, settings: HostedRepositorySettings) -> HostedRepositorySettings:
        return await self._call("put_repository", settings=settings)

    async def find_repository(self, key: RepositoryKey) -> HostedRepositorySettings | None:
        return await self._call("find_repository", key=key)

    async def retire_repository(self, key: RepositoryKey, uid: str) -> None:
        await self._call("retire_repository", key=key, uid=uid)

    async def delete_repository(self, key: RepositoryKey, uid: str) -> None:
        await self._call("delete_repository", key=key, uid=uid)

    async def put_access(self, key: RepositoryKey, collaborators: Sequence[Collaborator]) -> None:
        await self._call("put_access", key=key, collaborators=collaborators)

    async def find_access(self, key: RepositoryKey) -> tuple[Collaborator, ...] | None:
        return await self._call("find_access", key=key)

    async def put_ref_policy(self, key: RepositoryKey, policy: RefPolicyDocument) -> str:
        return await self._call("put_ref_policy", key=key, policy=policy)

    async def find_ref_policy_digest(self, key: RepositoryKey) -> str | None:
        return await self._call("find_ref_policy_digest", key=key)

    # ------------------------------------------------------------------------------- reading

    async def refs(self, key: RepositoryKey) -> Refs:
        return await self._call("refs", key=key)

    async def resolve(self, key: RepositoryKey, rev: str) -> str:
        return await self._call("resolve", key=key, rev=rev)

    async def tree(self, key: RepositoryKey, rev: str, path: str, *, with_commits: bool) -> tuple[TreeEntry, ...]:
        return await self._call("tree", key=key, rev=rev, path=path, with_commits=with_commits)

    async def blob(self, key: RepositoryKey, rev: str, path: str, *, limit: int) -> Blob:
        return await self._call("blob", key=key, rev=rev, path=path, limit=limit)

    async def commits(self, key: RepositoryKey, rev: str, *, path: str, limit: int, since: str) -> tuple[Commit, ...]:
        return await self._call("commits", key=key, rev=rev, path=path, limit=limit, since=since)

    async def compare(self, key: RepositoryKey, base: str, head: str) -> Comparison:
        return await self._call("compare", key=key, base=base, head=head)

    async def diff(
        self, key: RepositoryKey, base: str, head: str, *, context: int, max_lines: int
    ) -> tuple[FileDiff, ...]:
        return await self._call("diff", key=key, base=base, head=head, context=context, max_lines=max_lines)

    async def blame(self, key: RepositoryKey, rev: str, path: str) -> tuple[BlameLine, ...]:
        return await self._call("blame", key=key, rev=rev, path=path)

    async def contains(self, key: RepositoryKey, ancestor: str, descendant: str) -> bool:
        return await self._call("contains", key=key, ancestor=ancestor, descendant=descendant)
