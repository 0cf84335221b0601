"""One organisation in the middle of a working day: what the pages of tests and screenshots show."""

from datetime import timedelta
from typing import Any

import factories
import web_rules
import web_texts
from krate import kinds
from web_git import Repository
from web_world import NOW, World


def web_repository() -> Repository:
    """A repository with three branches, a document, an image and a diff worth reading."""
    git = Repository()
    at = NOW - timedelta(days=9)
    git.commit(
        "main",
        "Front door",
        {
            "README.md": web_texts.README,
            "auth/keys.py": web_texts.KEYS,
            "auth/tokens.py": web_texts.TOKENS,
            "auth/__init__.py": "",
            "router/routes.py": web_texts.ROUTER,
            "docs/keys.md": "# Keys\n\nA ring of keys.\n",
            "docs/logo.png": web_texts.PIXEL,
            "Makefile": "up: ## start it\n\t@python -m web\n",
            "setup.cfg": "[metadata]\nname = web\n",
        },
        author="alice",
        at=at,
    )
    git.commit(
        "main",
        "Pin grpcio",
        {"setup.cfg": "[metadata]\nname = web\n\n[options]\ninstall_requires = grpcio==1.84\n"},
        author="bob",
        at=at + timedelta(days=6),
    )
    git.commit("main", "Say who owns the router", {"router/OWNERS": "net\n"}, author="carol", at=at + timedelta(days=8))
    keys = at + timedelta(days=8, hours=20)
    git.commit(
        "keys",
        "Keep old keys until their sessions end",
        {"auth/keys.py": web_texts.KEYS_AFTER},
        author="alice",
        at=keys,
    )
    git.commit(
        "keys",
        "Test that a session outlives a rotation",
        {"tests/test_keys.py": web_texts.TEST},
        author="alice",
        at=keys + timedelta(minutes=20),
    )
    git.commit(
        "keys",
        "Rotate from the scheduler\n\nEvery hour, and at start.",
        {
            "router/routes.py": web_texts.ROUTER.replace(
                '    "/login": "auth.login",\n', '    "/login": "auth.login",\n    "/rotate": "auth.rotate",\n'
            ),
            "auth/tokens.py": None,
        },
        author="alice",
        at=keys + timedelta(minutes=50),
    )
    git.commit("split-router", "Split the router", {"router/hosts.py": "HOSTS = {}\n"}, author="bob", at=keys)
    git.tags["v1.0"] = git.branches["main"]
    return git


def _pull(git: Repository, number: int, title: str, source: str, author: str, **parts: Any) -> dict[str, Any]:
    head = git.branches.get(source, git.branches["main"])
    status = {
        "number": number,
        "author": author,
        "phase": "Open",
        "trustTier": "Trusted",
        "headSHA": head,
        "headPushedBy": author,
        "requiredApprovals": 2,
        "checks": {"passed": 0, "failed": 0, "pending": 0},
        "conditions": [
            web_rules.condition("Approved", "False", "MissingApprovals", "0 of 2 approvals"),
            web_rules.condition("ChecksPassed", "True", "ChecksSucceeded", "No check is required."),
            web_rules.condition("Mergeable", "True", "Clean", "Merges into main without conflicts."),
            web_rules.condition("PolicyCompliant", "True", "PoliciesAllow", "3 policies allow it."),
        ],
    }
    base = {
        "metadata": {"creationTimestamp": web_rules.ago(hours=3), "labels": {}},
        "spec": {"title": title, "source": {"branch": source}},
        "status": status,
    }
    return factories.make_pull_request(f"web-{number}", **factories.merge(base, parts))


def _seed_pulls(world: World, git: Repository) -> None:
    head, diff = git.branches["keys"], git.compare("main", "keys")
    checks = {"passed": 12, "failed": 1, "pending": 1}
    world.store.seed(
        _pull(
            git,
            42,
            "Rotate signing keys without downtime",
            "keys",
            "alice",
            metadata={"labels": {"area": "auth", "p0": ""}, "uid": "5f3c9c0e-6a50-4b7e-9d43-0c8d2f1e7a42"},
            spec={
                "reviewers": ["bob", "carol"],
                "body": (
                    "Sessions died whenever a key was rotated. Now the ring keeps the **last three keys**: the newest "
                    "signs, older ones verify.\n\n- [x] rotation keeps sessions\n- [ ] metrics\n\nReplaces #41."
                ),
            },
            status={
                "checks": checks,
                "commits": 3,
                "changedFiles": len(diff["files"]),
                "additions": diff["additions"],
                "deletions": diff["deletions"],
                "unresolvedThreads": 1,
                "approvals": [
                    {"user": "carol", "decision": "Approve", "teams": ["net"], "sha": head, "counts": True},
                    {"user": "alice", "decision": "Approve", "sha": head, "counts": False},
                ],
                "conditions": [
                    web_rules.condition("Approved", "False", "MissingApprovals", "1 of 2 approvals"),
                    web_rules.condition("ChecksPassed", "False", "ChecksFailed", "ci/unit failed on the head commit."),
                    web_rules.condition("Mergeable", "True", "Clean", "Merges into main without conflicts."),
                    web_rules.condition("PolicyCompliant", "True", "PoliciesAllow", "3 policies allow it."),
                ],
            },
        ),
        _pull(
            git,
            41,
            "Split the router by host",
            "split-router",
            "bob",
            spec={"draft": True},
            metadata={"creationTimestamp": web_rules.ago(days=1), "labels": {"area": "net"}},
            status={"phase": "Draft", "checks": {"passed": 9, "failed": 0, "pending": 0}, "requiredApprovals": 1},
        ),
        _pull(
            git,
            40,
            "Log the correlation id of every request, including those that the router refuses early",
            "log-ids",
            "carol",
            metadata={"creationTimestamp": web_rules.ago(days=2)},
            status={
                "checks": {"passed": 13, "failed": 0, "pending": 0},
                "approvals": [{"user": "bob", "decision": "RequestChanges", "sha": head}],
            },
        ),
        _pull(
            git,
            39,
            "Raise the header limit",
            "headers",
            "bob",
            metadata={"creationTimestamp": web_rules.ago(days=3)},
            status={
                "checks": {"passed": 13, "failed": 0, "pending": 0},
                "requiredApprovals": 1,
                "approvals": [{"user": "alice", "decision": "Approve", "sha": head, "counts": True}],
                "conditions": [
                    web_rules.condition("Approved", "True", "EnoughApprovals", "1 of 1 approvals"),
                    web_rules.condition("ChecksPassed", "True", "ChecksSucceeded"),
                    web_rules.condition("Mergeable", "True", "Clean"),
                    web_rules.condition("PolicyCompliant", "True", "PoliciesAllow"),
                ],
            },
        ),
        _pull(
            git,
            38,
            "Front door",
            "front",
            "alice",
            metadata={"creationTimestamp": web_rules.ago(days=9)},
            spec={"merged": True},
            status={"phase": "Merged", "mergedBy": "bob", "mergedAt": web_rules.ago(days=8), "mergeCommit": head},
        ),
        _pull(
            git,
            37,
            "Try a faster hash",
            "hash",
            "mallory",
            metadata={"creationTimestamp": web_rules.ago(days=9)},
            spec={"closed": True},
            status={"phase": "Closed", "trustTier": "Untrusted"},
        ),
    )


def _seed_conversation(world: World, git: Repository) -> None:
    head = git.branches["keys"]
    subject = {"kind": "PullRequest", "name": "web-42"}
    anchor = {"path": "auth/keys.py", "side": "New", "line": 18, "sha": head}

    def comment(name: str, author: str, body: str, age: float, **spec: Any) -> dict[str, Any]:
        return factories.make(
            kinds.COMMENT,
            name,
            metadata={"creationTimestamp": web_rules.ago(minutes=age)},
            spec={"subject": subject, "body": body, **spec},
            status={"author": author},
        )

    world.store.seed(
        comment("web-42-c1", "bob", "What if the clock skews? `datetime.now` is not monotonic.", 110, anchor=anchor),
        comment(
            "web-42-c2",
            "alice",
            "Then it rotates early, which is harmless. I can use `time.monotonic()`.",
            95,
            anchor=anchor,
            inReplyTo="web-42-c1",
        ),
        comment("web-42-c3", "carol", "Nice, I had this in my queue too. Does #41 still apply?", 80),
        comment(
            "web-42-c4",
            "carol",
            "Typo in the docstring.",
            70,
            resolved=True,
            anchor={"path": "auth/keys.py", "side": "New", "line": 1, "sha": head},
        ),
        factories.make_review(
            "web-42-r1",
            metadata={"creationTimestamp": web_rules.ago(minutes=60)},
            spec={
                "pullRequest": "web-42",
                "decision": "Approve",
                "body": "Reads well. The ring is *exactly* right.",
                "sha": head,
            },
            status={"author": "carol", "teams": ["net"]},
        ),
    )
    for context, state, description in (
        ("ci/unit", "Failure", "1 of 214 failed: tests/test_router.py::test_rotate_is_private"),
        ("ci/lint", "Success", "no findings"),
        ("ci/image", "Pending", "building"),
        ("scan/licences", "Success", "all known"),
    ):
        world.store.seed(
            factories.make(
                kinds.CHECK,
                f"web-{context.replace('/', '-')}",
                metadata={"creationTimestamp": web_rules.ago(minutes=40)},
                spec={
                    "repository": "web",
                    "sha": head,
                    "context": context,
                    "state": state,
                    "description": description,
                    "targetURL": "https://ci.acme.example/4127",
                },
                status={"reporter": "system:serviceaccount:ci:runner"},
            )
        )


def story() -> World:
    """The whole organisation."""
    world = World()
    git = web_repository()
    world.repositories[("acme", "web")] = git
    api = Repository()
    api.commit("main", "Orders", {"README.md": "# api\n"}, author="bob", at=NOW - timedelta(hours=20))
    world.repositories[("acme", "api")] = api
    world.store.seed(
        factories.make_organization(
            spec={"displayName": "Acme", "owners": [{"kind": "User", "name": "olivia"}]},
            status={
                "namespace": "acme",
                "conditions": [web_rules.condition("NamespaceReady", "True", "NamespaceActive")],
            },
        ),
        factories.make_team("platform", spec={"members": ["alice", "bob"]}),
        factories.make_team("net", spec={"members": ["carol"]}),
    )
    web_rules.seed_repositories(world)
    _seed_pulls(world, git)
    _seed_conversation(world, git)
    web_rules.seed_policies(world)
    web_rules.seed_activity(world)
    return world
