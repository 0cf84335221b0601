"""One control plane for all suites that do not break it."""

from collections.abc import Generator

import pytest

from control_plane import ControlPlane


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[ControlPlane]:
    """A running control plane."""
    with ControlPlane(tmp_path_factory.mktemp("cluster")) as running:
        yield running
