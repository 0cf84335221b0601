"""Answers of the RepositoryContent and PullRequest views: trees, blobs, commits, branches, comparisons, diffs.

They are no kinds and carry no metadata: plain JSON of GET subresources, the same for kubectl, CLI and UI.
"""

from typing import Annotated

from pydantic import Field

from krate.models.meta import Model


class SignatureView(Model):
    """Author or committer of a commit."""

    name: str
    """Name as the commit has it."""
    email: str
    """Address as the commit has it."""
    at: str
    """RFC 3339 time."""


class CommitView(Model):
    """One commit."""

    sha: str
    """Object id."""
    parents: tuple[str, ...] = ()
    """Object ids of the parents."""
    author: SignatureView
    """Who wrote it."""
    committer: SignatureView
    """Who committed it."""
    title: str
    """First line of the message."""
    message: str
    """Whole message."""


class CommitsView(Model):
    """A run of history, newest first (`commits?ref=&path=&limit=&since=`)."""

    ref: str
    """Revision asked for."""
    items: tuple[CommitView, ...] = ()
    """The commits."""
    more: bool = False
    """Whether older commits follow."""


class TreeEntryView(Model):
    """One name in a directory."""

    name: str
    """Last part of the path."""
    path: str
    """Path from the root."""
    kind: str
    """tree, blob, symlink or submodule."""
    sha: str
    """Object id."""
    size: int = 0
    """Bytes of a blob."""
    last_commit: CommitView | None = None
    """Latest commit that touched it, with `lastCommit=true`."""


class TreeView(Model):
    """A directory (`tree?ref=&path=&lastCommit=`)."""

    ref: str
    """Revision asked for."""
    sha: str
    """Commit the revision names."""
    path: str
    """Path of the directory; empty for the root."""
    entries: tuple[TreeEntryView, ...] = ()
    """Directories first, then by name."""


class BlobView(Model):
    """A file (`blob?ref=&path=`); bodies beyond the limit are cut and say so."""

    ref: str
    """Revision asked for."""
    path: str
    """Path of the file."""
    sha: str
    """Object id."""
    size: int
    """Bytes of the whole file."""
    binary: bool
    """Whether it holds a NUL byte or is no UTF-8."""
    executable: bool = False
    """Whether the mode says so."""
    encoding: str
    """utf-8 or base64."""
    content: str
    """The file, in that encoding."""
    truncated: bool = False
    """Whether the content was cut."""


class BranchView(Model):
    """A branch or a tag."""

    name: str
    """Short name."""
    sha: str
    """Commit it names."""
    default: bool = False
    """Whether HEAD names it."""


class RefsView(Model):
    """All branches (`branches`) or all tags (`tags`), the default branch first, then by name."""

    items: tuple[BranchView, ...] = ()
    """The refs."""


class DiffLineView(Model):
    """One line of a hunk."""

    origin: str
    """A space, + or -."""
    old: int | None = None
    """Line number before the change."""
    new: int | None = None
    """Line number after the change."""
    text: str
    """The line, without its end."""


class HunkView(Model):
    """A run of changed lines with context."""

    header: str
    """The @@ line."""
    lines: tuple[DiffLineView, ...] = ()
    """The lines."""


class FileDiffView(Model):
    """The change of one file."""

    path: str
    """Path after the change; before it when deleted."""
    old_path: str
    """Path before the change."""
    change: str
    """Added, Modified, Deleted, Renamed or TypeChanged."""
    additions: int
    """Lines added."""
    deletions: int
    """Lines removed."""
    binary: bool = False
    """Whether lines mean nothing here."""
    truncated: bool = False
    """Whether the hunks were left out because the change is large."""
    hunks: tuple[HunkView, ...] = ()
    """The changed lines."""


class DiffView(Model):
    """Files of `merge base..head` with hunks (`pullrequests/diff`, or `compare` with `hunks=true`)."""

    base: str
    """Commit of the base."""
    head: str
    """Commit of the head."""
    merge_base: str
    """Best common ancestor."""
    additions: int = 0
    """Lines added."""
    deletions: int = 0
    """Lines removed."""
    files: tuple[FileDiffView, ...] = ()
    """The files, by path."""


class CompareView(DiffView):
    """Two revisions side by side (`compare?base=&head=&hunks=`)."""

    ahead: int = 0
    """Commits of the head that the base lacks."""
    behind: int = 0
    """Commits of the base that the head lacks."""
    mergeability: str = ""
    """Clean, Conflicts, Unrelated or Merged."""
    conflicts: tuple[str, ...] = ()
    """Paths that conflict."""


class BlameRunView(Model):
    """Lines that one commit wrote."""

    start: int
    """First line, from 1."""
    count: int
    """Number of lines."""
    commit: CommitView
    """The commit."""


class BlameView(Model):
    """Who wrote which lines (`blame?ref=&path=`)."""

    ref: str
    """Revision asked for."""
    path: str
    """Path of the file."""
    runs: tuple[BlameRunView, ...] = ()
    """Runs of lines, in order."""


class ArchiveView(Model):
    """Where to download an archive (`archive?ref=&format=`): a signed link at the Git listener."""

    url: str
    """Address of the archive."""
    expires_at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When the link stops working."""
