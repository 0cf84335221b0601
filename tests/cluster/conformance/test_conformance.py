"""What a client sees of `krate up` is what it sees of a real kube-apiserver."""

import pytest

import cluster_tools
import control_plane
from conformance import comparison

pytestmark = cluster_tools.needed(*control_plane.TOOLS)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[comparison.Row]:
    """Every scenario played against both servers."""
    return comparison.compared(tmp_path_factory.mktemp("conformance"))


def test_every_difference_has_a_reason(rows: list[comparison.Row]):
    """Answers differ nowhere but where docs/differences.md says why."""
    wrong = comparison.unlisted(rows, comparison.listed())
    assert [(row.name, *comparison.details(row)) for row in wrong] == []


def test_no_reason_has_outlived_its_difference(rows: list[comparison.Row]):
    """docs/differences.md lists nothing that is alike."""
    assert comparison.idle(rows, comparison.listed()) == []


def test_scenarios_say_something(rows: list[comparison.Row]):
    """The real server refused and allowed: the comparison is not one of empty recordings."""
    statuses = {row.real.status for row in rows if row.real is not None}
    assert {200, 201, 400, 404, 405, 406, 409, 415, 422, 504} <= statuses
