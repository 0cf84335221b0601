"""One `krate up` for the module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import stock_kubectl
from kubectl_world import SUBJECTS, Subject, World


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.kubectl)
            item.add_marker(stock_kubectl.needed())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("world")) as found:
        yield found


@pytest.fixture(params=SUBJECTS, ids=lambda subject: subject.label)
def subject(request: pytest.FixtureRequest) -> Subject:
    return request.param
