"""Expressions that people write: the documentation of Kubernetes and Kyverno, and pull request policies.

Each was also asked of cel-go in the environments of k8s.io/apiserver v0.36.3 and Kyverno 1.19.1, with these objects;
both gave these answers (loops with two variables are Kubernetes' alone).
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from krate_cel import environment
from krate_cel.environment import Returns


@dataclass(frozen=True)
class Example:
    """An expression, an object for which it holds and one for which it does not."""

    expression: str
    good: Any
    bad: Any
    more: dict[str, Any] = field(default_factory=dict)
    """Other variables."""


def pod(*images: str, **container: Any) -> dict:
    containers = [{"name": f"c{index}", "image": image, **container} for index, image in enumerate(images)]
    return {"spec": {"containers": containers}}


def labelled(**labels: str) -> dict:
    return {"metadata": {"name": "x", "labels": labels}}


def body(text: str, title: str = "feat: x") -> dict:
    return {"metadata": {"name": "web-1"}, "spec": {"title": title, "body": text}}


def approved(*, stale: bool) -> dict:
    first = {"user": "a", "teams": ["x"], "stale": False}
    return {"author": "eve", "approvals": [first, {"user": "b", "teams": ["y"], "stale": stale}]}


ALICE = {"request": {"userInfo": {"username": "alice", "groups": ["dev"]}, "operation": "UPDATE", "namespace": "acme"}}

EXAMPLES = {
    # kubernetes.io: Validating Admission Policy, and Common Expression Language in Kubernetes
    "replicas": Example("object.spec.replicas <= 5", {"spec": {"replicas": 5}}, {"spec": {"replicas": 6}}),
    "replicas of params": Example(
        "object.spec.replicas <= params.maxReplicas",
        {"spec": {"replicas": 3}},
        {"spec": {"replicas": 4}},
        {"params": {"maxReplicas": 3}},
    ),
    "params or default": Example(
        "params == null || object.spec.replicas <= params.max", {"spec": {"replicas": 9}}, None, {"params": None}
    ),
    "environment label": Example(
        "has(object.metadata.labels) && 'environment' in object.metadata.labels && "
        "object.metadata.labels['environment'] in ['prod', 'dev']",
        labelled(environment="prod"),
        labelled(environment="qa"),
    ),
    "image of the environment": Example(
        "object.spec.containers.all(c, c.image.startsWith(params.repo + '/'))",
        pod("prod/a", "prod/b"),
        pod("prod/a", "dev/b"),
        {"params": {"repo": "prod"}},
    ),
    "no privileged containers": Example(
        "object.spec.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged) || "
        "c.securityContext.privileged == false)",
        pod("a"),
        pod("a", securityContext={"privileged": True}),
    ),
    "host ports": Example(
        "object.spec.containers.all(c, !has(c.ports) || c.ports.all(p, !has(p.hostPort) || p.hostPort == 0))",
        pod("a", ports=[{"containerPort": 1}]),
        pod("a", ports=[{"hostPort": 80}]),
    ),
    "immutable": Example(
        "oldObject == null || object.spec.immutable == oldObject.spec.immutable",
        {"spec": {"immutable": 1}},
        {"spec": {"immutable": 2}},
        {"oldObject": {"spec": {"immutable": 1}}},
    ),
    "not for the kubelet": Example(
        "!('system:nodes' in request.userInfo.groups)", {}, None, {"request": {"userInfo": {"groups": ["dev"]}}}
    ),
    "min max": Example(
        "object.minReplicas <= object.replicas && object.replicas <= object.maxReplicas",
        {"minReplicas": 1, "replicas": 2, "maxReplicas": 3},
        {"minReplicas": 1, "replicas": 4, "maxReplicas": 3},
    ),
    "is one of": Example("object.kind in ['A', 'B']", {"kind": "A"}, {"kind": "C"}),
    "map keys": Example(
        "object.stateCounts.all(key, object.stateCounts[key] >= 0)",
        {"stateCounts": {"a": 0}},
        {"stateCounts": {"a": -1}},
    ),
    "two lists": Example(
        "object.set1.all(e, !(e in object.set2))", {"set1": [1], "set2": [2]}, {"set1": [1], "set2": [1]}
    ),
    "health probe of names": Example(
        "object.names.size() == object.details.size() && object.names.all(n, n in object.details)",
        {"names": ["a"], "details": {"a": 1}},
        {"names": ["a"], "details": {"b": 1}},
    ),
    "date order": Example(
        "timestamp(object.created) < timestamp(object.expires) && "
        "timestamp(object.expires) - timestamp(object.created) > duration('24h')",
        {"created": "2026-01-01T00:00:00Z", "expires": "2026-01-03T00:00:00Z"},
        {"created": "2026-01-01T00:00:00Z", "expires": "2026-01-01T01:00:00Z"},
    ),
    "semver by hand": Example(
        "object.version.matches('^v[0-9]+[.][0-9]+[.][0-9]+$')", {"version": "v1.2.3"}, {"version": "1.2"}
    ),
    "tag of an image": Example(
        "object.spec.containers.all(c, c.image.find(':[^/:]+$') != '' && !c.image.endsWith(':latest'))",
        pod("a/b:1", "c:2"),
        pod("a/b:latest"),
    ),
    "sorted and summed": Example(
        "object.weights.isSorted() && object.weights.sum() == 100 && object.weights.max() < 90",
        {"weights": [40, 60]},
        {"weights": [60, 40]},
    ),
    "allowed set": Example(
        "sets.contains(['a', 'b', 'c'], object.values)", {"values": ["a", "b"]}, {"values": ["a", "z"]}
    ),
    "last transition": Example(
        "object.conditions.exists_one(c, c.type == 'Ready' && c.status == 'True')",
        {"conditions": [{"type": "Ready", "status": "True"}]},
        {"conditions": [{"type": "Ready", "status": "False"}]},
    ),
    # kyverno.io, and the design's examples
    "description": Example("object.spec.?body.orValue('').trim() != ''", body("why"), body(" \n")),
    "conventional title": Example(
        "object.spec.?title.orValue('').matches('^(feat|fix|docs|chore)(\\\\(.+\\\\))?:.+')",
        body("", title="fix(ui): x"),
        body("", title="Fix things"),
    ),
    "not a bot": Example("!('system:forge-bots' in request.userInfo.groups)", {}, None, ALICE),
    "optional chain": Example(
        "object.metadata.?labels.?team.orValue('none') != 'none'", labelled(team="a"), {"metadata": {"name": "x"}}
    ),
    "optional label with a slash": Example(
        "object.metadata.?labels[?'app.kubernetes.io/name'].hasValue()",
        labelled(**{"app.kubernetes.io/name": "x"}),
        labelled(team="a"),
    ),
    "all containers of two lists": Example(
        "(object.spec.containers + object.spec.?initContainers.orValue([])).all(c, c.image.contains('/'))",
        pod("a/b"),
        {"spec": {"containers": [], "initContainers": [{"image": "x"}]}},
    ),
    "namespace label": Example(
        "namespaceObject.metadata.labels['tier'] == object.tier",
        {"tier": "gold"},
        {"tier": "tin"},
        {"namespaceObject": {"metadata": {"labels": {"tier": "gold"}}}},
    ),
    # pull requests (integrations.md 1.7)
    "issue link": Example(
        "object.spec.body.matches('(?i)(closes|fixes|refs) #[0-9]+')", body("Fixes #12"), body("no link")
    ),
    "work in progress": Example(
        "!object.spec.title.lowerAscii().startsWith('wip') && !object.metadata.?labels[?'do-not-merge'].hasValue()",
        body("", title="feat: x"),
        body("", title="WIP: x"),
    ),
    "size cap": Example(
        "object.status.additions + object.status.deletions <= 400 && object.status.changedFiles <= 20",
        {"status": {"additions": 300, "deletions": 100, "changedFiles": 20}},
        {"status": {"additions": 301, "deletions": 100, "changedFiles": 20}},
    ),
    "distinct teams": Example(
        "object.approvals.filter(a, !a.stale && a.user != object.author)"
        ".map(a, a.teams).flatten().distinct().size() >= 2",
        approved(stale=False),
        approved(stale=True),
    ),
    "no self merge": Example(
        "request.userInfo.username != object.pullRequest.status.author",
        {"pullRequest": {"status": {"author": "bob"}}},
        {"pullRequest": {"status": {"author": "alice"}}},
        ALICE,
    ),
    "merge method per branch": Example(
        "!(object.target.branch.startsWith('release/') && object.method != 'Merge')",
        {"target": {"branch": "release/1"}, "method": "Merge"},
        {"target": {"branch": "release/1"}, "method": "Squash"},
    ),
    "required contexts": Example(
        "['build', 'test'].all(c, c in object.checks.passed)",
        {"checks": {"passed": ["build", "test", "lint"]}},
        {"checks": {"passed": ["build"]}},
    ),
    "freeze window": Example(
        "!(timestamp(object.now).getDayOfWeek('Europe/Berlin') == 5 && "
        "timestamp(object.now).getHours('Europe/Berlin') >= 16)",
        {"now": "2026-11-27T14:59:00Z"},
        {"now": "2026-11-27T15:00:00Z"},
    ),
    "numbered rows": Example(
        "object.rows.all(i, row, row.position == i)",
        {"rows": [{"position": 0}, {"position": 1}]},
        {"rows": [{"position": 1}]},
    ),
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_policies_of_others(example):
    """What holds and what does not is told apart, with the exact type that policies ask for."""
    program = environment.policy(params=True).compile(example.expression, returns=Returns.BOOL)
    around = {"oldObject": None, "request": {}, "namespaceObject": None, "params": None, **example.more}
    assert program.evaluate({**around, "object": example.good}) is True
    if example.bad is not None:
        assert program.evaluate({**around, "object": example.bad}) is False
