"""Lists: pages of one snapshot, versions, selectors, tables and partial metadata, as kube-apiserver answers them."""

import base64
import json
from typing import Any

import httpx2
import pytest

import api_answers
import served_api
from api_answers import failure
from krate import kinds
from served_api import API

CM = kinds.CONFIG_MAP
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIALS = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


def config_map(name: str, **labels: str) -> dict[str, Any]:
    meta = {"name": name, **({"labels": labels} if labels else {})}
    return {**served_api.typed(CM), "metadata": meta, "data": {"k": name}}


@pytest.fixture
def seventeen(admin: API, namespace: str) -> list[dict[str, Any]]:
    """Seventeen ConfigMaps."""
    bodies = [config_map(f"c{number:02}", parity="odd" if number % 2 else "even") for number in range(17)]
    return [api_answers.created(admin, CM, body, namespace) for body in bodies]


def get(admin: API, namespace: str, accept: str = "", **params: str) -> httpx2.Response:
    headers = {"accept": accept} if accept else {}
    return admin.get(served_api.collection(CM, namespace), params=params, headers=headers)


def test_list(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """A list holds the objects as they are stored, in order, with the version it was read at."""
    body = get(admin, namespace).json()
    version = body["metadata"].pop("resourceVersion")
    assert body == {"apiVersion": "v1", "kind": "ConfigMapList", "metadata": {"continue": ""}, "items": seventeen}
    assert int(version) >= int(seventeen[-1]["metadata"]["resourceVersion"])


def test_empty_list(admin: API, namespace: str) -> None:
    """An empty list has items and a version that can be watched from."""
    body = get(admin, namespace).json()
    assert body["items"] == []
    assert int(body["metadata"]["resourceVersion"]) > 0


def test_pages(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """Pages have one version and say how many follow, and writers in between change nothing in them."""
    pages = [get(admin, namespace, limit="5").json()]
    while token := pages[-1]["metadata"]["continue"]:
        number = len(pages)
        admin.remove(CM, f"c{number * 5 + 1:02}", namespace=namespace)
        api_answers.created(admin, CM, config_map(f"c{number * 5:02}-new"), namespace)
        pages.append(get(admin, namespace, **{"limit": "5", "continue": token}).json())
    assert [len(page["items"]) for page in pages] == [5, 5, 5, 2]
    assert len({page["metadata"]["resourceVersion"] for page in pages}) == 1
    assert [item for page in pages for item in page["items"]] == seventeen
    assert pages[0]["metadata"]["remainingItemCount"] == 12
    assert "remainingItemCount" not in pages[-1]["metadata"]


def test_pages_of_a_selection(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """A page of a selection does not say how many follow, and the next pages hold the selection too."""
    params = {"limit": "3", "labelSelector": "parity=odd"}
    first = get(admin, namespace, **params).json()
    assert "remainingItemCount" not in first["metadata"]
    for item in seventeen:
        admin.change(CM, item["metadata"]["name"], {"metadata": {"labels": {"parity": "none"}}}, namespace=namespace)
    second = get(admin, namespace, **params, **{"continue": first["metadata"]["continue"]}).json()
    names = [item["metadata"]["name"] for item in [*first["items"], *second["items"]]]
    assert names == ["c01", "c03", "c05", "c07", "c09", "c11"]
    assert {item["metadata"]["labels"]["parity"] for item in second["items"]} == {"odd"}


def test_limit_that_is_none(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """-1 is no limit, 0 neither; a page of exactly the rest is the last one."""
    for limit in ("-1", "0", "17", "18"):
        body = get(admin, namespace, limit=limit).json()
        assert (len(body["items"]), body["metadata"]["continue"]) == (17, "")


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
    answer = get(admin, namespace, **{"continue": TOKENS[name]})
    assert (answer.status_code, failure(answer)["message"][:52]) == (
        400,
        "invalid continue token: continue key is not valid: i",
    )


def test_token_of_another_namespace(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """A token says where to go on, never where to look: another namespace shows nothing."""
    first = get(admin, namespace, limit="1").json()["metadata"]["continue"]
    elsewhere = served_api.new_namespace(admin)
    assert get(admin, elsewhere, **{"continue": first}).json()["items"] == []


def test_token_from_the_future(admin: API, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token of a version that is not reached yet is answered like such a version, and claims no such snapshot."""
    monkeypatch.setattr("krate_api.registry.listing.FRESHNESS", 0.05)
    answer = get(admin, namespace, **{"continue": token(rv=99_999_999)})
    assert (answer.status_code, failure(answer)["reason"]) == (504, "Timeout")


def test_compacted_token(admin: API, namespace: str, seventeen: list[dict[str, Any]], served: Any) -> None:
    """A token of a snapshot that is gone: 410 with a token that goes on with what is there now."""
    first = get(admin, namespace, limit="5").json()["metadata"]["continue"]
    admin.remove(CM, "c16", namespace=namespace)
    served.run(lambda: served.core.store.compact(CM.resource, keep=0, before=10.0**12))
    gone = get(admin, namespace, **{"continue": first, "limit": "5"})
    body = gone.json()
    assert (gone.status_code, body["reason"]) == (410, "Expired")
    assert body["message"].startswith("The provided continue parameter is too old to display a consistent list result")
    rest = get(admin, namespace, **{"continue": body["metadata"]["continue"]}).json()
    assert [item["metadata"]["name"] for item in rest["items"]] == [f"c{number:02}" for number in range(5, 16)]
    old = get(admin, namespace, resourceVersion="1", resourceVersionMatch="Exact")
    assert (old.status_code, failure(old)["message"]) == (
        410,
        "The resourceVersion for the provided list is too old.",
    )


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
    answer = get(admin, namespace, **params)
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
        answer = get(admin, namespace, watch=watch, **params)
        found = failure(answer)
        assert (answer.status_code, found["reason"]) == (400, "BadRequest")
        assert found["message"].startswith(text)


def test_version_in_the_future(admin: API, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that is not reached: 504 after a while, with the cause that clients look for and a time to wait."""
    monkeypatch.setattr("krate_api.registry.listing.FRESHNESS", 0.05)
    current = get(admin, namespace).json()["metadata"]["resourceVersion"]
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


def test_exact_and_not_older(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """Exact is the state then; NotOlderThan and 0 are the state now; a limit makes a version exact."""
    version = seventeen[3]["metadata"]["resourceVersion"]
    counts = {
        ("Exact", "0"): 4,
        ("NotOlderThan", "0"): 17,
        ("", "0"): 17,
        ("", "100"): 4,
        ("NotOlderThan", "100"): 17,
    }
    for (match, limit), count in counts.items():
        params = {"resourceVersion": version, "limit": limit, **({"resourceVersionMatch": match} if match else {})}
        body = get(admin, namespace, **params).json()
        assert len(body["items"]) == count, params
        if count == 4:
            assert body["metadata"]["resourceVersion"] == version
    assert len(get(admin, namespace, resourceVersion="0").json()["items"]) == 17


def test_table(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """A Table has the kind's columns, a row for each object, ages at the moment of the answer, and metadata only."""
    body = get(admin, namespace, TABLE, limit="2").json()
    first = seventeen[0]
    assert [column["name"] for column in body["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert (body["kind"], body["apiVersion"], len(body["rows"])) == ("Table", "meta.k8s.io/v1", 2)
    assert body["metadata"]["remainingItemCount"] == 15
    row = body["rows"][0]
    assert row["cells"][:2] == ["c00", 1]
    assert row["cells"][2].endswith("s")
    assert row["object"] == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": first["metadata"],
    }
    whole = get(admin, namespace, TABLE, limit="1", includeObject="Object").json()
    assert whole["rows"][0]["object"] == first
    none = get(admin, namespace, TABLE, limit="1", includeObject="None").json()
    assert none["rows"][0]["object"] is None
    last = get(admin, namespace, TABLE).json()["metadata"]
    assert set(last) == {"resourceVersion"}


def test_table_of_one(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """A Table of one object has its version."""
    answer = admin.get(served_api.item(CM, "c00", namespace), headers={"accept": TABLE}).json()
    assert answer["metadata"] == {"resourceVersion": seventeen[0]["metadata"]["resourceVersion"]}
    assert len(answer["rows"]) == 1


def test_partial(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """Metadata alone: of one object, of a list under either name, and no list of what is no list."""
    one = admin.get(served_api.item(CM, "c00", namespace), headers={"accept": PARTIAL}).json()
    want = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": seventeen[0]["metadata"]}
    assert one == want
    for accept in (PARTIAL, PARTIALS):
        body = get(admin, namespace, accept).json()
        assert (body["kind"], body["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
        assert body["items"][0] == want
        assert set(body["metadata"]) == {"resourceVersion"}
    refused = admin.get(served_api.item(CM, "c00", namespace), headers={"accept": PARTIALS})
    assert refused.status_code == 406


def test_yaml_list(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """A list as YAML."""
    answer = get(admin, namespace, "application/yaml", limit="1")
    assert answer.headers["content-type"] == "application/yaml"
    assert answer.text.startswith("apiVersion: v1\nitems:\n- apiVersion: v1\n")


def test_all_namespaces(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """A list over all namespaces is in order of namespace and name."""
    elsewhere = served_api.new_namespace(admin)
    api_answers.created(admin, CM, config_map("only"), elsewhere)
    items = admin.list(CM).json()["items"]
    keys = [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in items]
    assert keys == sorted(keys)
    assert {namespace, elsewhere} <= {one for one, _ in keys}
    selected = admin.list(CM, fieldSelector=f"metadata.namespace={elsewhere}").json()["items"]
    assert [item["metadata"]["name"] for item in selected] == ["only"]


def test_large_list_is_streamed_whole(admin: API, namespace: str) -> None:
    """A list of several megabytes arrives complete, and HEAD answers its headers without it."""
    for number in range(12):
        body = {**config_map(f"b{number:02}"), "data": {"k": f"{number:02}" * 100_000}}
        api_answers.created(admin, CM, body, namespace)
    items = get(admin, namespace).json()["items"]
    assert [item["data"]["k"][:2] for item in items] == [f"{number:02}" for number in range(12)]
    head = admin.head(served_api.collection(CM, namespace))
    assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", "application/json")


def test_selectable_fields_of_events(admin: API, namespace: str) -> None:
    """Events are selected by what they are about, as `kubectl describe` does."""
    for number in range(3):
        event = {
            **served_api.typed(kinds.EVENT),
            "metadata": {"name": f"e{number}"},
            "involvedObject": {"kind": "Repository", "name": f"r{number}", "namespace": namespace, "uid": f"u{number}"},
            "reason": "Happened",
            "type": "Warning",
        }
        api_answers.created(admin, kinds.EVENT, event, namespace)
    selector = f"involvedObject.name=r1,involvedObject.namespace={namespace},involvedObject.uid=u1,type!=Normal"
    found = admin.list(kinds.EVENT, namespace=namespace, fieldSelector=selector).json()["items"]
    assert [item["metadata"]["name"] for item in found] == ["e1"]
