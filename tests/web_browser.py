"""Page objects: what a person does on a page, in words; they know addresses and labels, and nothing of the server.

A `Site` is any running Krate that a browser can reach: the UI over an organisation in memory, or a whole `krate up`.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page, expect

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "docs" / "screenshots"
FRESH = ROOT / ".test-output" / "screenshots"

_EXPECTED = ("Failed to load resource", "htmx: htmx:sse:error")


@dataclass(frozen=True)
class Site:
    """Where a Krate is, and how to be somebody there."""

    url: str
    token: Callable[[str], str]
    """The API token of a user, which is the session cookie of the UI."""

    @property
    def cookie(self) -> str:
        return f"krate-{self.url.rpartition(':')[2]}"


@dataclass
class Person:
    """Somebody in front of a browser window; everything the browser complains about is kept."""

    site: Site
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self._hear(message.type, message.text))
        self.page.on("pageerror", lambda error: self._hear("error", str(error)))

    def _hear(self, kind: str, text: str) -> None:
        # A refused form and a stream that ended are failed requests to Chromium's console; the page says it better.
        if kind in {"error", "warning"} and not text.startswith(_EXPECTED):
            self.complaints.append(text)

    def go(self, path: str) -> Page:
        """Open a page of the site."""
        self.page.goto(self.site.url + path)
        return self.page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def focus(self) -> str:
        """Name, id or text of what has focus."""
        script = "() => { const e = document.activeElement; return e.name || e.id || e.textContent.trim(); }"
        return str(self.page.evaluate(script))

    @property
    def panel(self) -> Locator:
        return self.page.locator("#panel")

    def picture(self, name: str) -> None:
        """Write the window as a picture.

        Fonts are drawn a little differently on every machine, so the kept pictures change only when KRATE_SCREENSHOTS
        is set; every run leaves its own under `.test-output`.
        """
        self.page.evaluate("() => document.fonts.ready")
        host = (
            "() => { const e = document.querySelector('.sign-in h1 .mono'); if (e) e.textContent = '127.0.0.1:7080'; }"
        )
        self.page.evaluate(host)
        for folder in (FRESH, KEPT) if os.environ.get("KRATE_SCREENSHOTS") else (FRESH,):
            folder.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=folder / f"{name}.png", animations="disabled", caret="hide")

    # ------------------------------------------------------------------------------- pull requests

    def review(self, decision: str, body: str) -> None:
        """Fill in and send the review form of a conversation."""
        self.page.get_by_label("Review or comment").fill(body)
        self.page.get_by_role("radio", name=decision).check()
        self.page.get_by_role("button", name="Submit review").click()

    def open_pull(self, *, title: str, body: str) -> None:
        """Fill in and send the form of a new pull request."""
        self.page.get_by_label("Title").fill(title)
        self.page.get_by_label("Description").fill(body)
        self.page.get_by_role("button", name="Create pull request").click()

    @property
    def merge_box(self) -> Locator:
        return self.page.locator("#merge-box")

    def sees(self, text: str | re.Pattern[str]) -> None:
        """Wait until the page shows `text` somewhere."""
        expect(self.page.locator("main")).to_contain_text(text)

    def does_not_see(self, text: str) -> None:
        expect(self.page.locator("main")).not_to_contain_text(text)
