"""Forms in a browser: refused where they stand, previewed as they are typed, and never losing a word."""

import re

import pytest
from playwright.sync_api import expect

import web_rules
from krate import errors, kinds
from krate_kube.interface import Unreachable


def test_a_refusal_goes_to_its_field(alice, server):
    """The policy that refused is named, the field it is about has the focus, and what was typed is still there."""
    server.world.refuse = web_rules.refuse_empty_descriptions
    page = alice.go("/acme/web/pulls/new?source=keys")
    alice.open_pull(title="Rotate", body="short")
    problem = page.locator(".problem")
    expect(problem).to_contain_text("require-description refused this")
    expect(problem).to_contain_text("say in the description why this change is needed")
    expect(page.get_by_label("Description")).to_be_focused()
    expect(page.get_by_label("Description")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Title")).to_have_value("Rotate")
    alice.picture("refused")
    alice.open_pull(title="Rotate", body="Sessions die when a key is rotated.")
    page.wait_for_url("**/pulls/43")
    alice.sees("Sessions die when a key is rotated.")


def test_the_panel_follows_what_is_typed(alice):
    """The YAML beside a form is the object that the form would send, a moment after each key."""
    page = alice.go("/acme/web/pulls/new?source=keys")
    page.get_by_role("button", name="YAML").click()
    expect(alice.panel).to_contain_text("generateName: web-")
    page.get_by_label("Title").fill("Typed")
    expect(alice.panel).to_contain_text("title: Typed")
    page.get_by_label("Description").fill("one\ntwo")
    expect(alice.panel).to_contain_text("body: |-")
    expect(alice.panel).to_contain_text("kubectl create -f -")


def test_a_button_shows_the_field_it_would_change(alice):
    """The panel of Merge marks the two lines that would change, and sends nothing."""
    page = alice.go("/acme/web/pulls/42")
    alice.merge_box.get_by_role("button", name="YAML").click()
    expect(alice.panel.locator(".changed")).to_have_text([re.compile("mergeSHA:"), re.compile("merged: true")])
    alice.picture("merge-preview")
    page.reload()
    expect(alice.merge_box).to_contain_text("Not ready to merge")


def test_the_branch_picker_compares_again(alice):
    """Another branch brings its own commits, and its own title as long as nobody typed one."""
    page = alice.go("/acme/web/pulls/new?source=keys")
    expect(page.get_by_label("Title")).to_have_value("Keys")
    page.get_by_label("from").select_option("split-router")
    expect(page.locator("#comparison")).to_contain_text("Split the router")
    expect(page.get_by_label("Title")).to_have_value("Split the router")
    page.get_by_label("Title").fill("Mine")
    page.get_by_label("from").select_option("keys")
    expect(page.locator("#comparison")).to_contain_text("Rotate from the scheduler")
    expect(page.get_by_label("Title")).to_have_value("Mine")


def test_a_review_and_a_reply(bob):
    """A review and a reply appear where they belong, once, and their forms are empty again."""
    page = bob.go("/acme/web/pulls/42")
    bob.review("Approve", "Looks **right**.")
    expect(page.locator(".verdict", has_text="Looks right.")).to_have_count(1)
    expect(page.get_by_label("Review or comment")).to_have_value("")
    thread = page.locator("#thread-web-42-c1")
    thread.locator("summary", has_text="Reply").click()
    thread.get_by_role("textbox").fill("Then fine.")
    thread.get_by_role("button", name="Reply").click()
    expect(thread).to_contain_text("Then fine.")
    thread.get_by_role("button", name="Resolve").click()
    expect(thread).to_contain_text("resolved")


@pytest.mark.parametrize(
    "failure",
    [Unreachable("gone"), errors.ServiceUnavailable(), errors.Unauthorized()],
    ids=["down", "busy", "signed out"],
)
def test_a_failure_keeps_the_words(bob, server, failure):
    """Whatever fails while a form is sent, the form stays as it is and says what happened."""
    page = bob.go("/acme/web/pulls/42")
    field = page.get_by_label("Review or comment")
    field.fill("A long and careful remark")
    server.world.down = failure
    page.get_by_role("button", name="Submit review").click()
    expect(page.locator("#review .problem")).to_be_visible()
    expect(field).to_have_value("A long and careful remark")
    server.world.down = None
    page.get_by_role("button", name="Submit review").click()
    expect(page.locator("#timeline")).to_contain_text("A long and careful remark")
    expect(page.locator("#review .problem")).to_have_count(0)


def test_a_draft_survives_a_reload(alice):
    """What was typed is there again after the page was loaded again, and gone once it was sent."""
    page = alice.go("/acme/web/pulls/42")
    page.get_by_label("Review or comment").fill("half a thou")
    page.reload()
    expect(page.get_by_label("Review or comment")).to_have_value("half a thou")
    page.get_by_role("button", name="Submit review").click()
    expect(page.locator("#timeline")).to_contain_text("half a thou")
    page.reload()
    expect(page.get_by_label("Review or comment")).to_have_value("")


def test_two_clicks_are_one_comment(bob, server):
    """An impatient double click sends a form once."""
    page = bob.go("/acme/web/pulls/42")
    page.get_by_label("Review or comment").fill("Only once")
    page.get_by_role("button", name="Submit review").dblclick()
    expect(page.locator("#timeline .verdict", has_text="Only once")).to_have_count(1)
    reviews = server.call(lambda: server.world.store.ledger.select(kinds.REVIEW, "acme", lambda _: True))
    assert [found["spec"]["body"] for found in reviews].count("Only once") == 1


def test_a_copy_button_copies(alice):
    """The clone line ends up in the clipboard."""
    alice.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = alice.go("/acme/web")
    page.locator(".clone").get_by_role("button", name="Copy").click()
    expect(page.locator(".clone")).to_contain_text("Copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == "git clone http://127.0.0.1:7080/acme/web.git"


def test_sign_in_and_out(site, enter):
    """A password leads to the page that was wanted; signing out leaves nothing behind."""
    person = enter(site)
    page = person.go("/acme/web/pulls/42")
    page.get_by_label("Name").fill("alice")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".problem")).to_contain_text("Not signed in")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/acme/web/pulls/42")
    assert [cookie["httpOnly"] for cookie in person.context.cookies() if cookie["name"] == site.cookie] == [True]
    page.locator(".user summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signin")
    page.go_back()
    expect(page.get_by_label("Password")).to_be_visible()


def test_forms_work_without_scripts(chromium, site):
    """With scripts off, pages read, forms send, and refusals stand beside what was typed."""
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies([{"name": site.cookie, "value": site.token("bob"), "url": site.url}])
    page = context.new_page()
    page.goto(f"{site.url}/acme/web/pulls/42")
    page.get_by_label("Review or comment").fill("Without a script")
    page.get_by_role("button", name="Submit review").click()
    expect(page.locator("#timeline")).to_contain_text("Without a script")
    page.goto(f"{site.url}/acme/web/pulls/new?source=keys")
    page.get_by_label("Title").fill(" ")
    page.get_by_label("Description").fill("Kept")
    page.get_by_role("button", name="Create pull request").click()
    expect(page.locator(".problem")).to_contain_text("spec.title")
    expect(page.get_by_label("Description")).to_have_value("Kept")
    context.close()
