"""One correlation id runs through UI, API, Git, controllers and deliveries: bound here, sent by every client.

The id is a plain word of a context: whoever starts a piece of work (a request, a reconcile) binds it, and everything
called from there finds it without a parameter in every signature.
"""

import re
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

HEADER: Final = "X-Correlation-ID"

_VALID: Final = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_current: ContextVar[str] = ContextVar("krate_correlation_id", default="")


def new() -> str:
    """A fresh id."""
    return uuid.uuid4().hex


def accept(text: str | None) -> str:
    """`text` when it is safe in headers, logs and rows; otherwise a fresh id."""
    return text if text and _VALID.fullmatch(text) else new()


def current() -> str:
    """The id bound in this context; "" when none is."""
    return _current.get()


@contextmanager
def bound(correlation_id: str) -> Generator[str]:
    """Bind `correlation_id` for the body of the `with` statement and everything it starts."""
    token = _current.set(correlation_id)
    try:
        yield correlation_id
    finally:
        _current.reset(token)
