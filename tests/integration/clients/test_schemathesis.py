"""schemathesis over our OpenAPI documents: whatever is sent, the server answers as it declares, and never fails.

`KRATE_FUZZ_SECONDS=600 make test K=schemathesis` tries each document for ten minutes.
"""

import itertools
import random
from collections.abc import Generator
from typing import Any

import pytest

import api_users
import factories
import fuzzing
from krate import kinds
from served_api import API, ServedAPI

# The server draws random numbers in its own thread while requests are drawn here, which is none of their business.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies"),
    pytest.mark.timeout(240 + fuzzing.SECONDS),
]

GROUPS = sorted({kind.base_path.lstrip("/") for kind in kinds.KINDS})
Clients = tuple[fuzzing.Client, ...]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[ServedAPI]:
    """A server of its own: what is sent here takes bindings away that other clients live by."""
    with ServedAPI(tmp_path_factory.mktemp("fuzzed")) as found:
        yield found


@pytest.fixture(scope="module")
def admin(served: ServedAPI) -> Generator[API]:
    """What the targets are made with."""
    with served.admin() as client:
        yield client


@pytest.fixture(scope="module")
def clients(served: ServedAPI, admin: API, tmp_path_factory: pytest.TempPathFactory) -> Generator[Clients]:
    """Somebody who may do nothing, and the administrator."""
    folder = tmp_path_factory.mktemp("fuzz")
    pair = served.core.authority.issue("fuzz-admin", organisations=["system:masters"])
    ca, chain = folder / "ca.pem", folder / "admin.pem"
    ca.write_bytes(served.core.authority.certificate)
    chain.write_bytes(pair.certificate + pair.key)
    with (
        fuzzing.Client(served.url, str(ca), token=api_users.token(admin, "mallory")) as mallory,
        fuzzing.Client(served.url, str(ca), certificate=str(chain)) as might,
    ):
        yield mallory, might


@pytest.fixture
def target(admin: API, namespace: str) -> fuzzing.Target:
    """A namespace where there is an object of most kinds."""
    for kind in kinds.KINDS:
        if "create" in kind.verbs and kind is not kinds.NAMESPACE:
            admin.create(kind, factories.make(kind, "fuzz", namespace=namespace), namespace=kind.namespaced * namespace)
    return fuzzing.Target(namespace, "fuzz")


@pytest.mark.parametrize("group", GROUPS)
def test_every_operation(group: str, served: ServedAPI, admin: API, clients: Clients, target: fuzzing.Target) -> None:
    """Valid or not, from anybody: no failure, no redirect, and a Status or the declared object as declared."""
    document = admin.get(fuzzing.documents(admin)[group]).json()
    dice = random.Random(random.getrandbits(32))
    found: list[str] = []

    def judge(case: Any) -> None:
        target.bend(case, dice)
        for client in clients:
            answer = client.send(case)
            wrong = fuzzing.faults(case, answer, privileged=client.privileged)
            found.extend(f"{fault}: {fuzzing.told(case, answer)}" for fault in wrong)

    for _, operation in itertools.product(fuzzing.rounds(), fuzzing.operations(document)):
        fuzzing.generated(operation, judge)
    assert found == []
    assert admin.get("/readyz").text == "ok"
