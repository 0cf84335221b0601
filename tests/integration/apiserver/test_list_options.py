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
    body = {"v": "meta.k8s.io/v1", "rv": 5, "start": "/a\0", **parts}
    return encoded(json.dumps(body).encode())


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


FIELD = "json: cannot unmarshal {} into Go struct field continueToken.{}"
TOKENS = {
    "rubbish": ("!!!", "illegal base64 data at input byte 0"),
    "rubbish behind": ("aGVs!", "illegal base64 data at input byte 4"),
    "padded": ("aGVsbG8=", "illegal base64 data at input byte 7"),
    "cut off": ("aGVsb", "illegal base64 data at input byte 4"),
    "not ASCII": ("é", "illegal base64 data at input byte 0"),
    "a list": (encoded(b"[]"), "json: cannot unmarshal array into Go value of type storage.continueToken"),
    "a text": (encoded(b'"x"'), "json: cannot unmarshal string into Go value of type storage.continueToken"),
    "nothing": (encoded(b"null"), "server does not recognize this encoded version "),
    "another version": (token(v="v9"), "server does not recognize this encoded version v9"),
    "no key": (token(start=""), "encoded start key empty (version meta.k8s.io/v1)"),
    "no version": (token(rv=0), "incorrect encoded start resourceVersion (version meta.k8s.io/v1)"),
    "a key of another type": (token(start=5), FIELD.format("number", "start of type string")),
    "a version of another type": (token(rv="x"), FIELD.format("string", "rv of type int64")),
    "a version that is a list": (token(rv=[]), FIELD.format("array", "rv of type int64")),
    "a version that is true": (token(rv=True), FIELD.format("bool", "rv of type int64")),
    "a version that is no integer": (token(rv=1e300), FIELD.format("number 1e+300", "rv of type int64")),
    "a version that is too large": (
        token(rv=1 << 63),
        FIELD.format("number 9223372036854775808", "rv of type int64"),
    ),
    "a key without parts": (token(start="//a\0"), "//a\0"),
    "a key that leads away": (token(start="/../a\0"), "/../a\0"),
}


@pytest.mark.parametrize("name", TOKENS)
def test_bad_token(admin: API, namespace: str, name: str) -> None:
    """A token that is none: 400, and why."""
    text, why = TOKENS[name]
    answer = listed(admin, namespace, **{"continue": text})
    message = f"invalid continue token: continue key is not valid: {why}"
    assert (answer.status_code, failure(answer)) == (400, {"message": message, "reason": "BadRequest"})


def test_token_that_is_no_json(admin: API, namespace: str) -> None:
    """A token that is base64 of something else: 400."""
    answer = listed(admin, namespace, **{"continue": encoded(b"hello")})
    assert answer.status_code == 400
    assert failure(answer)["message"].startswith("invalid continue token: continue key is not valid: ")


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
    "limit": ({"limit": "x"}, 'strconv.ParseInt: parsing "x": invalid syntax'),
    "limit of nothing": ({"limit": ""}, 'strconv.ParseInt: parsing "": invalid syntax'),
    "limit that is too large": (
        {"limit": "9223372036854775808"},
        'strconv.ParseInt: parsing "9223372036854775808": value out of range',
    ),
    "endless limit": (
        {"limit": "9" * 5000},
        f'strconv.ParseInt: parsing "{"9" * 100}": value out of range',
    ),
    "limit of Python": ({"limit": "1_0"}, 'strconv.ParseInt: parsing "1_0": invalid syntax'),
    "timeout": ({"timeoutSeconds": "1e3"}, 'strconv.ParseInt: parsing "1e3": invalid syntax'),
}


@pytest.mark.parametrize("watch", ["false", "true"])
@pytest.mark.parametrize("name", BAD)
def test_options_that_cannot_be_read(admin: API, namespace: str, name: str, watch: str) -> None:
    """Options that cannot be read: 400, for lists and watches alike."""
    params, text = BAD[name]
    answer = listed(admin, namespace, watch=watch, **params)
    assert (answer.status_code, failure(answer)) == (400, {"message": text, "reason": "BadRequest"})


def test_token_and_version(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """A token has its version already: 400 for another one; 0 is none, but knows no pages."""
    answer = listed(admin, namespace, resourceVersion="5", **{"continue": token()})
    message = "specifying resource version is not allowed when using continue"
    assert (answer.status_code, failure(answer)["message"]) == (400, message)
    rest = listed(admin, namespace, resourceVersion="0", limit="2", **{"continue": token(rv=-1, start="/c01\0")})
    assert [item["metadata"]["name"] for item in rest.json()["items"]] == [f"c{number:02}" for number in range(2, 17)]


VERSIONS = {
    "x": "invalid syntax",
    "-5": "invalid syntax",
    "+5": "invalid syntax",
    "5 ": "invalid syntax",
    "1.5": "invalid syntax",
    "\u00b2": "invalid syntax",
    "18446744073709551616": "value out of range",
    "9" * 5000: "value out of range",
}


@pytest.mark.parametrize("text", VERSIONS, ids=lambda text: text[:20])
def test_version_that_is_none(admin: API, namespace: str, text: str) -> None:
    """A version that is no unsigned 64-bit integer: 400 for lists, watches and gets, each with its own words."""
    shown = text[:100]
    why = f'resourceVersion: Invalid value: "{shown}": strconv.ParseUint: parsing "{shown}": {VERSIONS[text]}'
    collection, item = served_api.collection(CM, namespace), served_api.item(CM, "x", namespace)
    cases = ((collection, "false", "invalid resource version: "), (collection, "true", ""), (item, "false", ""))
    for path, watch, prefix in cases:
        answer = admin.get(path, params={"resourceVersion": text, "watch": watch})
        assert (answer.status_code, failure(answer)) == (400, {"message": prefix + why, "reason": "BadRequest"})


ORDER = {
    "timeoutSeconds=y&limit=x&labelSelector=a b c": 'strconv.ParseInt: parsing "y": invalid syntax',
    "limit=x&labelSelector=a b c": 'strconv.ParseInt: parsing "x": invalid syntax',
    "labelSelector=a,,b&fieldSelector=x": "found ',', expected: identifier after ','",
    "fieldSelector=x&resourceVersionMatch=Exact": "invalid selector: 'x'; can't understand 'x'",
    "fieldSelector=x=1&resourceVersion=y": "field label not supported: x",
}


@pytest.mark.parametrize("query", ORDER)
def test_first_problem(admin: API, namespace: str, query: str) -> None:
    """Of several problems upstream's first one is told."""
    answer = admin.get(f"{served_api.collection(CM, namespace)}?{query}")
    assert (answer.status_code, failure(answer)["message"]) == (400, ORDER[query])


def test_first_of_several_values(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """Of a parameter that stands twice the first value counts."""
    answer = admin.get(f"{served_api.collection(CM, namespace)}?limit=2&limit=x&labelSelector=parity&labelSelector=a b")
    assert len(answer.json()["items"]) == 2


def test_shard_selectors_are_ignored(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """As upstream while its feature gate is off."""
    assert len(listed(admin, namespace, shardSelector="x").json()["items"]) == 17


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
