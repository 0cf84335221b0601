"""A Chromium, and the UI over an organisation in memory, served on a free port.

A site is whatever `Site` says: the fixture `site` yields the one in memory; tests of a whole Krate make their own.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

import web_story
from web_browser import Person, Site
from web_server import Server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Debian's Chromium as root and without a network: no sandbox, and no connection that the page did not ask for.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.chromium)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium on PATH"))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """One browser for the session; each person gets a context of their own."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(web_story.story()) as found:
        yield found


@pytest.fixture
def site(server: Server) -> Site:
    return Site(server.url, lambda user: f"token-{user}")


@pytest.fixture
def enter(chromium: Browser) -> Iterator[Callable[..., Person]]:
    """Puts a person in front of a site; at the end, their browser must have had nothing to complain about."""
    people: list[Person] = []

    def open_window(site: Site, user: str = "", *, width: int = 1280, theme: str = "light") -> Person:
        context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=theme)
        context.set_default_timeout(10_000)
        if user:
            context.add_cookies([{"name": site.cookie, "value": site.token(user), "url": site.url}])
        people.append(Person(site, context, context.new_page()))
        return people[-1]

    yield open_window
    for person in people:
        person.context.close()
    assert [complaint for person in people for complaint in person.complaints] == []


@pytest.fixture
def alice(site: Site, enter: Callable[..., Person]) -> Person:
    return enter(site, "alice")


@pytest.fixture
def bob(site: Site, enter: Callable[..., Person]) -> Person:
    return enter(site, "bob")
