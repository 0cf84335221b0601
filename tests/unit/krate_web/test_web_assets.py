"""Static files: what is vendored is what we say it is, budgets hold, colours can be read."""

import hashlib
import math
import re

import pytest

from krate_web import assets, highlighting
from krate_web.assets import ROOT, Assets
from krate_web.rendering import TEMPLATES

PAGES = [
    "/signin",
    "/",
    "/acme",
    "/acme/web",
    "/acme/web/blob/auth/keys.py",
    "/acme/web/pulls",
    "/acme/web/pulls/42",
    "/acme/web/pulls/42/files",
    "/acme/web/pulls/new",
    "/acme/web/hooks",
    "/acme/-/activity",
]
SCRIPT_BUDGET = 45 * 1024
STYLE_BUDGET = 20 * 1024


def vendored():
    table = (ROOT / "vendor" / "VENDORED.md").read_text()
    return [re.findall(r"`([^`]+)`", line) for line in table.splitlines() if line.startswith("| `")]


def test_vendored_files_are_unchanged_and_licensed():
    """Every vendored file has a row, its digest is the row's, and its licence stands beside it."""
    rows = vendored()
    assert {row[0]: row[-1] for row in rows} == {
        row[0]: hashlib.sha256((ROOT / row[0]).read_bytes()).hexdigest() for row in rows
    }
    assert all((ROOT / row[-2]).read_text().strip() for row in rows)
    present = {str(path.relative_to(ROOT)) for folder in ("vendor", "fonts") for path in (ROOT / folder).iterdir()}
    assert {name for name in present if name.endswith((".js", ".woff2"))} <= {row[0] for row in rows}


@pytest.mark.parametrize("path", PAGES)
async def test_budgets(alice, path):
    """A page brings at most 45 KB of scripts and 20 KB of styles, gzipped, all of our own origin (ui.md)."""
    html = (await alice.get(path)).text
    scripts = re.findall(r'<script[^>]* src="([^"]+)"', html)
    styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', html)
    assert len(scripts) == 1
    assert len(styles) == 1
    assert {(await alice.get(url)).status_code for url in (*scripts, *styles)} == {200}
    weights = Assets()
    packed = {url: weights.weight(assets_name(url)) for url in (*scripts, *styles)}
    assert sum(packed[url] for url in scripts) <= SCRIPT_BUDGET
    assert sum(packed[url] for url in styles) <= STYLE_BUDGET


def assets_name(url):
    return re.sub(r"\.[0-9a-f]{16}(\.\w+)$", r"\1", url.removeprefix(assets.PREFIX))


async def test_static_files_are_cached_for_ever_and_compressed(alice):
    """An address holds its content's digest, so browsers may keep it; text travels compressed where it can be read."""
    url = Assets().url("app.css")
    packed = await alice.http.get(url, headers={"Accept-Encoding": "gzip"})
    plain = await alice.http.get(url, headers={"Accept-Encoding": "identity"})
    assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (packed.headers["content-encoding"], packed.headers["content-type"]) == ("gzip", "text/css; charset=utf-8")
    assert packed.text == plain.text
    assert (await alice.get(url.replace("app.", "app.0"))).status_code == 404
    assert (await alice.get("/-/static/../main.py")).status_code == 404


def test_the_sprite_holds_exactly_the_icons_in_use():
    """Each icon that templates or modules name is in the sprite, and the sprite has no other."""
    package = ROOT.parent
    known = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "icons.svg").read_text()))
    sources = [*TEMPLATES.rglob("*.html"), *package.rglob("*.py")]
    text = "\n".join(path.read_text() for path in sources)
    words = set(re.findall(r'"([a-z][a-z0-9-]*)"', text)) | {"krate"}
    assert known - words == set()
    asked = set(re.findall(r'icon\("([^"]+)"', text)) | set(re.findall(r'State\("[^"]*", "([^"]+)"', text))
    assert asked - known == set()


def test_only_tokens_define_colours_and_shadows():
    """No style sheet but tokens.css spells a colour; everything else uses its names (visual.md)."""
    for path in (ROOT / "css").glob("*.css"):
        if path.name == "tokens.css":
            continue
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", text) == [], path.name
        # The scrim behind a dialog is black at 30 %; everything else has a name.
        assert re.findall(r"oklch\((?!0 0 0 / 0\.3\))[^)]*\)", text) == [], path.name


def test_every_name_that_styles_use_is_a_token():
    """No style refers to a custom property that does not exist."""
    texts = {path.name: path.read_text() for path in (ROOT / "css").glob("*.css")}
    defined = {name for text in texts.values() for name in re.findall(r"(--[\w-]+)\s*:", text)}
    used = {name for text in texts.values() for name in re.findall(r"var\((--[\w-]+)", text)}
    assert used - defined == set()


# ------------------------------------------------------------------------------------------- contrast


def tokens():
    """Colours by name: (light, dark), each (L, C, H)."""
    text = (ROOT / "css" / "tokens.css").read_text()
    number = r"([0-9.]+)"
    pattern = rf"--([\w-]+): light-dark\(oklch\({number} {number} {number}\), oklch\({number} {number} {number}\)\)"
    found = {
        m[1]: (tuple(map(float, m.groups()[1:4])), tuple(map(float, m.groups()[4:7])))
        for m in re.finditer(pattern, text)
    }
    assert len(found) == 22
    return found


def linear(colour):
    """OKLCH to linear sRGB (Björn Ottosson, "A perceptual color space for image processing")."""
    lightness, chroma, hue = colour
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def luminance(colour):
    red, green, blue = (min(max(channel, 0), 1) for channel in linear(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first, second):
    """WCAG 2.2 contrast ratio."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("bg", "surface", "sunken")
PAIRS = [
    *((ink, ground, 4.5) for ink in ("fg", "muted", "accent", "ok", "warn", "bad", "merged") for ground in GROUNDS),
    *((state, f"{state}-bg", 4.7) for state in ("ok", "warn", "bad", "merged", "accent")),
    *(("fg", ground, 7.0) for ground in ("add", "add-word", "del", "del-word", "accent-bg", "warn-bg", "bad-bg")),
    *((ink, ground, 4.5) for ink in ("muted", "ok", "warn", "merged", "accent") for ground in ("add", "del")),
    ("on-accent", "accent", 4.5),
    *(("line-strong", ground, 2.97) for ground in ("bg", "surface")),
]


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS, ids=[f"{ink} on {ground}" for ink, ground, _ in PAIRS])
def test_contrast(mode, ink, ground, least):
    """Text and state colours can be read on every ground they stand on (visual.md; WCAG 2.2 AA)."""
    colours = tokens()
    assert contrast(colours[ink][mode], colours[ground][mode]) >= least


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_colours_are_inside_srgb(mode):
    """No token is a colour that screens have to clip."""
    outside = {
        name for name, pair in tokens().items() if any(not -0.002 <= channel <= 1.002 for channel in linear(pair[mode]))
    }
    assert outside == set()


def test_words_of_code_have_a_colour_each():
    """Every class that the highlighter gives out is styled, and no other is."""
    styled = set(re.findall(r"^\.([a-z]) \{", (ROOT / "css" / "code.css").read_text(), re.MULTILINE))
    assert styled == highlighting.CLASSES
