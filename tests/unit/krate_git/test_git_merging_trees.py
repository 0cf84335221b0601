"""Merging without a work tree: looking leaves no trace, keeping writes a real two-parent commit."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

import git_samples
from krate_git import diff, merge, repositories
from krate_git.interface import ZERO, GitError, Mergeability, RefMoved

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ALICE = merge.signature("Alice", "alice@example.com", AT)
LINES = b"".join(b"%d\n" % number for number in range(20))


@pytest.fixture
def scribe(tmp_path: Path) -> git_samples.Scribe:
    return git_samples.Scribe(tmp_path / "web.git")


def objects_in(scribe: git_samples.Scribe) -> int:
    return sum(len(files) for _, _, files in os.walk(Path(scribe.repository.path) / "objects"))


def test_a_clean_merge(scribe: git_samples.Scribe):
    """The commit has both parents, the merged tree, the message and the author, and no ref moved."""
    root = scribe.commit({"a": LINES})
    ours = scribe.commit({"a": b"x" + LINES}, parents=[root], branch="main")
    theirs = scribe.commit({"a": LINES + b"y\n", "b": b"new"}, parents=[root], branch="topic")
    sha = merge.write_merge(
        scribe.repository, target=ours, head=theirs, message="Merge topic\n\nbody\n\n", author=ALICE
    )
    found = repositories.commit_of(scribe.repository, sha)
    assert [str(parent) for parent in found.parent_ids] == [ours, theirs]
    assert found.message == "Merge topic\n\nbody\n"
    assert (found.author.name, found.author.email, found.author.time) == (
        "Alice",
        "alice@example.com",
        int(AT.timestamp()),
    )
    assert {entry.name: entry.data for entry in found.tree} == {"a": b"x" + LINES + b"y\n", "b": b"new"}
    assert repositories.read_ref(scribe.repository, "refs/heads/main") == ours


def test_a_fast_forward_still_gets_a_merge_commit(scribe: git_samples.Scribe):
    """A pull request leaves a commit of its own even when the target did not move."""
    ours = scribe.commit({"a": b"1"}, branch="main")
    theirs = scribe.commit({"a": b"2"}, parents=[ours])
    sha = merge.write_merge(scribe.repository, target=ours, head=theirs, message="m", author=ALICE)
    assert [str(parent) for parent in repositories.commit_of(scribe.repository, sha).parent_ids] == [ours, theirs]


def test_a_conflict_names_its_paths(scribe: git_samples.Scribe):
    """The error says which paths conflict, bytes that are no UTF-8 included, and what to do."""
    root = scribe.commit({"a": b"0\n", "d/b": b"0\n", b"\xff": b"0\n"})
    ours = scribe.commit({"a": b"1\n", "d/b": b"1\n", b"\xff": b"1\n"}, parents=[root])
    theirs = scribe.commit({"a": b"2\n", "d/b": b"2\n", b"\xff": b"2\n"}, parents=[root])
    with pytest.raises(GitError, match=r"merge conflicts in .*resolve them there") as caught:
        merge.write_merge(scribe.repository, target=ours, head=theirs, message="m", author=ALICE)
    assert [path in str(caught.value) for path in ("a, ", "d/b", r'"\377"')] == [True] * 3


def test_many_conflicts_are_counted(scribe: git_samples.Scribe):
    """A message names twenty paths and the number of the others."""
    root, ours, theirs = ({f"f{n:02}": mark for n in range(25)} for mark in (b"0\n", b"1\n", b"2\n"))
    base = scribe.commit(root)
    sides = [scribe.commit(files, parents=[base]) for files in (ours, theirs)]
    with pytest.raises(GitError, match="f19 and 5 more"):
        merge.write_merge(scribe.repository, target=sides[0], head=sides[1], message="m", author=ALICE)


def test_deleting_what_the_other_changed_is_a_conflict(scribe: git_samples.Scribe):
    """A conflict that has only two sides is named as well."""
    root = scribe.commit({"a": b"0\n", "b": b"\n"})
    ours = scribe.commit({"b": b"\n"}, parents=[root])
    theirs = scribe.commit({"a": b"1\n", "b": b"\n"}, parents=[root])
    with pytest.raises(GitError, match="conflicts in a;"):
        merge.write_merge(scribe.repository, target=ours, head=theirs, message="m", author=ALICE)


def test_unrelated_and_empty_merges_are_refused(scribe: git_samples.Scribe):
    """Without a common ancestor, or with nothing new, there is no commit to write."""
    one, other = scribe.commit({"a": b"1"}), scribe.commit({"a": b"2"})
    later = scribe.commit({"a": b"3"}, parents=[one])
    with pytest.raises(GitError, match="share no history"):
        merge.write_merge(scribe.repository, target=one, head=other, message="m", author=ALICE)
    with pytest.raises(GitError, match="nothing to merge"):
        merge.write_merge(scribe.repository, target=later, head=one, message="m", author=ALICE)


def test_a_criss_cross_history_merges(scribe: git_samples.Scribe):
    """Two merge bases are merged first, as Git's recursive strategy does; a textbook criss-cross is clean."""
    root = scribe.commit({"a": LINES, "b": LINES})
    left = scribe.commit({"a": b"left\n" + LINES, "b": LINES}, parents=[root])
    right = scribe.commit({"a": LINES, "b": b"right\n" + LINES}, parents=[root])
    both = {"a": b"left\n" + LINES, "b": b"right\n" + LINES}
    one = scribe.commit({**both, "c": b"1"}, parents=[left, right], branch="main")
    two = scribe.commit({**both, "d": b"2"}, parents=[right, left], branch="topic")
    assert diff.compare(scribe.repository, "main", "topic").mergeability is Mergeability.CLEAN
    sha = merge.write_merge(scribe.repository, target=one, head=two, message="m", author=ALICE)
    tree = repositories.commit_of(scribe.repository, sha).tree
    assert {entry.name for entry in tree} == {"a", "b", "c", "d"}


def test_looking_leaves_no_trace(scribe: git_samples.Scribe):
    """Asking whether branches merge writes nothing into the repository, though merging has to write blobs."""
    root = scribe.commit({"a": LINES})
    scribe.commit({"a": b"x" + LINES}, parents=[root], branch="main")
    scribe.commit({"a": LINES + b"y\n"}, parents=[root], branch="topic")
    before = objects_in(scribe)
    assert diff.compare(scribe.repository, "main", "topic").mergeability is Mergeability.CLEAN
    assert objects_in(scribe) == before


def test_compare_and_swap(scribe: git_samples.Scribe):
    """A ref moves, appears and vanishes from where it is said to be, and from nowhere else."""
    one, two = scribe.commit({"a": b"1"}), scribe.commit({"a": b"2"})
    ref = "refs/heads/topic"

    def now() -> str:
        return repositories.read_ref(scribe.repository, ref)

    merge.move_ref(scribe.repository, ref, old=ZERO, new=one)
    assert now() == one
    for old, new in ((ZERO, two), (two, one), (two, ZERO)):
        with pytest.raises(RefMoved):
            merge.move_ref(scribe.repository, ref, old=old, new=new)
        assert now() == one
    merge.move_ref(scribe.repository, ref, old=one, new=two)
    assert now() == two
    merge.move_ref(scribe.repository, ref, old=two, new=ZERO)
    assert now() == ""


def test_a_ref_that_somebody_holds(scribe: git_samples.Scribe):
    """A lock file of another process is an error, and the ref stays."""
    one = scribe.commit({"a": b"1"}, branch="topic")
    (Path(scribe.repository.path) / "refs" / "heads" / "topic.lock").touch()
    with pytest.raises(GitError, match="being changed by somebody else"):
        merge.move_ref(scribe.repository, "refs/heads/topic", old=one, new=ZERO)
    assert repositories.read_ref(scribe.repository, "refs/heads/topic") == one


def test_authors_that_git_cannot_store_are_cleaned():
    """Brackets and line ends would end a field of the commit; nothing at all becomes a word."""
    assert merge.signature(" A<l>i\nce ", "<>", AT) == merge.signature("Alice", "unknown", AT)
