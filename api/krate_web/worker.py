"""The process that works on untrusted text: `python -m krate_web.worker`.

Lexers, Markdown and sequence matching have bad worst cases. In here they cost neither the event loop nor the API, they
cannot take the machine's memory, and whoever waits too long kills the process. It reads jobs on standard input and
ends when that is closed, so it does not outlive a parent that was killed.

A frame is four bytes of length, big-endian, and that many bytes of JSON.
"""

import contextlib
import os
import resource
import sys
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final

import orjson

from krate_web import emphasis, highlighting, markdown

MEMORY: Final = 1024 * 1024 * 1024
HEADER: Final = 4


def _highlight(text: str, path: str = "", language: str = "") -> list[Any]:
    return list(highlighting.tokenize(text, path=path, language=language))


def _emphasize(pairs: list[tuple[str, str]]) -> list[Any]:
    return [emphasis.ranges(old, new) for old, new in pairs]


JOBS: Final[Mapping[str, Callable[..., Any]]] = {
    "highlight": _highlight,
    "emphasize": _emphasize,
    "markdown": markdown.job,
}


def answer(frame: bytes) -> bytes:
    """Do one job: `{"job": name, "arguments": {...}}` to `{"result": ...}` or `{"error": ...}`."""
    request = orjson.loads(frame)
    try:
        return orjson.dumps({"result": JOBS[request["job"]](**request["arguments"])})
    except Exception as problem:  # noqa: BLE001 - whatever a lexer raises, the next job must be served
        return orjson.dumps({"error": f"{type(problem).__name__}: {problem}"})


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer frames until the source ends."""
    while len(header := source.read(HEADER)) == HEADER:
        body = answer(source.read(int.from_bytes(header, "big")))
        sink.write(len(body).to_bytes(HEADER, "big") + body)
        sink.flush()


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with contextlib.suppress(OSError):
        os.nice(5)  # people who wait for an answer of the API go first
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
