"""The compiled rules of a repository as the server reads them: from its HostedRefPolicy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from krate import errors, kinds
from krate_api.forge import objects
from krate_api.forge.source import Source
from krate_git import document
from krate_git.document import Document
from krate_git.interface import PolicyInvalid


@dataclass(frozen=True, slots=True)
class Loaded:
    """A repository and the document in force for it."""

    repository: Mapping[str, Any]
    document: Document


async def load(source: Source, namespace: str, name: str) -> Loaded:
    """The rules of a repository.

    Raises:
        NotFound: there is no such repository.
        ServiceUnavailable: its rules have not been compiled yet, so nothing may be merged.
    """
    repository = await objects.get(source.store, kinds.REPOSITORY, namespace, name)
    if repository is None:
        raise errors.NotFound.of(plural=kinds.REPOSITORY.plural, group=kinds.REPOSITORY.group, name=name)
    policy = await objects.get(source.store, kinds.HOSTED_REF_POLICY, namespace, name)
    if policy is None:
        raise errors.ServiceUnavailable(f'the rules of repository "{name}" are not compiled yet', retry_after=1)
    try:
        found = document.decode(policy["spec"]["forProvider"]["document"])
    except PolicyInvalid as error:
        raise errors.ServiceUnavailable(f'the rules of repository "{name}" cannot be read: {error}') from error
    return Loaded(repository, found)
