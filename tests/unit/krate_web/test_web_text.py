"""Text into coloured, marked and sanitised HTML: values in, values out, and within bounds."""

import asyncio
import sys
import time

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup, escape

from krate_web import codelines, emphasis, highlighting, markdown, times, worker
from krate_web.caches import Bounded
from krate_web.markdown import Place
from krate_web.workshop import TooSlow, Workshop
from web_world import NOW

PLACE = Place("acme", "web", "v1", "docs")

MARKDOWN = {
    "emphasis": ("**a** *b* ~~c~~", "<p><strong>a</strong> <em>b</em> <s>c</s></p>\n"),
    "relative link": (
        "[x](../auth/keys.py#L3)",
        '<p><a href="/acme/web/blob/auth/keys.py?ref=v1#L3" rel="noopener noreferrer nofollow">x</a></p>\n',
    ),
    "directory link": (
        "[x](img/)",
        '<p><a href="/acme/web/tree/docs/img?ref=v1" rel="noopener noreferrer nofollow">x</a></p>\n',
    ),
    "link above the root": (
        "[x](../../../etc/passwd)",
        '<p><a href="/acme/web/blob/etc/passwd?ref=v1" rel="noopener noreferrer nofollow">x</a></p>\n',
    ),
    "absolute link": (
        "[x](https://a.example/b)",
        '<p><a href="https://a.example/b" rel="noopener noreferrer nofollow">x</a></p>\n',
    ),
    "anchor": ("[x](#y)", '<p><a href="#y" rel="noopener noreferrer nofollow">x</a></p>\n'),
    "image of the repository": ("![l](logo.png)", '<p><img src="/acme/web/raw/docs/logo.png?ref=v1" alt="l"></p>\n'),
    "image from elsewhere": (
        "![l](https://a.example/l.png)",
        '<p><a href="https://a.example/l.png" rel="noopener noreferrer nofollow">l</a></p>\n',
    ),
    "raw image from elsewhere": ('<img src="https://a.example/l.png" alt="l">', '<img alt="l">'),
    "reference": (
        "#41, a#42, `#43`",
        '<p><a href="/acme/web/pulls/41" rel="noopener noreferrer nofollow">#41</a>, a#42, <code>#43</code></p>\n',
    ),
    "reference inside a link": (
        "[#41](https://a.example)",
        '<p><a href="https://a.example" rel="noopener noreferrer nofollow">#41</a></p>\n',
    ),
    "task list": (
        "- [x] a\n- [ ] b",
        '<ul>\n<li><span class="done">[x]</span> a</li>\n<li><span class="todo">[ ]</span> b</li>\n</ul>\n',
    ),
    "not a task": ("[x] a", "<p>[x] a</p>\n"),
    "code": ("```py\nx = 1\n```", '<pre><code>x = <span class="n">1</span>\n</code></pre>\n'),
    "unknown language": ("```nonsense\nx\n```", "<pre><code>x\n</code></pre>\n"),
    "table": (
        "|a|\n|-|\n|b|",
        "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>b</td>\n</tr>\n</tbody>\n</table>\n",
    ),
    "html": ("<details open><summary>s</summary>t</details>", '<details open=""><summary>s</summary>t</details>'),
    "classes of authors": ('<span class="state">a</span>', "<p><span>a</span></p>\n"),
}


@pytest.mark.parametrize(("text", "want"), MARKDOWN.values(), ids=list(MARKDOWN))
def test_markdown(text, want):
    """CommonMark with tables, tasks and references; links are the repository's, foreign images are links."""
    assert markdown.render(text, PLACE) == want


def test_markdown_outside_a_repository_leaves_links_alone():
    """Without a place a relative link and a reference mean nothing and stay as written."""
    assert markdown.render("#1 [x](y)", Place()) == '<p>#1 <a href="y" rel="noopener noreferrer nofollow">x</a></p>\n'


def test_a_long_text_is_shown_plain():
    """Beyond its limit a text is shown as it is, escaped."""
    assert markdown.render("<b>" + "x" * markdown.MAX_LENGTH, PLACE).startswith("<pre>&lt;b&gt;xxx")


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_markdown_is_the_same_every_time(text):
    """Rendering is a function: two replicas of the UI give the same bytes, so their pages have one digest."""
    assert markdown.render(text, PLACE) == markdown.render(text, PLACE)


SOURCES = {
    "python": ("a.py", "x = 'é'  # c", [[("", "x = "), ("s", "'é'"), ("", "  "), ("c", "# c")]]),
    "unknown": ("a.zzz", "x = 1", [[("", "x = 1")]]),
    "empty": ("a.py", "", []),
    "blank lines": ("a.py", "\n\nx\n\n", [[], [], [("", "x")], []]),
    "no last newline": ("a.py", "x", [[("", "x")]]),
    "a string over lines": ("a.py", '"""a\nb"""', [[("s", '"""a')], [("s", 'b"""')]]),
    "by file name": ("sub/Makefile", "all:", [[("f", "all"), ("", ":")]]),
}


@pytest.mark.parametrize(("path", "text", "want"), SOURCES.values(), ids=list(SOURCES))
def test_highlighting(path, text, want):
    """Lines of classed words, as many as the file has."""
    assert [list(line) for line in highlighting.tokenize(text, path=path)] == want


@pytest.mark.parametrize(
    "text", ["x" * 3000, "x\n" * 11_000, "x" * 1_000_000], ids=["long line", "many lines", "large"]
)
def test_what_nobody_reads_for_its_colours_is_plain(text):
    """Minified, generated and huge files are shown plain."""
    assert highlighting.tokenize(text, path="a.js") == highlighting.plain(text)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=120), st.sampled_from(["a.py", "a.js", "a.html", "a.md", "a.yaml", "a.go", "Dockerfile", "a.txt"])
)
def test_highlighting_never_changes_a_word(text, path):
    """Whatever the lexer does, the lines shown are the lines stored."""
    lines = highlighting.tokenize(text, path=path)
    assert [codelines.text_of(line) for line in lines] == [codelines.text_of(line) for line in highlighting.plain(text)]


EDITS = {
    "a word": ("a = old", "a = new", ([(4, 7)], [(4, 7)])),
    "an insertion": ("f(a)", "f(a, b)", ([], [(3, 6)])),
    "touching edits": ("a b c", "a x y c", ([(2, 3)], [(2, 5)])),
    "nothing in common": ("alpha beta", "qwerty", ([], [])),
    "equal": ("same", "same", ([], [])),
    "empty": ("", "x", ([], [])),
    "far too long": ("a " * 300, "b " * 300, ([], [])),
}


@pytest.mark.parametrize(("old", "new", "want"), EDITS.values(), ids=list(EDITS))
def test_emphasis(old, new, want):
    """The words that changed, and none where a line was replaced rather than edited."""
    assert tuple(list(side) for side in emphasis.ranges(old, new)) == want


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_emphasis_covers_every_difference(old, new):
    """Without its marked ranges the old line is the new line without its marked ranges."""
    left, right = emphasis.ranges(old, new)
    if not left and not right:
        return

    def rest(text, ranges):
        return "".join(char for place, char in enumerate(text) if not any(a <= place < b for a, b in ranges))

    assert rest(old, left).split() == rest(new, right).split() or "".join(rest(old, left).split()) == "".join(
        rest(new, right).split()
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "k"]), st.text(min_size=1, max_size=8)), max_size=6), st.data())
def test_code_lines_keep_their_text(spans, data):
    """Colours and marks laid over each other lose no character and escape every one."""
    line = tuple(spans)
    length = len(codelines.text_of(line))
    cuts = sorted(data.draw(st.sets(st.integers(0, length), max_size=6)))
    marks = list(zip(cuts[::2], cuts[1::2], strict=False))
    done = codelines.html(line, marks)
    assert done.striptags().split() == escape(codelines.text_of(line)).striptags().split()
    assert done.count("<mark>") == done.count("</mark>")


AGES = [
    (0, "now"),
    (59, "now"),
    (60, "1m"),
    (3599, "59m"),
    (3600, "1h"),
    (86_399, "23h"),
    (86_400, "1d"),
    (29 * 86_400, "29d"),
    (30 * 86_400, "2026-10-26"),
    (-5, "now"),
]


@pytest.mark.parametrize(("seconds", "want"), AGES)
def test_ages(seconds, want):
    """Ages are short, then dates."""
    from datetime import timedelta  # noqa: PLC0415

    assert times.ago((NOW - timedelta(seconds=seconds)).isoformat(), NOW) == want


@pytest.mark.parametrize("moment", ["", None, "yesterday", "2026-13-99T00:00:00Z"])
def test_no_moment_no_age(moment):
    """What is no time is shown as nothing rather than as a failure."""
    assert times.ago(moment, NOW) == ""


def test_a_cache_is_bounded_by_weight_and_forgets_what_was_used_least():
    """The weights of a cache's entries stay within its capacity."""
    cache = Bounded[str, int](10)
    for place, name in enumerate("abc"):
        cache.put(name, place, weight=4)
    assert [cache.get(name) for name in "abc"] == [None, 1, 2]
    cache.get("b")
    cache.put("d", 3, weight=4)
    assert [cache.get(name) for name in "abcd"] == [None, 1, None, 3]
    cache.put("huge", 9, weight=11)
    assert (cache.get("huge"), cache.weight, len(cache)) == (None, 8, 2)


# --------------------------------------------------------------------------------------- the worker


@pytest.fixture
async def workshop():
    found = Workshop(seconds=5)
    yield found
    await found.close()


async def test_the_worker_formats_and_remembers(workshop):
    """Work is done in another process, once for the same content."""
    first = await workshop.lines("x = 1", path="a.py", key="k")
    process = workshop._process
    assert [list(map(tuple, line)) for line in first] == [[("", "x = "), ("n", "1")]]
    assert await workshop.lines("never looked at", path="a.py", key="k") == first
    assert await workshop.markdown(["**a**", "**a**"], PLACE) == (Markup("<p><strong>a</strong></p>\n"),) * 2
    assert [[list(map(tuple, side)) for side in pair] for pair in await workshop.emphasis([("a b", "a c")])] == [
        [[(2, 3)], [(2, 3)]]
    ]
    assert workshop._process is process


async def test_a_job_that_takes_too_long_costs_its_process_and_nothing_else(workshop, monkeypatch):
    """A pathological text is cut off, shown plain and not remembered; the next one is served by a new process."""
    await workshop.lines("x", path="a.py", key="warm")
    slow = workshop._process
    workshop._seconds = 0.0
    began = time.monotonic()
    assert await workshop.lines("y = 1", path="a.py", key="slow") == highlighting.plain("y = 1")
    assert await workshop.markdown(["<b>slow</b>"], PLACE) == (Markup("<pre>&lt;b&gt;slow&lt;/b&gt;</pre>"),)
    assert time.monotonic() - began < 5
    assert slow.returncode is not None
    workshop._seconds = 5
    assert await workshop.lines("y = 1", path="a.py", key="slow") != highlighting.plain("y = 1")


async def test_a_cancelled_job_leaves_no_answer_for_somebody_else(workshop):
    """A browser that goes in the middle of a job does not shift the answers of those after it."""
    await workshop.lines("x", path="a.py", key="warm")
    job = asyncio.create_task(workshop.lines("a = 1\n" * 3000, path="a.py", key="a"))
    while not workshop._turn.locked():  # noqa: ASYNC110 - a lock has no event for it
        await asyncio.sleep(0)
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)
    assert [list(map(tuple, line)) for line in await workshop.lines("b = 2", path="a.py", key="b")] == [
        [("", "b = "), ("n", "2")]
    ]


async def test_a_killed_worker_is_replaced(workshop):
    """The worker's death costs one text its colours."""
    await workshop.lines("x", path="a.py", key="warm")
    workshop._process.kill()
    await workshop._process.wait()
    assert [list(map(tuple, line)) for line in await workshop.lines("b = 2", path="a.py", key="b")] == [
        [("", "b = "), ("n", "2")]
    ]


async def test_a_job_that_fails_is_said(workshop):
    """An error inside the worker comes back as one, and the worker lives on."""
    with pytest.raises(TooSlow, match="KeyError"):
        await workshop.run("nonsense", {})
    assert await workshop.run("emphasize", {"pairs": []}) == []


async def test_the_worker_ends_with_its_parent():
    """A worker whose parent was killed reads the end of its input and goes."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", worker.__name__, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 10) == 0


def test_a_frame_that_is_no_job_is_answered():
    """Whatever the job, the worker answers one frame for one frame."""
    assert orjson.loads(worker.answer(b'{"job":"markdown","arguments":{}}'))["error"].startswith("TypeError")
