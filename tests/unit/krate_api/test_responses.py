"""Answers over raw ASGI: headers, warnings, and bodies that are sent as they come."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from krate_api import http
from krate_api.http import MAX_WARNINGS, MOST_WARNINGS, Message, Response

WARNINGS: dict[str, tuple[list[str], list[str]]] = {
    "none": ([], []),
    "one": (['unknown field "spec.x"'], [r'299 - "unknown field \"spec.x\""']),
    "the same once": (["a", "b", "a"], ['299 - "a"', '299 - "b"']),
    "backslashes": (["a\\b"], [r'299 - "a\\b"']),
    "lines and control characters": (["a\r\nb\0c"], ['299 - "a  b c"']),
    "a long one alone is whole": (["x" * 1000], [f'299 - "{"x" * 1000}"']),
    "many short ones are cut off": (
        [f"{n:05}" for n in range(10_000)],
        [f'299 - "{n:05}"' for n in range(MOST_WARNINGS)],
    ),
    "many middling ones are cut off": (
        [f"{n:0100}" for n in range(1000)],
        [f'299 - "{n:0100}"' for n in range(MAX_WARNINGS // 100)],
    ),
    "long ones are cut each": (["x" * 3000, "y" * 3000], [f'299 - "{"x" * 256}"', f'299 - "{"y" * 256}"']),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_warnings(name: str) -> None:
    """Warnings are quoted, on one line, told once, and bounded together."""
    texts, want = WARNINGS[name]
    assert list(http.warnings(texts)) == [("warning", text) for text in want]


async def sent(response: Response, *, head_only: bool = False) -> list[Message]:
    found: list[Message] = []

    async def send(message: Message) -> None:
        found.append(message)

    await response.send(send, [("audit-id", "x")], head_only=head_only)
    return found


def head(status: int, *headers: tuple[str, str]) -> dict[str, Any]:
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": pairs}


JSON = ("content-type", "application/json")
PRIVATE = ("cache-control", "no-cache, private")


async def test_bytes_are_sent_whole() -> None:
    """A body of known length comes with its length; nothing is cached unless the answer says so."""
    assert await sent(Response(b"{}", 201)) == [
        head(201, JSON, ("audit-id", "x"), PRIVATE, ("content-length", "2")),
        {"type": "http.response.body", "body": b"{}"},
    ]
    cached = await sent(Response(b"", headers=[("Cache-Control", "public")]))
    assert cached[0] == head(200, JSON, ("Cache-Control", "public"), ("audit-id", "x"), ("content-length", "0"))


class Parts:
    """A body in parts that knows whether it was closed."""

    def __init__(self) -> None:
        self.begun = self.closed = False

    async def stream(self) -> AsyncGenerator[bytes]:
        self.begun = True
        try:
            yield b"a"
            yield b"b"
        finally:
            self.closed = True


async def test_parts_are_sent_as_they_come() -> None:
    """Headers travel before the first part, each part alone, and the end by itself."""
    parts = Parts()
    assert await sent(Response(parts.stream())) == [
        head(200, JSON, ("audit-id", "x"), PRIVATE),
        {"type": "http.response.body", "body": b"", "more_body": True},
        {"type": "http.response.body", "body": b"a", "more_body": True},
        {"type": "http.response.body", "body": b"b", "more_body": True},
        {"type": "http.response.body", "body": b""},
    ]
    assert parts.closed


async def test_head_has_no_body() -> None:
    """HEAD answers the headers of GET without making the body."""
    parts = Parts()
    assert (await sent(Response(parts.stream()), head_only=True))[1:] == [{"type": "http.response.body", "body": b""}]
    assert not parts.begun
    whole = await sent(Response(b"{}"), head_only=True)
    assert whole[0]["headers"][-1] == (b"content-length", b"2")
    assert whole[1:] == [{"type": "http.response.body", "body": b""}]


async def test_parts_are_closed_when_sending_fails() -> None:
    """A client that goes away in the middle closes the body at once."""
    parts = Parts()

    async def send(message: Message) -> None:
        if message.get("body"):
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await Response(parts.stream()).send(send)
    assert parts.closed
