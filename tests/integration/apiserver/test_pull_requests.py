"""Pull requests: numbers, names, what the server writes, and what must exist before one can."""

import concurrent.futures
from typing import Any

import pytest

import served_api
from api_answers import created, failure, pull
from api_users import NewUser, rule
from krate import kinds
from served_api import API, ServedAPI

PULL = kinds.PULL_REQUEST


def test_numbered(admin: API, namespace: str, heads: dict[str, str]) -> None:
    """A new pull request has the next number in its name and status, its author, head and phase."""
    first = created(admin, PULL, pull(), namespace)
    second = created(admin, PULL, pull("b2", draft=True), namespace)
    assert [one["metadata"]["name"] for one in (first, second)] == ["web-1", "web-2"]
    assert first["status"] == {
        "author": "krate-admin",
        "headPushedBy": "unknown",
        "headSHA": heads["b1"],
        "number": 1,
        "phase": "Open",
        "trustTier": "Trusted",
    }
    assert (second["status"]["number"], second["status"]["phase"]) == (2, "Draft")


def test_fifty_at_once(admin: API, served: ServedAPI, namespace: str, heads: dict[str, str]) -> None:
    """Of fifty creators at once everyone gets a number of their own, and none is left out."""
    clients = [served.admin() for _ in range(10)]

    def create(number: int) -> tuple[int, str]:
        answer = clients[number % 10].create(PULL, pull(f"b{number}"), namespace=namespace)
        return answer.status_code, answer.json()["metadata"].get("name", answer.text)

    with concurrent.futures.ThreadPoolExecutor(25) as pool:
        found = list(pool.map(create, range(50)))
    for client in clients:
        client.close()
    assert sorted(found) == sorted((201, f"web-{number}") for number in range(1, 51))
    stored = admin.list(PULL, namespace=namespace).json()["items"]
    assert sorted(one["status"]["number"] for one in stored) == list(range(1, 51))
    assert all(one["metadata"]["name"] == f"web-{one['status']['number']}" for one in stored)


def test_refusals_burn_no_number(admin: API, namespace: str, heads: dict[str, str]) -> None:
    """Dry runs, invalid and refused requests leave no gap."""
    assert admin.create(PULL, pull(), namespace=namespace, dryRun="All").json()["metadata"]["name"] == "web-1"
    assert admin.create(PULL, pull("nowhere"), namespace=namespace).status_code == 422
    assert admin.create(PULL, pull(title=""), namespace=namespace).status_code == 422
    assert created(admin, PULL, pull(), namespace)["metadata"]["name"] == "web-1"


def test_numbers_are_never_used_again(admin: API, namespace: str, heads: dict[str, str]) -> None:
    """A deleted pull request's number stays its own."""
    created(admin, PULL, pull(), namespace)
    assert admin.remove(PULL, "web-1", namespace=namespace).status_code == 200
    assert created(admin, PULL, pull(), namespace)["metadata"]["name"] == "web-2"


def test_explicit_names(admin: API, namespace: str, heads: dict[str, str]) -> None:
    """A name of one's own gets a number too, but may not look like one."""
    named = created(admin, PULL, pull(name="rotate-keys"), namespace)
    assert (named["metadata"]["name"], named["status"]["number"]) == ("rotate-keys", 1)
    twice = admin.create(PULL, pull("b2", name="rotate-keys"), namespace=namespace)
    assert (twice.status_code, failure(twice)["reason"]) == (409, "AlreadyExists")
    numbered = admin.create(PULL, pull("b2", name="web-7"), namespace=namespace)
    assert (numbered.status_code, failure(numbered)["details"]["causes"][0]["field"]) == (422, "metadata.name")
    prefix = admin.create(PULL, {**pull("b2"), "metadata": {"generateName": "api-"}}, namespace=namespace)
    assert (prefix.status_code, failure(prefix)["details"]["causes"][0]["field"]) == (422, "metadata.generateName")
    assert created(admin, PULL, pull("b2"), namespace)["metadata"]["name"] == "web-2"


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no such repository": ({"repository": "nothing"}, "FieldValueNotFound", "spec.repository"),
    "no such source": ({"source": {"branch": "nothing"}}, "FieldValueNotFound", "spec.source.branch"),
    "no such target": ({"target": {"branch": "nothing"}}, "FieldValueNotFound", "spec.target.branch"),
    "the same branch": ({"source": {"branch": "main"}}, "FieldValueInvalid", "spec.target.branch"),
    "a revision for a branch": ({"source": {"branch": "b1~0"}}, "FieldValueNotFound", "spec.source.branch"),
    "a path for a branch": ({"source": {"branch": "../../x"}}, "FieldValueNotFound", "spec.source.branch"),
    "an option for a branch": ({"source": {"branch": "--help"}}, "FieldValueNotFound", "spec.source.branch"),
    "a branch with a line break": ({"source": {"branch": "b1\n"}}, "FieldValueNotFound", "spec.source.branch"),
    "a branch of NUL": ({"source": {"branch": "b1\0x"}}, "FieldValueNotFound", "spec.source.branch"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_must_exist(admin: API, namespace: str, heads: dict[str, str], name: str) -> None:
    """Repository and branches must be there, and be what they say."""
    spec, reason, field = REFUSED[name]
    body = pull(**spec)
    body["metadata"] = {"generateName": f"{body['spec']['repository']}-"}
    answer = admin.create(PULL, body, namespace=namespace)
    assert answer.status_code == 422, answer.text
    assert (reason, field) in [(one["reason"], one["field"]) for one in failure(answer)["details"]["causes"]]


def test_something_to_merge_once(admin: API, served: ServedAPI, namespace: str, heads: dict[str, str]) -> None:
    """There must be commits to merge, and no other open pull request that asks for the same."""
    created(admin, PULL, pull(), namespace)
    again = admin.create(PULL, pull(), namespace=namespace)
    (cause,) = failure(again)["details"]["causes"]
    assert (again.status_code, cause["reason"], "web-1 is open for it already" in cause["message"]) == (
        422,
        "FieldValueDuplicate",
        True,
    )
    assert (
        admin.change(PULL, "web-1", {"spec": {"closed": True}}, namespace=namespace).json()["status"]["phase"]
        == "Closed"
    )
    created(admin, PULL, pull(), namespace)
    merged = admin.create(PULL, pull("main", target={"branch": "b1"}), namespace=namespace)
    assert "no commits between b1 and main" in failure(merged)["message"]


def test_archived_and_going_repositories(admin: API, namespace: str, heads: dict[str, str]) -> None:
    """An archived repository takes no pull request, one that is being deleted neither."""
    admin.change(kinds.REPOSITORY, "web", {"spec": {"archived": True}}, namespace=namespace)
    archived = admin.create(PULL, pull(), namespace=namespace)
    assert (archived.status_code, failure(archived)["details"]["causes"][0]["reason"]) == (422, "FieldValueForbidden")
    patch = {"spec": {"archived": False}, "metadata": {"finalizers": ["e.com/f"]}}
    admin.change(kinds.REPOSITORY, "web", patch, namespace=namespace)
    admin.remove(kinds.REPOSITORY, "web", namespace=namespace)
    assert admin.create(PULL, pull(), namespace=namespace).status_code == 422


SERVER_FIELDS = {
    "number": 99, "author": "eve", "trustTier": "Trusted", "headSHA": "f" * 40, "headPushedBy": "eve",
    "mergeRequest": {"user": "eve", "headSHA": "f" * 40, "method": "Merge", "at": "2026-01-01T00:00:00Z"},
    "mergeCommit": "f" * 40, "mergedBy": "eve", "mergedAt": "2026-01-01T00:00:00Z", "phase": "Merged",
}  # fmt: skip


def test_server_fields(admin: API, user: NewUser, namespace: str, heads: dict[str, str]) -> None:
    """What the server writes nobody else does: not at creation, not by update, not by status, with every right."""
    verbs = ("create", "get", "update", "patch")
    rules = [rule(*verbs, kind=PULL), rule(*verbs, kind=PULL, sub="status")]
    eve = user("eve", rules=rules, namespace=namespace)
    made = created(eve, PULL, {**pull(), "status": SERVER_FIELDS}, namespace)
    want = {
        "author": "eve", "headPushedBy": "unknown", "headSHA": heads["b1"], "number": 1, "phase": "Open",
        "trustTier": "Untrusted",
    }  # fmt: skip
    assert made["status"] == want
    for sub in ("", "status"):
        assert eve.update(PULL, {**made, "status": SERVER_FIELDS}, subresource=sub).status_code == 200
        patched = eve.change(PULL, "web-1", {"status": SERVER_FIELDS}, namespace=namespace, subresource=sub)
        assert patched.status_code == 200
        pointers = [{"op": "replace", "path": "/status", "value": SERVER_FIELDS}]
        assert (
            eve.change(PULL, "web-1", pointers, namespace=namespace, subresource=sub, form="json-patch").status_code
            == 200
        )
        made = admin.read(PULL, "web-1", namespace=namespace).json()
        assert made["status"] == want


def test_immutable(admin: API, namespace: str, heads: dict[str, str]) -> None:
    """Repository and source stay; the target must exist when it changes."""
    created(admin, PULL, pull(), namespace)
    for patch, field in (({"repository": "api"}, "spec.repository"), ({"source": {"branch": "b2"}}, "spec.source")):
        answer = admin.change(PULL, "web-1", {"spec": patch}, namespace=namespace)
        assert (answer.status_code, failure(answer)["details"]["causes"][0]["field"]) == (422, field)
    nowhere = admin.change(PULL, "web-1", {"spec": {"target": {"branch": "nothing"}}}, namespace=namespace)
    assert (nowhere.status_code, failure(nowhere)["details"]["causes"][0]["field"]) == (422, "spec.target.branch")
    assert admin.change(PULL, "web-1", {"spec": {"target": {"branch": "b9"}}}, namespace=namespace).status_code == 200


def test_asking_for_a_merge(admin: API, user: NewUser, namespace: str, heads: dict[str, str]) -> None:
    """Asking is recorded with who and for which head; it needs the right, and the head that was seen."""
    rules = [rule("create", "get", "patch", kind=PULL)]
    eve = user("eve", rules=rules, namespace=namespace)
    created(eve, PULL, pull(), namespace)
    refused = eve.change(PULL, "web-1", {"spec": {"merged": True}}, namespace=namespace)
    assert (refused.status_code, "may not merge in repository" in refused.json()["message"]) == (403, True)
    old = admin.change(PULL, "web-1", {"spec": {"merged": True, "mergeSHA": "f" * 40}}, namespace=namespace)
    assert (old.status_code, "the head is" in failure(old)["message"]) == (409, True)
    asked = admin.change(PULL, "web-1", {"spec": {"merged": True}}, namespace=namespace).json()
    assert asked["spec"]["mergeSHA"] == heads["b1"]
    request = asked["status"]["mergeRequest"]
    assert (request["user"], request["headSHA"]) == ("krate-admin", heads["b1"])
    withdrawn = eve.change(PULL, "web-1", {"spec": {"merged": False}}, namespace=namespace)
    assert withdrawn.status_code == 403
    dropped = admin.change(PULL, "web-1", {"spec": {"merged": False}}, namespace=namespace).json()
    assert "mergeRequest" not in dropped["status"]


MERGES: dict[str, tuple[Any, int]] = {
    "nothing": (b"", 409),
    "a body": ({"kind": "PullRequestMerge", "spec": {"sha": "f" * 40}}, 409),
    "another kind": ({"kind": "ConfigMap"}, 400),
    "a list": ([], 400),
    "a spec that is a list": ({"kind": "PullRequestMerge", "spec": []}, 400),
    "a commit of another type": ({"kind": "PullRequestMerge", "spec": {"sha": 5}}, 400),
}


@pytest.mark.parametrize("name", MERGES)
def test_merge_without_a_request(admin: API, namespace: str, heads: dict[str, str], name: str) -> None:
    """Posting a merge that nobody asked for: 409, whatever the body; a body that is none: 400."""
    created(admin, PULL, pull(), namespace)
    body, code = MERGES[name]
    path = served_api.item(PULL, "web-1", namespace, "merge")
    answer = admin.post(path, content=body) if isinstance(body, bytes) else admin.post(path, json=body)
    assert answer.status_code == code, answer.text
    missing = admin.post(served_api.item(PULL, "web-9", namespace, "merge"), content=b"")
    assert missing.status_code == 404


def test_views(admin: API, user: NewUser, namespace: str, heads: dict[str, str]) -> None:
    """Diff and commits show to readers of the repository alone, whatever the organisation may see."""
    created(admin, PULL, pull(), namespace)
    diff = admin.get(served_api.item(PULL, "web-1", namespace, "diff")).json()
    assert [one["path"] for one in diff["files"]] == ["a.txt"]
    commits = admin.get(served_api.item(PULL, "web-1", namespace, "commits")).json()
    assert [one["sha"] for one in commits["items"]] == [heads["b1"]]
    rules = [rule("get", kind=PULL, sub=sub) for sub in ("diff", "commits")]
    eve = user("outsider", rules=rules, namespace=namespace)
    for sub in ("diff", "commits"):
        answer = eve.get(served_api.item(PULL, "web-1", namespace, sub))
        assert (answer.status_code, 'may not read the content of repository "web"' in answer.json()["message"]) == (
            403,
            True,
        )
    for params in ({"context": "x"}, {"context": "-1"}, {"context": "\u00b2"}, {"context": "9" * 5000}):
        assert admin.get(served_api.item(PULL, "web-1", namespace, "diff"), params=params).status_code == 400
