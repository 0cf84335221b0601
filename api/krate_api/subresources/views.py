"""From the Git room's values to the JSON answers of the content views."""

import base64

from krate import clock
from krate.models import content
from krate_git.interface import Blob, Commit, Comparison, FileDiff, Signature, TreeEntry


def signature(value: Signature) -> content.SignatureView:
    return content.SignatureView(name=value.name, email=value.email, at=clock.rfc3339(value.at))


def commit(value: Commit) -> content.CommitView:
    return content.CommitView(
        sha=value.sha,
        parents=value.parents,
        author=signature(value.author),
        committer=signature(value.committer),
        title=value.title,
        message=value.message,
    )


def entry(value: TreeEntry) -> content.TreeEntryView:
    return content.TreeEntryView(
        name=value.name,
        path=value.path,
        kind=value.kind,
        sha=value.sha,
        size=value.size,
        last_commit=commit(value.last_commit) if value.last_commit is not None else None,
    )


def blob(value: Blob, ref: str) -> content.BlobView:
    text = base64.b64encode(value.data).decode() if value.binary else value.data.decode(errors="replace")
    return content.BlobView(
        ref=ref,
        path=value.path,
        sha=value.sha,
        size=value.size,
        binary=value.binary,
        executable=value.executable,
        encoding="base64" if value.binary else "utf-8",
        content=text,
        truncated=len(value.data) < value.size,
    )


def file_diff(value: FileDiff) -> content.FileDiffView:
    hunks = tuple(
        content.HunkView(
            header=hunk.header,
            lines=tuple(
                content.DiffLineView(origin=line.origin, old=line.old, new=line.new, text=line.text)
                for line in hunk.lines
            ),
        )
        for hunk in value.hunks
    )
    return content.FileDiffView(
        path=value.path,
        old_path=value.old_path,
        change=value.change,
        additions=value.additions,
        deletions=value.deletions,
        binary=value.binary,
        truncated=value.truncated,
        hunks=hunks,
    )


def comparison(value: Comparison, files: tuple[FileDiff, ...]) -> content.CompareView:
    return content.CompareView(
        base=value.base,
        head=value.head,
        merge_base=value.merge_base,
        additions=value.additions,
        deletions=value.deletions,
        files=tuple(file_diff(one) for one in files),
        ahead=value.ahead,
        behind=value.behind,
        mergeability=value.mergeability,
        conflicts=value.conflicts,
    )
