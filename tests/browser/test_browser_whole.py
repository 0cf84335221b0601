"""A whole `krate up` in front of a browser: the story of the demo, by hand."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from processes import Up, run, until
from web_browser import Person, Site

ROOT = Path(__file__).resolve().parents[2]
WHY = "Sessions die when a key is rotated; the last three keys stay."


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """The example organisation, declared and Ready; alice and bob may push, robin owns."""
    with Up(tmp_path_factory.mktemp("up")) as found:
        for name in ("alice", "bob", "robin"):
            found.user(name)
        found.krate("apply", "-R", "-f", str(ROOT / "examples" / "platform-config"))
        until("acme/web is Ready", lambda: found.condition("Ready", "repo", "web", "-n", "acme") == "True")
        until("main is protected", lambda: found.condition("Enforced", "bp", "main", "-n", "acme") == "True")
        yield found


def push(up: Up, folder: Path) -> None:
    """Alice pushes the first commit to main, and a change to a branch."""
    work = folder / "web"
    run("git", "clone", "-q", up.clone_url("alice"), str(work))
    (work / "README.md").write_text("# The shop\n\nSee `keys.py`.\n")
    (work / "keys.py").write_text("KEEP = 1\n")
    commit(work, "The shop, as it is", "HEAD:main")
    (work / "keys.py").write_text("KEEP = 3\nNEWEST = 0\n")
    commit(work, "Keep the last three keys", "HEAD:rotate-keys")


def commit(work: Path, message: str, where: str) -> None:
    run("git", "add", "-A", cwd=work)
    run("git", "commit", "-q", "-m", message, cwd=work)
    run("git", "push", "-q", "origin", where, cwd=work)


def test_the_story(up: Up, tmp_path: Path, enter: Callable[..., Person]) -> None:
    """Push, be refused by a policy, open, review, merge, delete the policy: open pages follow by themselves."""
    site = Site(up.web, lambda user: up.krate("token", user).strip())
    alice, bob = enter(site, "alice"), enter(site, "bob")

    page = alice.go("/acme/web")
    alice.sees("Nothing was pushed yet")
    push(up, tmp_path)
    alice.sees("The shop, as it is")
    alice.sees("keys.py")

    up.krate("apply", "-f", str(ROOT / "policies" / "require-description" / "policy.yaml"))
    hooks = enter(site, "robin")
    hooks.go("/acme/web/hooks")
    hooks.sees("require-description")

    alice.go("/acme/web/pulls/new?source=rotate-keys")
    expect(page.get_by_label("Title")).to_have_value("Keep the last three keys")
    alice.open_pull(title="Keep the last three keys", body="")
    expect(page.locator(".problem")).to_contain_text("require-description refused this")
    expect(page.get_by_label("Description")).to_be_focused()
    alice.open_pull(title="Keep the last three keys", body=WHY)
    page.wait_for_url("**/acme/web/pulls/1")
    expect(alice.merge_box).to_contain_text("0 of 1 approval")

    bob.go("/acme")
    bob.page.get_by_role("link", name="Keep the last three keys").click()
    bob.page.wait_for_url("**/acme/web/pulls/1")
    bob.review("Approve", "Reads **well**.")
    expect(bob.merge_box).to_contain_text("Ready to merge")
    expect(alice.merge_box).to_contain_text("Ready to merge")

    page.get_by_role("button", name="Merge into main").click()
    expect(alice.merge_box).to_contain_text("alice merged it into main")
    expect(bob.merge_box).to_contain_text("alice merged it into main")
    assert up.get("pull", "web-1", "-n", "acme")["status"]["phase"] == "Merged"

    alice.go("/acme/web/blob/keys.py")
    alice.sees("NEWEST")
    up.krate("delete", "validatingpolicy", "require-description")
    hooks.does_not_see("require-description")


def test_a_link_signs_in_once(up: Up, enter: Callable[..., Person]) -> None:
    """The one-time link that the command line prints opens a session where it says, and no second one."""
    link = up.krate("user", "signin", "robin").strip() + "?next=/acme"
    site = Site(up.web, lambda _: "")
    person = enter(site)
    person.page.goto(link)
    person.page.wait_for_url("**/acme")
    person.sees("Repositories")
    other = enter(site)
    other.page.goto(link)
    expect(other.page.locator(".problem")).to_contain_text("Not signed in")


def test_an_outsider_sees_nothing(up: Up, enter: Callable[..., Person]) -> None:
    """Somebody who belongs to no team is told so in words, and the names of the organisation stay unknown."""
    up.user("mallory")
    person = enter(Site(up.web, lambda user: up.krate("token", user).strip()), "mallory")
    person.go("/")
    person.sees("You belong to no organisation yet.")
    for path in ("/acme", "/acme/web", "/acme/web/pulls", "/acme/web/hooks", "/acme/-/activity"):
        person.go(path)
        text = person.page.locator("main").inner_text()
        assert not any(word in text for word in ("The shop that customers see", "handbook", "Payments")), path
