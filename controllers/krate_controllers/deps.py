"""What steps need from outside, as functions: a step is tested with a few lambdas, and wiring is one place.

Objects come as plain dictionaries from the API; a step parses what it reads into models or looks up single fields.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from krate.kinds import Kind
from krate.models import BranchProtection, RefPolicy, Repository
from krate_git import compiler
from krate_git.demands import Demands
from krate_git.interface import GitHosting, GitReading
from krate_kube.interface import Object


@dataclass(frozen=True, slots=True)
class HostDeps:
    """For the Hosted kinds and ProviderConfig."""

    host: GitHosting
    clone_base: str
    """Where clones come from, without a trailing slash: `http://127.0.0.1:7080`."""
    find_provider: Callable[[str, str], Awaitable[Object | None]]
    """ProviderConfig by namespace and name."""


@dataclass(frozen=True, slots=True)
class RowDeps:
    """For the finalizer of Repository."""

    page: Callable[[Kind, str, str], Awaitable[Sequence[Object]]]
    """Some objects of a kind in a namespace that a field selector chooses; empty when there are none left."""
    delete: Callable[[Kind, str, str], Awaitable[None]]
    """Delete by namespace and name; nothing happens when it is gone."""


@dataclass(frozen=True, slots=True)
class TenantDeps:
    """For the finalizer of Organization."""

    find_namespace: Callable[[str], Awaitable[Object | None]]
    delete_namespace: Callable[[Object], Awaitable[None]]
    """Ask for its deletion, if it is still the very same one."""


class Compile(Protocol):
    """`krate_git.compiler.compile_policies` with its CEL engine."""

    def __call__(
        self, repository: Repository, protections: Sequence[BranchProtection], policies: Sequence[RefPolicy]
    ) -> compiler.Compiled: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything in one namespace that compiling looks at."""

    repositories: tuple[Repository, ...] = ()
    protections: tuple[BranchProtection, ...] = ()
    policies: tuple[RefPolicy, ...] = ()
    hosted: tuple[Object, ...] = ()
    """HostedRefPolicies."""


@dataclass(frozen=True, slots=True)
class RuleDeps:
    """For the compiler of protections and policies."""

    rules: Callable[[str], Awaitable[Rules]]
    """What a namespace holds now."""
    compile: Compile
    find_hosted: Callable[[str, str], Awaitable[Object | None]]
    """HostedRefPolicy by namespace and name."""
    create_hosted: Callable[[Object], Awaitable[None]]
    replace_hosted: Callable[[Object, Object], Awaitable[None]]
    """Make the first, as it was read, into the second."""


class WriterLookup(Protocol):
    """Whether a user holds Writer in a repository, as far as a controller can tell."""

    async def __call__(self, namespace: str, repository: str, user: str) -> bool | None:
        """None when it cannot be told; the server decides at merge time in any case."""
        ...


@dataclass(frozen=True, slots=True)
class PullDeps:
    """For pull requests. All functions take the namespace first."""

    git: GitReading
    demands: Callable[[str, str, str, str], Awaitable[Demands | None]]
    """Namespace, repository, branch and the user to whom bypasses apply ("" for nobody): what the branch demands.

    None while the rules of the repository are not compiled."""
    reviews: Callable[[str, str], Awaitable[Sequence[Object]]]
    """Reviews of a pull request."""
    comments: Callable[[str, str], Awaitable[Sequence[Object]]]
    """Comments on a pull request."""
    checks: Callable[[str, str, str], Awaitable[Sequence[Object]]]
    """Checks of a repository on a commit."""
    writer: WriterLookup
    writers: Callable[[str, str], Awaitable[Sequence[str]]]
    """Users known to hold Writer in a repository, by name; for messages only."""
    merge: Callable[[str, str, str, str], Awaitable[None]]
    """Post the merge of a pull request, with the head commit and the method asked for ("" for the default)."""
