"""What is no HTTP, or HTTP with a method of nobody's: the answer is a Status, as to any refused request."""

import contextlib
import json
import socket
import ssl
from collections.abc import Generator
from typing import Any

import pytest

import served_api
from krate import kinds
from krate_api.wire import MAX_HEAD
from served_api import ServedAPI

PATH = served_api.collection(kinds.REPOSITORY, "default")
BAD_REQUEST = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": "the server rejected our request due to an error in our request.",
    "reason": "BadRequest",
    "code": 400,
}


@contextlib.contextmanager
def connected(served: ServedAPI) -> Generator[ssl.SSLSocket]:
    """A bare connection."""
    context = served.trust(served.core.authority.issue("krate-admin", organisations=["system:masters"]))
    address = ("127.0.0.1", served.core.settings.port)
    with socket.create_connection(address, 10) as raw, context.wrap_socket(raw, server_hostname="localhost") as wire:
        yield wire


def exchange(served: ServedAPI, *parts: bytes) -> list[tuple[int, dict[str, str], Any]]:
    """Send the parts one by one; the answers until the server hangs up."""
    with connected(served) as wire:
        for part in parts:
            wire.sendall(part)
        data = b""
        with contextlib.suppress(ConnectionResetError):
            while found := wire.recv(65536):
                data += found
    answers: list[tuple[int, dict[str, str], Any]] = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        line, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
        body, data = data[: int(headers["content-length"])], data[int(headers["content-length"]) :]
        answers.append((int(line.split()[1]), headers, json.loads(body)))
    return answers


MALFORMED: dict[str, tuple[bytes, ...]] = {
    "no request line": (b"hello\r\n\r\n",),
    "not HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01",),
    "a header without a colon": (b"GET /api HTTP/1.1\r\nhost x\r\n\r\n",),
    "a header with a control character": (b"GET /api HTTP/1.1\r\nhost: x\r\na: \x00\r\n\r\n",),
    "a length that is no number": (b"POST /api HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n",),
    "two lengths": (b"POST /api HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",),
    "a length beside chunks": (
        b"POST /api HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
    ),
    "an address that is none": (b"GET http:// HTTP/1.1\r\nhost: x\r\n\r\n",),
    "an address of foreign bytes": (b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",),
    "an unknown method and a bad header": (b"NOPE /api HTTP/1.1\r\nhost x\r\n\r\n",),
    "a method of no letters": (b"(x) /api HTTP/1.1\r\nhost: x\r\n\r\n",),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(served: ServedAPI, name: str) -> None:
    """What does not parse is a 400 with a Status, and the connection ends."""
    ((code, headers, body),) = exchange(served, *MALFORMED[name])
    assert (code, headers["content-type"], headers["connection"], body) == (
        400,
        "application/json",
        "close",
        BAD_REQUEST,
    )


def test_bad_chunks(served: ServedAPI) -> None:
    """A body whose chunks are none is a 400 with a Status."""
    line = f"POST {PATH} HTTP/1.1\r\nhost: x\r\n".encode()
    answers = exchange(
        served, line + b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n"
    )
    assert [(code, body["kind"]) for code, _, body in answers] == [(400, "Status")]


@pytest.mark.parametrize("line", [b"a: " + b"x" * 1000 + b"\r\n", b"x"], ids=["many headers", "one header"])
def test_a_head_without_end(served: ServedAPI, line: bytes) -> None:
    """Of a head without end no more than a megabyte is read: 431."""
    head = b"GET /api HTTP/1.1\r\nhost: x\r\na: "
    most = (head + line * MAX_HEAD)[:MAX_HEAD]
    ((code, _, body),) = exchange(served, most, b"x")
    assert (code, body["kind"], body["code"]) == (431, "Status", 431)


UNKNOWN = f"NOPE {PATH} HTTP/1.1\r\nhost: x\r\n"


LAST = "GET /api HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


@pytest.mark.parametrize("body", ["\r\n", "content-length: 2\r\n\r\n{}"], ids=["bare", "with a body"])
def test_unknown_methods(served: ServedAPI, body: str) -> None:
    """A method that nobody knows is asked of the API, which does not have it; the connection goes on."""
    refused, discovery = exchange(served, (UNKNOWN + body + LAST).encode())
    assert (refused[0], refused[2]["reason"], refused[2]["message"], refused[2]["details"]) == (
        405,
        "MethodNotAllowed",
        f' is not supported on resources of kind "{kinds.REPOSITORY.resource}"',
        {"group": kinds.REPOSITORY.group, "kind": kinds.REPOSITORY.plural},
    )
    assert (discovery[0], discovery[2]["kind"]) == (200, "APIVersions")


def test_unknown_methods_behind_a_body(served: ServedAPI) -> None:
    """A request that arrives together with the end of the one before it is read all the same."""
    first = "POST /nope HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n"
    with connected(served) as wire:
        wire.sendall(first.encode())
        assert _until(wire, b"page not found\n").startswith(b"HTTP/1.1 404 ")
        wire.sendall(f"{{}}{UNKNOWN}\r\n".encode())
        assert _until(wire, b"}\n").startswith(b"HTTP/1.1 405 ")


def _until(wire: ssl.SSLSocket, end: bytes) -> bytes:
    found = b""
    while not found.endswith(end):
        found += wire.recv(65536)
    return found


def test_nothing_inside_a_body_becomes_a_request(served: ServedAPI) -> None:
    """Where a request in chunks ends is not guessed: an unknown method behind it is malformed."""
    chunk = f"{UNKNOWN}\r\n"
    head = "POST /api HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    whole = f"{head}{len(chunk):x}\r\n{chunk}\r\n0\r\n\r\n{UNKNOWN}\r\n"
    codes = [code for code, _, _ in exchange(served, whole.encode())]
    assert 405 not in codes
