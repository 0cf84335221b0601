"""What an answer of the server means: the error of a refusal, the pause it asks for, the lines of a stream."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import orjson

from krate import errors
from krate_kube.interface import Event, EventType, Object

_REASONS: Final[Mapping[int, str]] = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    410: "Expired",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}
_MAX_TEXT: Final = 2000


def loads(body: bytes) -> Any:
    """Decode JSON.

    Raises:
        InternalError: the server sent something else.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise errors.InternalError.of(f"the server's answer is not JSON: {problem}") from None


def refusal(code: int, body: bytes, *, retry_after: str = "") -> errors.StatusError:
    """The error behind an answer of `code`; one that is no Status (a proxy, an old server) is read as one."""
    try:
        status = orjson.loads(body)
    except orjson.JSONDecodeError:
        status = None
    if not isinstance(status, dict) or status.get("kind") != "Status":
        text = body[:_MAX_TEXT].decode("utf-8", errors="replace").strip()
        status = {"reason": _REASONS.get(code, ""), "message": text or f"the server answered {code}", "code": code}
        if code == errors.NotFound.code:
            status["message"] = errors.NotFound.__doc__ or text
    error = errors.from_status(status, code)
    error.retry_after = error.retry_after if error.retry_after is not None else _seconds(retry_after)
    metadata = status.get("metadata")
    if isinstance(metadata, dict):
        error.continue_token = str(metadata.get("continue") or "") or None
    return error


def _seconds(text: str) -> int | None:
    """Retry-After as seconds; its date form is not used by API servers."""
    return int(text) if text.strip().isdecimal() else None


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Split at line feeds and nowhere else: JSON strings may hold every other separator that `splitlines` knows.

    A last line without its line feed was cut short and is dropped: the caller resumes before it.
    """
    rest = bytearray()
    async for chunk in chunks:
        *whole, tail = chunk.split(b"\n")
        for part in whole:
            rest += part
            if rest:
                yield bytes(rest)
            rest.clear()
        rest += tail


def event(line: bytes) -> Event:
    """One frame of a watch.

    Raises:
        StatusError: the frame is an ERROR; `Expired` means that the version to resume from is gone.
    """
    frame = loads(line)
    found: Object = frame["object"]
    if frame["type"] == "ERROR":
        raise errors.from_status(found, int(found.get("code") or 500))
    return Event(EventType(frame["type"]), found)
