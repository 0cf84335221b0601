"""Text inside messages, quoted as Go quotes it: the messages are those of a Go program."""

from typing import Final

_SHORT: Final = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


def quoted(text: str) -> str:
    """`text` in double quotes inside a message; what cannot be printed is escaped as Go's strconv.Quote does it."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"' if plain.isprintable() else f'"{"".join(map(_visible, plain))}"'


def _visible(mark: str) -> str:
    if mark.isprintable():
        return mark
    code = ord(mark)
    escaped = f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - ends of ASCII and of the first plane
    return _SHORT.get(mark, escaped)
