"""Options of lists that contradict each other or cannot be read, and tokens that are none."""

import base64
import json
from typing import Any

import pytest

import served_api
from api_answers import failure, listed
from krate import kinds
from served_api import API

CM = kinds.CONFIG_MAP


def token(**parts: Any) -> str:
    body = {"v": "meta.k8s.io/v1", "rv": 5, "start": "acme/a\0", **parts}
    return base64.urlsafe_b64encode(json.dumps(body).encode()).rstrip(b"=").decode()


TOKENS = {
    "rubbish": "!!!",
    "no JSON": base64.urlsafe_b64encode(b"hello").decode(),
    "no object": base64.urlsafe_b64encode(b"[]").decode(),
    "another version": token(v="v9"),
    "no key": token(start=""),
    "no slash": token(start="a\0"),
    "a key of another type": token(start=5),
    "a version of another type": token(rv="x"),
    "a version that is a list": token(rv=[]),
    "a version that is no number": token(rv=1e300),
    "not ASCII": "é",
}


@pytest.mark.parametrize("name", TOKENS)
def test_bad_token(admin: API, namespace: str, name: str) -> None:
    """A token that is none: 400."""
    answer = listed(admin, namespace, **{"continue": TOKENS[name]})
    assert (answer.status_code, failure(answer)["message"][:52]) == (
        400,
        "invalid continue token: continue key is not valid: i",
    )


def test_token_of_another_namespace(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """A token says where to go on, never where to look: another namespace shows nothing."""
    first = listed(admin, namespace, limit="1").json()["metadata"]["continue"]
    elsewhere = served_api.new_namespace(admin)
    assert listed(admin, elsewhere, **{"continue": first}).json()["items"] == []


def test_token_from_the_future(admin: API, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token of a version that is not reached yet is answered like such a version, and claims no such snapshot."""
    monkeypatch.setattr("krate_api.registry.listing.FRESHNESS", 0.05)
    answer = listed(admin, namespace, **{"continue": token(rv=99_999_999)})
    assert (answer.status_code, failure(answer)["reason"]) == (504, "Timeout")


FORBIDDEN: dict[str, tuple[dict[str, str], str]] = {
    "Exact and 0": (
        {"resourceVersion": "0", "resourceVersionMatch": "Exact"},
        'resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ),
    "match without version": (
        {"resourceVersionMatch": "NotOlderThan"},
        "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
    ),
    "match and continue": (
        {"resourceVersionMatch": "Exact", "resourceVersion": "5", "continue": token()},
        "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided",
    ),
    "initial events of a list": (
        {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "resourceVersion": "5"},
        "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list",
    ),
    "another match": (
        {"resourceVersionMatch": "Newer", "resourceVersion": "5"},
        'resourceVersionMatch: Unsupported value: "Newer": supported values: "Exact", "NotOlderThan", ""',
    ),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_options_that_contradict(admin: API, namespace: str, name: str) -> None:
    """Options that contradict each other: 422 about ListOptions."""
    params, text = FORBIDDEN[name]
    answer = listed(admin, namespace, **params)
    assert (answer.status_code, failure(answer)["message"]) == (422, f'ListOptions.meta.k8s.io "" is invalid: {text}')


BAD: dict[str, tuple[dict[str, str], str]] = {
    "field that is not selectable": ({"fieldSelector": "data.k=x"}, "field label not supported: data.k"),
    "field without operator": ({"fieldSelector": "x"}, "invalid selector: 'x'; can't understand 'x'"),
    "labels": (
        {"labelSelector": "a b c"},
        "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
    ),
    "continue and version": (
        {"continue": token(), "resourceVersion": "5"},
        "specifying resource version is not allowed when using continue",
    ),
    "version": ({"resourceVersion": "x"}, 'invalid resource version "x": must be a non-negative integer'),
    "negative version": ({"resourceVersion": "-5"}, 'invalid resource version "-5": must be a non-negative integer'),
    "version in another script": (
        {"resourceVersion": "\u00b2"},
        'invalid resource version "\u00b2": must be a non-negative integer',
    ),
    "endless version": ({"resourceVersion": "9" * 5000}, "invalid resource version"),
    "limit": ({"limit": "x"}, 'strconv.ParseInt: parsing "x": invalid syntax'),
    "endless limit": ({"limit": "9" * 5000}, "strconv.ParseInt: parsing"),
    "limit of Python": ({"limit": "1_0"}, 'strconv.ParseInt: parsing "1_0": invalid syntax'),
    "timeout": ({"timeoutSeconds": "1e3"}, 'strconv.ParseInt: parsing "1e3": invalid syntax'),
}


@pytest.mark.parametrize("name", BAD)
def test_options_that_cannot_be_read(admin: API, namespace: str, name: str) -> None:
    """Options that cannot be read: 400, for lists and watches alike."""
    params, text = BAD[name]
    for watch in ("false", "true"):
        if watch == "true" and "continue" in params:
            continue
        answer = listed(admin, namespace, watch=watch, **params)
        found = failure(answer)
        assert (answer.status_code, found["reason"]) == (400, "BadRequest")
        assert found["message"].startswith(text)


def test_version_in_the_future(admin: API, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that is not reached: 504 after a while, with the cause that clients look for and a time to wait."""
    monkeypatch.setattr("krate_api.registry.listing.FRESHNESS", 0.05)
    current = listed(admin, namespace).json()["metadata"]["resourceVersion"]
    for path in (served_api.collection(CM, namespace), served_api.item(CM, "x", namespace)):
        answer = admin.get(path, params={"resourceVersion": "99999999"})
        assert (answer.status_code, answer.headers["retry-after"], failure(answer)) == (
            504,
            "1",
            {
                "message": f"Timeout: Too large resource version: 99999999, current: {current}",
                "reason": "Timeout",
                "details": {
                    "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
                    "retryAfterSeconds": 1,
                },
            },
        )
