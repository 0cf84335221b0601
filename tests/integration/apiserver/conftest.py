"""One API server per module, its administrator, a namespace per test, and users."""

import contextlib
from collections.abc import Callable, Generator

import pytest

import served_api
from krate import kinds
from served_api import API, ServedAPI

Served = ServedAPI
NewUser = Callable[..., API]


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
def user(served: ServedAPI, admin: API) -> Generator[NewUser]:
    """Makes users: `user("bob", rules=[...], namespace="acme")` is a client of bob, who holds the rules there.

    The rules are taken away again after the test.
    """
    with contextlib.ExitStack() as stack:

        def make(name: str, *, rules: list[dict[str, object]] | None = None, namespace: str = "") -> API:
            token = served_api.token(admin, name)
            if rules is not None:
                granted = served_api.grant(admin, name, rules, namespace=namespace)
                stack.callback(served_api.revoke, admin, granted, namespace=namespace)
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
