"""Coloured words and changed ranges of one line, laid over each other as HTML."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from krate_web.emphasis import Range
from krate_web.highlighting import Line

_EMPTY = Markup("\n")
"""An empty line keeps its height and is copied as a line."""


def html(line: Line, marks: Sequence[Range] = ()) -> Markup:
    """The line; `marks` become `<mark>`, colours become `<i class=...>` (short, and without meaning of their own)."""
    if not line:
        return _EMPTY
    pieces: list[Markup] = []
    column = 0
    for name, text in line:
        for part, marked in _split(text, column, marks):
            safe = escape(part)
            if name:
                safe = Markup('<i class="{}">{}</i>').format(name, safe)
            pieces.append(Markup("<mark>{}</mark>").format(safe) if marked else safe)
        column += len(text)
    return Markup("").join(pieces)


def _split(text: str, column: int, marks: Sequence[Range]) -> list[tuple[str, bool]]:
    """`text`, which starts at `column`, cut where ranges begin and end."""
    found: list[tuple[str, bool]] = []
    position = 0
    for start, end in marks:
        first, last = max(start - column, position), min(end - column, len(text))
        if first >= last:
            continue
        if first > position:
            found.append((text[position:first], False))
        found.append((text[first:last], True))
        position = last
    if position < len(text):
        found.append((text[position:], False))
    return found


def text_of(line: Line) -> str:
    return "".join(text for _, text in line)
