"""JSONPath as printer columns write it."""

from typing import Any

import pytest

from krate.kinds import Column
from krate_api import columns, jsonpaths

OBJECT: dict[str, Any] = {
    "a": {"b": [{"t": "x", "s": 1}, {"t": "Ready", "s": "True"}], "c": "q", "d.e": 5, "n": None},
    "l": [1, 2, 3, 4],
}


@pytest.mark.parametrize(
    ("path", "want"),
    [
        (".a.c", ["q"]),
        (".", []),
        (".missing.x", []),
        (".a.n", [None]),
        (".a['c']", ["q"]),
        (r".a.d\.e", [5]),
        (".l[0]", [1]),
        (".l[-1]", [4]),
        (".l[1:3]", [2, 3]),
        (".l[::2]", [1, 3]),
        (".l[*]", [1, 2, 3, 4]),
        (".l[0,2]", [1, 3]),
        (".a.b[*].t", ["x", "Ready"]),
        ('.a.b[?(@.t=="Ready")].s', ["True"]),
        (".a.b[?(@.t == 'x')].s", [1]),
        ('.a.b[?(@.t!="x")].t', ["Ready"]),
        (".a.b[?(@.s)].t", ["x", "Ready"]),
        (".l[?(@>2)]", [3, 4]),
        ("..s", [1, "True"]),
    ],
)
def test_what_a_path_finds(path: str, want: list[Any]) -> None:
    """Every form of step finds what client-go finds."""
    assert jsonpaths.find(path, OBJECT) == want


@pytest.mark.parametrize(
    "path", [".a[", ".a{", "a.b", ".a[?(@.x]", ".l[x]", ".l[::0]", '.a.b[?(@.t=~"x")]', ".l[1.5]", "." + "a" * 2000]
)
def test_what_is_no_path(path: str) -> None:
    """What client-go cannot parse is refused."""
    with pytest.raises(jsonpaths.JSONPathError):
        jsonpaths.compiled(path)


@pytest.mark.parametrize("path", [".l[9]", ".a.c[0]", ".a.c[?(@.x)]", '.a.b[?(@.s>"x")]'])
def test_what_cannot_be_followed(path: str) -> None:
    """A path that does not fit the object is an error, and its cell is empty."""
    with pytest.raises(jsonpaths.JSONPathError):
        jsonpaths.find(path, OBJECT)
    assert columns.cell(Column("C", path), OBJECT, 0) is None


def test_paths_that_visit_everything_end() -> None:
    """Recursive descent, twice and in a deep object, finds a bounded number of values."""
    deep: Any = {"a": 1}
    for _ in range(500):
        deep = {"a": deep, "b": [deep]} if len(str(deep)) < 10_000 else {"a": deep}
    assert len(jsonpaths.find("..a..a", deep)) <= jsonpaths.MAX_FOUND


@pytest.mark.parametrize(
    ("kind", "value", "want"),
    [
        ("string", "x", "x"),
        ("string", 5, "5"),
        ("string", True, "true"),
        ("string", None, "<no value>"),
        ("string", {"b": 1, "a": [2]}, '{"a":[2],"b":1}'),
        ("integer", 5, 5),
        ("integer", 5.7, 5),
        ("integer", "5", None),
        ("integer", True, None),
        ("number", 1.5, 1.5),
        ("boolean", False, False),
        ("boolean", "false", None),
        ("date", "1970-01-01T00:00:00Z", "10s"),
        ("date", "soon", "<invalid>"),
        ("date", "", "<unknown>"),
        ("date", 5, None),
    ],
)
def test_cells(kind: str, value: Any, want: Any) -> None:
    """A cell holds what its column promises, or nothing."""
    assert columns.cell(Column("C", ".v", kind), {"v": value}, 10.0) == want
