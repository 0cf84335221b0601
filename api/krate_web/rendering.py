"""Values into HTML: the template environment, its few filters, and the digest that tells a stream what a page holds."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from krate.clock import Clock
from krate_web import forms, search, times
from krate_web.assets import Assets
from krate_web.page import Fragment, Page
from krate_web.settings import Settings

TEMPLATES: Final = Path(__file__).parent / "templates"
_TIME: Final = re.compile(r"(<time[^>]*>)[^<]*")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page as HTML, and what its living parts were made of."""

    html: str
    digest: str


def plural(count: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def size(count: int) -> str:
    """Bytes for people."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:  # noqa: PLR2004 - the next unit
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def _short(sha: str) -> str:
    return sha[:8]


class Renderer:
    """Renders pages and fragments.

    Args:
        settings: of the UI.
        assets: knows the addresses of static files.
        clock: what `3h` counts from.
    """

    def __init__(self, settings: Settings, assets: Assets, clock: Clock) -> None:
        self._clock = clock
        self.environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=settings.reload_templates,
        )
        filters: dict[str, Any] = {
            "time": self._time,
            "short": _short,
            "plural": plural,
            "size": size,
            "fingerprint": forms.fingerprint,
        }
        names: dict[str, Any] = {"asset": assets.url, "icon": self._icon, "search_help": search.HELP}
        self.environment.filters.update(filters)
        self.environment.globals.update(names)
        self._assets = assets

    def _time(self, moment: str | None) -> Markup:
        """A `<time>` that reads `3h`, says the moment on hover, and that a script keeps current."""
        text = times.ago(moment, self._clock())
        if not text:
            return Markup("")
        return Markup('<time datetime="{}" title="{}">{}</time>').format(moment, times.words(moment), text)

    def _icon(self, name: str, tone: str = "") -> Markup:
        css = f"icon {tone}" if tone else "icon"
        return Markup('<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>').format(
            css, self._assets.url("icons.svg"), name
        )

    def template(self, name: str, values: Mapping[str, Any]) -> Markup:
        """One template with values; its output is escaped by Jinja."""
        return Markup(self.environment.get_template(name).render(values))  # noqa: S704 - autoescape is on

    def fragment(self, page: Page, fragment: Fragment) -> Markup:
        """One living part of a page."""
        return self.template(fragment.template, {"page": page, "frame": page.frame, **fragment.values})

    def fragments(self, page: Page) -> dict[str, Markup]:
        return {fragment.id: self.fragment(page, fragment) for fragment in page.fragments()}

    def page(self, page: Page) -> Rendered:
        """The whole page; its fragments are the very texts that the stream sends."""
        parts = self.fragments(page)
        digest = digest_of(parts)
        live = self._live(page, digest)
        html = self.template(page.template, {"page": page, "frame": page.frame, "parts": parts, "live": live})
        return Rendered(str(html), digest)

    @staticmethod
    def _live(page: Page, digest: str) -> str:
        if not page.watches:
            return ""
        return f"{page.frame.path}{'&' if '?' in page.frame.path else '?'}live={digest}"


def _timeless(html: str) -> str:
    return _TIME.sub(r"\1", html)


def digest_of(parts: Mapping[str, str]) -> str:
    """What two copies of a page's living parts share exactly when they show the same; passing time is no difference."""
    digest = hashlib.sha256()
    for name in sorted(parts):
        digest.update(f"{name}\0{_timeless(parts[name])}\0".encode())
    return digest.hexdigest()[:20]


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> Iterable[str]:
    """Ids of parts that are new or differ."""
    for name, html in after.items():
        if name not in before or _timeless(before[name]) != _timeless(html):
            yield name


def partial(name: str, html: str) -> str:
    """A fragment for htmx: morphed into the element of its id, which keeps focus, selection and what was typed.

    The id is matched as an attribute: names of objects may hold dots, which mean something in a selector.
    """
    return f"""<hx-partial hx-target="[id='{name}']" hx-swap="outerMorph">{html}</hx-partial>"""


def removal(name: str) -> str:
    """Takes the element away."""
    return f"""<hx-partial hx-target="[id='{name}']" hx-swap="delete"></hx-partial>"""
