"""Fields that stand twice in one object of a body: which, and at what cost."""

import pytest

from krate_api import duplicates
from krate_api.registry import decoding

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"

DUPLICATES: dict[str, tuple[bytes, str, list[str]]] = {
    "none": (b'{"a": 1, "b": {"a": 2}}', JSON, []),
    "top": (b'{"a": 1, "a": 2}', JSON, ["a"]),
    "nested": (b'{"spec": {"title": 1, "x": 2, "title": 3}}', JSON, ["spec.title"]),
    "three times": (b'{"a": 1, "a": 2, "a": 3}', JSON, ["a"]),
    "in a list": (b'{"spec": {"items": [{"n": 1}, {"n": 1, "n": 2}]}}', JSON, ["spec.items[1].n"]),
    "the right one of two of a name": (b'{"title": 0, "spec": {"title": 1, "title": 3}}', JSON, ["spec.title"]),
    "two places": (b'{"a": {"x": 1, "x": 2}, "b": {"x": 1, "x": 2}}', JSON, ["a.x", "b.x"]),
    "inside what is overwritten": (b'{"a": {"x": 1, "x": 2}, "a": {}}', JSON, ["a.x", "a"]),
    "in the order of the text": (
        b'{"m": {"l": {"a": 1, "a": 2}, "n": 1, "n": 2}, "t": 1, "t": 2, "r": [{"k": 1, "k": 2}]}',
        JSON,
        ["m.l.a", "m.n", "t", "r[0].k"],
    ),
    "malformed": (b"{", JSON, []),
}
LINES: dict[str, tuple[bytes, list[str]]] = {
    "top": (b"a: 1\na: 2\n", ['line 2: key "a" already set in map']),
    "nested": (b"spec:\n  title: 1\n  title: 2\n", ['line 3: key "title" already set in map']),
    "in a list": (b"spec:\n  items:\n  - k: 1\n  - {k: 1, k: 2}\n", ['line 4: key "k" already set in map']),
    "malformed": (b"{", []),
}


@pytest.mark.parametrize("name", DUPLICATES)
def test_duplicate_fields(name: str) -> None:
    """Fields that stand twice in one object are found at the path where they stand."""
    data, media, want = DUPLICATES[name]
    assert decoding.repetitions(data, media, "Warn") == [f'duplicate field "{path}"' for path in want]


@pytest.mark.parametrize("name", LINES)
def test_repeated_keys(name: str) -> None:
    """In YAML they are told by line: each for itself in warnings, all in one error of Strict."""
    data, want = LINES[name]
    assert decoding.repetitions(data, YAML, "Warn") == want
    error = ["\n  ".join(("yaml: unmarshal errors:", *want))] if want else []
    assert decoding.repetitions(data, YAML, "Strict") == error


@pytest.mark.parametrize(("media", "validation"), [(PROTOBUF, "Strict"), (JSON, "Ignore"), (YAML, "Ignore")])
def test_nothing_to_tell(media: str, validation: str) -> None:
    """Protobuf knows no duplicates, and who ignores them is told of none."""
    assert decoding.repetitions(b'{"a": 1, "a": 2}', media, validation) == []


@pytest.mark.timeout(30)
@pytest.mark.parametrize("media", [JSON, YAML])
def test_many_duplicates_cost_no_more_than_their_bytes(media: str) -> None:
    """A body that is nothing but duplicates is looked through once, and the answer is bounded."""
    deep = ",".join(f'"k{n}": {{"x{n}": 1, "x{n}": 2}}' for n in range(60_000))
    found = decoding.repetitions(("{" + deep + "}").encode(), media, "Warn")
    assert 0 < len(found) <= duplicates.MAX_REPORTED
    assert found[0] == ('line 1: key "x0" already set in map' if media == YAML else 'duplicate field "k0.x0"')
