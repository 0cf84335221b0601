"""A document that is made once and served many times: discovery and OpenAPI answer with nothing else."""

import datetime
import gzip
import hashlib
from functools import cached_property
from typing import Any, Final

import orjson

from krate_api import yaml_bodies
from krate_api.http import Request

_GZIP_LEVEL: Final = 6


class Document:
    """The bytes of a document, and what follows from them, each made when it is first asked for.

    Args:
        body: compact JSON, which alone has a YAML and a readable form, or anything else.
        made: when.
    """

    def __init__(self, body: bytes, made: datetime.datetime) -> None:
        self.body = body
        self.made = made

    @classmethod
    def of(cls, value: Any, made: datetime.datetime) -> "Document":
        return cls(orjson.dumps(value), made)

    @cached_property
    def digest(self) -> str:
        """Upper-case hexadecimal SHA-512, as upstream names documents."""
        return hashlib.sha512(self.body).hexdigest().upper()

    @property
    def etag(self) -> str:
        return f'"{self.digest}"'

    @cached_property
    def yaml(self) -> bytes:
        return yaml_bodies.dump(orjson.loads(self.body))

    @cached_property
    def pretty(self) -> bytes:
        return orjson.dumps(orjson.loads(self.body), option=orjson.OPT_INDENT_2)

    @cached_property
    def gzipped(self) -> bytes:
        return gzip.compress(self.body, _GZIP_LEVEL, mtime=0)


def known(request: Request, etag: str) -> bool:
    """Whether the client has this document already (If-None-Match, compared weakly: RFC 9110, 13.1.2)."""
    tags = [tag.strip() for header in request.headers("if-none-match") for tag in header.split(",")]
    return "*" in tags or etag in {tag.removeprefix("W/") for tag in tags}


def takes_gzip(request: Request) -> bool:
    """Whether the client reads gzip (RFC 9110, 12.5.3); refusing it by q=0 counts."""
    for clause in ",".join(request.headers("accept-encoding")).split(","):
        name, _, quality = clause.replace(" ", "").lower().partition(";q=")
        if name == "gzip":
            return quality.rstrip("0") not in {"0.", ""} if quality else True
    return False
