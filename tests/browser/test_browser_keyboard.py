"""Everything without a mouse, and without single keys for whoever switched them off."""

from playwright.sync_api import expect

from krate import kinds


def test_a_review_without_a_mouse(bob, server):
    """From the list to a comment on a line to an approval: keys only, no more than 25 of them for two decisions."""
    page = bob.go("/acme/web/pulls")
    bob.press("j", "Enter")
    page.wait_for_url("**/pulls/42")
    bob.press("Control+k")
    bob.type("files")
    bob.press("Enter")
    page.wait_for_url("**/files")
    bob.press("n", "n", "j", "c")
    expect(page.locator("tr.composer textarea")).to_be_focused()
    bob.type("Why a deque?")
    bob.press("Control+Enter")
    expect(page.locator(".thread-row", has_text="Why a deque?")).to_be_visible()
    expect(page.locator("tr.composer")).to_have_count(0)
    found = server.call(lambda: server.world.store.ledger.select(kinds.COMMENT, "acme", _everything))
    written = [
        (one["spec"]["anchor"]["path"], one["status"]["author"]) for one in found if "deque" in one["spec"]["body"]
    ]
    assert written == [("auth/keys.py", "bob")]


def _everything(_found):
    return True


def test_keys_of_the_diff(alice):
    """Lines, changes, files and threads: each key moves the cursor to the next of its kind, and back."""
    page = alice.go("/acme/web/pulls/42/files")
    current = page.locator(".line.current")
    alice.press("j")
    expect(current).to_have_attribute("id", "f0-L1")
    alice.press("j", "j")
    expect(current).to_have_attribute("id", "f0-R2")
    alice.press("k")
    expect(current).to_have_attribute("id", "f0-R1")
    alice.press("]")
    expect(current).to_have_attribute("id", "f1-L1")
    alice.press("[", "n")
    expect(current).to_have_count(1)
    alice.press("N")
    expect(page.locator("[data-thread].current")).to_have_count(1)
    alice.press("m")
    page.wait_for_url("**/files?view=split")


def test_help_is_made_of_the_page(alice):
    """`?` lists the keys that this page has, each with its words; Escape closes it."""
    page = alice.go("/acme/web/pulls/42/files")
    alice.press("?")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("Next change")
    expect(dialog).to_contain_text("Unified or split")
    expect(dialog).to_contain_text("Hooks & Policies")
    alice.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    alice.go("/acme")
    alice.press("?")
    expect(dialog).not_to_contain_text("Next change")
    expect(dialog).to_contain_text("Next row")


def test_single_keys_can_be_switched_off(alice):
    """WCAG 2.1.4: with the switch off, letters do nothing and chords still work."""
    page = alice.go("/acme/web/pulls")
    alice.press("?")
    page.get_by_label("Single-key shortcuts").uncheck()
    alice.press("Escape", "y", "j")
    expect(alice.panel).to_be_hidden()
    expect(page.locator(".row.current")).to_have_count(0)
    alice.go("/acme/web/pulls")
    alice.press("y")
    expect(alice.panel).to_be_hidden()
    alice.press("Control+k")
    expect(page.locator("dialog[open]")).to_be_visible()


def test_keys_do_nothing_while_somebody_types(alice):
    """Letters in a field are letters."""
    page = alice.go("/acme/web/pulls/42")
    page.get_by_label("Review or comment").focus()
    alice.type("yjk?gp")
    expect(page.get_by_label("Review or comment")).to_have_value("yjk?gp")
    expect(alice.panel).to_be_hidden()


def test_chords_and_up(alice):
    """`g p` and `g o` go to the pull requests and policies of the repository, `u` up, `/` to the search."""
    page = alice.go("/acme/web")
    alice.press("g", "p")
    page.wait_for_url("**/acme/web/pulls")
    alice.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    alice.press("Escape", "g", "o")
    page.wait_for_url("**/acme/web/hooks")
    alice.press("u")
    page.wait_for_url("**/acme/web")
    alice.press("u")
    page.wait_for_url("**/acme")


def test_the_panel_takes_and_returns_the_focus_of_what_it_shows(alice):
    """`y` shows what has focus: a row, a form, or the page; and again closes it."""
    page = alice.go("/acme/web/pulls")
    alice.press("j", "j", "y")
    expect(alice.panel).to_contain_text("pull/web-41")
    alice.press("y")
    expect(alice.panel).to_be_hidden()
    alice.go("/acme/web")
    alice.press("y")
    expect(alice.panel).to_contain_text("kubectl get repo/web -n acme -o yaml")
    alice.picture("yaml-panel")
    alice.press("Escape")
    expect(alice.panel).to_be_hidden()
    assert page.evaluate("() => document.activeElement.tagName") == "BODY"


def test_everything_can_be_reached_with_tab(alice):
    """The first Tab offers to skip to the content; navigation, merge box, threads and review form all follow."""
    page = alice.go("/acme/web/pulls/42")
    alice.press("Tab")
    assert alice.focus() == "Skip to content"
    place = (
        "() => { const e = document.activeElement.closest('form, nav, header'); return e && (e.id || e.ariaLabel); }"
    )
    seen = set()
    for _ in range(80):
        alice.press("Tab")
        seen.add(page.evaluate(place))
    assert {"merge", "review", "Pull request", "Repository", "Breadcrumb", "resolve-web-42-c1"} <= seen
