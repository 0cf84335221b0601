"""Pushes and what is known about them, from a table: for tests of rules that need no repository."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from krate.identity import Caller
from krate.models.refpolicy import FailurePolicy, Mode, RefOperation
from krate_git import expressions, policy
from krate_git.document import BranchRules, Document, RefRule, RefRules, Source
from krate_git.interface import (
    ZERO,
    Commit,
    MergeFacts,
    Push,
    RefUpdate,
    RepositoryKey,
    Signature,
    Verdict,
    Via,
)
from krate_git.policy import Situation
from krate_git.pushes import PushedFile, TooMuch

A, B, C = "a" * 40, "b" * 40, "c" * 40
AT = datetime(2026, 1, 1, tzinfo=UTC)
MAIN, TOPIC = "refs/heads/main", "refs/heads/topic"


def commit(
    sha: str = B, *, parents: tuple[str, ...] = (A,), message: str = "change", email: str = "a@acme.io"
) -> Commit:
    signature = Signature("Alice", email, AT)
    return Commit(sha, parents, signature, signature, message)


@dataclass
class Table:
    """Facts from a table: by default main stands at A and every update moves forward by one commit."""

    refs: Mapping[str, str] = field(default_factory=lambda: {MAIN: A})
    forced: bool = False
    commits: tuple[Commit, ...] = (commit(),)
    changed: tuple[PushedFile, ...] = ()
    too_much: str = ""
    a_commit: bool = True
    asked: list[frozenset[str]] = field(default_factory=list)

    def operation(self, update: RefUpdate) -> RefOperation:
        if update.new == ZERO:
            return RefOperation.DELETE
        if update.old == ZERO:
            return RefOperation.CREATE
        return RefOperation.FORCE_UPDATE if self.forced else RefOperation.UPDATE

    def names_commit(self, update: RefUpdate) -> bool:  # noqa: ARG002 - a table answers all alike
        return self.a_commit

    def new_commits(self, update: RefUpdate, seen: Collection[str]) -> tuple[Commit, ...]:  # noqa: ARG002
        self.asked.append(frozenset(seen))
        if self.too_much:
            raise TooMuch(self.too_much)
        return self.commits

    def files(self, commit: Commit) -> tuple[PushedFile, ...]:  # noqa: ARG002
        return self.changed


UPDATE = RefUpdate(MAIN, A, B)
CREATE = RefUpdate(TOPIC, ZERO, B)
DELETE = RefUpdate(TOPIC, A, ZERO)
PROTECTION = "BranchProtection/main"
POLICY = "RefPolicy/rules"


def protect(*branches: str, **over: Any) -> BranchRules:
    return BranchRules(Source("BranchProtection", "main"), branches, **over)


def ref_rules(rule: RefRule, *, mode: Mode = Mode.ENFORCE, failure: FailurePolicy = FailurePolicy.FAIL) -> RefRules:
    return RefRules(Source("RefPolicy", "rules"), mode, failure, (rule,))


def ref_rule(**over: Any) -> RefRule:
    return RefRule(**{"name": "rule", "refs": ("refs/**",), "operations": tuple(RefOperation), **over})


def judge(
    *updates: RefUpdate,
    rules: tuple[BranchRules, ...] = (),
    refs: tuple[RefRules, ...] = (),
    facts: Table | None = None,
    user: str = "alice",
    merge: MergeFacts | None = None,
    compile_expression: expressions.Compile = expressions.unavailable,
    **situation: Any,
) -> Verdict:
    push = Push(
        RepositoryKey("acme", "web"),
        Caller(user),
        Via.MERGE if merge else Via.PUSH,
        updates or (UPDATE,),
        "correlation",
    )
    known = Situation(**{"default_branch": "main", "document": Document("web", rules, refs), **situation})
    return policy.evaluate(push, known, facts or Table(), merge=merge, compile_expression=compile_expression)


def brief(verdict: Verdict) -> list[tuple[str, str, str]]:
    """Source, rule and ref of what refuses."""
    return [(found.source, found.rule, found.ref) for found in verdict.findings if found.enforced]
