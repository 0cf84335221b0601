"""Views and actions of pull requests: diff, commits, merge."""

from collections.abc import Mapping
from typing import Any

from krate import errors, kinds
from krate.models import content
from krate_api import bodies
from krate_api.forge import merges, objects
from krate_api.forge.source import Source
from krate_api.http import Response
from krate_api.registry import listing
from krate_api.strategies.forge import merged
from krate_api.subresources import contents, views
from krate_api.subresources.interface import Handlers, Visit
from krate_git.interface import RepositoryKey


class PullRequests:
    """Handlers over the forge services."""

    def __init__(self, source: Source, service: merges.Service) -> None:
        self._source = source
        self._service = service

    def handlers(self) -> Handlers:
        return {
            (kinds.PULL_REQUEST, "diff"): self._diff,
            (kinds.PULL_REQUEST, "commits"): self._commits,
            (kinds.PULL_REQUEST, "merge"): self._merge,
        }

    async def _ends(self, visit: Visit) -> tuple[RepositoryKey, str, str]:
        """Repository, base and head of a pull request; a merged one is shown as it was merged."""
        pull = await objects.get(self._source.store, kinds.PULL_REQUEST, visit.info.namespace, visit.info.name)
        if pull is None:
            kind = kinds.PULL_REQUEST
            raise errors.NotFound.of(plural=kind.plural, group=kind.group, name=visit.info.name)
        await self._may_read(visit, pull["spec"]["repository"])
        key = RepositoryKey(visit.info.namespace, pull["spec"]["repository"])
        status = pull["status"]
        base = f"refs/heads/{pull['spec']['target']['branch']}"
        if merged(pull):
            commit = (await self._source.git.commits(key, status["mergeCommit"], path="", limit=1, since=""))[0]
            base = commit.parents[0]
        return key, base, status["headSHA"]

    async def _may_read(self, visit: Visit, repository: str) -> None:
        """The content of a Private repository shows only to its Readers, whatever the organisation may see.

        Raises:
            Forbidden: the caller may not read the repository's content.
        """
        if await self._source.holds(visit.call.caller, "get", kinds.GIT_SUBRESOURCE, visit.info.namespace, repository):
            return
        raise errors.Forbidden.of(
            plural=visit.kind.plural,
            group=visit.kind.group,
            name=visit.info.name,
            message=f'User "{visit.call.caller.username}" may not read the content of repository "{repository}"',
        )

    async def _diff(self, visit: Visit) -> Response:
        key, base, head = await self._ends(visit)
        context = contents.integer(visit, "context", contents.CONTEXT, contents.MAX_CONTEXT)
        with contents.translated(key.name):
            found = await self._source.git.compare(key, base, head)
            files = await self._source.git.diff(key, base, head, context=context, max_lines=contents.MAX_LINES)
        return contents.answer(visit, views.comparison(found, files))

    async def _commits(self, visit: Visit) -> Response:
        key, base, head = await self._ends(visit)
        with contents.translated(key.name):
            found = await self._source.git.commits(key, head, path="", limit=contents.MAX_COMMITS + 1, since=base)
        items = tuple(views.commit(one) for one in found[: contents.MAX_COMMITS])
        more = len(found) > contents.MAX_COMMITS
        return contents.answer(visit, content.CommitsView(ref=head, items=items, more=more))

    async def _merge(self, visit: Visit) -> Response:
        data = await visit.request.body()
        empty = data.strip() in {b"", b"{}"}
        media = bodies.check_media_type(visit.request)
        body = {} if empty else bodies.parse_object(data, media, kind=merges.KIND)
        if body and not _is_merge(body):
            raise errors.BadRequest(f"the object provided is unrecognized (must be of type {merges.KIND})")
        done = await merges.merge(self._service, visit.call, visit.info.namespace, visit.info.name, body)
        rendered = listing.render(done, visit.wanted)
        return Response(rendered.body, 201, rendered.content_type)


def _is_merge(body: Mapping[str, Any]) -> bool:
    """Whether a body is a PullRequestMerge as far as it is read: its commit, when it names one."""
    spec = body.get("spec", {})
    return body.get("kind") == merges.KIND and isinstance(spec, dict) and isinstance(spec.get("sha", ""), str)
