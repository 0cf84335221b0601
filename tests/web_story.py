"""One organisation in the middle of a working day: what the pages of tests and screenshots show."""

from datetime import timedelta
from typing import Any

import factories
from krate import clock, errors, kinds
from web_git import Repository
from web_world import NOW, World

README = """# web

The front door of Acme: sessions, signing keys and the router behind them.

## Run it

```sh
make up
curl -s http://127.0.0.1:8080/healthz
```

| part | owner | pager |
|---|---|---|
| `auth/` | platform | yes |
| `router/` | net | no |

- Keys rotate **without downtime**, see [the design](docs/keys.md) and #42.
- Report trouble in `#web-oncall`.
"""

KEYS = '''"""Signing keys of sessions."""

import secrets
from datetime import datetime, timedelta


class KeyRing:
    """Holds the key that signs, and those that still verify."""

    def __init__(self, lifetime: timedelta) -> None:
        self._key = secrets.token_bytes(32)
        self._lifetime = lifetime

    def rotate(self) -> None:
        """Replace the key; sessions signed before are lost."""
        self._key = secrets.token_bytes(32)

    def verify(self, token: bytes) -> bool:
        return self._check(token, self._key)

    def _check(self, token: bytes, key: bytes) -> bool:
        return secrets.compare_digest(token[:32], key)
'''

KEYS_AFTER = '''"""Signing keys of sessions: the newest signs, older ones verify until their sessions are over."""

import secrets
from collections import deque
from datetime import UTC, datetime, timedelta


class KeyRing:
    """Holds the key that signs, and those that still verify."""

    def __init__(self, lifetime: timedelta, *, keep: int = 3) -> None:
        self._keys = deque([secrets.token_bytes(32)], maxlen=keep)
        self._lifetime = lifetime
        self._rotated = datetime.now(UTC)

    def rotate(self) -> None:
        """Push a new key; sessions signed before stay valid until their key leaves the ring."""
        self._keys.appendleft(secrets.token_bytes(32))
        self._rotated = datetime.now(UTC)

    @property
    def due(self) -> bool:
        return datetime.now(UTC) - self._rotated > self._lifetime

    def verify(self, token: bytes) -> bool:
        return any(self._check(token, key) for key in self._keys)

    def _check(self, token: bytes, key: bytes) -> bool:
        return secrets.compare_digest(token[:32], key)
'''

ROUTER = '''"""Routes by host and path."""

ROUTES = {
    "/healthz": "health",
    "/login": "auth.login",
}


def route(path: str) -> str:
    return ROUTES.get(path, "not_found")
'''

TEST = '''from auth.keys import KeyRing
from datetime import timedelta


def test_a_session_outlives_a_rotation():
    """A token signed before a rotation still verifies after it."""
    ring = KeyRing(timedelta(hours=1))
    token = ring._keys[0]
    ring.rotate()
    assert ring.verify(token)
'''

TOKENS = '''"""Session tokens."""


def cut(token: bytes) -> tuple[bytes, bytes]:
    return token[:32], token[32:]
'''

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def ago(**delta: float) -> str:
    return clock.rfc3339(NOW - timedelta(**delta))


def condition(kind: str, status: str, reason: str, message: str = "", **delta: float) -> dict[str, Any]:
    when = ago(**(delta or {"hours": 2}))
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": when}


def web_repository() -> Repository:
    """A repository with three branches, a document, an image and a diff worth reading."""
    git = Repository()
    at = NOW - timedelta(days=9)
    git.commit("main", "Front door", {
        "README.md": README, "auth/keys.py": KEYS, "auth/tokens.py": TOKENS, "auth/__init__.py": "",
        "router/routes.py": ROUTER, "docs/keys.md": "# Keys\n\nA ring of keys.\n", "docs/logo.png": PIXEL,
        "Makefile": "up: ## start it\n\t@python -m web\n", "setup.cfg": "[metadata]\nname = web\n",
    }, author="alice", at=at)  # fmt: skip
    git.commit("main", "Pin grpcio", {"setup.cfg": "[metadata]\nname = web\n\n[options]\ninstall_requires = grpcio==1.84\n"},
               author="bob", at=at + timedelta(days=6))  # fmt: skip
    git.commit("main", "Say who owns the router", {"router/OWNERS": "net\n"}, author="carol", at=at + timedelta(days=8))
    keys = at + timedelta(days=8, hours=20)
    git.commit("keys", "Keep old keys until their sessions end", {"auth/keys.py": KEYS_AFTER}, author="alice", at=keys)
    git.commit("keys", "Test that a session outlives a rotation", {"tests/test_keys.py": TEST},
               author="alice", at=keys + timedelta(minutes=20))  # fmt: skip
    git.commit("keys", "Rotate from the scheduler\n\nEvery hour, and at start.", {
        "router/routes.py": ROUTER.replace('    "/login": "auth.login",\n', '    "/login": "auth.login",\n    "/rotate": "auth.rotate",\n'),
        "auth/tokens.py": None,
    }, author="alice", at=keys + timedelta(minutes=50))  # fmt: skip
    git.commit("split-router", "Split the router", {"router/hosts.py": "HOSTS = {}\n"}, author="bob", at=keys)
    git.tags["v1.0"] = git.branches["main"]
    return git


def _pull(git: Repository, number: int, title: str, source: str, author: str, **parts: Any) -> dict[str, Any]:
    head = git.branches.get(source, git.branches["main"])
    status = {
        "number": number, "author": author, "phase": "Open", "trustTier": "Trusted", "headSHA": head,
        "headPushedBy": author, "requiredApprovals": 2, "checks": {"passed": 0, "failed": 0, "pending": 0},
        "conditions": [
            condition("Approved", "False", "MissingApprovals", "0 of 2 approvals"),
            condition("ChecksPassed", "True", "ChecksSucceeded", "No check is required."),
            condition("Mergeable", "True", "Clean", "Merges into main without conflicts."),
            condition("PolicyCompliant", "True", "PoliciesAllow", "3 policies allow it."),
        ],
    }  # fmt: skip
    base = {
        "metadata": {"creationTimestamp": ago(hours=3), "labels": {}},
        "spec": {"title": title, "source": {"branch": source}},
        "status": status,
    }
    return factories.make_pull_request(f"web-{number}", **factories.merge(base, parts))


def _seed_pulls(world: World, git: Repository) -> None:
    head, diff = git.branches["keys"], git.compare("main", "keys")
    checks = {"passed": 12, "failed": 1, "pending": 1}
    world.store.seed(
        _pull(git, 42, "Rotate signing keys without downtime", "keys", "alice",
              metadata={"labels": {"area": "auth", "p0": ""}},
              spec={"reviewers": ["bob", "carol"], "body": (
                  "Sessions died whenever a key was rotated. Now the ring keeps the **last three keys**: the newest "
                  "signs, older ones verify.\n\n- [x] rotation keeps sessions\n- [ ] metrics\n\nReplaces #41.")},
              status={
                  "checks": checks, "commits": 3, "changedFiles": len(diff["files"]),
                  "additions": diff["additions"], "deletions": diff["deletions"], "unresolvedThreads": 1,
                  "approvals": [
                      {"user": "carol", "decision": "Approve", "teams": ["net"], "sha": head, "counts": True},
                      {"user": "alice", "decision": "Approve", "sha": head, "counts": False},
                  ],
                  "conditions": [
                      condition("Approved", "False", "MissingApprovals", "1 of 2 approvals"),
                      condition("ChecksPassed", "False", "ChecksFailed", "ci/unit failed on the head commit."),
                      condition("Mergeable", "True", "Clean", "Merges into main without conflicts."),
                      condition("PolicyCompliant", "True", "PoliciesAllow", "3 policies allow it."),
                  ],
              }),
        _pull(git, 41, "Split the router by host", "split-router", "bob", spec={"draft": True},
              metadata={"creationTimestamp": ago(days=1), "labels": {"area": "net"}},
              status={"phase": "Draft", "checks": {"passed": 9, "failed": 0, "pending": 0}, "requiredApprovals": 1}),
        _pull(git, 40, "Log the correlation id of every request, including those that the router refuses early", "log-ids", "carol",
              metadata={"creationTimestamp": ago(days=2)},
              status={"checks": {"passed": 13, "failed": 0, "pending": 0}, "approvals": [
                  {"user": "bob", "decision": "RequestChanges", "sha": head}]}),
        _pull(git, 39, "Raise the header limit", "headers", "bob", metadata={"creationTimestamp": ago(days=3)},
              status={"checks": {"passed": 13, "failed": 0, "pending": 0}, "requiredApprovals": 1, "approvals": [
                  {"user": "alice", "decision": "Approve", "sha": head, "counts": True}], "conditions": [
                  condition("Approved", "True", "EnoughApprovals", "1 of 1 approvals"),
                  condition("ChecksPassed", "True", "ChecksSucceeded"), condition("Mergeable", "True", "Clean"),
                  condition("PolicyCompliant", "True", "PoliciesAllow")]}),
        _pull(git, 38, "Front door", "front", "alice", metadata={"creationTimestamp": ago(days=9)},
              spec={"merged": True},
              status={"phase": "Merged", "mergedBy": "bob", "mergedAt": ago(days=8), "mergeCommit": head}),
        _pull(git, 37, "Try a faster hash", "hash", "mallory", metadata={"creationTimestamp": ago(days=9)},
              spec={"closed": True}, status={"phase": "Closed", "trustTier": "Untrusted"}),
    )  # fmt: skip


def _seed_conversation(world: World, git: Repository) -> None:
    head = git.branches["keys"]
    subject = {"kind": "PullRequest", "name": "web-42"}
    anchor = {"path": "auth/keys.py", "side": "New", "line": 18, "sha": head}

    def comment(name: str, author: str, body: str, age: float, **spec: Any) -> dict[str, Any]:
        return factories.make(
            kinds.COMMENT, name, metadata={"creationTimestamp": ago(minutes=age)},
            spec={"subject": subject, "body": body, **spec}, status={"author": author},
        )  # fmt: skip

    world.store.seed(
        comment("web-42-c1", "bob", "What if the clock skews? `datetime.now` is not monotonic.", 110, anchor=anchor),
        comment("web-42-c2", "alice", "Then it rotates early, which is harmless. I can use `time.monotonic()`.", 95,
                anchor=anchor, inReplyTo="web-42-c1"),
        comment("web-42-c3", "carol", "Nice, I had this in my queue too. Does #41 still apply?", 80),
        comment("web-42-c4", "carol", "Typo in the docstring.", 70, resolved=True,
                anchor={"path": "auth/keys.py", "side": "New", "line": 1, "sha": head}),
        factories.make_review("web-42-r1", metadata={"creationTimestamp": ago(minutes=60)}, spec={
            "pullRequest": "web-42", "decision": "Approve", "body": "Reads well. The ring is *exactly* right.", "sha": head},
            status={"author": "carol", "teams": ["net"]}),
    )  # fmt: skip
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
                metadata={"creationTimestamp": ago(minutes=40)},
                spec={
                    "repository": "web",
                    "sha": head,
                    "context": context,
                    "state": state,
                    "description": description,
                    "targetURL": "https://ci.acme.example/4127",
                },
                status={"reporter": "system:serviceaccount:ci:runner"},
            )  # fmt: skip
        )


def require_description() -> dict[str, Any]:
    """The policy of the demo."""
    rule = {"apiGroups": ["forge.krate.a5c.ai"], "apiVersions": ["v1alpha1"], "resources": ["pullrequests"],
            "operations": ["CREATE", "UPDATE"]}  # fmt: skip
    return factories.make(
        kinds.VALIDATING_POLICY, "require-description",
        spec={"matchConstraints": {"resourceRules": [rule]}, "validations": [
            {"expression": "object.spec.body.size() >= 10", "message": "say in the description why this change is needed"}]},
        status={"conditionStatus": {"ready": True}},
    )  # fmt: skip


def refuse_empty_descriptions(kind: Any, body: Any) -> None:
    """What the API server says when the policy above refuses."""
    if kind is kinds.PULL_REQUEST and len(body["spec"].get("body", "")) < 10:
        raise errors.BadRequest(
            'admission webhook "vpol.validate.kyverno.svc-fail" denied the request: '
            "Policy require-description failed: say in the description why this change is needed"
        )


def _seed_policies(world: World) -> None:
    enforced = [condition("Compiled", "True", "Compiled"), condition("Enforced", "True", "Loaded")]
    everything = {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"], "operations": ["CREATE", "UPDATE"]}
    world.store.seed(
        require_description(),
        factories.make_branch_protection("main", spec={"requiredApprovals": 2, "requireDistinctTeams": True,
            "requiredChecks": [{"context": "ci/unit"}]}, status={"conditions": enforced}),
        factories.make_ref_policy(status={"conditions": enforced}),
        factories.make_ref_policy("commit-messages", spec={"mode": "Audit", "rules": [
            {"name": "imperative", "refs": ["refs/heads/**"], "require": {"message": "^[A-Z]"}}]},
            status={"conditions": [condition("Enforced", "False", "NotLoaded", "waits for the host to load digest 4f1c")]}),
        factories.make(kinds.VALIDATING_ADMISSION_POLICY, "no-force-labels", spec={"matchConstraints": {"resourceRules": [everything]},
            "validations": [{"expression": "!has(object.metadata.labels)", "message": "labels are set by bots"}]}),
        factories.make(kinds.VALIDATING_ADMISSION_POLICY_BINDING, "no-force-labels-everywhere",
            spec={"policyName": "no-force-labels", "validationActions": ["Audit"]}),
        factories.make(kinds.NAMESPACED_VALIDATING_POLICY, "two-teams", spec={"validationActions": ["Audit"],
            "matchConstraints": {"resourceRules": [{"apiGroups": ["forge.krate.a5c.ai"], "apiVersions": ["*"],
            "resources": ["pullrequests/merge"], "operations": ["CREATE"]}]},
            "validations": [{"expression": "true", "message": "approvals come from two teams"}]},
            status={"conditionStatus": {"ready": False, "message": "does not compile: undeclared reference to 'reviews'"}}),
    )  # fmt: skip


def _seed_activity(world: World) -> None:
    for place, (actor, verb, decision, reason, age) in enumerate((
        ("alice", "create", "Allowed", "", 180),
        ("mallory", "patch", "Denied", 'User "mallory" cannot create repositories/merge "web"', 75),
        ("carol", "patch", "Allowed", "spec.reviewers", 60),
    )):  # fmt: skip
        world.store.seed(
            factories.make(
                kinds.ACTIVITY,
                f"a{place}",
                metadata={"creationTimestamp": ago(minutes=age)},
                status={
                    "actor": actor,
                    "verb": verb,
                    "decision": decision,
                    "reason": reason,
                    "at": ago(minutes=age),
                    "object": {
                        "apiVersion": "forge.krate.a5c.ai/v1alpha1",
                        "kind": "PullRequest",
                        "namespace": "acme",
                        "name": "web-42",
                    },
                    "command": 'kubectl patch pull/web-42 -n acme --type merge -p \'{"spec":{"reviewers":["bob","carol"]}}\'',
                    "correlationID": f"c0ffee{place}",
                    "count": 3 if decision == "Denied" else 1,
                },
            )  # fmt: skip
        )


def _seed_repositories(world: World) -> None:
    ready = [condition("Hosted", "True", "Available"), condition("AccessReady", "True", "Bound")]
    grants = [
        {"kind": "Team", "name": "platform", "role": "Writer"},
        {"kind": "User", "name": "carol", "role": "Admin"},
    ]
    for name, description, visibility, phase, conditions in (
        ("web", "The front door: sessions, keys, router", "Internal", "Ready", ready),
        ("api", "Orders and invoices", "Private", "Ready", ready),
        ("docs", "Handbook", "Public", "Ready", ready),
        ("legacy", "Read only since 2024", "Private", "Archived", ready),
        ("mobile", "", "Private", "Pending", [condition("Hosted", "False", "HostPending", "Waiting for the Git host")]),
    ):
        url = f"http://127.0.0.1:7080/acme/{name}.git"
        world.store.seed(
            factories.make_repository(
                name,
                spec={"description": description, "visibility": visibility, "access": grants, "defaultBranch": "main"},
                status={
                    "phase": phase,
                    "cloneURLs": {"http": url} if phase != "Pending" else {},
                    "conditions": conditions,
                },
            )  # fmt: skip
        )
    for name, by, age in (
        ("web", "alice", {"hours": 3}),
        ("api", "bob", {"hours": 20}),
        ("legacy", "carol", {"days": 400}),
    ):
        push = {"ref": "refs/heads/main", "sha": "a" * 40, "by": by, "at": ago(**age)}
        world.store.seed(
            factories.make(kinds.REPOSITORY_CONTENT, name, status={"lastPush": push, "branches": 3, "tags": 1})
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
        factories.make_organization(spec={"displayName": "Acme", "owners": [{"kind": "User", "name": "olivia"}]}, status={
            "namespace": "acme", "conditions": [condition("NamespaceReady", "True", "NamespaceActive")]}),
        factories.make_team("platform", spec={"members": ["alice", "bob"]}),
        factories.make_team("net", spec={"members": ["carol"]}),
    )  # fmt: skip
    _seed_repositories(world)
    _seed_pulls(world, git)
    _seed_conversation(world, git)
    _seed_policies(world)
    _seed_activity(world)
    return world
