"""Forms of an answer over the wire: tables, metadata, YAML, indented JSON, gzip; of one object, of lists, of errors."""

import gzip
import json
from typing import Any

import httpx2
import pytest

import api_answers
import served_api
from api_answers import config_map, listed
from krate import kinds
from krate_api import yaml_bodies
from served_api import API

CM = kinds.CONFIG_MAP
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIALS = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
NAME = {
    "name": "Name",
    "type": "string",
    "format": "name",
    "description": "Name must be unique within a namespace.",
    "priority": 0,
}
DATA = {
    "name": "Data",
    "type": "integer",
    "format": "",
    "description": "Custom resource definition column (in JSONPath format): .data",
    "priority": 0,
}
AGE = {"name": "Age", "type": "string", "format": "", "description": "Time since creation.", "priority": 0}


def partial(obj: dict[str, Any], version: str = "v1") -> dict[str, Any]:
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": obj["metadata"],
    }


def one(admin: API, namespace: str, name: str = "c00", accept: str = "", **params: str) -> httpx2.Response:
    headers = {"accept": accept} if accept else {}
    return admin.get(served_api.item(CM, name, namespace), params=params, headers=headers)


def test_table(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """A Table has the kind's columns, a row for each object, ages at the moment of the answer, and metadata only."""
    body = listed(admin, namespace, TABLE, limit="2").json()
    token = body["metadata"].pop("continue")
    version = body["metadata"].pop("resourceVersion")
    ages = [row["cells"].pop() for row in body["rows"]]
    assert body == {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"remainingItemCount": 15},
        "columnDefinitions": [NAME, DATA, AGE],
        "rows": [{"cells": [f"c0{number}", 1], "object": partial(seventeen[number])} for number in range(2)],
    }
    assert all(age.endswith(("s", "m")) for age in ages)
    last = listed(admin, namespace, TABLE, **{"continue": token}).json()
    assert last["metadata"] == {"resourceVersion": version}
    assert [row["cells"][0] for row in last["rows"]] == [f"c{number:02}" for number in range(2, 17)]


@pytest.mark.parametrize("include", ["Metadata", "Object", "None"])
def test_rows_carry_what_is_asked_for(
    admin: API, namespace: str, seventeen: list[dict[str, Any]], include: str
) -> None:
    """Rows carry metadata, the object or nothing, in a list and of one object."""
    first = seventeen[0]
    want = {"Metadata": partial(first), "Object": first, "None": None}[include]
    whole = listed(admin, namespace, TABLE, limit="1", includeObject=include).json()
    single = one(admin, namespace, accept=TABLE, includeObject=include).json()
    assert [row["object"] for row in (*whole["rows"], *single["rows"])] == [want, want]
    assert single["metadata"] == {"resourceVersion": first["metadata"]["resourceVersion"]}


def test_empty_table(admin: API, namespace: str) -> None:
    """A Table of nothing has columns and no rows."""
    body = listed(admin, namespace, TABLE).json()
    assert (body["columnDefinitions"], body["rows"]) == ([NAME, DATA, AGE], [])


def test_old_version(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """Whoever asks for v1beta1 of meta.k8s.io gets it, throughout."""
    table = listed(admin, namespace, TABLE.replace("v1;", "v1beta1;"), limit="1").json()
    assert table["apiVersion"] == "meta.k8s.io/v1beta1"
    assert table["rows"][0]["object"] == partial(seventeen[0], "v1beta1")
    metadata = one(admin, namespace, accept=PARTIAL.replace("v1;", "v1beta1;")).json()
    assert metadata == partial(seventeen[0], "v1beta1")


def test_metadata(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """Metadata alone: of one object, and of a list, whose last page has no token."""
    assert one(admin, namespace, accept=PARTIAL).json() == partial(seventeen[0])
    body = listed(admin, namespace, PARTIALS).json()
    version = body["metadata"]["resourceVersion"]
    assert body == {
        "kind": "PartialObjectMetadataList",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": version},
        "items": [partial(obj) for obj in seventeen],
    }


def test_members_are_in_upstreams_order(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """Clients that read on the fly find the members of a document in the order in which upstream writes them."""
    orders = {
        "": ["apiVersion", "items", "kind", "metadata"],
        TABLE: ["kind", "apiVersion", "metadata", "columnDefinitions", "rows"],
        PARTIALS: ["kind", "apiVersion", "metadata", "items"],
    }
    for accept, order in orders.items():
        assert list(listed(admin, namespace, accept, limit="1").json()) == order


@pytest.mark.parametrize("accept", ["", TABLE, PARTIALS], ids=["objects", "table", "metadata"])
@pytest.mark.parametrize("limit", ["17", "1", "0"])
def test_yaml_and_indentation_say_the_same(
    admin: API, namespace: str, seventeen: list[dict[str, Any]], accept: str, limit: str
) -> None:
    """YAML and indented JSON of a list, written part by part, are the same document as compact JSON."""
    awkward = config_map("zz", {"k": "a\n\n  b: []\nitems: []\n", "l": "rows: []", "m": "\n", "n": "x" * 300})
    api_answers.created(admin, CM, awkward, namespace)
    params = {"limit": limit, "includeObject": "Object"}
    plain = listed(admin, namespace, accept, **params)
    indented = listed(admin, namespace, accept, pretty="1", **params)
    media = (accept or "application/json").replace("json", "yaml", 1)
    yaml = listed(admin, namespace, media, **params)
    assert (plain.headers["content-type"], yaml.headers["content-type"]) == ("application/json", "application/yaml")
    want = steady(plain.json())
    assert steady(indented.json()) == want
    assert steady(yaml_bodies.load(yaml.content)) == want
    assert indented.text == json.dumps(indented.json(), indent=2, ensure_ascii=False)
    assert plain.text == json.dumps(plain.json(), separators=(",", ":"), ensure_ascii=False) + "\n"


def steady(body: dict[str, Any]) -> dict[str, Any]:
    """A list without what time changes."""
    for row in body.get("rows", []):
        row["cells"].pop()
    body["metadata"].pop("resourceVersion")
    body["metadata"].pop("continue", None)
    return body


def test_missing_object(admin: API, namespace: str) -> None:
    """An error is written as the client reads: compact, indented, or as YAML, but never as a Table."""
    texts = {
        accept: (found := one(admin, namespace, "nope", accept)).headers["content-type"] + found.text[:3]
        for accept in ("application/json", TABLE, f"{TABLE},application/json", "application/yaml")
    }
    assert texts == {
        "application/json": 'application/json{"k',
        TABLE: "application/json{\n ",
        f"{TABLE},application/json": 'application/json{"k',
        "application/yaml": "application/yamlapi",
    }
    assert one(admin, namespace, "nope", "text/html").status_code == 406


@pytest.fixture(scope="module")
def large(admin: API) -> str:
    """A namespace whose ConfigMaps are several megabytes together."""
    namespace = served_api.new_namespace(admin)
    for number in range(12):
        body = config_map(f"b{number:02}", {"k": f"{number:02}" * 100_000})
        api_answers.created(admin, CM, body, namespace)
    return namespace


@pytest.mark.parametrize("accept", ["", "application/yaml", f"{TABLE},"], ids=["JSON", "YAML", "table"])
def test_large_list_is_streamed_whole(admin: API, large: str, accept: str) -> None:
    """A list of several megabytes arrives complete, compressed or not, and HEAD answers its headers without it."""
    path, params = served_api.collection(CM, large), {"includeObject": "Object"}
    plain = admin.get(path, params=params, headers={"accept": accept, "accept-encoding": "identity"})
    packed = admin.get(path, params=params, headers={"accept": accept, "accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert packed.content == plain.content
    found = yaml_bodies.load(plain.content) if "yaml" in accept else plain.json()
    objects = [row["object"] for row in found["rows"]] if "Table" in accept else found["items"]
    assert [item["data"]["k"][:2] for item in objects] == [f"{number:02}" for number in range(12)]
    head = admin.head(path, headers={"accept-encoding": "gzip"})
    assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", "application/json")


CODINGS = {
    "gzip": True,
    "deflate, gzip": True,
    "br,gzip , x": True,
    "gzip;q=1": False,
    "x-gzip": False,
    "*": False,
    "identity": False,
}


@pytest.mark.parametrize("coding", CODINGS)
def test_who_gets_gzip(admin: API, large: str, coding: str) -> None:
    """As upstream: who names gzip without a quality, for long answers; also for one object."""
    headers = {"accept-encoding": coding}
    long = admin.get(served_api.item(CM, "b00", large), headers=headers)
    with admin.stream("GET", served_api.item(CM, "b00", large), headers=headers) as raw:
        sent = b"".join(raw.iter_raw())
    assert (long.headers.get("content-encoding") == "gzip") is CODINGS[coding]
    assert (gzip.decompress(sent) if CODINGS[coding] else sent) == long.content
    assert "content-length" in long.headers or CODINGS[coding]


def test_short_answers_and_watches_are_not_compressed(admin: API, large: str, namespace: str) -> None:
    """Below the threshold nothing is compressed, and watches never are."""
    headers = {"accept-encoding": "gzip"}
    short = admin.get(served_api.collection(CM, namespace), headers=headers)
    assert "content-encoding" not in short.headers
    watch = {"watch": "true", "timeoutSeconds": "1", "resourceVersion": "0"}
    with admin.stream("GET", served_api.collection(CM, large), params=watch, headers=headers) as answer:
        assert "content-encoding" not in answer.headers
        assert len(list(answer.iter_lines())) == 12
