"""Which changes concern which pull requests."""

from typing import Any

import pytest

import factories
from krate import kinds
from krate_controllers.steps import (
    pull_requests,
)
from krate_kube.interface import Object
from pull_rooms import ASKED, BASE, HEAD, check, comment, review


def listed(name: str, *, branch: str = "keys", head: str = HEAD, merge: bool = False, **parts: Any) -> Object:
    spec = {"source": {"branch": branch}}
    status = {"headSHA": head, **({"mergeRequest": ASKED} if merge else {})}
    return factories.make_pull_request(name, **factories.merge({"spec": spec, "status": status}, parts))


KNOWN = {
    ("acme", "web-1"): pull_requests.index(listed("web-1", merge=True)),
    ("acme", "web-2"): pull_requests.index(listed("web-2", branch="docs", head=BASE)),
    ("acme", "api-1"): pull_requests.index(listed("api-1", spec={"repository": "api"})),
    ("globex", "web-1"): pull_requests.index(listed("web-1", metadata={"namespace": "globex"})),
}
CONTENT = kinds.REPOSITORY_CONTENT


def content(ref: str) -> Object:
    return factories.make(CONTENT, "web", status={"lastPush": {"ref": ref, "sha": HEAD, "by": "bob", "at": "x"}})


def binding(labels: dict[str, str]) -> Object:
    return factories.make(kinds.ROLE_BINDING, "writers", metadata={"labels": labels})


@pytest.mark.parametrize(
    ("found", "want"),
    [
        (review("bob"), ["acme/web-1"]),
        (comment(), ["acme/web-1"]),
        (comment(subject={"kind": "Issue", "name": "web-1"}), []),
        (check("ci/unit", "Success"), ["acme/web-1"]),
        (content("refs/heads/main"), ["acme/web-1", "acme/web-2"]),
        (content("refs/heads/docs"), ["acme/web-2"]),
        (content("refs/tags/v1"), []),
        (factories.make(CONTENT, "web"), []),
        (factories.make(kinds.HOSTED_REF_POLICY, "web"), ["acme/web-1", "acme/web-2"]),
        (factories.make_repository(), ["acme/web-1", "acme/web-2"]),
        (binding({"krate.a5c.ai/repository": "api"}), ["acme/api-1"]),
        (binding({}), []),
        (factories.make(kinds.VALIDATING_POLICY, "title"), ["acme/web-1"]),
    ],
    ids=["review", "comment", "comment elsewhere", "check", "target moved", "source moved", "tag", "never pushed",
         "rules", "repository", "binding", "other binding", "policy"],
)  # fmt: skip
def test_what_concerns_a_pull_request(found: Object, want: list[str]) -> None:
    """Each change is mapped to the pull requests whose facts it may change, and to no others."""
    (trigger,) = [one for one in pull_requests.CONTROLLER.triggers if one.kind.name == found["kind"]]
    assert sorted("/".join(key) for key in trigger.keys(found, KNOWN)) == want


def test_merged_ones_are_left_alone() -> None:
    """A merged pull request concerns nobody any more."""
    concerns = pull_requests.CONTROLLER.concerns
    assert [concerns(listed("a", status={"phase": phase})) for phase in ("Open", "Closed", "Merged")] == [
        True,
        True,
        False,
    ]
