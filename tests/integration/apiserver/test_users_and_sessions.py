"""Users: passwords, tokens, one-time links and signing in, each once, in time and without a trace of the secret."""

import collections
import concurrent.futures
import datetime
import itertools
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

import api_users
import served_api
from api_answers import created, failure
from krate import clock, kinds, names
from served_api import API, ServedAPI

USER = kinds.USER
_PEOPLE = itertools.count(1)


@pytest.fixture
def person(admin: API) -> str:
    """A fresh user."""
    name = f"person-{next(_PEOPLE)}"
    created(admin, USER, {**served_api.typed(USER), "metadata": {"name": name}, "spec": {"username": name}})
    return name


def act(admin: API, name: str, sub: str, spec: dict[str, Any] | None = None) -> httpx2.Response:
    body = {"apiVersion": USER.api_version, "kind": f"User{sub.capitalize()}", **({"spec": spec} if spec else {})}
    return admin.post(served_api.item(USER, name, subresource=sub), json=body)


def sign_in(client: API, **body: Any) -> httpx2.Response:
    return client.post("/-/session", content=json.dumps(body).encode())


@pytest.fixture
def browser(served: ServedAPI) -> Iterator[API]:
    """A client without credentials."""
    with served.client() as client:
        yield client


def test_password(served: ServedAPI, admin: API, browser: API, person: str) -> None:
    """A password signs in to a token of twelve hours; nothing of it is answered or stored in the object."""
    assert sign_in(browser, username=person, password="correct horse").status_code == 401
    answer = act(admin, person, "password", {"password": "correct horse", "groups": ["crew"]})
    assert (answer.status_code, "correct horse" in answer.text) == (201, False)
    signed = sign_in(browser, username=person, password="correct horse")
    body = signed.json()
    assert (signed.status_code, signed.headers["cache-control"], body["username"]) == (200, "no-store", person)
    left = datetime.datetime.fromisoformat(body["expiresAt"]) - clock.system()
    assert datetime.timedelta(hours=11) < left <= datetime.timedelta(hours=12)
    review = {**served_api.typed(kinds.SELF_SUBJECT_REVIEW), "metadata": {}}
    with served.client(token=body["token"]) as client:
        info = client.create(kinds.SELF_SUBJECT_REVIEW, review).json()["status"]["userInfo"]
    assert (info["username"], info["groups"]) == (person, ["crew", "system:authenticated"])
    assert "correct horse" not in admin.read(USER, person).text


def test_password_and_groups_are_set_apart(admin: API, browser: API, person: str) -> None:
    """Setting one leaves the other as it is."""
    act(admin, person, "password", {"password": "correct horse", "groups": ["crew"]})
    act(admin, person, "password", {"groups": ["other"]})
    assert sign_in(browser, username=person, password="correct horse").status_code == 200
    act(admin, person, "password", {"password": "battery staple"})
    assert sign_in(browser, username=person, password="correct horse").status_code == 401
    assert sign_in(browser, username=person, password="battery staple").status_code == 200


WRONG_SIGN_INS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "no password": {"username": "x"},
    "no name": {"password": "x"},
    "unknown user": {"username": "who-is-that", "password": "correct horse"},
    "unknown code": {"code": "x" * 43},
    "code of another type": {"code": {"a": 1}},
    "name of another type": {"username": ["x"], "password": 5},
    "a system user": {"username": "system:admin", "password": "x"},
}


@pytest.mark.parametrize("name", WRONG_SIGN_INS)
def test_wrong_sign_in(browser: API, name: str) -> None:
    """Wrong names, passwords and codes are refused alike."""
    answer = sign_in(browser, **WRONG_SIGN_INS[name])
    assert (answer.status_code, failure(answer)["message"]) == (401, "wrong user name, password or link")


SIGN_IN_BODIES = {
    "nothing": (b"", 400),
    "no JSON": (b"username=x", 400),
    "a list": (b"[]", 400),
    "broken UTF-8": (b'{"username": "\xff"}', 400),
    "too long": (b" " * 17_000, 413),
}


@pytest.mark.parametrize("name", SIGN_IN_BODIES)
def test_sign_in_bodies(browser: API, name: str) -> None:
    """A body that is none is a 400, a long one a 413."""
    content, code = SIGN_IN_BODIES[name]
    assert browser.post("/-/session", content=content).status_code == code


def test_session_is_a_post(admin: API) -> None:
    """Nothing else is served at the address of sessions."""
    for method in ("GET", "PUT", "DELETE"):
        assert admin.request(method, "/-/session").status_code == 404


@pytest.fixture
def stopped(served: ServedAPI) -> Iterator[None]:
    """No time passes: on a loaded machine a name would have waited long enough before the next guess is there."""
    with served.clock.stopped():
        yield


@pytest.mark.usefixtures("stopped")
def test_guessing_is_slowed(served: ServedAPI, admin: API, browser: API, person: str) -> None:
    """After five failures a name has to wait, even with the right password; others do not; time heals."""
    act(admin, person, "password", {"password": "correct horse"})
    codes = [sign_in(browser, username=person, password=f"guess {number}").status_code for number in range(5)]
    assert codes == [401] * 5
    slowed = sign_in(browser, username=person, password="correct horse")
    assert (slowed.status_code, slowed.json()["reason"]) == (429, "TooManyRequests")
    assert int(slowed.headers["retry-after"]) >= 1
    assert sign_in(browser, username="somebody-else", password="x").status_code == 401
    with served.clock.later(seconds=301):
        assert sign_in(browser, username=person, password="correct horse").status_code == 200


@pytest.mark.usefixtures("stopped")
def test_guessing_at_once_is_slowed_too(admin: API, browser: API, person: str) -> None:
    """Guesses that are all sent before the first is answered count one by one."""
    act(admin, person, "password", {"password": "correct horse"})
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: sign_in(browser, username=person, password=f"guess {n}"), range(32)))
    codes = collections.Counter(answer.status_code for answer in answers)
    assert codes == {401: 5, 429: 27}


@pytest.mark.usefixtures("stopped")
def test_success_forgets_failures(admin: API, browser: API, person: str) -> None:
    """Who signs in may err five times again; a link of one's own forgets no failures of others."""
    act(admin, person, "password", {"password": "correct horse"})
    for _ in range(3):
        assert [sign_in(browser, username=person, password="no").status_code for _ in range(4)] == [401] * 4
        assert sign_in(browser, username=person, password="correct horse").status_code == 200
    assert [sign_in(browser, username=person, password="no").status_code for _ in range(5)] == [401] * 5
    assert sign_in(browser, username=person, code=link(admin, person)).status_code == 200
    assert sign_in(browser, username=person, password="no").status_code == 429


def test_guessing_codes_locks_nobody_out(admin: API, browser: API, person: str) -> None:
    """However many wrong codes somebody sends, a right one opens."""
    code = link(admin, person)
    assert {sign_in(browser, code=f"guess {number}").status_code for number in range(20)} == {401}
    assert sign_in(browser, code=code).status_code == 200


def link(admin: API, name: str) -> str:
    """The code of a one-time link."""
    answer = act(admin, name, "signin")
    assert answer.status_code == 201, answer.text
    status = answer.json()["status"]
    assert status["url"].startswith("http://127.0.0.1:7080/signin/")
    return status["url"].rpartition("/")[2]


def test_link_works_once(admin: API, browser: API, person: str) -> None:
    """A one-time link signs in once; of many who use it at the same time one gets in."""
    code = link(admin, person)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: sign_in(browser, code=code).status_code, range(8)))
    assert codes.count(200) == 1
    assert set(codes) == {200, 401}


def test_link_ends(served: ServedAPI, admin: API, browser: API, person: str) -> None:
    """A link works for ten minutes, and not after them, not even when the clock is put back."""
    code = link(admin, person)
    with served.clock.later(minutes=11):
        assert sign_in(browser, code=code).status_code == 401
    with served.clock.later(minutes=20):
        assert sign_in(browser, code=code).status_code == 401
        fresh = link(admin, person)
        assert sign_in(browser, code=fresh).status_code == 200


def test_used_and_old_codes_are_forgotten(served: ServedAPI, admin: API, person: str) -> None:
    """Codes that nobody can use any more do not pile up."""
    for _ in range(3):
        link(admin, person)
    with served.clock.later(minutes=11):
        link(admin, person)
    rows = served.run(lambda: served.core.store.records("signin-codes"))
    assert len(rows) == 1


NAMES: dict[str, tuple[str, str, str]] = {
    "an address": ("a@example.com", names.user_object_name("a@example.com"), ""),
    "another object name": ("zed", "zod", "metadata.name"),
    "a system name": ("system:masters", names.user_object_name("system:masters"), "spec.username"),
    "a service account": (
        "system:serviceaccount:krate-system:krate-hosted",
        names.user_object_name("system:serviceaccount:krate-system:krate-hosted"),
        "spec.username",
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_user_names(admin: API, name: str) -> None:
    """The object's name follows from the user's, and nobody takes a name of the system."""
    username, object_name, field = NAMES[name]
    body = {**served_api.typed(USER), "metadata": {"name": object_name}, "spec": {"username": username}}
    answer = admin.create(USER, body)
    if not field:
        assert answer.status_code == 201
    else:
        assert (answer.status_code, failure(answer)["details"]["causes"][0]["field"]) == (422, field)


def test_username_cannot_change(admin: API, person: str) -> None:
    """A user name is for ever: groups and tokens hang on it."""
    answer = admin.change(USER, person, {"spec": {"username": "other"}})
    assert (answer.status_code, failure(answer)["details"]["causes"][0]["field"]) == (422, "spec.username")


def test_status_of_a_user_is_the_servers(admin: API, person: str) -> None:
    """Nobody writes addresses and groups into a user's status."""
    patch = {"status": {"emails": ["x@y"], "groups": ["system:masters"]}}
    body = admin.change(USER, person, patch, subresource="status").json()
    assert "groups" not in body.get("status", {})


BODIES: dict[str, tuple[str, Any, int]] = {
    "empty": ("token", None, 201),
    "unknown field": ("token", {"apiVersion": USER.api_version, "kind": "UserToken", "spec": {"x": 1}}, 400),
    "another kind": ("token", {"apiVersion": USER.api_version, "kind": "UserPassword"}, 400),
    "another version": ("token", {"apiVersion": "v1", "kind": "UserToken"}, 400),
    "a list": ("token", [], 400),
    "a spec of another type": ("token", {"apiVersion": USER.api_version, "kind": "UserToken", "spec": []}, 422),
    "a short password": (
        "password", {"apiVersion": USER.api_version, "kind": "UserPassword", "spec": {"password": "short"}}, 422,
    ),
    "a long password": (
        "password", {"apiVersion": USER.api_version, "kind": "UserPassword", "spec": {"password": "x" * 1025}}, 422,
    ),
    "groups of another type": (
        "password", {"apiVersion": USER.api_version, "kind": "UserPassword", "spec": {"groups": "x"}}, 422,
    ),
    "a group of another type": (
        "password", {"apiVersion": USER.api_version, "kind": "UserPassword", "spec": {"groups": [5]}}, 422,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_bodies_of_actions(admin: API, person: str, name: str) -> None:
    """Bodies of actions are judged like objects, and unknown fields refused."""
    sub, body, code = BODIES[name]
    content = b"" if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    answer = admin.post(served_api.item(USER, person, subresource=sub), content=content, headers=headers)
    assert answer.status_code == code, answer.text


def test_actions_on_nobody(admin: API) -> None:
    """Actions on a user that does not exist: 404."""
    for sub in ("password", "token", "signin"):
        answer = act(admin, "nobody-at-all", sub, {"password": "correct horse"} if sub == "password" else None)
        assert (answer.status_code, failure(answer)["reason"]) == (404, "NotFound")


def test_who_may_make_tokens(served: ServedAPI, admin: API, person: str) -> None:
    """Making a token of somebody is a right of its own, by name."""
    other = f"maker-{person}"
    token = api_users.token(admin, other)
    api_users.grant(admin, other, [api_users.rule("create", kind=USER, sub="token", names=[person])])
    with served.client(token=token) as maker:
        assert act(maker, person, "token").status_code == 201
        assert act(maker, other, "token").status_code == 403
        assert act(maker, person, "password", {"password": "correct horse"}).status_code == 403
