"""Objects as bytes: encoded once, with a slot for the version that commit fills, and never parsed to be served."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from krate_api.store.interface import MARK, Draft

_SORTED: Final = orjson.OPT_SORT_KEYS
_LINE_ENDS: Final = ("\u0085", "\u2028", "\u2029")
"""What some clients take for the end of a line, and so of a watch event, although JSON does not."""


def one_line(text: bytes) -> bytes:
    """JSON on one line, whoever reads it: upstream's encoder escapes line ends, too."""
    for end in _LINE_ENDS:
        text = text.replace(end.encode(), f"\\u{ord(end):04x}".encode())
    return text


def draft(obj: Mapping[str, Any]) -> Draft:
    """Encode `obj`; any resourceVersion it carries is dropped. Keys are sorted, the version comes first in metadata."""
    head = b'{"apiVersion":' + orjson.dumps(obj["apiVersion"]) + b',"kind":' + orjson.dumps(obj["kind"]) + b"," + MARK
    metadata = {key: value for key, value in obj["metadata"].items() if key != "resourceVersion"}
    inner = one_line(orjson.dumps(metadata, option=_SORTED))
    rest = {key: value for key, value in obj.items() if key not in {"apiVersion", "kind", "metadata"}}
    outer = one_line(orjson.dumps(rest, option=_SORTED))
    tail = b'"' + (b"," + inner[1:] if metadata else b"}") + (b"," + outer[1:] if rest else b"}")
    return Draft(head, tail)


def body(obj: Mapping[str, Any], version: int) -> bytes:
    """The final JSON of `obj` at a version; at version 0, that of a dry run, it says none."""
    found = draft(obj)
    return found.at(version) if version else (found.head + found.tail).replace(b'"resourceVersion":"",', b"", 1)


def decode(body: bytes) -> dict[str, Any]:
    """The object of a stored body."""
    return orjson.loads(body)


def plain(value: Any) -> Any:
    """A value as it will be read back: words of an enumeration are texts, and typed as such."""
    return orjson.loads(orjson.dumps(value))


def untyped(body: bytes) -> bytes:
    """What follows apiVersion and kind in a stored body."""
    return body[body.index(MARK) :]


def slot(body: bytes) -> tuple[int, int]:
    """Start and end of the version in a stored body."""
    start = body.index(MARK) + len(MARK)
    return start, body.index(b'"', start)


def version(body: bytes) -> int:
    """The version in a stored body; 0 in the answer of a dry run, which has none."""
    return int(body[slice(*slot(body))]) if MARK in body else 0


def respin(body: bytes, version: int) -> bytes:
    """`body` with another version: what a DELETED event shows of the last state."""
    start, end = slot(body)
    return body[:start] + str(version).encode() + body[end:]
