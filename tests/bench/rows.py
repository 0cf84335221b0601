"""The rows of first light."""

import asyncio
import base64
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import yaml
from tests.bench import servers
from tests.bench.harness import Row, interleaved, median, timed

from krate import kinds
from krate_api.store.encoding import draft
from krate_api.store.interface import ABSENT, Index, Key, Put
from krate_api.store.sqlite import open_store

PULLS = 10_000
NAMESPACE = "acme"


@contextmanager
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="krate-bench-", dir=os.environ.get("KRATE_BENCH_DIR")))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def start_up() -> Row:
    """F1: from the command to the line `ready`, on an empty folder."""
    binary = servers.gitea_binary()
    ours: list[float] = []
    peer: list[float] = []
    for _ in range(5):
        with folder() as place:
            server = servers.Krate(place / "krate")
            ours.append(timed(server.start))
            server.stop()
            if binary is not None:
                other = servers.Gitea(binary, place / "gitea")
                peer.append(timed(other.start))
                other.stop()
    seconds = median(ours)
    other_seconds = median(peer) if peer else None
    ratio = other_seconds / seconds if other_seconds else None
    what = "krate up on an empty folder to ready (Gitea: first healthy)"
    return Row("F1", what, seconds, other_seconds, "s", ratio, "<= 2 s", seconds <= 2, 5)


def _pull(number: int) -> dict[str, object]:
    body = " ".join(f"Sentence {word} of the description says why this change is needed." for word in range(12))
    return {
        "apiVersion": kinds.PULL_REQUEST.api_version,
        "kind": "PullRequest",
        "metadata": {
            "name": f"web-{number}",
            "namespace": NAMESPACE,
            "uid": f"00000000-0000-4000-8000-{number:012d}",
            "creationTimestamp": "2026-11-25T00:00:00Z",
            "generation": 1,
            "labels": {"area": f"a{number % 17}"},
        },
        "spec": {
            "repository": "web",
            "title": f"Change number {number}",
            "body": body,
            "source": {"branch": f"topic-{number}"},
            "target": {"branch": "main"},
        },
        "status": {"number": number, "author": "alice", "phase": "Open", "headSHA": f"{number:040x}"},
    }


async def seed_pulls(data: Path) -> None:
    """10,000 pull requests, straight into a store."""
    store = open_store(data / "krate.sqlite")
    resource = kinds.PULL_REQUEST.resource
    for start in range(0, PULLS, 500):
        batch = [
            Put(Key(resource, NAMESPACE, f"web-{number}"), draft(_pull(number)), Index(), ABSENT)
            for number in range(start, start + 500)
        ]
        await store.commit(batch)
    await store.close()


def listing() -> Row:
    """F2: GET the list over TLS, authentication and authorization on."""
    with folder() as place:
        data = place / "krate"
        data.mkdir(parents=True)
        asyncio.run(seed_pulls(data))
        server = servers.Krate(data)
        server.start()
        port = servers.free_port()
        pki = data / "pki"
        twin = subprocess.Popen(
            [
                sys.executable,
                "tests/bench/naive/listing.py",
                str(data / "krate.sqlite"),
                str(port),
                str(pki / "apiserver.crt"),
                str(pki / "apiserver.key"),
            ]
        )
        try:
            fetch = _fetcher(server)
            path = f"{kinds.PULL_REQUEST.base_path}/namespaces/{NAMESPACE}/pullrequests"
            ours_url, peer_url = f"{server.api}{path}", f"https://127.0.0.1:{port}/namespaces/{NAMESPACE}/pullrequests"
            servers.wait("the naive twin", lambda: _answers(fetch, peer_url))
            if orjson.loads(fetch(ours_url)) != orjson.loads(fetch(peer_url)):
                raise AssertionError("the two servers do not answer the same list")
            ours, peer = interleaved(11, lambda _: fetch(ours_url), lambda _: fetch(peer_url))
        finally:
            twin.terminate()
            twin.wait(10)
            server.stop()
    seconds, other = median(ours), median(peer)
    ratio = other / seconds
    return Row("F2", "list of 10,000 pull requests", seconds, other, "s", ratio, ">= 4x", ratio >= 4, 11)


def _fetcher(server: servers.Krate) -> Callable[[str], bytes]:
    config = yaml.safe_load(server.kubeconfig.read_text())
    user = config["users"][0]["user"]
    pem = server.data / "bench.pem"
    pem.write_bytes(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
    context = ssl.create_default_context(cafile=str(server.data / "pki" / "ca.crt"))
    context.load_cert_chain(pem)

    def fetch(url: str) -> bytes:
        with urllib.request.urlopen(url, context=context, timeout=60) as answer:
            return answer.read()

    return fetch


def _answers(fetch: Callable[[str], bytes], url: str) -> bool:
    try:
        return bool(fetch(url))
    except OSError:
        return False


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
    server.cli(
        "admin",
        "user",
        "create",
        "--admin",
        "--username",
        "bench",
        "--password",
        "bench-password-1",
        "--email",
        "bench@krate.invalid",
        "--must-change-password=false",
    )
    token = (
        server.cli(
            "admin",
            "user",
            "generate-access-token",
            "--username",
            "bench",
            "--token-name",
            "t",
            "--scopes",
            "all",
            "--raw",
        )
        .splitlines()[-1]
        .strip()
    )

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
    """A work tree whose first commit is pushed as `main` or, where that is protected, as `base`."""
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
    seconds, other = median(ours), median(peer)
    ratio = other / seconds
    return Row(
        "F3",
        "push of a tiny commit under protection (Gitea 1.26)",
        seconds,
        other,
        "s",
        ratio,
        ">= 8x",
        ratio >= 8,
        rounds,
    )


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
        bare = place / "bare" / "web.git"
        servers.git("init", "-q", "--bare", str(bare))
        servers.git("config", "http.receivepack", "true", cwd=bare)
        with servers.http_backend(place / "bare") as address:
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


ROWS: dict[str, Callable[[], Row]] = {"F1": start_up, "F2": listing, "F3": tiny_push, "F4": big_push}
