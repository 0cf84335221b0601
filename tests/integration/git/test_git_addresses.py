"""Requests as no Git client makes them: addresses, methods, bodies and credentials that must lead nowhere."""

import asyncio
import base64
import os

import pytest

import git_rooms
import git_server
from krate_git.embedded import asgi, smarthttp
from krate_git.embedded.smarthttp import Address

RECEIVE = {"content-type": "application/x-git-receive-pack-request"}
UPLOAD = {"content-type": "application/x-git-upload-pack-request"}


def scope_of(raw: str) -> asgi.Scope:
    return {"raw_path": raw.encode("latin-1"), "path": "/ignored"}


ADDRESSES = {
    "/acme/web.git/info/refs": Address("acme", "web", "info/refs"),
    "/acme/web.git/info/refs?service=git-upload-pack": Address("acme", "web", "info/refs"),
    "/acme/web/git-upload-pack": Address("acme", "web", "git-upload-pack"),
    "/acme/We_b.x-1.git/git-receive-pack": Address("acme", "We_b.x-1", "git-receive-pack"),
    "/acme/web.git.git/info/refs": Address("acme", "web.git", "info/refs"),
    "/acme/.git/info/refs": None,
    "/acme/../web.git/info/refs": None,
    "/acme/..%2fweb.git/info/refs": None,
    "/acme/%2e%2e/info/refs": None,
    "/%2e%2e/web.git/info/refs": None,
    "/acme/web.git/../../etc/info/refs": None,
    "/acme/web%00.git/info/refs": None,
    "/acme/web.git/./info/refs": None,
    "//acme/web.git/info/refs": None,
    "/acme//web.git/info/refs": None,
    "/acme/web.git//info/refs": None,
    "/acme/web.git/info/refs/": None,
    "/ACME/web.git/info/refs": None,
    "/acme/--upload-pack=touch.git/info/refs": None,
    "/acme/-x/info/refs": None,
    "/acme/web.git/HEAD": None,
    "/acme/web.git/objects/info/packs": None,
    "/acme/web.git/git-upload-archive": None,
    "/acme/web.git/config": None,
    "/acme/krate/info/refs": Address("acme", "krate", "info/refs"),
    "/.krate/hooks/info/refs": None,
    "/acme\\web.git/info/refs": None,
    "/acme/w\xe9b.git/info/refs": None,
    "/" + "a" * 64 + "/web.git/info/refs": None,
    "/acme/" + "a" * 105 + "/info/refs": None,
}


@pytest.mark.parametrize(("raw", "want"), ADDRESSES.items(), ids=list(ADDRESSES))
def test_what_is_an_address(raw: str, want: Address | None):
    """Names are matched undecoded against what they may hold; everything else is no address at all."""
    assert smarthttp.parse(scope_of(raw)) == want


async def test_nothing_outside_is_served(room: git_rooms.Room):
    """Paths that could climb, and the host's own folders, are answered as if nothing were there."""
    room.gate.grants.add(("alice", "get", "repositories/git", "*"))
    room.gate.grants.add(("alice", "update", "repositories/git", "*"))
    paths = [path for path, want in ADDRESSES.items() if want is None and path.isascii() and "\\" not in path]
    statuses = {path: await raw_status(room, path) for path in paths}
    assert set(statuses.values()) == {404}, statuses
    assert await raw_status(room, "/acme/krate/info/refs?service=git-upload-pack") == 404
    assert await raw_status(room, "/acme/web.git/info/refs?service=git-upload-pack") == 200


async def raw_status(room: git_rooms.Room, path: str, *, method: str = "GET", head: str = "") -> int:
    """Status of a request whose path is sent as it is written here."""
    reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
    authorization = git_rooms.basic("alice")
    start = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n"
    writer.write(f"{start}{head}Connection: close\r\n\r\n".encode())
    status = int((await reader.readline()).split()[1])
    writer.close()
    await writer.wait_closed()
    return status


WEB = "/acme/web.git"
ADVERTISE = f"{WEB}/info/refs?service=git-upload-pack"

REFUSED = [
    ("another method", "POST", ADVERTISE, {}, 405),
    ("reading a service", "GET", f"{WEB}/git-upload-pack", {}, 405),
    ("the dumb protocol", "GET", f"{WEB}/info/refs", {}, 403),
    ("another service", "GET", f"{WEB}/info/refs?service=git-upload-archive", {}, 403),
    ("two services", "GET", f"{ADVERTISE}&service=git-receive-pack", {}, 403),
    ("a form, as a browser would post", "POST", f"{WEB}/git-receive-pack", {}, 415),
    ("a fetch posted as a push", "POST", f"{WEB}/git-receive-pack", UPLOAD, 415),
    ("an unknown encoding", "POST", f"{WEB}/git-upload-pack", {**UPLOAD, "content-encoding": "br"}, 415),
    ("a push in an unknown encoding", "POST", f"{WEB}/git-receive-pack", {**RECEIVE, "content-encoding": "br"}, 415),
    ("a scheme we do not speak", "GET", ADVERTISE, {"authorization": "Digest x"}, 401),
    ("broken base64", "GET", ADVERTISE, {"authorization": "Basic !!"}, 401),
    ("no colon", "GET", ADVERTISE, {"authorization": "Basic YWxpY2U="}, 401),
    ("no password", "GET", ADVERTISE, {"authorization": "Basic YWxpY2U6"}, 401),
    ("a wrong bearer", "GET", ADVERTISE, {"authorization": "Bearer x"}, 401),
    ("an empty bearer", "GET", ADVERTISE, {"authorization": "Bearer"}, 401),
]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
async def test_requests_that_are_refused(
    room: git_rooms.Room, method: str, path: str, headers: dict[str, str], status: int
):
    """Each with the status that says why."""
    answer = await git_rooms.request(room, method, path, headers=headers)
    assert answer.status_code == status
    assert (answer.headers.get("www-authenticate") == 'Basic realm="Krate", charset="UTF-8"') is (status == 401)
    assert [command for command in git_server.children(os.getpid()).values() if "-pack" in command] == []


async def test_another_users_token(room: git_rooms.Room):
    """The user name of Basic must be the token's."""
    headers = {"authorization": git_rooms.basic("alice").replace("Basic ", "basic ")}
    assert (await git_rooms.request(room, "GET", ADVERTISE, headers=headers)).status_code == 200
    mixed = base64.b64encode(b"bob:alice-token").decode()
    assert (
        await git_rooms.request(room, "GET", ADVERTISE, headers={"authorization": f"Basic {mixed}"})
    ).status_code == 401


async def test_bearer_tokens(room: git_rooms.Room):
    """A program may send its token as a bearer token."""
    answer = await git_rooms.request(room, "GET", ADVERTISE, headers={"authorization": "Bearer rita-token"}, user="")
    assert answer.status_code == 200


async def test_existence_does_not_leak(room: git_rooms.Room):
    """A stranger hears the same about a repository that is there and one that is not, for every service."""
    for user, status in (("nina", 404), ("", 401)):
        for service in ("git-upload-pack", "git-receive-pack"):
            answers = [
                await git_rooms.request(room, "GET", f"/acme/{name}.git/info/refs?service={service}", user=user)
                for name in ("web", "nowhere")
            ]
            assert [answer.status_code for answer in answers] == [status] * 2
            assert answers[0].text == answers[1].text
            ignored = {"date", "x-correlation-id"}
            kept = [{k: v for k, v in answer.headers.items() if k not in ignored} for answer in answers]
            assert kept[0] == kept[1]


async def test_each_request_is_reviewed(room: git_rooms.Room):
    """Get for a fetch and update for a push on `repositories/git`, named by the object and not by its address."""
    await room.host.put_repository(git_rooms.settings(host_name="Site"))
    room.gate.reviews.clear()
    await git_rooms.request(room, "GET", "/acme/Site.git/info/refs?service=git-upload-pack")
    await git_rooms.request(room, "GET", "/acme/Site.git/info/refs?service=git-receive-pack")
    await git_rooms.request(room, "POST", "/acme/Site.git/git-upload-pack", headers=UPLOAD, content=b"0000")
    seen = [(who, a.verb, a.group, a.qualified, a.namespace, a.name) for who, a in room.gate.reviews]
    assert seen == [
        ("alice", verb, "krate.a5c.ai", "repositories/git", "acme", "web") for verb in ("get", "update", "get")
    ]


async def test_case_and_dots_are_part_of_names(room: git_rooms.Room):
    """An address means the repository of exactly that spelling."""
    key = git_rooms.RepositoryKey("acme", "dotted")
    room.gate.writer("alice", key)
    await room.host.put_repository(git_rooms.settings(key, host_name="My.Repo_1"))
    paths = ["My.Repo_1.git", "My.Repo_1", "my.repo_1.git", "My.Repo_1.GIT", "My.Repo_1.git.git"]
    found = [await raw_status(room, f"/acme/{path}/info/refs?service=git-upload-pack") for path in paths]
    assert found == [200, 200, 404, 404, 404]
