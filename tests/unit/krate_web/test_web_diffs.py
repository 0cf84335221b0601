"""Changes as rows: unified and side by side say the same, and every line can be found again."""

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import web_git
from krate.models.comment import Side
from krate.models.content import FileDiffView
from krate_web import diffs
from krate_web.diffs import View

OLD = "a\nb\nc\nd\n"
NEW = "a\nB\nB2\nd\ne\n"


def change(old=OLD, new=NEW):
    return FileDiffView.model_validate(web_git.file_diff("f.txt", old, new))


def shape(rows):
    """Rows as text: `old|new` of each."""

    def cell(found):
        return f"{found.number}{found.origin}{found.code}" if found else ""

    return [row.header or f"{cell(row.left)}|{cell(row.right)}" for row in rows]


def test_unified_rows():
    """The unified view has one row per line of the diff."""
    assert shape(diffs.rows(change(), View.UNIFIED, {}, {})) == [
        "@@ -1,4 +1,5 @@",
        "1 a|1 a",
        "2-b|",
        "3-c|",
        "|2+B",
        "|3+B2",
        "4 d|4 d",
        "|5+e",
    ]


def test_split_rows():
    """Side by side, removed and added lines of one block share rows, and each side keeps its order."""
    assert shape(diffs.rows(change(), View.SPLIT, {}, {})) == [
        "@@ -1,4 +1,5 @@",
        "1 a|1 a",
        "2-b|2+B",
        "3-c|3+B2",
        "4 d|4 d",
        "|5+e",
    ]


def test_words_that_changed_are_marked():
    """Changed ranges end up inside the lines they belong to."""
    file = change("key = old\n", "key = new\n")
    pairs = diffs.pairs(file)
    marked = diffs.marks(pairs, [([(6, 9)], [(6, 9)])])
    rows = diffs.rows(file, View.UNIFIED, {}, marked)
    assert [str(row.cell.code) for row in rows if row.cell] == ["key = <mark>old</mark>", "key = <mark>new</mark>"]


def test_colours_are_used_only_for_the_very_text():
    """A coloured line that is not the text of the diff is not shown: colours can be wrong, words cannot."""
    file = change("x\n", "y\n")
    colours = {(Side.OLD, 1): (("k", "x"),), (Side.NEW, 1): (("k", "something else"),)}
    rows = diffs.rows(file, View.UNIFIED, colours, {})
    assert [str(row.cell.code) for row in rows if row.cell] == ['<i class="k">x</i>', "y"]


def test_sides_are_the_visible_lines():
    """What is coloured is what is shown of each version."""
    assert diffs.sides(change()) == (
        (Side.OLD, (1, 2, 3, 4), "a\nb\nc\nd"),
        (Side.NEW, (1, 2, 3, 4, 5), "a\nB\nB2\nd\ne"),
    )


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize(
    ("side", "line", "want"),
    [
        (Side.NEW, 3, "f7-R3"),
        (Side.NEW, 1, "f7-R1"),
        (Side.OLD, 1, "f7-R1"),
        (Side.NEW, 99, ""),
        (Side.OLD, 99, ""),
    ],
)
def test_anchors(view, side, line, want):
    """A line of either version leads to the row that shows it; one that is not shown leads nowhere."""
    assert diffs.anchor_row(7, change(), side, line, view) == want


def test_the_anchor_of_a_removed_line_is_its_own_row_or_the_one_it_shares():
    """A removed line stands alone in the unified view and beside its successor in the other."""
    assert diffs.anchor_row(7, change(), Side.OLD, 2, View.UNIFIED) == "f7-L2"
    assert diffs.anchor_row(7, change(), Side.OLD, 2, View.SPLIT) == "f7-R2"


texts = st.lists(st.sampled_from(["a", "b", "c", "", "long line"]), max_size=12).map("\n".join)


@settings(max_examples=200, deadline=None)
@given(texts, texts)
def test_both_views_show_every_line_once(old, new):
    """Each changed line is in exactly one cell of its side, in either view, and its anchor is the id of its row."""
    raw = web_git.file_diff("f", old, new)
    if raw is None:
        return
    file = FileDiffView.model_validate(raw)
    lines = list(chain.from_iterable(hunk.lines for hunk in file.hunks))
    for view in View:
        rows = diffs.rows(file, view, {}, {})
        olds = [row.left.number for row in rows if row.left]
        news = [row.right.number for row in rows if row.right]
        assert olds == [line.old for line in lines if line.origin != "+"]
        assert news == [line.new for line in lines if line.origin != "-"]
        for row in rows:
            for side, number in row.positions():
                assert diffs.anchor_row(0, file, side, number, view) == diffs.row_id(0, row)
