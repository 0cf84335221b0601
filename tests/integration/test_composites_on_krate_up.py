"""The embedded loop where it lives: in the second process of `krate up`, with the real API, host and controllers."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import factories
from composite_rooms import created
from krate import conditions, errors, kinds
from krate.kinds import Kind
from krate_functions.engine import documents
from krate_kube import config
from krate_kube.client import HttpClient
from waiting import until

PLATFORM = Path(__file__).parents[2] / "examples/platform-config"


@asynccontextmanager
async def running(data: Path, listen: str) -> AsyncIterator[HttpClient]:
    """`krate up` on its data folder, and an administrator's client."""
    words = [sys.executable, "-m", "krate_cli", "up", "--data", str(data), "--log-level", "warning"]
    words += ["--listen", listen, "--api-listen", "127.0.0.1:0"]
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while not (line := await process.stdout.readline()).startswith(b"ready"):
                assert line, f"krate up ended: {(data / 'krate.log').read_text(encoding='utf-8')[-2000:]}"
        async with HttpClient(config.load([data / "admin.kubeconfig"])) as client:
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 30)


async def apply(client: HttpClient) -> None:
    """Create everything that the example declares, in the order of its files, waiting for the namespace."""
    for obj in (obj for path in sorted(PLATFORM.rglob("*.yaml")) for obj in documents.load(path)):
        kind = kinds.of(obj["apiVersion"], obj["kind"])
        assert kind is not None
        await until(lambda kind=kind, obj=obj: created(client, kind, obj))


async def ready(client: HttpClient) -> bool:
    """Whether every declared composite is Ready."""
    found = [
        obj for kind in (kinds.ORGANIZATION, kinds.TEAM, kinds.REPOSITORY) for obj in (await client.list(kind)).items
    ]
    said = [(obj.get("status") or {}).get("conditions") or [] for obj in found]
    return len(found) == 6 and all(conditions.is_true(entry, "Ready") for entry in said)


async def writers(client: HttpClient) -> list[str]:
    binding = await client.get(kinds.ROLE_BINDING, "krate-repository-web-writer", namespace="acme")
    return [subject["name"] for subject in binding.get("subjects", [])]


COMPOSED = (
    kinds.NAMESPACE,
    kinds.ROLE,
    kinds.ROLE_BINDING,
    kinds.CLUSTER_ROLE,
    kinds.HOSTED_REPOSITORY,
    kinds.HOSTED_TEAM,
)


async def versions(client: HttpClient) -> dict[str, str]:
    """Version of every composed object and every composite."""
    return {
        f"{kind.name}/{obj['metadata'].get('namespace', '')}/{obj['metadata']['name']}": obj["metadata"][
            "resourceVersion"
        ]
        for kind in (*COMPOSED, kinds.ORGANIZATION, kinds.TEAM, kinds.REPOSITORY)
        for obj in (await client.list(kind)).items
    }


async def test_platform_config_on_a_real_server(tmp_path: Path) -> None:
    """Declared, all turns Ready; a removed member loses the binding; a removed Role returns; a restart is silent."""
    data = tmp_path / "data"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        # Clone addresses hold the port: another one would be a change, and rightly written.
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    async with running(data, listen) as client:
        await apply(client)
        await until(lambda: ready(client))
        assert await writers(client) == ["alice", "bob", "robin"]
        await client.patch(kinds.TEAM, "platform", {"spec": {"members": ["alice"]}}, namespace="acme")
        await until(lambda: _holds(client, ["alice", "robin"]))
        await client.delete(kinds.ROLE, "krate-repository-web-writer", namespace="acme")
        await until(lambda: _exists(client, kinds.ROLE, "krate-repository-web-writer"))
        await until(lambda: ready(client))
        repository = await client.get(kinds.REPOSITORY, "handbook", namespace="acme")
        assert repository["status"]["cloneURLs"]["http"].endswith("/acme/handbook.git")
        await until(lambda: _still(client))
        before = await versions(client)
    async with running(data, listen) as client:
        # Composites that exist are looked at before one that comes later.
        await client.create(kinds.TEAM, factories.make_team("sentinel", spec={"members": []}))
        await until(lambda: _is_ready(client, kinds.TEAM, "sentinel"))
        await until(lambda: _still(client))
        after = await versions(client)
    assert {name: after.get(name) for name in before} == before


async def _is_ready(client: HttpClient, kind: Kind, name: str) -> bool:
    found = await client.get(kind, name, namespace="acme")
    return conditions.is_true((found.get("status") or {}).get("conditions") or [], "Ready")


async def _holds(client: HttpClient, people: list[str]) -> bool:
    return await writers(client) == people


async def _exists(client: HttpClient, kind: Kind, name: str) -> bool:
    try:
        await client.get(kind, name, namespace="acme")
    except errors.NotFound:
        return False
    return True


async def _still(client: HttpClient) -> bool:
    """Whether nothing that is composed changed for half a second."""
    before = await versions(client)
    await asyncio.sleep(0.5)
    return await versions(client) == before
