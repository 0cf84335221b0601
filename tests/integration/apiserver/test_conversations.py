"""Comments, checks and labels of pull requests: whose they are."""

from typing import Any

import pytest

import api_users
import served_api
from api_answers import created, failure, pull, repository
from api_users import NewUser, rule
from krate import kinds
from served_api import API

PULL = kinds.PULL_REQUEST


COMMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "no such subject": ({"subject": {"kind": "PullRequest", "name": "web-9"}}, "spec.subject.name"),
    "no such parent": ({"inReplyTo": "nothing"}, "spec.inReplyTo"),
    "no such review": ({"review": "nothing"}, "spec.review"),
    "a start after its end": (
        {"anchor": {"path": "a", "side": "New", "line": 1, "startLine": 5, "sha": "f" * 40}}, "spec.anchor.startLine",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COMMENTS)
def test_comments_speak_of_something(admin: API, namespace: str, heads: dict[str, str], name: str) -> None:
    """A comment's subject, parent and review must exist."""
    created(admin, PULL, pull(), namespace)
    spec, field = COMMENTS[name]
    base = {"subject": {"kind": "PullRequest", "name": "web-1"}, "body": "x"}
    body = {**served_api.typed(kinds.COMMENT), "metadata": {"generateName": "c-"}, "spec": {**base, **spec}}
    answer = admin.create(kinds.COMMENT, body, namespace=namespace)
    assert answer.status_code == 422, answer.text
    assert field in [one["field"] for one in failure(answer)["details"]["causes"]]


def test_words_belong_to_their_author(admin: API, user: NewUser, namespace: str, heads: dict[str, str]) -> None:
    """Somebody else's comment is edited by moderators; settling a thread is no edit; authors are stamped."""
    created(admin, PULL, pull(), namespace)
    everything = [rule("create", "get", "patch", kind=kinds.COMMENT)]
    ann, ben = user("ann", rules=everything, namespace=namespace), user("ben", rules=everything, namespace=namespace)
    spec = {"subject": {"kind": "PullRequest", "name": "web-1"}, "body": "x"}
    body = {**served_api.typed(kinds.COMMENT), "metadata": {"name": "c"}, "spec": spec, "status": {"author": "ben"}}
    assert created(ann, kinds.COMMENT, body, namespace)["status"] == {"author": "ann"}
    assert ben.change(kinds.COMMENT, "c", {"spec": {"body": "y"}}, namespace=namespace).status_code == 403
    assert ben.change(kinds.COMMENT, "c", {"spec": {"resolved": True}}, namespace=namespace).status_code == 200
    edited = ann.change(kinds.COMMENT, "c", {"spec": {"body": "z"}}, namespace=namespace).json()
    assert set(edited["status"]) == {"author", "editedAt"}
    moderate = rule("update", kind=kinds.COMMENT, sub="moderate")
    api_users.grant(admin, "ben", [moderate], namespace=namespace)
    assert ben.change(kinds.COMMENT, "c", {"spec": {"body": "moderated"}}, namespace=namespace).status_code == 200


def test_checks_belong_to_their_reporter(admin: API, user: NewUser, namespace: str, heads: dict[str, str]) -> None:
    """Reporting needs the right on the repository; only the reporter may change a check."""
    everything = [rule("create", "patch", kind=kinds.CHECK)]
    ci, eve = user("ci", rules=everything, namespace=namespace), user("eve", rules=everything, namespace=namespace)
    api_users.grant(
        admin, "ci", [rule("create", kind=kinds.REPOSITORY, sub="checks", names=["web"])], namespace=namespace
    )
    spec = {"repository": "web", "sha": heads["b1"], "context": "build", "state": "Success"}
    body = {**served_api.typed(kinds.CHECK), "metadata": {"name": "k"}, "spec": spec, "status": {"reporter": "eve"}}
    assert eve.create(kinds.CHECK, body, namespace=namespace).status_code == 403
    assert created(ci, kinds.CHECK, body, namespace)["status"] == {"reporter": "ci"}
    assert eve.change(kinds.CHECK, "k", {"spec": {"state": "Failure"}}, namespace=namespace).status_code == 403
    assert admin.change(kinds.CHECK, "k", {"spec": {"state": "Failure"}}, namespace=namespace).status_code == 403
    assert ci.change(kinds.CHECK, "k", {"spec": {"state": "Failure"}}, namespace=namespace).status_code == 200


def test_protected_labels_are_for_writers(admin: API, user: NewUser, namespace: str, heads: dict[str, str]) -> None:
    """Labels of ours on forge data are set by Writers of the repository, at creation too."""
    eve = user("eve", rules=[rule("create", "patch", kind=PULL)], namespace=namespace)
    labelled = pull()
    labelled["metadata"]["labels"] = {"krate.a5c.ai/preview": "true"}
    assert eve.create(PULL, labelled, namespace=namespace).status_code == 403
    created(eve, PULL, pull(), namespace)
    patch = {"metadata": {"labels": {"krate.a5c.ai/preview": "true"}}}
    assert eve.change(PULL, "web-1", patch, namespace=namespace).status_code == 403
    api_users.grant(
        admin, "eve", [rule("update", kind=kinds.REPOSITORY, sub="git", names=["web"])], namespace=namespace
    )
    assert eve.change(PULL, "web-1", patch, namespace=namespace).status_code == 200


def test_finalizers_of_ours_are_removed_by_controllers(admin: API, user: NewUser, namespace: str) -> None:
    """A finalizer of ours is removed by its controller or a platform engineer, by nobody else."""
    body = repository(metadata={"finalizers": ["krate.a5c.ai/repository"]})
    created(admin, kinds.REPOSITORY, body, namespace)
    bob = user("bob", rules=[rule("patch", "update", kind=kinds.REPOSITORY)], namespace=namespace)
    patch = {"metadata": {"finalizers": None}}
    refused = bob.change(kinds.REPOSITORY, "web", patch, namespace=namespace)
    assert (refused.status_code, "is removed by its controller" in refused.json()["message"]) == (403, True)
    assert admin.change(kinds.REPOSITORY, "web", patch, namespace=namespace).status_code == 200
