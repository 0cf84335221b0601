"""One API server per worker, its administrator and kubeconfig, and a namespace per test.

Clients that people use judge the server here: what they answer, and what they raise.
"""

import gc
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

import api_users
import kubeconfigs
import served_api
from served_api import API, ServedAPI

NewKubeconfig = Callable[..., Path]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[ServedAPI]:
    with ServedAPI(tmp_path_factory.mktemp("judged")) as found:
        yield found


@pytest.fixture(scope="session")
def admin(served: ServedAPI) -> Generator[API]:
    """What tests prepare with: our own client."""
    with served.admin() as client:
        yield client


@pytest.fixture(scope="session")
def kubeconfig(served: ServedAPI) -> Path:
    return kubeconfigs.admin(served)


@pytest.fixture
def namespace(admin: API) -> str:
    return served_api.new_namespace(admin, "judge")


@pytest.fixture
def kubeconfig_of(served: ServedAPI, admin: API) -> NewKubeconfig:
    """`kubeconfig_of("bob", rules=[...], namespace="acme")`: bob's, by token, who holds these rules there."""

    def make(name: str, *, rules: list[dict[str, object]], namespace: str) -> Path:
        path = kubeconfigs.user(served, admin, name)
        api_users.grant(admin, name, rules, namespace=namespace)
        return path

    return make


@pytest.fixture
def forget(served: ServedAPI) -> Callable[[str], int]:
    """Compact the history of a resource away, in the log and in memory; answers the oldest version that is left."""

    async def compact(resource: str) -> int:
        floor = await served.core.store.compact(resource, keep=0, before=time.time() + 60)
        served.core.feeds.of(resource)._ring.clear()
        return floor

    return lambda resource: served.run(lambda: compact(resource))


@pytest.fixture
def left_sockets() -> Generator[None]:
    """What an operator of kopf left is collected here, where it is forgiven, and not during a test of somebody else."""
    yield
    gc.collect()
