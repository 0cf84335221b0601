"""Rows about pushes: to Krate, to Gitea and to a bare repository."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tests.bench import bare, servers
from tests.bench.harness import NAMESPACE, Row, faster, folder, interleaved, median

_DECLARED = f"""apiVersion: krate.a5c.ai/v1alpha1
kind: Organization
metadata: {{name: {NAMESPACE}}}
spec: {{displayName: Acme}}
---
apiVersion: krate.a5c.ai/v1alpha1
kind: Repository
metadata: {{name: web, namespace: {NAMESPACE}}}
spec:
  access: [{{kind: User, name: bench, role: Writer}}]
---
apiVersion: krate.a5c.ai/v1alpha1
kind: BranchProtection
metadata: {{name: main, namespace: {NAMESPACE}}}
spec: {{repositorySelector: {{}}, branches: [main], requirePullRequest: true, requiredApprovals: 1}}
"""


def krate_repository(server: servers.Krate) -> str:
    """A declared repository with a protection in force; answers an address that the benchmark's user may push to."""
    server.run("user", "add", "bench")
    token = server.run("token", "bench").strip()
    server.run("apply", "-f", "-", stdin=_DECLARED)

    def enforced() -> bool:
        body = json.loads(server.run("get", "bp", "main", "-n", NAMESPACE, "-o", "json"))
        found = (body.get("status") or {}).get("conditions") or []
        return any(one["type"] == "Enforced" and one["status"] == "True" for one in found)

    servers.wait("the protection", enforced)
    return f"{server.web.replace('://', f'://bench:{token}@')}/{NAMESPACE}/web.git"


def gitea_repository(server: servers.Gitea) -> str:
    """The same in Gitea."""
    person = ("--username", "bench", "--password", "bench-password-1", "--email", "bench@krate.invalid")
    server.cli("admin", "user", "create", "--admin", *person, "--must-change-password=false")
    asked = ("--username", "bench", "--token-name", "t", "--scopes", "all", "--raw")
    token = server.cli("admin", "user", "generate-access-token", *asked).splitlines()[-1].strip()

    def post(path: str, body: object) -> None:
        request = urllib.request.Request(
            f"{server.url}/api/v1{path}",
            json.dumps(body).encode(),
            {"Authorization": f"token {token}", "Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=30).close()

    post("/user/repos", {"name": "web", "private": True, "default_branch": "main"})
    post("/repos/bench/web/branch_protections", {"rule_name": "main", "enable_push": False, "required_approvals": 1})
    return f"{server.url.replace('://', f'://bench:{token}@')}/bench/web.git"


def _clone(place: Path, url: str, name: str) -> Path:
    """A work tree whose first commit is pushed as `base`, which no protection covers."""
    tree = place / name
    servers.git("init", "-q", "-b", "main", str(tree))
    for number in range(20):
        (tree / f"file-{number}.txt").write_text(f"line {number}\n" * 20)
    servers.git("add", ".", cwd=tree)
    servers.git("commit", "-q", "-m", "start", cwd=tree)
    servers.git("remote", "add", "origin", url, cwd=tree)
    servers.git("push", "-q", "origin", "HEAD:refs/heads/base", cwd=tree)
    return tree


def _tiny(tree: Path) -> Callable[[int], None]:
    """Pushes one prepared commit to a branch of its own."""
    tree_id = servers.git("rev-parse", "HEAD^{tree}", cwd=tree)
    commits = [
        servers.git("commit-tree", tree_id, "-p", "HEAD", "-m", f"tiny {number}", cwd=tree) for number in range(64)
    ]

    def push(number: int) -> None:
        servers.git("push", "-q", "origin", f"{commits[number]}:refs/heads/b{number}", cwd=tree)

    return push


def tiny_push() -> Row:
    """F3: one client, one repository with protections, one tiny commit to one new branch at a time."""
    binary = servers.gitea_binary()
    rounds = 25
    with folder() as place, servers.krate(place) as ours_server:
        ours_push = _tiny(_clone(place, krate_repository(ours_server), "ours"))
        if binary is None:
            (ours,) = interleaved(rounds, ours_push)
            seconds = median(ours)
            return Row(
                "F3",
                "push of a tiny commit",
                seconds,
                None,
                "s",
                None,
                ">= 8x",
                False,
                rounds,
                "make tools TOOL=gitea builds the peer",
            )
        with servers.gitea(binary, place) as peer_server:
            peer_push = _tiny(_clone(place, gitea_repository(peer_server), "peer"))
            ours, peer = interleaved(rounds, ours_push, peer_push)
    return faster("F3", "push of a tiny commit under protection (Gitea 1.26)", ours, peer, goal=8)


def _big(tree: Path) -> Callable[[int], None]:
    """Pushes 100 commits that change files, to a branch of its own."""
    heads: list[str] = []
    for number in range(12):
        servers.git("checkout", "-q", "--detach", "main", cwd=tree)
        for commit in range(100):
            (tree / f"file-{commit % 20}.txt").write_text(f"round {number} commit {commit}\n" * 50)
            servers.git("commit", "-q", "-a", "-m", f"commit {number}.{commit}", cwd=tree)
        heads.append(servers.git("rev-parse", "HEAD", cwd=tree))

    def push(number: int) -> None:
        servers.git("push", "-q", "origin", f"{heads[number]}:refs/heads/p{number}", cwd=tree)

    return push


def big_push() -> Row:
    """F4: a pack with 100 commits, beside `git http-backend` on the same disk."""
    rounds = 11
    with folder() as place, servers.krate(place) as ours_server:
        target = place / "bare" / "web.git"
        servers.git("init", "-q", "--bare", str(target))
        servers.git("config", "http.receivepack", "true", cwd=target)
        with bare.http_backend(place / "bare") as address:
            ours_push = _big(_clone(place, krate_repository(ours_server), "ours"))
            peer_push = _big(_clone(place, f"{address}/web.git", "peer"))
            ours, peer = interleaved(rounds, ours_push, peer_push)
    seconds, other = median(ours), median(peer)
    ratio = seconds / other
    return Row(
        "F4",
        "push of a 100-commit pack (bare git http-backend)",
        seconds,
        other,
        "s",
        ratio,
        "<= 1.3x",
        ratio <= 1.3,
        rounds,
    )
