"""Structured logs: one line per event, keys bound once per request or reconcile, never a secret.

Processes call `configure` once in their main; everybody else calls `get`.
"""

import contextlib
import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TextIO, cast

import structlog

_SECRET_KEYS: Final = frozenset({"authorization", "token", "password", "secret", "cookie", "data", "stringdata"})


def _redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Last line of defence: a key that names a secret never prints its value, however deep it stands."""
    for key, value in event.items():
        event[key] = _shown(key, value)
    return event


def _shown(key: Any, value: Any) -> Any:
    if isinstance(key, str) and key.lower() in _SECRET_KEYS:
        return "REDACTED"
    if isinstance(value, Mapping):
        return {inner: _shown(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown("", item) for item in value]
    return value


class _Sink:
    """Where lines go: the stream given, else standard error as it is at the time.

    A line that cannot be written (a closed or broken pipe, a full disk) is lost, because the work it tells of, a push
    for example, must not fail on its account.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            (self._stream or sys.stderr).write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            (self._stream or sys.stderr).flush()


def configure(*, level: str = "info", json: bool = True, stream: TextIO | None = None) -> None:
    """Set up structlog for this process.

    Args:
        level: least level that is printed: debug, info, warning or error.
        json: one JSON object a line; otherwise aligned text for people.
        stream: where to write; standard error by default.
    """
    target = cast("TextIO", _Sink(stream))
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact,
    ]
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    _libraries(processors, renderer, target)


def _libraries(
    processors: list[structlog.typing.Processor], renderer: structlog.typing.Processor, target: TextIO
) -> None:
    """Warnings of libraries, which use the standard library's logging, come out in the same form and place."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=processors,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


def get(**bound: Any) -> structlog.typing.FilteringBoundLogger:
    """A logger with `bound` in every event; modules may make theirs before `configure`, which it then follows."""
    return structlog.get_logger(**bound)
