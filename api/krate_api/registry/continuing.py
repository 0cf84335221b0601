"""Continue tokens: where a list goes on, in upstream's format (AS/pkg/storage/continue.go).

A token is base64 of `{"v":"meta.k8s.io/v1","rv":N,"start":KEY}`. The key is relative to what is listed: `/name` in one
namespace or of a cluster-scoped kind, `/namespace/name` over all namespaces. So a token says where to go on, never
where to look.
"""

import base64
from dataclasses import dataclass
from typing import Any, Final

import orjson

from krate import errors
from krate_api import json_problems
from krate_api.schemas import gofmt

LATEST: Final = -1
"""As the version of a token: go on with the latest state, whatever happened since the last page."""
_FORMAT: Final = "meta.k8s.io/v1"
_LARGEST: Final = (1 << 63) - 1
_ALPHABET: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_GROUP: Final = 4
"""Characters that base64 decodes together."""


@dataclass(frozen=True, slots=True)
class Token:
    """Where a list goes on: after `key`, in the snapshot `version`."""

    version: int
    key: str

    def encode(self) -> str:
        body = {"v": _FORMAT, "rv": self.version, "start": f"/{self.key}\0"}
        return base64.urlsafe_b64encode(orjson.dumps(body)).rstrip(b"=").decode()


def decode(text: str) -> Token:
    """A token that a client sends.

    Raises:
        BadRequest: it is none of ours.
    """
    body = _body(text)
    form, version, start = (_member(body, *field) for field in (("v", ""), ("rv", 0), ("start", "")))
    if form != _FORMAT:
        raise _invalid(f"server does not recognize this encoded version {form}")
    if version == 0:
        raise _invalid(f"incorrect encoded start resourceVersion (version {_FORMAT})")
    if not start:
        raise _invalid(f"encoded start key empty (version {_FORMAT})")
    rooted = start if start.startswith("/") else f"/{start}"
    if rooted != "/" and any(part in {"", ".", ".."} for part in rooted[1:].split("/")):
        raise _invalid(start)
    return Token(max(version, LATEST), rooted[1:].removesuffix("\0"))


def _body(text: str) -> dict[str, Any]:
    data = text.encode()
    wrong = next((place for place, mark in enumerate(data) if mark not in _ALPHABET), None)
    if wrong is None and len(data) % _GROUP == 1:
        wrong = len(data) - 1
    if wrong is not None:
        raise _invalid(f"illegal base64 data at input byte {wrong}")
    decoded = base64.urlsafe_b64decode(data + b"=" * (-len(data) % _GROUP))
    try:
        body = orjson.loads(decoded)
    except orjson.JSONDecodeError as error:
        raise _invalid(json_problems.describe(decoded) or str(error)) from None
    if isinstance(body, dict):
        return body
    if body is None:
        return {}
    raise _invalid(f"json: cannot unmarshal {gofmt.word(body)} into Go value of type storage.continueToken")


def _member(body: dict[str, Any], name: str, default: Any) -> Any:
    """One member of a token; an absent one is the zero value of its type."""
    value = body.get(name)
    if value is None:
        return default
    wanted, what = ("string" if default == "" else "int64"), gofmt.word(value)
    if type(value) is type(default) and (wanted == "string" or -_LARGEST - 1 <= value <= _LARGEST):
        return value
    if wanted == "int64" and what == "number":
        what = f"number {value!r}"
    raise _invalid(f"json: cannot unmarshal {what} into Go struct field continueToken.{name} of type {wanted}")


def _invalid(why: str) -> errors.BadRequest:
    return errors.BadRequest(f"invalid continue token: continue key is not valid: {why}")
