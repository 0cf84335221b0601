"""Facts about pushes, read from real repositories through a quarantine."""

import os
from pathlib import Path

import pygit2
import pytest
from pygit2 import enums

import git_samples
from krate.models.refpolicy import RefOperation
from krate_git import repositories
from krate_git.interface import ZERO, ChangeKind, EntryKind, RefUpdate
from krate_git.pushes import PushedFile, QuarantinedPush, TooMuch

MAIN = "refs/heads/main"
BASE = {"a": b"1\n", "link": git_samples.symlink(b"a")}


@pytest.fixture
def scribe(tmp_path: Path) -> git_samples.Scribe:
    return git_samples.Scribe(tmp_path / "web.git")


def facts_of(scribe: git_samples.Scribe, **limits: object) -> QuarantinedPush:
    return QuarantinedPush(repositories.open_repository(Path(scribe.repository.path)), **limits)


def test_what_an_update_does(scribe: git_samples.Scribe):
    """Forward is an update; sideways, backward, or to something that is no commit is a forced one."""
    one = scribe.commit(BASE, branch="main")
    two = scribe.commit({"a": b"2\n"}, parents=[one])
    aside = scribe.commit({"a": b"3\n"}, parents=[one])
    blob = str(scribe.repository.create_blob(b"no commit"))
    tag = scribe.tag("v1", two)
    facts = facts_of(scribe)
    cases = [
        (ZERO, one),
        (one, ZERO),
        (one, two),
        (two, one),
        (two, aside),
        (one, one),
        (one, tag),
        (one, blob),
        (blob, one),
    ]
    assert [facts.operation(RefUpdate(MAIN, old, new)) for old, new in cases] == [
        RefOperation.CREATE,
        RefOperation.DELETE,
        RefOperation.UPDATE,
        RefOperation.FORCE_UPDATE,
        RefOperation.FORCE_UPDATE,
        RefOperation.UPDATE,
        RefOperation.UPDATE,
        RefOperation.FORCE_UPDATE,
        RefOperation.FORCE_UPDATE,
    ]
    assert [facts.names_commit(RefUpdate(MAIN, ZERO, sha)) for sha in (one, tag, blob, "f" * 40)] == [
        True,
        True,
        False,
        False,
    ]


def test_new_commits_are_those_that_the_named_refs_do_not_hold(scribe: git_samples.Scribe):
    """Only what is reachable from the new value and from none of the seen ones, newest first."""
    one = scribe.commit(BASE, branch="main")
    two = scribe.commit(BASE, parents=[one])
    three = scribe.commit(BASE, parents=[two])
    update = RefUpdate(MAIN, one, three)
    facts = facts_of(scribe)
    found = [[commit.sha for commit in facts.new_commits(update, seen)] for seen in ((), (one,), (two, one), (three,))]
    assert found == [[three, two, one], [three, two], [three], []]


def test_objects_in_quarantine_are_seen_and_do_not_leak(scribe: git_samples.Scribe, tmp_path: Path):
    """A push's own objects are readable through its quarantine, and nowhere else."""
    one = scribe.commit(BASE, branch="main")
    quarantine = Path(scribe.repository.path) / "objects" / "tmp_objdir-incoming-abc"
    quarantine.mkdir()
    odb = pygit2.Odb()
    odb.add_backend(pygit2.OdbBackendLoose(os.fspath(quarantine), -1, False), 10)
    odb.add_disk_alternate(os.fspath(Path(scribe.repository.path) / "objects"))
    scribe.repository.set_odb(odb)
    two = scribe.commit({**BASE, "b": b"2\n"}, parents=[one])
    outside = repositories.open_repository(Path(scribe.repository.path))
    assert outside.get(two) is None
    outside.odb.add_disk_alternate(os.fspath(quarantine))
    facts = QuarantinedPush(outside)
    (commit,) = facts.new_commits(RefUpdate(MAIN, one, two), (one,))
    assert facts.files(commit) == (PushedFile("b", ChangeKind.ADDED, size=2),)


def test_files_of_a_commit(scribe: git_samples.Scribe):
    """Every kind of change with its size and mode; paths that are no UTF-8 as Git quotes them."""
    one = scribe.commit({**BASE, "gone": b"x", "same": b"x"}, branch="main")
    files = {
        "a": b"12\n",
        "link": git_samples.symlink(b"elsewhere"),
        "same": b"x",
        "run": git_samples.executable(b"#!"),
        "dep": git_samples.submodule(),
        b"\xff": b"",
    }
    two = scribe.commit(files, parents=[one])
    (commit,) = facts_of(scribe).new_commits(RefUpdate(MAIN, one, two), (one,))
    assert facts_of(scribe).files(commit) == (
        PushedFile("a", ChangeKind.MODIFIED, size=3),
        PushedFile("dep", ChangeKind.ADDED, EntryKind.SUBMODULE),
        PushedFile("gone", ChangeKind.DELETED),
        PushedFile("link", ChangeKind.MODIFIED, EntryKind.SYMLINK, size=9),
        PushedFile("run", ChangeKind.ADDED, size=2, executable=True),
        PushedFile(r'"\377"', ChangeKind.ADDED),
    )


def test_files_of_a_merge_are_what_no_parent_has(scribe: git_samples.Scribe):
    """What a merge only takes over was judged with its own commits; what it smuggles in is seen."""
    root = scribe.commit(BASE)
    left = scribe.commit({**BASE, "left": b"l"}, parents=[root])
    right = scribe.commit({**BASE, "right": b"r"}, parents=[root])
    clean = scribe.commit({**BASE, "left": b"l", "right": b"r"}, parents=[left, right])
    evil = scribe.commit({**BASE, "left": b"l", "right": b"r", "evil": b"e"}, parents=[left, right])
    facts = facts_of(scribe)
    found = [facts.files(facts.new_commits(RefUpdate(MAIN, left, sha), (left, right))[0]) for sha in (clean, evil)]
    assert found == [(), (PushedFile("evil", ChangeKind.ADDED, size=1),)]


def test_walks_end(scribe: git_samples.Scribe):
    """More commits than the bound, or more time, is an error that says what to do, not a partial answer."""
    head = scribe.commit(BASE)
    for _ in range(5):
        head = scribe.commit(BASE, parents=[head])
    update = RefUpdate(MAIN, ZERO, head)
    assert len(facts_of(scribe, max_commits=6).new_commits(update, ())) == 6
    with pytest.raises(TooMuch, match=r"more than 5 commits.*push it in smaller parts"):
        facts_of(scribe, max_commits=5).new_commits(update, ())
    ticks = iter(range(100))
    with pytest.raises(TooMuch, match=r"within 3 seconds.*push it in smaller parts"):
        facts_of(scribe, max_seconds=3, now=lambda: float(next(ticks))).new_commits(update, ())


def test_a_tag_of_something_else_has_no_commits(scribe: git_samples.Scribe):
    """An annotated tag of a blob brings no commits and raises nothing."""
    blob = str(scribe.repository.create_blob(b"x"))
    tag = scribe.tag("blob", blob, enums.ObjectType.BLOB)
    assert facts_of(scribe).new_commits(RefUpdate("refs/tags/blob", ZERO, tag), ()) == ()
