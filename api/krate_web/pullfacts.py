"""Everything the API says about one pull request, read as the signed-in user in two rounds."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from krate import kinds, models
from krate.errors import NotFound
from krate.kinds import Kind
from krate.models.meta import Resource
from krate.names import Verb
from krate_kube.interface import Object
from krate_web import access, inbox, people, repositories
from krate_web.access import Answer
from krate_web.page import Watch
from krate_web.people import Helpers
from krate_web.visits import Visit

Found = TypeVar("Found", bound=Resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What the reader may do; each from an access review."""

    merge: Answer
    update: Answer
    review: Answer
    comment: Answer
    push: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class PullFacts:
    """One pull request and what belongs to it."""

    repository: models.Repository
    pull: models.PullRequest
    stored: Object
    """The object as the server holds it."""
    reviews: tuple[models.Review, ...]
    comments: tuple[models.Comment, ...]
    checks: tuple[models.Check, ...]
    writers: Helpers
    rights: Rights
    watches: tuple[Watch, ...]

    @property
    def namespace(self) -> str:
        return self.pull.metadata.namespace

    @property
    def name(self) -> str:
        return self.pull.metadata.name

    @property
    def number(self) -> int:
        return self.pull.status.number


async def find(visit: Visit) -> tuple[Object, str]:
    """The pull request with the number in the address, and the version of the list it came from.

    Raises:
        NotFound: the repository has none of that number.
    """
    namespace, repository = repositories.namespace_of(visit), visit.params["repository"]
    number = visit.params["number"]
    fields = f"spec.repository={repository},status.number={number}"
    listing = await visit.client.list(kinds.PULL_REQUEST, namespace=namespace, fields=fields, limit=1)
    if not listing.items:
        raise NotFound.of(
            plural=kinds.PULL_REQUEST.plural, group=kinds.PULL_REQUEST.group, name=f"{repository}-{number}"
        )
    return listing.items[0], listing.resource_version


async def load(visit: Visit) -> PullFacts:
    """Everything, for any tab."""
    repository, (stored, version) = await asyncio.gather(repositories.load(visit), find(visit))
    pull = models.PullRequest.model_validate(stored)
    namespace, name = pull.metadata.namespace, pull.metadata.name
    belongings = (
        Watch(kinds.REVIEW, namespace, f"spec.pullRequest={name}"),
        Watch(kinds.COMMENT, namespace, f"spec.subject.name={name}"),
        Watch(kinds.CHECK, namespace, f"spec.repository={pull.spec.repository},spec.sha={pull.status.head_sha}"),
    )
    lists: list[Awaitable[tuple[Sequence[Object], str]]] = [_list(visit, watch) for watch in belongings]
    (reviews, comments, checks), rights, writers = await asyncio.gather(
        asyncio.gather(*lists), _rights(visit, pull), people.helpers(visit.client, namespace, repository)
    )
    itself = Watch(kinds.PULL_REQUEST, namespace, f"metadata.name={name}", version=version)
    seen = zip(belongings, (reviews, comments, checks), strict=True)
    watches = (itself, *(Watch(w.kind, w.namespace, w.fields, version=found[1]) for w, found in seen if found[1]))
    return PullFacts(
        repository=repository,
        pull=pull,
        stored=stored,
        reviews=_typed(models.Review, reviews[0]),
        comments=_typed(models.Comment, comments[0]),
        checks=_typed(models.Check, checks[0]) if pull.status.head_sha else (),
        writers=writers,
        rights=rights,
        watches=watches,
    )


async def _list(visit: Visit, watch: Watch) -> tuple[Sequence[Object], str]:
    """Objects and version; nothing and no version where the reader may not list them."""
    if not await access.may_list(visit.client, watch.kind, watch.namespace):
        return (), ""
    listing = await visit.client.list(watch.kind, namespace=watch.namespace, fields=watch.fields)
    return listing.items, listing.resource_version


def _typed(model: type[Found], items: Sequence[Object]) -> tuple[Found, ...]:
    """Oldest first; equal times in the order of names, which is the order of numbers."""
    found = [model.model_validate(item) for item in items]
    return tuple(sorted(found, key=lambda item: (item.metadata.creation_timestamp or "", item.metadata.name)))


async def _rights(visit: Visit, pull: models.PullRequest) -> Rights:
    namespace, name, repository = pull.metadata.namespace, pull.metadata.name, pull.spec.repository

    def create(kind: Kind) -> Any:
        return access.on(kind, Verb.CREATE, namespace=namespace)

    merge, update, review, comment, push = await access.reviews(
        visit.client,
        access.on(
            kinds.REPOSITORY, Verb.CREATE, namespace=namespace, name=repository, subresource=kinds.MERGE_SUBRESOURCE
        ),
        access.on(kinds.PULL_REQUEST, Verb.PATCH, namespace=namespace, name=name),
        create(kinds.REVIEW),
        create(kinds.COMMENT),
        inbox.push(namespace, repository),
    )
    return Rights(merge=merge, update=update, review=review, comment=comment, push=push)
