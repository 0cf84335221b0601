"""RepositoryContent: trees, blobs, commits, refs, comparisons, blame and archives as plain GETs.

Authorization has been done by RBAC with resourceNames; nothing here runs admission. Bodies are capped so that every
answer ends well under 60 s.
"""

import re
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol

from krate import clock, errors, kinds
from krate.models import content
from krate.models.meta import Model
from krate_api.http import Response
from krate_api.registry import listing
from krate_api.subresources import views
from krate_api.subresources.interface import Handlers, Visit
from krate_git.interface import GitError, GitReading, HostUnavailable, RepositoryKey, RepositoryMissing, RevisionMissing

MAX_BLOB: Final = 1024 * 1024
MAX_RAW: Final = 32 * 1024 * 1024
MAX_COMMITS: Final = 200
DEFAULT_COMMITS: Final = 50
CONTEXT: Final = 3
MAX_CONTEXT: Final = 1000
MAX_LINES: Final = 5000
"""Changed lines of one file beyond which a diff says truncated."""


class Archives(Protocol):
    """Signs links to archives at the Git listener."""

    def link(self, key: RepositoryKey, rev: str, form: str) -> tuple[str, str]:
        """Address and RFC 3339 expiry."""
        ...


@contextmanager
def translated(name: str) -> Generator[None]:
    """Errors of the Git room as Status errors."""
    kind = kinds.REPOSITORY_CONTENT
    try:
        yield
    except RepositoryMissing as error:
        raise errors.NotFound.of(plural=kind.plural, group=kind.group, name=name) from error
    except RevisionMissing as error:
        raise errors.NotFound(str(error), details={"name": name, "group": kind.group, "kind": kind.plural}) from error
    except HostUnavailable as error:
        raise errors.ServiceUnavailable(f"the Git host cannot be reached: {error}", retry_after=1) from error
    except GitError as error:
        raise errors.BadRequest(str(error)) from error


def integer(visit: Visit, name: str, default: int, most: int) -> int:
    """A bounded integer parameter.

    Raises:
        BadRequest: it is no integer.
    """
    text = visit.request.param(name)
    if not text:
        return default
    if not re.fullmatch("[0-9]{1,18}", text):
        raise errors.BadRequest(f"parameter {name}: {errors.quoted(text[:100])} is not a non-negative integer")
    return min(int(text), most)


def parameter(visit: Visit, name: str, default: str = "") -> str:
    """A revision or path of the query.

    Raises:
        BadRequest: it holds a NUL, which Git's library takes for the end.
    """
    text = visit.request.param(name, default)
    if "\0" in text:
        raise errors.BadRequest(f"parameter {name}: a NUL is part of no name")
    return text


def answer(visit: Visit, view: Model) -> Response:
    return listing.render(view.dump(), visit.wanted)


class Contents:
    """Handlers over one Git host."""

    def __init__(self, git: GitReading, archives: Archives) -> None:
        self._git = git
        self._archives = archives

    def handlers(self) -> Handlers:
        found: Mapping[str, Callable[[Visit, RepositoryKey, str], Awaitable[Response]]] = {
            "tree": self._tree,
            "blob": self._blob,
            "raw": self._raw,
            "commits": self._commits,
            "branches": self._branches,
            "tags": self._tags,
            "compare": self._compare,
            "blame": self._blame,
            "archive": self._archive,
        }
        return {(kinds.REPOSITORY_CONTENT, name): self._wrap(view) for name, view in found.items()}

    def _wrap(
        self, view: Callable[[Visit, RepositoryKey, str], Awaitable[Response]]
    ) -> Callable[[Visit], Awaitable[Response]]:
        async def handle(visit: Visit) -> Response:
            key = RepositoryKey(visit.info.namespace, visit.info.name)
            with translated(key.name):
                return await view(visit, key, await self._rev(visit, key))

        return handle

    async def _rev(self, visit: Visit, key: RepositoryKey) -> str:
        """The revision asked for, the default branch when none is."""
        asked = parameter(visit, "ref")
        return asked or (await self._git.refs(key)).default_branch

    async def _tree(self, visit: Visit, key: RepositoryKey, rev: str) -> Response:
        path = parameter(visit, "path").strip("/")
        with_commits = visit.request.param("lastCommit") in {"1", "true"}
        sha = await self._git.resolve(key, rev)
        entries = await self._git.tree(key, sha, path, with_commits=with_commits)
        view = content.TreeView(ref=rev, sha=sha, path=path, entries=tuple(views.entry(one) for one in entries))
        return answer(visit, view)

    async def _blob(self, visit: Visit, key: RepositoryKey, rev: str) -> Response:
        found = await self._git.blob(key, rev, parameter(visit, "path").strip("/"), limit=MAX_BLOB)
        return answer(visit, views.blob(found, rev))

    async def _raw(self, visit: Visit, key: RepositoryKey, rev: str) -> Response:
        found = await self._git.blob(key, rev, parameter(visit, "path").strip("/"), limit=MAX_RAW)
        if len(found.data) < found.size:
            raise errors.RequestEntityTooLarge(f"{found.path} has {found.size} bytes; fetch it with git")
        # Never a type that a browser would run: content of a repository is somebody else's.
        plain = "application/octet-stream" if found.binary else "text/plain; charset=utf-8"
        headers = (("x-content-type-options", "nosniff"), ("content-security-policy", "sandbox; default-src 'none'"))
        return Response(found.data, 200, plain, headers)

    async def _commits(self, visit: Visit, key: RepositoryKey, rev: str) -> Response:
        limit = integer(visit, "limit", DEFAULT_COMMITS, MAX_COMMITS) or DEFAULT_COMMITS
        path, since = parameter(visit, "path").strip("/"), parameter(visit, "since")
        found = await self._git.commits(key, rev, path=path, limit=limit + 1, since=since)
        items = tuple(views.commit(one) for one in found[:limit])
        return answer(visit, content.CommitsView(ref=rev, items=items, more=len(found) > limit))

    async def _branches(self, visit: Visit, key: RepositoryKey, rev: str) -> Response:  # noqa: ARG002 - one shape
        refs = await self._git.refs(key)
        names = sorted(refs.branches, key=lambda name: (name != refs.default_branch, name))
        items = tuple(
            content.BranchView(name=name, sha=refs.branches[name], default=name == refs.default_branch)
            for name in names
        )
        return answer(visit, content.RefsView(items=items))

    async def _tags(self, visit: Visit, key: RepositoryKey, rev: str) -> Response:  # noqa: ARG002 - one shape
        refs = await self._git.refs(key)
        items = tuple(content.BranchView(name=name, sha=refs.tags[name]) for name in sorted(refs.tags))
        return answer(visit, content.RefsView(items=items))

    async def _compare(self, visit: Visit, key: RepositoryKey, rev: str) -> Response:
        base, head = parameter(visit, "base") or rev, parameter(visit, "head")
        if not head:
            raise errors.BadRequest("parameter head: the revision to compare is missing")
        found = await self._git.compare(key, base, head)
        files = found.files
        if visit.request.param("hunks") in {"1", "true"}:
            context = integer(visit, "context", CONTEXT, MAX_CONTEXT)
            files = await self._git.diff(key, base, head, context=context, max_lines=MAX_LINES)
        return answer(visit, views.comparison(found, files))

    async def _blame(self, visit: Visit, key: RepositoryKey, rev: str) -> Response:
        path = parameter(visit, "path").strip("/")
        runs = tuple(
            content.BlameRunView(start=line.start, count=line.count, commit=views.commit(line.commit))
            for line in await self._git.blame(key, rev, path)
        )
        return answer(visit, content.BlameView(ref=rev, path=path, runs=runs))

    async def _archive(self, visit: Visit, key: RepositoryKey, rev: str) -> Response:
        form = parameter(visit, "format", "tar.gz")
        sha = await self._git.resolve(key, rev)
        url, expires = self._archives.link(key, sha, form)
        return answer(visit, content.ArchiveView(url=url, expires_at=clock.rfc3339(clock.parse(expires))))
