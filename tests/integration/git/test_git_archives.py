"""Archives by signed link."""

import io
import tarfile
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

import git_rooms
import git_samples
from krate_git.embedded.archive import Order, Signer
from krate_git.interface import GitError, RepositoryKey

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ORDER = Order(git_rooms.KEY, "a" * 40, "tar.gz")


def signer(**over: object) -> Signer:
    return Signer(**{"secret": git_rooms.SECRET, "clock": lambda: NOW, **over})


def test_a_link_says_what_was_signed():
    """It reads back as its order until it expires, ten minutes later."""
    path, expires = signer().link(ORDER)
    token = path.removeprefix("/-/archive/")
    assert expires == NOW + timedelta(minutes=10)
    assert signer().read(token) == ORDER
    assert signer(clock=lambda: expires - timedelta(seconds=1)).read(token) == ORDER
    assert signer(clock=lambda: expires).read(token) is None


def test_nothing_else_is_a_link():
    """Another secret, a changed byte, a missing part or noise is no link."""
    token = signer().link(ORDER)[0].removeprefix("/-/archive/")
    body, mac = token.split(".")
    other = signer().link(replace(ORDER, sha="b" * 40))[0].removeprefix("/-/archive/").split(".")[0]
    noise = [
        "",
        ".",
        body,
        f"{body}.",
        f".{mac}",
        f"{other}.{mac}",
        f"{body}.{mac[:-2]}AA",
        f"{token}A",
        "é.é",
        "x" * 3000,
    ]
    assert [signer().read(text) for text in noise] == [None] * len(noise)
    assert signer(secret=b"another").read(token) is None


@pytest.mark.parametrize(
    "over", [{"sha": "main"}, {"sha": "--output=/tmp/x"}, {"format": "tar"}, {"format": "--exec"}], ids=str
)
def test_orders_that_are_not_signed(over: dict[str, str]):
    """Only a commit's id and a known format become a link, so no argument of Git comes from outside."""
    with pytest.raises(GitError):
        signer().link(replace(ORDER, **over))


def names_in(raw: bytes, kind: str) -> list[str]:
    if kind == "zip":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return archive.namelist()
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        return archive.getnames()


async def test_downloads(room: git_rooms.Room):
    """Both formats hold the files of that commit below one folder, under a telling file name."""
    scribe = git_samples.Scribe(room.host.locate(git_rooms.KEY))
    files = {
        "README.md": b"hello\n",
        "d/run": git_samples.executable(b"#!\n"),
        "link": git_samples.symlink(b"/etc/passwd"),
    }
    sha = scribe.commit(files, branch="main")
    folder = f"web-{sha[:10]}"
    async with httpx2.AsyncClient(base_url=room.url) as client:
        for kind in ("tar.gz", "zip"):
            path, _ = room.host.archives.link(Order(git_rooms.KEY, sha, kind))
            answer = await client.get(path)
            assert answer.status_code == 200
            assert answer.headers["content-disposition"] == f'attachment; filename="{folder}.{kind}"'
            wanted = {f"{folder}/README.md", f"{folder}/d/run", f"{folder}/link"}
            assert set(names_in(answer.content, kind)) >= wanted
            head = await client.head(path)
            assert (head.status_code, head.content) == (200, b"")


async def test_downloads_that_are_refused(room: git_rooms.Room):
    """Wrong and expired links, other methods, commits and repositories that are gone."""
    sha = git_samples.Scribe(room.host.locate(git_rooms.KEY)).commit({"a": b"1"}, branch="main")
    good, _ = room.host.archives.link(Order(git_rooms.KEY, sha, "zip"))
    missing, _ = room.host.archives.link(Order(git_rooms.KEY, "f" * 40, "zip"))
    unknown, _ = room.host.archives.link(Order(RepositoryKey("acme", "nowhere"), sha, "zip"))
    old, _ = Signer(git_rooms.SECRET, lambda: NOW).link(Order(git_rooms.KEY, sha, "zip"))
    async with httpx2.AsyncClient(base_url=room.url) as client:
        found = [(await client.get(path)).status_code for path in (f"{good}x", old, missing, unknown, "/-/archive/")]
        assert found == [403, 403, 404, 404, 403]
        assert (await client.post(good)).status_code == 405
        await room.host.retire_repository(git_rooms.KEY, "uid-1")
        assert (await client.get(good)).status_code == 404


async def test_a_hostile_attributes_file_runs_nothing(room: git_rooms.Room, tmp_path: Path):
    """Filters and substitutions that a tree asks for stay text."""
    attributes = b"* filter=evil\nx export-subst\nhidden export-ignore\n"
    files = {".gitattributes": attributes, "x": b"$Format:%H$\n", "hidden": b"1"}
    sha = git_samples.Scribe(room.host.locate(git_rooms.KEY)).commit(files, branch="main")
    path, _ = room.host.archives.link(Order(git_rooms.KEY, sha, "tar.gz"))
    async with httpx2.AsyncClient(base_url=room.url) as client:
        answer = await client.get(path)
    folder = f"web-{sha[:10]}"
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        member = archive.extractfile(f"{folder}/x")
        assert member is not None
        assert member.read() == f"{sha}\n".encode()
        assert f"{folder}/hidden" not in archive.getnames()
