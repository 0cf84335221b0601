"""Documents that are made once: their names, their conditions, their parts, and the formats that clients ask for."""

import datetime
import gzip
import hashlib

import pytest

import api_requests
from krate_api import documents, versions
from krate_api.documents import Document
from krate_api.openapi import content

MADE = datetime.datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=datetime.UTC)
DATE = "Fri, 02 Jan 2026 03:04:05 GMT"
BODY = b'{"a":"0123456789"}'
DOCUMENT = Document(BODY, MADE)
ETAG = f'"{hashlib.sha512(BODY).hexdigest().upper()}"'


def test_a_document_is_named_by_what_it_says() -> None:
    """The ETag is the quoted SHA-512 in capitals; the other formats say the same."""
    assert DOCUMENT.etag == ETAG
    assert DOCUMENT.yaml == b'a: "0123456789"\n'
    assert DOCUMENT.pretty == b'{\n  "a": "0123456789"\n}'
    assert gzip.decompress(DOCUMENT.gzipped) == BODY


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("", False),
        (ETAG, True),
        (f"W/{ETAG}", True),
        (f'"x", {ETAG}', True),
        (f'{ETAG},"y"', True),
        ("*", True),
        (ETAG.strip('"'), False),
        (ETAG.lower(), False),
        ('"x"', False),
    ],
)
def test_known_documents(header: str, known: bool) -> None:  # noqa: FBT001 - a column of the table
    """A client has what one of its tags names, weak or strong, in a list or alone."""
    assert documents.known(api_requests.get("/", if_none_match=header), ETAG) is known


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("", False),
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("GZIP ; q=1", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("identity", False),
        ("x-gzip", False),
    ],
)
def test_gzip_is_taken(header: str, taken: bool) -> None:  # noqa: FBT001 - a column of the table
    """Compression goes to who reads it, not to who refuses it."""
    assert documents.takes_gzip(api_requests.get("/", accept_encoding=header)) is taken


@pytest.mark.parametrize(
    ("asked", "status", "body", "range_"),
    [
        ("bytes=0-3", 206, BODY[:4], "bytes 0-3/18"),
        ("bytes=4-", 206, BODY[4:], "bytes 4-17/18"),
        ("bytes=-2", 206, BODY[-2:], "bytes 16-17/18"),
        ("bytes=-99", 206, BODY, "bytes 0-17/18"),
        ("bytes=16-99", 206, BODY[16:], "bytes 16-17/18"),
        ("bytes=18-", 416, b"invalid range: failed to overlap\n", "bytes */18"),
        ("bytes=5-4", 416, b"invalid range: failed to overlap\n", "bytes */18"),
        ("bytes=-0", 416, b"invalid range: failed to overlap\n", "bytes */18"),
        ("bytes=0-1,3-4", 200, BODY, None),
        ("bytes=-", 200, BODY, None),
        (f"bytes={'9' * 5000}-", 200, BODY, None),
        ("lines=1-2", 200, BODY, None),
        ("", 200, BODY, None),
    ],
)
def test_parts(asked: str, status: int, body: bytes, range_: str | None) -> None:
    """One range of bytes is answered alone; several, and what is no range, get the whole."""
    answer = content.serve(api_requests.get("/", range=asked), DOCUMENT)
    assert (answer.status, answer.body, dict(answer.headers).get("content-range")) == (status, body, range_)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if-modified-since": DATE}, 304),
        ({"if-modified-since": "Fri, 02 Jan 2026 03:04:04 GMT"}, 200),
        ({"if-modified-since": "Fri, 02 Jan 2026 03:04:05 -0000"}, 304),
        ({"if-modified-since": "yesterday"}, 200),
        ({"if-none-match": ETAG}, 304),
        ({"if-none-match": '"x"', "if-modified-since": DATE}, 200),
    ],
)
def test_conditions(headers: dict[str, str], status: int) -> None:
    """What the client has is not sent again, compressed or not; tags count before dates."""
    request = api_requests.request("GET", "/", headers=headers)
    for serve in (content.serve, content.serve_compressed):
        answer = serve(request, DOCUMENT)
        assert (answer.status, dict(answer.headers)["last-modified"]) == (status, DATE)


def test_forever() -> None:
    """What never changes says so, for a year."""
    assert content.forever(MADE) == [
        ("cache-control", "public, immutable"),
        ("expires", "Sat, 02 Jan 2027 03:04:05 UTC"),
    ]


def test_the_order_of_versions() -> None:
    """Stable before beta before alpha, newer before older, words last and by the alphabet."""
    want = ["v10", "v2", "v1", "v2beta1", "v1beta10", "v1beta2", "v1alpha1", "V1", "bar", "foo", "v0", "v1rc1"]
    assert sorted(set(want), key=versions.order) == want
