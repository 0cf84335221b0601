"""A pull request and everything its steps can ask, for tests of those steps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import factories
from krate import conditions, kinds
from krate.models import PullRequest
from krate_controllers.deps import PullDeps
from krate_git.demands import Demands
from krate_git.interface import (
    ChangeKind,
    Comparison,
    FileDiff,
    Mergeability,
    RepositoryKey,
    RepositoryMissing,
    RevisionMissing,
)
from krate_kube.interface import Object

HEAD, BASE, FORK = "a" * 40, "b" * 40, "c" * 40
GUARD = "BranchProtection/main"
BRANCHES = {"refs/heads/keys": HEAD, "refs/heads/main": BASE}
FILE = FileDiff("a.txt", "a.txt", ChangeKind.MODIFIED, 3, 1, binary=False)
CLEAN = Comparison(BASE, HEAD, FORK, 2, 1, (FILE,), 3, 1, Mergeability.CLEAN)
FREE = Demands("main")


def pull(**parts: Any) -> PullRequest:
    base: dict[str, Any] = {"status": {"headSHA": HEAD, "author": "alice", "phase": "Open"}}
    return PullRequest.model_validate(factories.make_pull_request(**factories.merge(base, parts)))


ASKED = {"user": "dave", "headSHA": HEAD, "method": "Merge", "at": "2026-03-01T12:00:00Z"}


def asked(*said: conditions.Condition, **parts: Any) -> PullRequest:
    """A pull request whose merge is asked for, with these conditions."""
    stored = conditions.merge([], said, now="2026-03-01T12:00:00Z")
    base = {"spec": {"merged": True, "mergeSHA": HEAD}, "status": {"mergeRequest": ASKED, "conditions": stored}}
    return pull(**factories.merge(base, parts))


@dataclass
class World:
    """What the pull request's steps can ask."""

    branches: dict[str, str] = field(default_factory=lambda: dict(BRANCHES))
    comparison: Comparison | Exception = CLEAN
    demands: Demands | None = FREE
    reviews: Sequence[Object] = ()
    comments: Sequence[Object] = ()
    checks: Sequence[Object] = ()
    writers: tuple[str, ...] = ("bob", "carol", "dave")
    lookup: dict[str, bool | None] = field(default_factory=dict)
    answer: Exception | None = None
    asked_demands: list[tuple[str, ...]] = field(default_factory=list)
    merges: list[tuple[str, ...]] = field(default_factory=list)

    async def resolve(self, _key: RepositoryKey, rev: str) -> str:
        if isinstance(self.comparison, RepositoryMissing):
            raise self.comparison
        if rev not in self.branches:
            raise RevisionMissing
        return self.branches[rev]

    async def compare(self, _key: RepositoryKey, base: str, head: str) -> Comparison:
        assert (base, head) == (BASE, HEAD)
        if isinstance(self.comparison, Exception):
            raise self.comparison
        return self.comparison

    def deps(self) -> PullDeps:
        async def demands(*asked: str) -> Demands | None:
            self.asked_demands.append(asked)
            return self.demands

        async def writer(namespace: str, repository: str, user: str) -> bool | None:
            return self.lookup.get(user, False)

        async def merge(*call: str) -> None:
            self.merges.append(call)
            if self.answer is not None:
                raise self.answer

        def always(value: Any) -> Callable[..., Any]:
            async def answer(*_: str) -> Any:
                return value

            return answer

        return PullDeps(
            git=self,  # pyright: ignore[reportArgumentType]
            demands=demands,
            reviews=always(self.reviews),
            comments=always(self.comments),
            checks=always(self.checks),
            writer=writer,
            writers=always(self.writers),
            merge=merge,
        )


def check(context: str, state: str, *, reporter: str = "bot", age: int = 0) -> Object:
    return factories.make(
        kinds.CHECK,
        f"{context}-{age}".replace("/", "-"),
        metadata={"creationTimestamp": "2026-03-01T12:00:00Z", "resourceVersion": str(10 + age)},
        spec={"repository": "web", "sha": HEAD, "context": context, "state": state},
        status={"reporter": reporter},
    )


def comment(**spec: Any) -> Object:
    return factories.make(kinds.COMMENT, "c", spec={"subject": {"name": "web-1"}, "body": "Hm.", **spec})


def review(user: str, decision: str = "Approve", *, stale: bool = False, teams: Sequence[str] = ()) -> Object:
    return factories.make_review(
        f"web-1-{user}",
        metadata={"creationTimestamp": "2026-03-01T12:00:00Z"},
        spec={"decision": decision, "sha": HEAD},
        status={"author": user, "teams": list(teams), "stale": stale},
    )
