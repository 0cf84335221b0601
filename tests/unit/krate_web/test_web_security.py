"""What stands between the pages and the rest of the web."""

import re

import pytest

from krate import correlation
from krate_web import security
from krate_web.settings import Settings

HEADERS = {
    "content-security-policy": security.CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}
ADDRESSES = [
    "/",
    "/signin",
    "/acme/web/pulls/42",
    "/nowhere",
    "/a/b/c/d/e",
    "/-/panel/repositories.krate.a5c.ai/acme/web",
]


@pytest.mark.parametrize("path", ADDRESSES)
async def test_every_answer_carries_the_headers(alice, path):
    """Pages, parts, errors and redirects alike carry every security header and a correlation id."""
    answer = await alice.get(path)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert answer.headers[correlation.HEADER]


def test_the_policy_allows_no_inline_code_and_no_other_origin():
    """The content security policy names nothing but our own origin, and neither inline code nor eval."""
    directives = dict(part.split(" ", 1) for part in security.CONTENT_SECURITY_POLICY.split("; "))
    assert directives.pop("default-src") == "'none'"
    assert set(directives.values()) <= {"'self'", "'none'"}
    assert {"script-src", "style-src", "base-uri", "frame-ancestors", "form-action"} <= set(directives)


@pytest.mark.parametrize(
    "path", ["/acme/web", "/acme/web/pulls/42", "/acme/web/pulls/42/files", "/acme/web/pulls/new", "/signin"]
)
async def test_pages_hold_no_inline_script_style_or_handler(alice, path):
    """A page would work under the policy: no style attribute, no on-handler, no script text, no javascript: link."""
    html = (await alice.get(path)).text
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", html) == []
    assert [text for text in re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL) if text.strip()] == []


async def test_the_session_is_in_no_page(alice):
    """The cookie is the API token: it appears in no page, and neither does the header it becomes."""
    for path in (
        "/",
        "/acme",
        "/acme/web/pulls/42",
        "/acme/web/pulls/42/yaml",
        "/-/panel/pullrequests.forge.krate.a5c.ai/acme/web-42",
    ):
        html = (await alice.get(path)).text
        assert "token-alice" not in html, path


async def test_the_correlation_id_of_a_request_is_kept_and_a_bad_one_replaced(alice):
    """A caller's id runs through; one that could break a header or a log does not."""
    kept = await alice.get("/acme", X_Correlation_ID="abc-123")
    assert kept.headers["x-correlation-id"] == "abc-123"
    replaced = await alice.get("/acme", X_Correlation_ID="<script>")
    assert re.fullmatch(r"[0-9a-f]{32}", replaced.headers["x-correlation-id"])


FORMS = [
    "/acme/web/pulls/new",
    "/acme/web/pulls/42/merge",
    "/acme/web/pulls/42/withdraw",
    "/acme/web/pulls/42/close",
    "/acme/web/pulls/42/ready",
    "/acme/web/pulls/42/edit",
    "/acme/web/pulls/42/review",
    "/acme/web/pulls/42/comments",
    "/acme/web/pulls/42/comments/web-42-c1/resolve",
    "/-/theme",
    "/signout",
]
FORGED = {
    "another origin": {"origin": "https://evil.example"},
    "an opaque origin": {"origin": "null"},
    "another port": {"origin": "http://krate.test:81"},
    "no origin at all": {"origin": None},
    "no token": {"csrf": ""},
    "a wrong token": {"csrf": "0" * 64},
    "somebody else's token": {"csrf": security.csrf_token("token-mallory")},
}


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("forgery", FORGED.values(), ids=list(FORGED))
async def test_a_forged_form_does_nothing(alice, world, path, forgery):
    """Without our origin or without the session's token no form reaches the API (security.md 5.3)."""
    before = world.store.ledger.version
    answer = await alice.post(
        path, **forgery, body="A body that is long enough", title="x", decision="Approve", closed="true"
    )
    assert answer.status_code == 403
    assert world.store.ledger.version == before
    assert [action for action in world.store.actions if action.verb in {"create", "patch", "update", "delete"}] == []
    assert "set-cookie" not in answer.headers


async def test_fetch_metadata_stands_in_for_a_missing_origin():
    """Where a browser leaves Origin out, its own word for where the request came from is taken."""
    assert security.same_origin({"sec-fetch-site": "same-origin"}, "http://krate.test")
    assert not security.same_origin({"sec-fetch-site": "same-site"}, "http://krate.test")
    assert not security.same_origin({"sec-fetch-site": "same-origin", "origin": "null"}, "http://krate.test")
    assert not security.same_origin({}, "http://krate.test")


async def test_a_get_changes_nothing(alice):
    """Actions answer POST only: a link or an image cannot trigger one."""
    for path in (path for path in FORMS if not path.endswith("/new")):
        assert (await alice.get(path)).status_code in {404, 405}, path


async def test_another_host_name_is_sent_to_the_right_one(alice):
    """A Host header is never believed: pages live at the public address only, path and query kept."""
    answer = await alice.http.get("/acme?q=1", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["location"]) == (307, "http://krate.test/acme?q=1")


COOKIES = {
    "plain": (Settings(public_url="http://127.0.0.1:7080", api_url="https://a"), ("krate-7080", False)),
    "another port": (Settings(public_url="http://127.0.0.1:7090", api_url="https://a"), ("krate-7090", False)),
    "over TLS": (Settings(public_url="https://krate.example", api_url="https://a"), ("__Host-krate", True)),
    "behind a proxy": (
        Settings(public_url="http://krate", api_url="https://a", cookie_secure=True),
        ("__Host-krate", True),
    ),
    "named": (Settings(public_url="http://krate", api_url="https://a", cookie_name="x"), ("x", False)),
}


@pytest.mark.parametrize(("settings", "want"), COOKIES.values(), ids=list(COOKIES))
def test_cookie_name_and_flag(settings, want):
    """Cookies of one host are shared by its ports, so the name holds the port; over TLS it is bound to the host."""
    assert (settings.session_cookie, settings.secure) == want


@pytest.mark.parametrize(
    "url", ["krate.example", "ftp://krate.example", "http://", "http://krate/path", "http://krate?x=1"]
)
def test_an_address_that_is_no_origin_is_refused(url):
    """Settings are read strictly: a path or a missing scheme is an error at the start, not a broken form later."""
    with pytest.raises(ValueError, match="must be an origin"):
        Settings(public_url=url, api_url="https://a")


async def test_a_form_that_is_too_large_or_no_form_is_refused(alice):
    """Bodies are bounded, and JSON is no form: it could be sent across origins without asking."""
    huge = await alice.post("/acme/web/pulls/42/comments", body="x" * 1_100_000)
    assert huge.status_code == 413
    json = await alice.http.post("/acme/web/pulls/42/comments", json={}, headers={"Origin": "http://krate.test"})
    assert json.status_code == 415


async def test_parallel_pages_of_two_people_do_not_mix(sign_in):
    """The same address shows each person their own name and their own token."""
    alice, bob = sign_in("alice"), sign_in("bob")
    for visitor, user, other in ((alice, "alice", "bob"), (bob, "bob", "alice")):
        html = (await visitor.get("/acme/web/pulls/42")).text
        assert f'<span class="mono">{user}</span>' in html
        assert security.csrf_token(f"token-{user}") in html
        assert security.csrf_token(f"token-{other}") not in html
