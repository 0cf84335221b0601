"""Signing in with a password or a link, out again, and never by accident."""

import pytest

from krate import errors
from krate_web import places, security

ORIGIN = "http://krate.test"


async def submit(visitor, **fields):
    """Open the form as a browser does, then send it."""
    page = await visitor.http.get("/signin")
    visitor.http.cookies.update(page.cookies)
    token = security.csrf_token(visitor.http.cookies["krate-visitor"])
    return await visitor.http.post("/signin", data={"csrf": token, **fields}, headers={"Origin": ORIGIN})


async def test_a_password_opens_a_session(sign_in):
    """The right password leads to the page that was wanted, with an HttpOnly, SameSite cookie that expires."""
    answer = await submit(sign_in(""), username="alice", password="correct horse", next="/acme/web?ref=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/acme/web?ref=x")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("krate-80=token-alice;")
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "expires=tue, 01 jan 2030" in cookie


async def test_a_wrong_password_is_said_at_the_form(sign_in):
    """A refusal keeps the name, not the password, and sets no session."""
    answer = await submit(sign_in(""), username="alice", password="guess")
    assert answer.status_code == 401
    assert "the name or the password is wrong" in answer.text
    assert 'value="alice"' in answer.text
    assert "guess" not in answer.text
    assert "krate-80" not in answer.headers["set-cookie"]


async def test_a_link_opened_by_hand_signs_in_once(sign_in, world):
    """A pasted one-time link opens a session at once; the second time it is refused."""
    world.codes["abc"] = "bob"
    visitor = sign_in("")
    first = await visitor.http.get("/signin/abc?next=/acme/web/pulls/42", headers={"Sec-Fetch-Site": "none"})
    assert (first.status_code, first.headers["location"]) == (303, "/acme/web/pulls/42")
    assert "krate-80=token-bob" in first.headers["set-cookie"]
    second = await visitor.http.get("/signin/abc", headers={"Sec-Fetch-Site": "none"})
    assert second.status_code == 401
    assert "the link was used already" in second.text


UNASKED = {
    "a link on another page": {"Sec-Fetch-Site": "cross-site"},
    "a prefetch": {"Sec-Fetch-Site": "none", "Sec-Purpose": "prefetch"},
    "a preview without a browser": {},
}


@pytest.mark.parametrize("headers", UNASKED.values(), ids=list(UNASKED))
async def test_a_link_that_nobody_opened_by_hand_waits_for_a_click(sign_in, world, headers):
    """Previews and prefetches use no code up, and a foreign page signs nobody in unasked."""
    world.codes["abc"] = "bob"
    answer = await sign_in("").http.get("/signin/abc", headers=headers)
    assert answer.status_code == 200
    assert 'name="code" value="abc"' in answer.text
    assert world.codes == {"abc": "bob"}


async def test_the_button_of_a_link_signs_in(sign_in, world):
    """The form of a one-time link trades its code."""
    world.codes["abc"] = "bob"
    answer = await submit(sign_in(""), code="abc")
    assert answer.status_code == 303
    assert world.codes == {}


async def test_nobody_is_signed_in_as_somebody_else(sign_in):
    """A sign-in form that another site sends, or that belongs to another browser, is refused (login CSRF)."""
    visitor = sign_in("")
    await visitor.http.get("/signin")
    token = security.csrf_token("another visitor")
    fields = {"csrf": token, "username": "alice", "password": "correct horse"}
    for headers in ({"Origin": ORIGIN}, {"Origin": "https://evil.example"}):
        answer = await visitor.http.post("/signin", data=fields, headers=headers)
        assert answer.status_code == 403
        assert "krate-80" not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "/a\nb", "/a\\b"]
)
async def test_sign_in_is_no_redirector(sign_in, target):
    """Only a path of ours is followed after signing in."""
    assert not places.is_local(target)
    answer = await submit(sign_in(""), username="alice", password="correct horse", next=target)
    assert answer.headers["location"] == "/"


async def test_signing_out_drops_the_cookie(alice):
    """The session leaves the browser, and so does what it cached."""
    answer = await alice.post("/signout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin")
    assert 'krate-80=""' in answer.headers["set-cookie"]
    assert answer.headers["clear-site-data"] == '"cache"'


async def test_the_api_being_down_is_not_a_wrong_password(sign_in, world):
    """A failure of the server is told apart from a refusal."""
    world.down = errors.ServiceUnavailable()
    answer = await submit(sign_in(""), username="alice", password="correct horse")
    assert answer.status_code == 503
    assert "Not signed in" not in answer.text


@pytest.mark.parametrize(
    ("theme", "cookie"),
    [("dark", "krate-theme=dark"), ("light", "krate-theme=light"), ("", 'krate-theme=""'), ("pink", 'krate-theme=""')],
)
async def test_the_theme_is_a_choice(alice, theme, cookie):
    """Light, dark or what the system says; anything else is the system."""
    answer = await alice.post("/-/theme", theme=theme, next="/acme")
    assert (answer.status_code, answer.headers["location"]) == (303, "/acme")
    assert cookie in answer.headers["set-cookie"]
    if theme == "dark":
        alice.http.cookies.set("krate-theme", theme)
        assert '<html lang="en" data-theme="dark">' in (await alice.get("/acme")).text
