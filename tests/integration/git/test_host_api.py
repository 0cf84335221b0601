"""`/-/host/v1/` and its client: who may call what, and what becomes of faults on the way."""

import ssl
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx2
import pytest

import git_rooms
import tls_samples
from krate_git.embedded import asgi, wire
from krate_git.embedded.client import HostClient
from krate_git.embedded.host import EmbeddedHost, Options
from krate_git.interface import (
    GitError,
    GitHosting,
    GitReading,
    HostForbidden,
    HostUnavailable,
    RepositoryKey,
    RepositoryMissing,
)
from krate_git.memory import MemoryPushSink

HOSTED = "krate-hosted"
KEY = git_rooms.KEY


class Served:
    """A host behind TLS, and what tests may turn."""

    def __init__(self, host: EmbeddedHost, gate: git_rooms.TableGatekeeper, port: int, ca: Path) -> None:
        self.host, self.gate, self.port, self.ca = host, gate, port, ca
        self.token = f"{HOSTED}-token"

    def client(self, *, port: int = 0) -> HostClient:
        return HostClient(f"https://127.0.0.1:{port or self.port}", token=lambda: self.token, ca_file=self.ca)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncGenerator[Served]:
    gate = git_rooms.everybody()
    gate.user(HOSTED)
    host = EmbeddedHost(
        tmp_path / "data",
        sink=MemoryPushSink(),
        gatekeeper=gate,
        options=Options(archive_secret=git_rooms.SECRET),
    )
    certificate, key = tls_samples.write_certificate(tmp_path)
    await host.start()
    await git_rooms.fill(host)
    try:
        async with git_rooms.serve(host.api(), ssl_certfile=certificate, ssl_keyfile=key) as port:
            yield Served(host, gate, port, certificate)
    finally:
        await host.stop()


@pytest.fixture
async def client(served: Served) -> AsyncGenerator[HostClient]:
    found = served.client()
    yield found
    await found.close()


ARGUMENTS: dict[str, dict[str, Any]] = {
    "put_organization": {"namespace": "acme", "full_name": "Acme", "visibility": "private"},
    "find_organization": {"namespace": "acme"},
    "delete_organization": {"namespace": "acme"},
    "put_team": {"namespace": "acme", "name": "platform", "members": ["alice"]},
    "find_team": {"namespace": "acme", "name": "platform"},
    "delete_team": {"namespace": "acme", "name": "platform"},
    "put_repository": {"settings": git_rooms.settings()},
    "find_repository": {"key": KEY},
    "retire_repository": {"key": KEY, "uid": "u"},
    "delete_repository": {"key": KEY, "uid": "u"},
    "put_access": {"key": KEY, "collaborators": []},
    "find_access": {"key": KEY},
    "put_ref_policy": {"key": KEY, "policy": git_rooms.policy()},
    "find_ref_policy_digest": {"key": KEY},
    "refs": {"key": KEY},
    "resolve": {"key": KEY, "rev": "main"},
    "tree": {"key": KEY, "rev": "main", "path": "", "with_commits": False},
    "blob": {"key": KEY, "rev": "main", "path": "a", "limit": 1},
    "commits": {"key": KEY, "rev": "main", "path": "", "limit": 1, "since": ""},
    "compare": {"key": KEY, "base": "main", "head": "main"},
    "diff": {"key": KEY, "base": "main", "head": "main", "context": 3, "max_lines": 10},
    "blame": {"key": KEY, "rev": "main", "path": "a"},
    "contains": {"key": KEY, "ancestor": "main", "descendant": "main"},
}
NAMES = {"organization": "acme", "team": "platform"}


def test_every_call_has_a_row():
    """The table of calls is the GitHost port, and this suite knows them all."""
    port = {name for cls in (GitHosting, GitReading) for name in vars(cls) if not name.startswith("_")}
    assert set(wire.CALLS) == port == set(ARGUMENTS)


@pytest.mark.parametrize("name", ARGUMENTS)
async def test_each_call_costs_one_review(served: Served, client: HostClient, name: str):
    """Exactly one access review on the Hosted kind, by verb, namespace and name; a refusal does nothing."""
    call = wire.CALLS[name]
    with pytest.raises(
        HostForbidden, match=f'{HOSTED} cannot {call.verb} {call.kind.resource} in the namespace "acme"'
    ):
        await getattr(client, name)(**ARGUMENTS[name])
    ((who, found),) = served.gate.reviews
    wanted = NAMES.get(name.partition("_")[2], "web")
    assert (who, found.verb, found.group, found.resource, found.subresource, found.namespace, found.name) == (
        HOSTED,
        {"put": "update", "delete": "delete", "retire": "delete"}.get(name.partition("_")[0], "get"),
        "host.krate.a5c.ai",
        call.kind.plural,
        "",
        "acme",
        wanted,
    )
    assert await served.host.find_repository(KEY) == git_rooms.settings()


@pytest.mark.parametrize("token", ["wrong", f"{HOSTED}-token-x", "Basic"])
async def test_tokens_that_are_not_accepted(served: Served, client: HostClient, token: str):
    """A wrong token: not a word about anything."""
    served.token = token
    with pytest.raises(HostForbidden, match="does not accept the token"):
        await client.refs(KEY)
    assert served.gate.reviews == []


async def test_a_token_is_asked_for_each_call(served: Served):
    """A token that was renewed is used from the next call on; the supplier may be a coroutine."""
    tokens = iter(["wrong", f"{HOSTED}-token"])

    async def supply() -> str:
        return next(tokens)

    served.gate.grants.add((HOSTED, "get", "hostedrepositories", "acme/web"))
    client = HostClient(f"https://127.0.0.1:{served.port}", token=supply, ca_file=served.ca)
    with pytest.raises(HostForbidden):
        await client.refs(KEY)
    assert (await client.refs(KEY)).default_branch == "main"
    await client.close()


async def test_errors_travel_as_what_they_are(served: Served, client: HostClient):
    """The class and the sentence of the host's error are those that the caller of the client sees."""
    served.gate.grants.add((HOSTED, "get", "hostedrepositories", "*"))
    with pytest.raises(RepositoryMissing, match="the Git host holds no such repository"):
        await client.refs(RepositoryKey("acme", "nowhere"))


async def test_tokens_never_travel_in_the_clear(served: Served):
    """An address without TLS is refused before anything is sent."""
    with pytest.raises(ValueError, match="over https only"):
        HostClient(f"http://127.0.0.1:{served.port}", token=lambda: "x")


async def test_a_host_that_nobody_vouches_for(served: Served, tmp_path: Path):
    """Another CA is trusted for nothing."""
    other = tmp_path / "other"
    other.mkdir()
    certificate, _ = tls_samples.write_certificate(other)
    client = HostClient(f"https://127.0.0.1:{served.port}", token=lambda: served.token, ca_file=certificate)
    with pytest.raises(HostUnavailable, match="cannot be reached"):
        await client.refs(KEY)
    await client.close()
    with pytest.raises(ssl.SSLError):
        HostClient("https://127.0.0.1:1", token=lambda: "x", ca_file=tmp_path / "tls.key")


async def test_a_host_that_is_down(served: Served):
    """Nobody at the address is HostUnavailable, after a few tries."""
    client = served.client(port=git_rooms.free_port())
    with pytest.raises(HostUnavailable, match="cannot be reached"):
        await client.refs(KEY)
    await client.close()


async def test_a_host_that_is_starting(served: Served, client: HostClient):
    """Before open intents are resolved every call is HostUnavailable."""
    served.gate.grants.add((HOSTED, "get", "hostedrepositories", "*"))
    served.host._ready = False
    with pytest.raises(HostUnavailable, match="starting"):
        await client.refs(KEY)


async def test_answers_that_are_none_of_ours(served: Served, tmp_path: Path):
    """Anything but a value or an error of ours is HostUnavailable, redirects included."""
    answers = [
        (200, b"<html>"),
        (200, b'{"value": 3}'),
        (404, b'{"detail": "no"}'),
        (500, b""),
        (302, b""),
        (409, b'["error"]'),
    ]

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        status, raw = answers[0]
        await send({"type": "http.response.start", "status": status, "headers": [(b"location", b"https://evil/")]})
        await send({"type": "http.response.body", "body": raw})

    async with git_rooms.serve(app, ssl_certfile=served.ca, ssl_keyfile=served.ca.with_name("tls.key")) as port:
        client = served.client(port=port)
        while answers:
            with pytest.raises(HostUnavailable, match=f"answered {answers[0][0]} to refs"):
                await client.refs(KEY)
            answers.pop(0)
        await client.close()


BAD_REQUESTS = [
    ("no JSON", "refs", b"x", 400),
    ("no object", "refs", b"[]", 400),
    ("a missing argument", "refs", b"{}", 400),
    ("an argument too many", "refs", b'{"key":{"namespace":"a","name":"b"},"x":1}', 400),
    ("a wrong type", "put_team", b'{"namespace":"acme","name":"x","members":3}', 400),
    ("an unknown call", "drop_everything", b"{}", 404),
    ("a private method", "_remove", b"{}", 404),
    ("a method that is no call", "purge", b"{}", 404),
    ("a large body", "refs", b" " * (16 * 1024 * 1024 + 1), 413),
]


@pytest.mark.parametrize(
    ("name", "body", "status"), [row[1:] for row in BAD_REQUESTS], ids=[row[0] for row in BAD_REQUESTS]
)
async def test_requests_that_are_malformed(served: Served, name: str, body: bytes, status: int):
    """Each is answered with a status and a text, and reviews nothing."""
    context = ssl.create_default_context(cafile=served.ca)
    async with httpx2.AsyncClient(base_url=f"https://127.0.0.1:{served.port}", verify=context) as http:
        headers = {"authorization": f"Bearer {served.token}"}
        answer = await http.post(f"{wire.PREFIX}{name}", content=body, headers=headers)
        assert (answer.status_code, answer.text != "") == (status, True)
        assert (await http.get(f"{wire.PREFIX}{name}", headers=headers)).status_code == 404
    assert served.gate.reviews == []


async def test_an_error_that_has_no_row(served: Served, client: HostClient):
    """A subclass that the wire does not know arrives as the nearest class that it does."""
    served.gate.grants.add((HOSTED, "update", "hostedteams", "*"))
    with pytest.raises(GitError, match="no name of a team") as caught:
        await client.put_team("acme", "..", [])
    assert type(caught.value) is GitError
