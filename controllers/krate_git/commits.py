"""Commits as values; old histories hold any bytes, so reading one never fails."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pygit2

from krate_git.interface import Commit, Signature

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND: Final = int((datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - _EPOCH).total_seconds())


def value(commit: pygit2.Commit) -> Commit:
    """A commit as a value; text in the encoding it declares, what cannot be read replaced."""
    return Commit(
        sha=str(commit.id),
        parents=tuple(str(parent) for parent in commit.parent_ids),
        author=_signature(commit.author),
        committer=_signature(commit.committer),
        message=decode(commit.raw_message, commit.message_encoding),
    )


def decode(raw: bytes, encoding: str | None) -> str:
    """Text of a message or a name, never an error."""
    try:
        return raw.decode(encoding or "utf-8", errors="replace")
    except LookupError:  # a commit may declare any encoding it likes
        return raw.decode(errors="replace")


def _signature(signature: pygit2.Signature) -> Signature:
    seconds = min(max(signature.time, 0), _LAST_SECOND)
    return Signature(
        decode(signature.raw_name, None), decode(signature.raw_email, None), _EPOCH + timedelta(seconds=seconds)
    )
