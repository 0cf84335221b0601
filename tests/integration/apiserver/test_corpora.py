"""Published hostile input at the door: documents that are JSON or not, and strings that have broken programs."""

import json
import re
from typing import Any

import pytest

import api_answers
import api_watches
import corpus
import served_api
from krate import kinds
from served_api import API

CM = kinds.CONFIG_MAP
LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?")


def _post(admin: API, namespace: str, body: bytes) -> int:
    """The status of a dry run; a refusal must be a Status."""
    path = served_api.collection(CM, namespace)
    answer = admin.post(path, content=body, headers={"content-type": "application/json"}, params={"dryRun": "All"})
    assert answer.is_success or answer.json()["kind"] == "Status", body[:100]
    return answer.status_code


def _inside(document: bytes) -> bytes:
    """A ConfigMap with the document as an unknown field, so that it is the document that decides."""
    return b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"unknown":' + document + b"}"


@pytest.mark.parametrize(("sort", "statuses"), [("y", {201}), ("n", {400}), ("i", {201, 400})])
def test_json(admin: API, namespace: str, sort: str, statuses: set[int]) -> None:
    """JSONTestSuite inside an object: what is JSON is accepted, what is not is refused."""
    found = {name: _post(admin, namespace, _inside(body)) for name, body in corpus.json_documents(sort).items()}
    assert {name: status for name, status in found.items() if status not in statuses} == {}


@pytest.mark.parametrize("sort", "yni")
def test_json_alone(admin: API, namespace: str, sort: str) -> None:
    """JSONTestSuite as whole bodies: none is a ConfigMap, or one without a name."""
    found = {name: _post(admin, namespace, body) for name, body in corpus.json_documents(sort).items()}
    assert {name: status for name, status in found.items() if status not in {400, 422}} == {}


def test_strings_are_kept(admin: API, namespace: str) -> None:
    """The Big List of Naughty Strings as data and annotations: stored, got, listed and watched the same."""
    strings = {f"s{number}": text for number, text in enumerate(corpus.naughty_strings())}
    body = api_answers.config_map("naughty", strings)
    body["metadata"]["annotations"] = strings
    made = api_answers.created(admin, CM, body, namespace)
    assert (made["data"], made["metadata"]["annotations"]) == (strings, strings)
    (listed,) = admin.list(CM, namespace=namespace).json()["items"]
    assert admin.read(CM, "naughty", namespace=namespace).json() == made
    assert {"apiVersion": "v1", "kind": "ConfigMap", **listed} == made
    since = int(made["metadata"]["resourceVersion"]) - 1
    assert api_watches.history(admin, CM, namespace, since=since) == [{"type": "ADDED", "object": made}]


def test_strings_of_a_forge(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """A description takes every one of them, by merge patch and by JSON patch, as JSON and as YAML."""
    for number, text in enumerate(corpus.naughty_strings()):
        patch: Any = {"spec": {"description": text}}
        form = "merge-patch"
        if number % 2:
            patch, form = [{"op": "add", "path": "/spec/description", "value": text}], "json-patch"
        answer = admin.change(kinds.REPOSITORY, "web", patch, namespace=namespace, form=form)
        assert (answer.status_code, answer.json()["spec"]["description"]) == (200, text)


def test_strings_as_labels(admin: API, namespace: str) -> None:
    """A label takes what the rule of label values allows, and nothing else."""
    wrong: list[str] = []
    for text in corpus.naughty_strings():
        body = api_answers.config_map("labelled", key=text)
        status = _post(admin, namespace, json.dumps(body).encode())
        if status != (201 if LABEL.fullmatch(text) else 422):
            wrong.append(f"{status} {text!r}")
    assert wrong == []


@pytest.mark.parametrize("parameter", ["labelSelector", "fieldSelector", "continue", "resourceVersion"])
def test_strings_as_parameters(admin: API, namespace: str, parameter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that is asked for in their words is answered or refused, and never fails."""
    monkeypatch.setattr("krate_api.registry.listing.FRESHNESS", 0.0)
    wrong: list[str] = []
    for text in corpus.naughty_strings():
        answer = admin.list(CM, namespace=namespace, **{parameter: text})
        if answer.status_code not in {200, 400, 504}:
            wrong.append(f"{answer.status_code} {text!r}")
    assert wrong == []
