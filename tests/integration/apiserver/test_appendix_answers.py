"""What the recording (api-behaviour, Appendix A) accepted, on the kind that was recorded: pulls.ref.example.com.

Server-side apply has a suite of its own (`test_server_side_apply`), on the same kind.
"""

import json
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

import custom_kinds
from api_answers import failure
from conformance import definitions
from custom_kinds import pull
from served_api import API

GR = "pulls.ref.example.com"


@pytest.fixture
def pulls(admin: API, namespace: str) -> str:
    """Where the recorded kind is served, in a namespace of the test's own."""
    custom_kinds.define(admin, definitions.PULLS)
    return custom_kinds.pulls(namespace)


def made(admin: API, pulls: str, name: str = "u", **meta: Any) -> dict[str, Any]:
    answer = admin.post(pulls, json=pull(name, **meta))
    assert answer.status_code == 201, answer.text
    return answer.json()


def merge(admin: API, path: str, patch: Mapping[str, Any]) -> httpx2.Response:
    return admin.patch(path, content=json.dumps(patch), headers={"content-type": "application/merge-patch+json"})


def events(answer: httpx2.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.text.splitlines()]


def test_created(admin: API, pulls: str) -> None:
    """POST: 201, what the server sets and the defaults, no Location."""
    answer = admin.post(pulls, json=pull("a"))
    assert (answer.status_code, answer.headers.get("location")) == (201, None)
    assert set(answer.json()) == {"apiVersion", "kind", "metadata", "spec"}
    known = {"creationTimestamp", "generation", "managedFields", "name", "namespace", "resourceVersion", "uid"}
    assert set(answer.json()["metadata"]) == known
    assert answer.json()["spec"] == {"state": "open", "title": "t"}


def test_warned(admin: API, pulls: str) -> None:
    """POST of unknown and duplicate fields: 201 with a warning each; of two values the last wins."""
    body = pull("a", {"title": "t", "bogus": 1, "reviewers": [{"name": "x", "zz": 1}]})
    text = json.dumps(body).replace('"title": "t"', '"title": "s", "title": "t"')
    answer = admin.post(pulls, content=text, headers={"content-type": "application/json"})
    assert answer.headers.get_list("warning") == [
        '299 - "duplicate field \\"spec.title\\""',
        '299 - "unknown field \\"spec.bogus\\""',
        '299 - "unknown field \\"spec.reviewers[0].zz\\""',
    ]
    assert answer.json()["spec"] == {"reviewers": [{"name": "x"}], "state": "open", "title": "t"}


def test_dry_run(admin: API, pulls: str) -> None:
    """POST with dryRun and generateName: a name and a uid, no version, and nothing stored."""
    body = {**pull(""), "metadata": {"generateName": "a-"}}
    answer = admin.post(pulls, json=body, params={"dryRun": "All"})
    meta = answer.json()["metadata"]
    assert (answer.status_code, meta["name"][:2], "resourceVersion" in meta, bool(meta["uid"])) == (
        201,
        "a-",
        False,
        True,
    )
    assert admin.get(pulls).json()["items"] == []


def test_server_fields(admin: API, pulls: str) -> None:
    """PUT with a generation, a creationTimestamp and a status: none of them counts, a changed spec does."""
    before = made(admin, pulls)
    sent = {**before, "spec": {"title": "new"}, "status": {"phase": "x"}}
    sent["metadata"] = {**before["metadata"], "generation": 77, "creationTimestamp": "2001-01-01T00:00:00Z"}
    after = admin.put(f"{pulls}/u", json=sent).json()
    meta = after["metadata"]
    assert (meta["generation"], meta["creationTimestamp"], "status" in after) == (
        2,
        before["metadata"]["creationTimestamp"],
        False,
    )


def test_nothing_changed(admin: API, pulls: str) -> None:
    """A PUT of the same and a repeated merge patch: 200, the same version, and no event."""
    before = made(admin, pulls)
    assert admin.put(f"{pulls}/u", json=before).json() == before
    patched = merge(admin, f"{pulls}/u", {"spec": {"title": "new"}}).json()
    assert merge(admin, f"{pulls}/u", {"spec": {"title": "new"}}).json() == patched
    query = {"watch": "1", "resourceVersion": before["metadata"]["resourceVersion"], "timeoutSeconds": "1"}
    assert [event["type"] for event in events(admin.get(pulls, params=query))] == ["MODIFIED"]


def test_generation(admin: API, pulls: str) -> None:
    """Labels leave the generation alone; a patch of the status leaves labels and spec alone, too."""
    made(admin, pulls)
    labelled = merge(admin, f"{pulls}/u", {"metadata": {"labels": {"a": "b"}}}).json()
    told = merge(
        admin,
        f"{pulls}/u/status",
        {"metadata": {"labels": {"a": "c"}}, "spec": {"title": "x"}, "status": {"phase": "p"}},
    ).json()
    assert (labelled["metadata"]["generation"], told["metadata"]["generation"]) == (1, 1)
    assert (told["metadata"]["labels"], told["spec"], told["status"]) == ({"a": "b"}, labelled["spec"], {"phase": "p"})


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/spec/title", "value": "other"},
        {"op": "remove", "path": "/spec/nothing"},
        {"op": "add", "path": "/spec/a/b/c", "value": 1},
    ],
    ids=["test fails", "bad path", "bad parent"],
)
def test_json_patch(admin: API, pulls: str, operation: dict[str, Any]) -> None:
    """A JSON patch that does not apply: 422, and nothing about why."""
    made(admin, pulls)
    headers = {"content-type": "application/json-patch+json"}
    answer = admin.patch(f"{pulls}/u", content=json.dumps([operation]), headers=headers)
    assert (answer.status_code, failure(answer)) == (
        422,
        {
            "message": "the server rejected our request due to an error in our request",
            "reason": "Invalid",
            "details": {},
        },
    )


def test_deleted(admin: API, pulls: str) -> None:
    """DELETE: a Status with details of the object; as a dry run the same and the object stays."""
    uid = made(admin, pulls)["metadata"]["uid"]
    dry = admin.delete(f"{pulls}/u", params={"dryRun": "All"})
    assert admin.get(f"{pulls}/u").status_code == 200
    real = admin.delete(f"{pulls}/u")
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    details = {"name": "u", "group": definitions.GROUP, "kind": "pulls", "uid": uid}
    assert [(one.status_code, one.json()) for one in (dry, real)] == [(200, {**status, "details": details})] * 2
    assert admin.get(f"{pulls}/u").status_code == 404


def test_deletion_waits(admin: API, pulls: str) -> None:
    """DELETE of what has finalizers: the object with its times; no second one beside it, and no new finalizer."""
    made(admin, pulls, finalizers=["e.com/f"])
    answer = admin.delete(f"{pulls}/u", params={"propagationPolicy": "Foreground"})
    meta = answer.json()["metadata"]
    assert (answer.status_code, meta["deletionGracePeriodSeconds"], meta["generation"], meta["finalizers"]) == (
        200,
        0,
        2,
        ["e.com/f", "foregroundDeletion"],
    )
    again = admin.post(pulls, json=pull("u"))
    assert (again.status_code, failure(again)["message"]) == (409, f'object is being deleted: {GR} "u" already exists')
    more = merge(admin, f"{pulls}/u", {"metadata": {"finalizers": ["e.com/f", "foregroundDeletion", "e.com/g"]}})
    text = (
        "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
        '[]string{"e.com/g"}'
    )
    assert (more.status_code, failure(more)["message"]) == (
        422,
        f'Pull.ref.example.com "u" is invalid: metadata.finalizers: {text}',
    )


def test_pages(admin: API, pulls: str) -> None:
    """Pages of five: how many remain, and one version for all; with a selector nobody counts."""
    for number in range(17):
        made(admin, pulls, f"c{number:02}", labels={"a": "b"})
    first = admin.get(pulls, params={"limit": "5"}).json()["metadata"]
    second = admin.get(pulls, params={"limit": "5", "continue": first["continue"]}).json()["metadata"]
    assert (first["remainingItemCount"], second["remainingItemCount"]) == (12, 7)
    assert first["resourceVersion"] == second["resourceVersion"]
    selected = admin.get(pulls, params={"limit": "5", "labelSelector": "a=b"}).json()["metadata"]
    assert "remainingItemCount" not in selected


def test_watch_list_of_nothing(admin: API, pulls: str) -> None:
    """A watch-list that nothing matches: only the bookmark, at the store's version, newer than any object."""
    newest = made(admin, pulls)["metadata"]["resourceVersion"]
    query = {
        "watch": "1",
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "true",
        "labelSelector": "no=body",
        "timeoutSeconds": "1",
    }
    (bookmark,) = events(admin.get(pulls, params=query))
    meta = bookmark["object"].pop("metadata")
    assert bookmark == {"type": "BOOKMARK", "object": {"apiVersion": definitions.VERSION, "kind": "Pull"}}
    assert meta["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(meta["resourceVersion"]) >= int(newest)


def test_watch_with_a_field_selector(admin: API, pulls: str) -> None:
    """An object that leaves, returns, changes and goes: DELETED with the old body, ADDED, MODIFIED, DELETED."""
    before = made(admin, pulls)
    start = before["metadata"]["resourceVersion"]
    versions = [
        merge(admin, f"{pulls}/u", patch).json()["metadata"]["resourceVersion"]
        for patch in (
            {"spec": {"state": "closed"}},
            {"spec": {"state": "open"}},
            {"metadata": {"labels": {"a": "b"}}},
            {"metadata": {"labels": {"a": "b"}}},
        )
    ]
    admin.delete(f"{pulls}/u")
    query = {"watch": "1", "resourceVersion": start, "fieldSelector": "spec.state=open", "timeoutSeconds": "1"}
    seen = events(admin.get(pulls, params=query))
    told = [(event["type"], event["object"]["metadata"]["resourceVersion"]) for event in seen]
    assert told[:3] == [("DELETED", versions[0]), ("ADDED", versions[1]), ("MODIFIED", versions[2])]
    assert [kind for kind, _ in told[3:]] == ["DELETED"]
    assert seen[0]["object"]["spec"] == before["spec"]


def test_watch_of_the_past(admin: API, pulls: str) -> None:
    """A watch from version 1 is told in its stream that it is too old, and ends; a list of then is 410."""
    made(admin, pulls)
    (event,) = events(admin.get(pulls, params={"watch": "1", "resourceVersion": "1"}))
    status = event["object"]
    assert (event["type"], status["kind"], status["reason"], status["code"]) == ("ERROR", "Status", "Expired", 410)
    assert status["message"].startswith("too old resource version: 1 (")
    answer = admin.get(pulls, params={"resourceVersion": "1", "resourceVersionMatch": "Exact"})
    assert (answer.status_code, failure(answer)["reason"]) == (410, "Expired")


def test_watch_of_what_was_never_written(admin: API) -> None:
    """A list of nothing has a version to watch from."""
    custom_kinds.define(admin, definitions.WIDGETS)
    path = f"/apis/{definitions.VERSION}/widgets"
    version = admin.get(path).json()["metadata"]["resourceVersion"]
    body = {"apiVersion": definitions.VERSION, "kind": "Widget", "metadata": {"name": "w"}, "spec": {}}
    assert admin.post(path, json=body).status_code == 201
    query = {"watch": "1", "resourceVersion": version, "timeoutSeconds": "1"}
    assert [event["type"] for event in events(admin.get(path, params=query))] == ["ADDED"]
