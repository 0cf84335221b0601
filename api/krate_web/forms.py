"""What a browser sent: read with limits, and only from our own pages."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from krate import errors
from krate_web import security
from krate_web.problems import Problem

MAX_BODY: Final = 1024 * 1024
"""A description may hold 64 Ki characters; three bytes each, percent-encoded, are 576 KiB."""
MAX_FIELDS: Final = 64
PREVIEW_FIELD: Final = "preview"


@dataclass(frozen=True, slots=True)
class Form:
    """Fields of a form; a field that was not sent is empty."""

    values: Mapping[str, str] = field(default_factory=dict[str, str])

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def preview(self) -> bool:
        """Whether the manifest panel asks what this form would send."""
        return bool(self[PREVIEW_FIELD])

    def line(self, name: str) -> str:
        """The value of a one-line field, without blanks around it."""
        return self[name].strip()


@dataclass(frozen=True, slots=True)
class Draft:
    """A form that was refused: what it held, and why."""

    values: Form
    problem: Problem


async def read(request: Request, *, secret: str, origin: str) -> Form:
    """The form of a POST.

    Args:
        request: the request.
        secret: what the CSRF token is derived from.
        origin: where our pages come from.

    Raises:
        Forbidden: it was not one of our pages that sent it.
        RequestEntityTooLarge, BadRequest, UnsupportedMediaType: it is no form we would send.
    """
    if not security.same_origin(request.headers, origin):
        raise errors.Forbidden(f"this form was not sent by a page of {origin}; open it there and try again")
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise errors.UnsupportedMediaType
    form = parse(await _body(request))
    if not security.csrf_valid(secret, form[security.CSRF_FIELD]):
        raise errors.Forbidden("this form belongs to another session; reload the page and try again")
    return form


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise errors.RequestEntityTooLarge(f"Request entity too large: limit is {MAX_BODY}")
    return bytes(body)


def fingerprint(text: str) -> str:
    """What an edit form carries instead of the text it started from."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def parse(body: bytes) -> Form:
    """Decode `application/x-www-form-urlencoded`; line ends become line feeds, as they are everywhere but in forms.

    Raises:
        BadRequest: too many fields, or bytes that are no UTF-8.
    """
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except (ValueError, UnicodeDecodeError):
        raise errors.BadRequest("the form cannot be read") from None
    return Form({name: value.replace("\r\n", "\n") for name, value in pairs})
