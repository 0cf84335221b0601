"""One API server per module, its administrator, a namespace per test, and users."""

import contextlib
from collections.abc import Generator
from typing import Any

import pytest

import api_answers
import api_users
import served_api
from api_users import NewUser
from krate import kinds
from served_api import API, ServedAPI

Served = ServedAPI


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[ServedAPI]:
    with ServedAPI(tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture(scope="module")
def admin(served: ServedAPI) -> Generator[API]:
    """A member of system:masters."""
    with served.admin() as client:
        yield client


@pytest.fixture
def namespace(admin: API) -> str:
    """A namespace of the test's own."""
    return served_api.new_namespace(admin)


@pytest.fixture
def web(admin: API, namespace: str) -> dict[str, Any]:
    """A stored Repository."""
    return api_answers.created(admin, kinds.REPOSITORY, api_answers.repository(), namespace)


@pytest.fixture
def heads(served: ServedAPI, web: dict[str, Any], namespace: str) -> dict[str, str]:
    """The repository `web` hosted, with a main branch and sixty others, and their heads."""
    others = {f"b{number}": {"a.txt": b"branch %d\n" % number} for number in range(60)}
    return served.repository(namespace, "web", {"main": {"a.txt": b"1\n"}, **others})


@pytest.fixture
def seventeen(admin: API, namespace: str) -> list[dict[str, Any]]:
    """Seventeen ConfigMaps."""
    names = {f"c{number:02}": "odd" if number % 2 else "even" for number in range(17)}
    bodies = [api_answers.config_map(name, {"k": name}, parity=parity) for name, parity in names.items()]
    return [api_answers.created(admin, kinds.CONFIG_MAP, body, namespace) for body in bodies]


@pytest.fixture
def held(admin: API, namespace: str) -> dict[str, Any]:
    """A ConfigMap that a finalizer holds."""
    body = {**api_answers.config_map("held"), "metadata": {"name": "held", "finalizers": ["e.com/f"]}}
    return api_answers.created(admin, kinds.CONFIG_MAP, body, namespace)


@pytest.fixture
def user(served: ServedAPI, admin: API) -> Generator[NewUser]:
    """Makes users: `user("bob", rules=[...], namespace="acme")` is a client of bob, who holds the rules there.

    The rules are taken away again after the test.
    """
    with contextlib.ExitStack() as stack:

        def make(name: str, *, rules: list[dict[str, object]] | None = None, namespace: str = "") -> API:
            token = api_users.token(admin, name)
            if rules is not None:
                granted = api_users.grant(admin, name, rules, namespace=namespace)
                stack.callback(api_users.revoke, admin, granted, namespace=namespace)
            return stack.enter_context(served.client(token=token))

        yield make


@pytest.fixture
def nobody(served: ServedAPI) -> Generator[API]:
    """A client without credentials."""
    with served.client() as client:
        yield client


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`any_kind` runs a test once for every kind of the table."""
    if "any_kind" in metafunc.fixturenames:
        metafunc.parametrize("any_kind", kinds.KINDS, ids=lambda kind: kind.resource)
