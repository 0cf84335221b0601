"""A Git repository as values, for tests of pages: snapshots of files, and the API's views of them.

It says what the views would say of a real repository: trees with latest commits, blobs, history, comparisons and
diffs. Nothing here is Git; the views of the real server are judged by its own suites.
"""

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from krate import clock, errors


@dataclass(frozen=True)
class Commit:
    """One snapshot."""

    sha: str
    parents: tuple[str, ...]
    author: str
    at: datetime
    message: str
    files: Mapping[str, str | bytes]

    def view(self) -> dict[str, Any]:
        who = {"name": self.author.capitalize(), "email": f"{self.author}@acme.example", "at": clock.rfc3339(self.at)}
        title = self.message.partition("\n")[0]
        return {
            "sha": self.sha,
            "parents": list(self.parents),
            "author": who,
            "committer": who,
            "title": title,
            "message": self.message,
        }


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def blob_sha(content: str | bytes) -> str:
    body = _bytes(content)
    return hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()


@dataclass
class Repository:
    """Branches over snapshots."""

    default: str = "main"
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)

    def commit(
        self, branch: str, message: str, files: Mapping[str, str | bytes | None], *, author: str, at: datetime
    ) -> str:
        """Add a snapshot on `branch`; None removes a file. A new branch starts at the default one."""
        parent = self.branches.get(branch) or self.branches.get(self.default)
        now = dict(self.commits[parent].files) if parent else {}
        now.update({path: content for path, content in files.items() if content is not None})
        for path in [path for path, content in files.items() if content is None]:
            del now[path]
        parents = (parent,) if parent else ()
        seed = f"{branch}{message}{author}{at}{parents}{sorted(now)}"
        sha = hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest()
        self.commits[sha] = Commit(sha, parents, author, at, message, now)
        self.branches[branch] = sha
        return sha

    def resolve(self, ref: str) -> Commit:
        sha = self.branches.get(ref or self.default) or self.tags.get(ref) or ref
        found = self.commits.get(sha)
        if found is None:
            raise errors.NotFound(f'revision "{ref}" not found')
        return found

    def history(self, start: Commit) -> list[Commit]:
        seen: dict[str, Commit] = {}
        waiting = [start]
        while waiting:
            commit = waiting.pop()
            if commit.sha not in seen:
                seen[commit.sha] = commit
                waiting.extend(self.commits[parent] for parent in commit.parents)
        return sorted(seen.values(), key=lambda commit: commit.at, reverse=True)

    def _touches(self, commit: Commit, path: str) -> bool:
        before = self.commits[commit.parents[0]].files if commit.parents else {}
        under = {name for name in (*before, *commit.files) if not path or name == path or name.startswith(path + "/")}
        return any(before.get(name) != commit.files.get(name) for name in under)

    def last_touching(self, start: Commit, path: str) -> Commit | None:
        return next((commit for commit in self.history(start) if self._touches(commit, path)), None)

    # ------------------------------------------------------------------------------------------ views

    def tree(self, ref: str, path: str) -> dict[str, Any]:
        commit = self.resolve(ref)
        prefix = f"{path}/" if path else ""
        names = {name[len(prefix) :].partition("/")[0]: name for name in commit.files if name.startswith(prefix)}
        if not names:
            raise errors.NotFound(f'path "{path}" not found in {ref}')
        entries = []
        for name, full in names.items():
            here = prefix + name
            is_tree = here not in commit.files
            last = self.last_touching(commit, here)
            content = commit.files.get(here, "")
            entries.append(
                {
                    "name": name,
                    "path": here,
                    "kind": "tree" if is_tree else "blob",
                    "sha": blob_sha(content or full),
                    "size": 0 if is_tree else len(_bytes(content)),
                    "lastCommit": last.view() if last else None,
                }
            )
        entries.sort(key=lambda entry: (entry["kind"] != "tree", entry["name"]))
        return {"ref": ref, "sha": commit.sha, "path": path, "entries": entries}

    def blob(self, ref: str, path: str) -> dict[str, Any]:
        content = self.raw(ref, path)
        binary = b"\0" in content
        text = "" if binary else content.decode()
        return {
            "ref": ref,
            "path": path,
            "sha": blob_sha(content),
            "size": len(content),
            "binary": binary,
            "encoding": "base64" if binary else "utf-8",
            "content": text,
        }

    def raw(self, ref: str, path: str) -> bytes:
        commit = self.resolve(ref)
        if path not in commit.files:
            raise errors.NotFound(f'path "{path}" not found in {ref}')
        return _bytes(commit.files[path])

    def log(self, ref: str, path: str, limit: int) -> dict[str, Any]:
        found = [commit for commit in self.history(self.resolve(ref)) if self._touches(commit, path)]
        return {"ref": ref, "items": [commit.view() for commit in found[:limit]], "more": len(found) > limit}

    def refs(self, names: Mapping[str, str]) -> dict[str, Any]:
        order = sorted(names, key=lambda name: (name != self.default, name))
        return {"items": [{"name": name, "sha": names[name], "default": name == self.default} for name in order]}

    def compare(self, base: str, head: str) -> dict[str, Any]:
        left, right = self.resolve(base), self.resolve(head)
        old, new = {c.sha for c in self.history(left)}, {c.sha for c in self.history(right)}
        common = [commit for commit in self.history(right) if commit.sha in old]
        if not common:
            raise errors.Invalid("no common ancestor")
        files = [
            change
            for path in sorted({*common[0].files, *right.files})
            if (change := file_diff(path, common[0].files.get(path), right.files.get(path)))
        ]
        return {
            "base": left.sha,
            "head": right.sha,
            "mergeBase": common[0].sha,
            "files": files,
            "additions": sum(file["additions"] for file in files),
            "deletions": sum(file["deletions"] for file in files),
            "ahead": len(new - old),
            "behind": len(old - new),
            "mergeability": "Clean" if new - old else "Merged",
        }

    def between(self, base: str, head: str) -> dict[str, Any]:
        old = {commit.sha for commit in self.history(self.resolve(base))}
        found = [commit.view() for commit in self.history(self.resolve(head)) if commit.sha not in old]
        return {"ref": head, "items": found, "more": False}


def file_diff(path: str, old: str | bytes | None, new: str | bytes | None) -> dict[str, Any] | None:
    """The change of one file as a FileDiffView; None when there is none."""
    if old == new:
        return None
    change = "Added" if old is None else "Deleted" if new is None else "Modified"
    base = {"path": path, "oldPath": path, "change": change, "additions": 0, "deletions": 0}
    if isinstance(old, bytes) or isinstance(new, bytes):
        return {**base, "binary": True}
    hunks: list[dict[str, Any]] = []
    before, after = (old or "").splitlines(), (new or "").splitlines()
    left = right = 0
    for line in list(difflib.unified_diff(before, after, lineterm="", n=3))[2:]:
        if line.startswith("@@"):
            spans = [span.lstrip("-+").partition(",")[0] for span in line.split()[1:3]]
            left, right = max(int(spans[0]), 1), max(int(spans[1]), 1)
            hunks.append({"header": line, "lines": []})
            continue
        origin = line[0]
        hunks[-1]["lines"].append(
            {
                "origin": origin,
                "text": line[1:],
                "old": left if origin != "+" else None,
                "new": right if origin != "-" else None,
            }
        )
        left, right = left + (origin != "+"), right + (origin != "-")
        base["additions"] += origin == "+"
        base["deletions"] += origin == "-"
    return {**base, "hunks": hunks}
