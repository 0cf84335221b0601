"""Requests of the API server without a server, for unit tests of what reads them."""

from collections.abc import Mapping
from urllib.parse import unquote

from krate_api.http import Message, Request


def request(method: str, target: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Request:
    """A request as uvicorn hands it over: decoded path, raw path, query apart."""
    raw, _, query = target.partition("?")

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {
        "type": "http",
        "method": method,
        "path": unquote(raw),
        "raw_path": raw.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()],
    }
    return Request(scope, receive)


def get(target: str, **headers: str) -> Request:
    """A GET; underscores in header names become hyphens."""
    return request("GET", target, headers={name.replace("_", "-"): value for name, value in headers.items()})
