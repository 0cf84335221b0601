"""Judging on this machine: collects what the rules ask about, and evaluates them in a thread."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pygit2

from krate_git import expressions, policy, repositories
from krate_git.embedded.records import Held
from krate_git.interface import ZERO, GitError, MergeFacts, Push, PushSink, Verdict
from krate_git.pushes import QuarantinedPush
from krate_git.workers import Workers


@dataclass(frozen=True, slots=True)
class Judge:
    """Evaluates pushes and merges; the caller holds the repository's lock."""

    sink: PushSink
    workers: Workers
    compile_expression: expressions.Compile
    home: str = ""
    """Address below which repositories have their pages, without a trailing slash; empty when there is none."""

    async def verdict(
        self, held: Held, push: Push, *, quarantine: Path | None = None, merge: MergeFacts | None = None
    ) -> Verdict:
        """What the rules say of a push whose new objects are in the quarantine, or of a merge.

        Raises:
            GitError: the repository cannot be read.
        """
        settings = held.settings
        situation = policy.Situation(
            default_branch=settings.default_branch,
            archived=settings.archived,
            never_pushed=await self.sink.never_pushed(push.key),
            document=held.rules,
            home=f"{self.home}/{settings.key.namespace}/{settings.host_name}" if self.home else "",
        )
        return await self.workers.light(
            self._evaluate, held.path, push, situation=situation, quarantine=quarantine, merge=merge
        )

    def _evaluate(
        self,
        path: Path,
        push: Push,
        *,
        situation: policy.Situation,
        quarantine: Path | None,
        merge: MergeFacts | None,
    ) -> Verdict:
        repository = repositories.open_repository(path)
        try:
            if quarantine is not None:
                repository.odb.add_disk_alternate(os.fspath(quarantine))
            if missing := next((update.new for update in push.updates if not _holds(repository, update.new)), None):
                raise GitError(f"the push names {missing}, which it does not bring")
            facts = QuarantinedPush(repository)
            if facts.refs:
                # Refs that the store does not know of: whoever put them there, this is not the first push.
                situation = replace(situation, never_pushed=False)
            return policy.evaluate(push, situation, facts, merge=merge, compile_expression=self.compile_expression)
        finally:
            repository.free()


def _holds(repository: pygit2.Repository, sha: str) -> bool:
    return sha == ZERO or repository.odb.exists(pygit2.Oid(hex=sha))


def quarantine_of(repository: Path, text: str) -> Path | None:
    """The quarantine that a hook names; it must be one that Git makes inside the repository.

    Raises:
        GitError: it is somewhere else.
    """
    if not text:
        return None
    found, objects = Path(text), repository / "objects"
    if (
        found.parent != objects
        or not found.name.startswith(("tmp_objdir-incoming-", "incoming-"))
        or found.is_symlink()
    ):
        raise GitError("the quarantine of the push is not inside its repository")
    return found
