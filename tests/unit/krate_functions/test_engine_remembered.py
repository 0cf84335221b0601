"""What was wanted last survives a restart; losing it is no disaster."""

from pathlib import Path

from krate_functions.engine.remembered import STATUS, Remembered


def test_it_survives_a_restart(tmp_path: Path) -> None:
    """What was remembered is recalled by the next process, last word first."""
    first = Remembered(tmp_path / "c.sqlite")
    first.remember("u", {"a": {"n": 1}, STATUS: {"phase": "Ready"}})
    first.remember("u", {"a": {"n": 2, "x": ["y"]}})
    first.close()
    again = Remembered(tmp_path / "c.sqlite")
    assert (again.recall("u", "a"), again.recall("u"), again.recall("u", "b")) == (
        {"n": 2, "x": ["y"]},
        {"phase": "Ready"},
        None,
    )
    again.close()


def test_forgetting(tmp_path: Path) -> None:
    """One object, a composite, and who is known at all."""
    found = Remembered(tmp_path / "c.sqlite")
    found.remember("u", {"a": {}, "b": {}})
    found.remember("v", {"a": {}})
    found.drop("u", "a")
    assert (found.recall("u", "a"), found.recall("u", "b"), found.composites()) == (None, {}, {"u", "v"})
    found.forget("u")
    assert found.composites() == {"v"}
    found.close()


def test_a_broken_file_is_put_aside(tmp_path: Path) -> None:
    """A file that is no database is kept for whoever wants to look, and a new one begun."""
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"this is not a database, it is a sentence that is long enough to be none")
    found = Remembered(path)
    found.remember("u", {"a": {}})
    assert found.composites() == {"u"}
    assert (tmp_path / "c.sqlite.broken").read_bytes().startswith(b"this is not")
    found.close()
