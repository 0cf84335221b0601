"""Every page in a real browser: it paints, complains about nothing, fits, and leaves its picture."""

from collections.abc import Iterator

import pytest

import web_story
from web_browser import KEPT, Site
from web_server import Server

PAGES = {
    "sign-in": "/signin",
    "home": "/",
    "organization": "/acme",
    "repository": "/acme/web",
    "empty-repository": "/acme/docs",
    "blob": "/acme/web/blob/auth/keys.py#L18",
    "document": "/acme/web/blob/README.md",
    "commits": "/acme/web/commits",
    "branches": "/acme/web/branches",
    "pull-requests": "/acme/web/pulls",
    "new-pull-request": "/acme/web/pulls/new?source=keys",
    "pull-request": "/acme/web/pulls/42",
    "files": "/acme/web/pulls/42/files",
    "files-split": "/acme/web/pulls/42/files?view=split",
    "pull-commits": "/acme/web/pulls/42/commits",
    "checks": "/acme/web/pulls/42/checks",
    "pull-yaml": "/acme/web/pulls/42/yaml",
    "hooks": "/acme/web/hooks",
    "activity": "/acme/-/activity",
    "not-found": "/acme/nope",
}
MOMENTS = ("refused", "yaml-panel", "merge-preview")
"""Pictures that other tests take."""
PHONE = ("pull-request", "pull-requests", "files", "organization")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """One server for the whole file: nobody here changes anything."""
    with Server(web_story.story()) as found:
        yield Site(found.url, lambda user: f"token-{user}")


EVERY = pytest.mark.parametrize("name", PAGES)


def test_every_page_has_its_picture():
    """The documentation has a picture of every page in both themes, and of the pages that people read on a phone."""
    wanted = {*PAGES, *(f"{name}-dark" for name in PAGES), *(f"{name}-phone" for name in PHONE), *MOMENTS}
    assert {path.stem for path in KEPT.glob("*.png")} == wanted


@EVERY
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_paints(site, enter, name, theme):
    """Each page loads without an error or a violation of its policy, in both themes; its picture is kept."""
    person = enter(site, "" if name == "sign-in" else "alice", theme=theme)
    page = person.go(PAGES[name])
    assert page.locator("h1").first.is_visible() or page.locator("h1.sr").count()
    font = page.evaluate("() => getComputedStyle(document.body).fontFamily")
    assert font.startswith('"IBM Plex Sans"')
    assert page.locator("use").count() > 0
    person.picture(name if theme == "light" else f"{name}-dark")


@EVERY
def test_page_fits_a_phone(site, enter, name):
    """At 390 px nothing makes the page scroll sideways, and what a finger must hit is large enough."""
    person = enter(site, "" if name == "sign-in" else "alice", width=390)
    page = person.go(PAGES[name])
    assert page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, .button, summary, input:not([type=hidden]), select")]
          .filter((e) => e.checkVisibility()).map((e) => [e.getBoundingClientRect(), e.textContent.trim()])
          .filter(([r]) => r.width > 0 && (r.height < 16 || r.width < 16)).map(([, text]) => text)"""
    )
    assert small == []
    if name in PHONE:
        person.picture(f"{name}-phone")


def test_icons_and_fonts_are_drawn(alice):
    """The sprite and the fonts load under the policy: an icon has a shape, and text is set in Plex."""
    page = alice.go("/acme/web/pulls/42")
    assert page.evaluate("() => document.querySelector('.state use').getBoundingClientRect().width") > 0
    script = "async () => { await document.fonts.ready; return [...document.fonts].map((f) => [f.family, f.status]); }"
    loaded = [family for family, status in page.evaluate(script) if status == "loaded"]
    assert {family.strip('"') for family in loaded} == {"IBM Plex Sans", "IBM Plex Mono"}


def test_the_theme_can_be_chosen_against_the_system(alice):
    """The switch wins over what the system prefers, and stays."""
    page = alice.go("/acme")
    light = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    page.locator(".user summary").click()
    page.get_by_role("button", name="Dark").click()
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") != light
    alice.go("/acme/web")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_the_session_is_out_of_reach_of_scripts(alice):
    """The cookie is HttpOnly as the server sets it, and nothing of it is in storage."""
    page = alice.go("/acme")
    assert page.evaluate("() => Object.keys(localStorage).concat(Object.keys(sessionStorage))") == []


def test_inline_code_is_refused_by_the_browser(site, enter):
    """The policy is in force: an injected inline script and style do nothing, and say so."""
    person = enter(site, "alice")
    page = person.go("/acme")
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "document.title = 'owned'";
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend", '<img src=x onerror="document.title=1">');
        }"""
    )
    assert page.title() == "Acme"
    assert any("Content Security Policy" in complaint for complaint in person.complaints)
    person.complaints.clear()
