"""Source code as coloured words, line by line.

Classes are six letters of our own instead of Pygments' eighty, so that a page is small and the palette is the one of
`tokens.css`. Runs in the worker process (`krate_web.worker`): lexers are regular expressions over untrusted text.
"""

from typing import Final

import pygments
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Token, _TokenType  # pyright: ignore[reportPrivateUsage] - it has no public name
from pygments.util import ClassNotFound

Span = tuple[str, str]
"""A class of `CLASSES` (or "") and the text it colours."""
Line = tuple[Span, ...]

MAX_BYTES: Final = 512 * 1024
MAX_LINES: Final = 10_000
MAX_LINE: Final = 2_000
"""Beyond these a file is shown plain: nobody reads a minified bundle for its colours."""

_CLASSES: Final[tuple[tuple[_TokenType, str], ...]] = (
    (Token.Comment, "c"),
    (Token.Keyword.Type, "t"),
    (Token.Keyword.Constant, "n"),
    (Token.Keyword, "k"),
    (Token.Operator.Word, "k"),
    (Token.Literal.String, "s"),
    (Token.Literal.Number, "n"),
    (Token.Literal, "s"),
    (Token.Name.Function, "f"),
    (Token.Name.Class, "f"),
    (Token.Name.Decorator, "f"),
    (Token.Name.Tag, "k"),
    (Token.Name.Attribute, "t"),
    (Token.Name.Builtin, "t"),
    (Token.Name.Exception, "t"),
    (Token.Name.Constant, "n"),
    (Token.Generic.Heading, "k"),
    (Token.Generic.Subheading, "k"),
    (Token.Generic.Strong, "k"),
)
CLASSES: Final = frozenset(name for _, name in _CLASSES)


def _class_of(token: _TokenType) -> str:
    return next((name for kind, name in _CLASSES if token in kind), "")


def plain(text: str) -> tuple[Line, ...]:
    """The lines without colours."""
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return tuple((("", line),) if line else () for line in lines)


def _lexer(path: str, text: str, language: str) -> Lexer | None:
    options = {"stripnl": False, "ensurenl": False, "stripall": False}
    try:
        if language:
            return get_lexer_by_name(language, **options)
        return get_lexer_for_filename(path.rpartition("/")[2], text[:1000], **options)
    except ClassNotFound:
        return None


def tokenize(text: str, *, path: str = "", language: str = "") -> tuple[Line, ...]:
    """The lines of `text`, coloured by the language that `path` or `language` names; plain when it names none."""
    bare = plain(text)
    if len(text) > MAX_BYTES or len(bare) > MAX_LINES or any(len(s) > MAX_LINE for line in bare for _, s in line):
        return bare
    lexer = _lexer(path, text, language)
    if lexer is None:
        return bare
    lines: list[list[Span]] = [[]]
    for token, value in pygments.lex(text, lexer):
        name = _class_of(token)
        first, *rest = value.split("\n")
        _append(lines[-1], name, first)
        for part in rest:
            lines.append([])
            _append(lines[-1], name, part)
    if not lines[-1]:
        lines.pop()
    coloured = tuple(tuple(line) for line in lines)
    # Some lexers rewrite their input (tabs, carriage returns); what is shown must be what is stored.
    return coloured if _text(coloured) == _text(bare) else bare


def _append(line: list[Span], name: str, text: str) -> None:
    if not text:
        return
    if line and line[-1][0] == name:
        line[-1] = (name, line[-1][1] + text)
    else:
        line.append((name, text))


def _text(lines: tuple[Line, ...]) -> list[str]:
    return ["".join(text for _, text in line) for line in lines]
