"""What one ref policy says of a push: its rules over refs, commits and files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from krate.models.refpolicy import FailurePolicy, Mode, RefOperation
from krate_git import expressions, globs, patterns
from krate_git.document import RefRule, RefRules, Requirement
from krate_git.interface import ChangeKind, Commit, EntryKind, Finding, Push, RefUpdate
from krate_git.pushes import Facts, PushedFile, TooMuch
from krate_git.repositories import HEADS

AMEND: Final = "amend it (git commit --amend, or git rebase -i for older ones) and push again"


@dataclass(frozen=True, slots=True)
class _Case:
    """One rule and one update that it looks at."""

    rule: RefRule
    update: RefUpdate
    operation: RefOperation
    push: Push
    facts: Facts
    default_branch: str

    def commits(self) -> tuple[Commit, ...]:
        """Commits that the rule has not judged before: on no ref it covers, nor on the default branch."""
        default = HEADS + self.default_branch
        seen = {
            sha
            for ref, sha in self.facts.refs.items()
            if ref in {self.update.ref, default} or globs.matches(self.rule.refs, ref)
        }
        return self.facts.new_commits(self.update, seen)


def findings(
    rules: RefRules,
    push: Push,
    *,
    facts: Facts,
    operations: Mapping[RefUpdate, RefOperation],
    default_branch: str,
    compile_expression: expressions.Compile,
) -> Iterator[Finding]:
    """The rules of one policy that the push breaks; in Audit mode they are recorded and refuse nothing."""
    enforced = rules.mode is Mode.ENFORCE
    for rule in rules.rules:
        for update, operation in operations.items():
            if operation not in rule.operations or not globs.matches(rule.refs, update.ref):
                continue
            case = _Case(rule, update, operation, push, facts, default_branch)
            try:
                problem, refuses = _problem(case, compile_expression), enforced
            except (TooMuch, expressions.ExpressionError) as error:
                problem = f"the rule could not be evaluated: {error}"
                refuses = enforced and rules.failure_policy is FailurePolicy.FAIL
            if problem:
                message = f"{problem}. {rule.message}" if rule.message else problem
                yield Finding(str(rules.source), rule.name, update.ref, message, enforced=refuses)


def _problem(case: _Case, compile_expression: expressions.Compile) -> str:
    """The first thing the rule has against the update; empty when there is none."""
    if case.rule.deny:
        verb = {RefOperation.DELETE: "deleted", RefOperation.CREATE: "created"}.get(case.operation, "changed")
        return f"{case.update.ref} may not be {verb}"
    if case.rule.require is not None and case.operation is not RefOperation.DELETE:
        if not case.facts.names_commit(case.update):
            return f"{case.update.ref} names no commit, so the rule cannot be met; let it name one"
        if problem := _requirement(case.rule.require, case):
            return problem
    if case.rule.expression and not compile_expression(case.rule.expression)(_variables(case)):
        return f"the push does not satisfy {case.rule.expression}"
    return ""


def _requirement(require: Requirement, case: _Case) -> str:
    commits = case.commits()
    for commit in commits:
        for check in (_linear, _message, _author):
            if problem := check(require, commit):
                return f"commit {commit.sha[:10]} ({commit.title!r}) {problem}; {AMEND}"
    if not (require.max_file_size or require.max_files or require.no_submodules or require.no_symlinks):
        return ""
    paths: set[str] = set()
    for commit in commits:
        for file in case.facts.files(commit):
            paths.add(file.path)
            if problem := _file_problem(require, file):
                return f"commit {commit.sha[:10]} ({commit.title!r}) {problem}; {AMEND}"
    if require.max_files and len(paths) > require.max_files:
        return f"the push changes {len(paths)} files, at most {require.max_files} are allowed; split it up"
    return ""


def _linear(require: Requirement, commit: Commit) -> str:
    return "is a merge, and history must stay linear" if require.linear_history and len(commit.parents) > 1 else ""


def _message(require: Requirement, commit: Commit) -> str:
    return "" if patterns.found(require.message, commit.message) else f"has a message without {require.message}"


def _author(require: Requirement, commit: Commit) -> str:
    email = commit.author.email
    return "" if patterns.found(require.author_email, email) else f"has the author {email}, not {require.author_email}"


def _file_problem(require: Requirement, file: PushedFile) -> str:
    if file.change is ChangeKind.DELETED:
        return ""
    if require.no_submodules and file.kind is EntryKind.SUBMODULE:
        return f"adds the submodule {file.path}"
    if require.no_symlinks and file.kind is EntryKind.SYMLINK:
        return f"adds the symbolic link {file.path}"
    if require.max_file_size and file.size > require.max_file_size:
        return f"adds {file.path} with {file.size} bytes, at most {require.max_file_size} are allowed"
    return ""


def _variables(case: _Case) -> Mapping[str, Any]:
    """What an expression sees; documented at `expressions.VARIABLES`."""
    commits = () if case.operation is RefOperation.DELETE else case.commits()
    files = {file.path: file for commit in reversed(commits) for file in case.facts.files(commit)}
    return {
        "ref": case.update.ref,
        "operation": str(case.operation),
        "pusher": case.push.caller.username,
        "via": str(case.push.via),
        "commits": [_commit_variable(commit) for commit in commits],
        "files": [_file_variable(files[path]) for path in sorted(files)],
    }


def _commit_variable(commit: Commit) -> Mapping[str, Any]:
    return {
        "sha": commit.sha,
        "title": commit.title,
        "message": commit.message,
        "author": {"name": commit.author.name, "email": commit.author.email},
        "committer": {"name": commit.committer.name, "email": commit.committer.email},
        "parents": list(commit.parents),
    }


def _file_variable(file: PushedFile) -> Mapping[str, Any]:
    return {
        "path": file.path,
        "change": str(file.change),
        "size": file.size,
        "symlink": file.kind is EntryKind.SYMLINK,
        "submodule": file.kind is EntryKind.SUBMODULE,
        "executable": file.executable,
    }
