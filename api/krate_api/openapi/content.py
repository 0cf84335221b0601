"""Documents over HTTP as Go's http.ServeContent sends them: conditional, in parts; and compressed on demand."""

import datetime
import re
from collections.abc import Iterable
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

from krate_api.documents import Document, known
from krate_api.http import JSON, NOSNIFF, Request, Response

_RANGE: Final = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII)
Headers = Iterable[tuple[str, str]]


def forever(now: datetime.datetime) -> list[tuple[str, str]]:
    """Headers of what never changes under its address."""
    until = now + datetime.timedelta(days=365)
    return [("cache-control", "public, immutable"), ("expires", until.strftime("%a, %d %b %Y %H:%M:%S UTC"))]


def serve(request: Request, document: Document, media: str = JSON, headers: Headers = ()) -> Response:
    """The document, a part of it, or nothing when the client has it."""
    stamped = (*headers, ("last-modified", _date(document.made)))
    if _is_current(request, document):
        return Response(b"", 304, "", stamped)
    whole = (*stamped, ("accept-ranges", "bytes"))
    match = _RANGE.fullmatch(request.header("range"))
    if match is None or (match[1], match[2]) == ("", ""):
        return Response(document.body, content_type=media, headers=whole)
    return _part(document.body, match[1], match[2], media, whole)


def serve_compressed(request: Request, document: Document, media: str = JSON, headers: Headers = ()) -> Response:
    """The document for a client that reads gzip."""
    stamped = (*headers, ("last-modified", _date(document.made)))
    if _is_current(request, document):
        return Response(b"", 304, "", stamped)
    return Response(document.gzipped, content_type=media, headers=(*stamped, ("content-encoding", "gzip")))


def _is_current(request: Request, document: Document) -> bool:
    if request.header("if-none-match"):
        return known(request, document.etag)
    try:
        since = parsedate_to_datetime(request.header("if-modified-since"))
    except ValueError:
        return False
    if since.tzinfo is None:
        since = since.replace(tzinfo=datetime.UTC)
    return document.made.replace(microsecond=0) <= since


def _part(body: bytes, first: str, last: str, media: str, headers: Headers) -> Response:
    """One range of bytes (RFC 9110, 14.1.2): from `first` to `last`, from `first` on, or the last so many."""
    size = len(body)
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end or (not first and not int(last)):
        text = b"invalid range: failed to overlap\n"
        vary = tuple(pair for pair in headers if pair[0] == "vary")
        return Response(text, 416, "text/plain; charset=utf-8", (*vary, *NOSNIFF, ("content-range", f"bytes */{size}")))
    return Response(body[start : end + 1], 206, media, (*headers, ("content-range", f"bytes {start}-{end}/{size}")))


def _date(moment: datetime.datetime) -> str:
    return format_datetime(moment, usegmt=True)
