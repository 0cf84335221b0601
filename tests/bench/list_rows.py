"""The row about lists: what a long one costs."""

import asyncio
import base64
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import orjson
import yaml
from tests.bench import servers
from tests.bench.harness import NAMESPACE, Row, faster, folder, interleaved

from krate import kinds
from krate_api.store.encoding import draft
from krate_api.store.interface import ABSENT, Index, Key, Put
from krate_api.store.sqlite import open_store

PULLS = 10_000


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
        server.pause_controllers()  # they would visit 10,000 pull requests meanwhile, and change them
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
    return faster("F2", "list of 10,000 pull requests", ours, peer, goal=4)


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
