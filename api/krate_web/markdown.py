"""Markdown as HTML that cannot hurt: CommonMark with tables, then an allow-list (nh3).

Runs in the worker process. The allow-list is the border; everything before it is convenience. No class, id, style,
`hx-` or `data-` attribute of an author survives, so no text can drive a script of ours.
"""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from krate_web import highlighting

MAX_LENGTH: Final = 256 * 1024
"""Longer texts are shown as they are."""

# fmt: off
_TAGS: Final = frozenset((
    "a", "b", "blockquote", "br", "code", "del", "details", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "img", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "samp", "span", "strong", "sub", "summary",
    "sup", "table", "tbody", "td", "th", "thead", "tr", "ul", "var",
))
# fmt: on
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
    "span": {"class"},
    "details": {"open"},
}
_CLASSES: Final = highlighting.CLASSES | {"todo", "done"}
_SCHEMES: Final = frozenset({"http", "https", "mailto"})
_BOX: Final = re.compile(r"\[([ xX])\] ")
_REFERENCE: Final = re.compile(r"(?<![\w&/#])#(\d{1,9})\b")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands: what its relative links and its `#42` mean."""

    namespace: str = ""
    repository: str = ""
    ref: str = ""
    directory: str = ""


def render(text: str, place: Place) -> str:
    """`text` as sanitised HTML."""
    if len(text) > MAX_LENGTH:
        return f"<pre>{escape(text, quote=False)}</pre>"
    parser = MarkdownIt("commonmark", {"html": True, "highlight": _highlight}).enable(["table", "strikethrough"])
    parser.core.ruler.push("krate", lambda state: _rewrite(state, place))
    return nh3.clean(
        parser.render(text),
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_attribute,
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return value if value in _CLASSES else None
    if tag == "img" and name == "src" and urlsplit(value).netloc:
        return None  # raw HTML may name another origin; the policy of the page would refuse it anyway
    return value


def _highlight(code: str, language: str, _attributes: str) -> str:
    lines = highlighting.tokenize(code, language=language) if language else highlighting.plain(code)
    return "\n".join("".join(_span(name, text) for name, text in line) for line in lines) + "\n"


def _span(name: str, text: str) -> str:
    safe = escape(text, quote=False)
    return f'<span class="{name}">{safe}</span>' if name else safe


def _rewrite(state: StateCore, place: Place) -> None:
    for position, block in enumerate(state.tokens):
        if block.type != "inline":
            continue
        children = _inline(block.children or [], place)
        in_item = position >= 2 and state.tokens[position - 2].type == "list_item_open"  # noqa: PLR2004 - item, paragraph
        block.children = _task(children) if in_item else children


def _task(children: list[Token]) -> list[Token]:
    """`[x]` and `[ ]` at the start of a list item as a box; the brackets stay for readers without style sheets."""
    found = _BOX.match(children[0].content) if children and children[0].type == "text" else None
    if found is None:
        return children
    children[0].content = children[0].content[found.end() :]
    state = "todo" if found[1] == " " else "done"
    return [Token("html_inline", "", 0, content=f'<span class="{state}">{found[0].rstrip()}</span> '), *children]


def _inline(tokens: Sequence[Token], place: Place) -> list[Token]:
    found: list[Token] = []
    depth = 0
    for token in tokens:
        depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type == "link_open":
            token.attrs["href"] = _target(str(token.attrs.get("href", "")), place, "blob")
            found.append(token)
        elif token.type == "image":
            found.extend(_image(token, place))
        elif token.type == "text" and not depth and place.repository:
            found.extend(_references(token.content, place))
        else:
            found.append(token)
    return found


def _image(token: Token, place: Place) -> list[Token]:
    """An image of this repository; one from elsewhere becomes a link, so that reading tells nobody who reads."""
    source = str(token.attrs.get("src", ""))
    if not urlsplit(source).scheme and not urlsplit(source).netloc:
        token.attrs["src"] = _target(source, place, "raw")
        return [token]
    return _link(source, token.content or source)


def _link(target: str, text: str) -> list[Token]:
    words = Token("text", "", 0, content=text)
    return [Token("link_open", "a", 1, attrs={"href": target}), words, Token("link_close", "a", -1)]


def _references(text: str, place: Place) -> list[Token]:
    """`#42` as a link to pull request 42 of this repository."""
    found: list[Token] = []
    position = 0
    for match in _REFERENCE.finditer(text):
        found.append(Token("text", "", 0, content=text[position : match.start()]))
        found.extend(_link(f"/{place.namespace}/{place.repository}/pulls/{match[1]}", match[0]))
        position = match.end()
    found.append(Token("text", "", 0, content=text[position:]))
    return found


def _target(target: str, place: Place, view: str) -> str:
    """A relative path of the repository as an address of the UI; everything else as it stands."""
    parts = urlsplit(target)
    if not place.repository or parts.scheme or parts.netloc or not parts.path:
        return target
    joined = posixpath.normpath(posixpath.join("/", place.directory, unquote(parts.path))).lstrip("/")
    page = "tree" if view == "blob" and parts.path.endswith("/") else view
    query = f"?ref={quote(place.ref, safe='')}" if place.ref else ""
    anchor = f"#{parts.fragment}" if parts.fragment else ""
    return f"/{place.namespace}/{place.repository}/{page}/{quote(joined)}{query}{anchor}"


def job(texts: Sequence[str], place: dict[str, Any]) -> list[str]:
    """The worker's entry: several texts that stand in one place."""
    where = Place(**place)
    return [render(text, where) for text in texts]
