"""One `krate up` for the module, and the genuine kubectl in a namespace per test."""

import itertools
from collections.abc import Generator

import pytest

from genuine_kubectl import Kubectl
from processes import Up

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Generator[Up]:
    with Up(tmp_path_factory.mktemp("up")) as running:
        yield running


@pytest.fixture
def kubectl(up: Up) -> Kubectl:
    """In a namespace of the test's own."""
    found = Kubectl(up, f"drive-{next(_NUMBERS)}")
    found("create", "namespace", found.namespace)
    return found
