"""How values are written: compact JSON, JSON for people, YAML. Each can write a list part by part."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from krate_api import yaml_bodies

CHUNK: Final = 256 * 1024
"""Bytes that are written at once; between chunks other requests run."""


@dataclass(frozen=True, slots=True)
class Notation:
    """One way to write values, and how a list that is a member of a document begins, continues and ends in it."""

    dump: Callable[[Any], bytes]
    name: bytes
    """How a member of the document is named, and nothing else in it."""
    empty: bytes
    """A list without items, behind its name."""
    begin: bytes
    between: bytes
    end: bytes
    indent: bytes
    """The end of a line within an item, and what the next one begins with."""
    close: bytes
    """What follows the document."""

    def document(self, value: Any) -> bytes:
        return self.dump(value) + self.close

    def item(self, value: Any) -> bytes:
        """A value as it stands in a list."""
        written = self.dump(value)
        return written.replace(b"\n", self.indent) if self.indent else written

    def chunks(self, envelope: Mapping[str, Any], member: str, items: Iterable[bytes]) -> Iterator[bytes]:
        """A document part by part.

        Args:
            envelope: the document, its list empty.
            member: where its items belong.
            items: the items as they stand in a list.
        """
        name = self.name % member.encode()
        head, _, tail = self.dump(envelope).partition(name + self.empty)
        parts, size, filled = [head, name], len(head), False
        for item in items:
            parts += (self.between if filled else self.begin, item)
            size += len(item)
            filled = True
            if size >= CHUNK:
                yield b"".join(parts)
                parts, size = [], 0
        parts += (self.end if filled else self.empty, tail, self.close)
        yield b"".join(parts)


def _readable(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)


def _yaml(value: Any) -> bytes:
    return yaml_bodies.dump(value).removesuffix(b"\n")


JSON: Final = Notation(
    orjson.dumps, name=b'"%b"', empty=b":[]", begin=b":[", between=b",", end=b"]", indent=b"", close=b"\n"
)
PRETTY: Final = Notation(
    _readable,
    name=b'"%b"',
    empty=b": []",
    begin=b": [\n    ",
    between=b",\n    ",
    end=b"\n  ]",
    indent=b"\n    ",
    close=b"",
)
YAML: Final = Notation(
    _yaml, name=b"\n%b", empty=b": []", begin=b":\n- ", between=b"\n- ", end=b"", indent=b"\n  ", close=b"\n"
)
