"""What is written about the house is true of it."""

import re

import pytest

import sources
from krate import conditions, kinds

README = (sources.ROOT / "README.md").read_text()
REFERENCE = {path.name: path.read_text() for path in (sources.ROOT / "docs" / "reference").glob("*.md")}
PATH = re.compile(r"`((?:api|functions|controllers|tests|policies|examples|compositions|requirements|docs)/[\w./-]+)`")


def test_conditions_are_documented():
    """Every condition type and reason is in the reference."""
    text = REFERENCE["conditions.md"]
    assert {word for word in (*conditions.Type, *conditions.Reason) if word not in text} == set()


def test_kinds_are_documented():
    """Every kind of ours is in the reference; those of Kubernetes and Kyverno have theirs."""
    headings = set(re.findall(r"^### (\w+)$", REFERENCE["kinds.md"], re.MULTILINE))
    assert {kind.name for kind in kinds.KINDS if kind.form is not kinds.Form.BUILTIN} == headings


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "DECISIONS.md"])
def test_paths_exist(name: str):
    """Every path that a document names is there."""
    text = (sources.ROOT / name).read_text()
    assert [path for path in PATH.findall(text) if not (sources.ROOT / path).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_make_targets_exist(name: str):
    """Every `make` target that a document names is in the Makefile."""
    makefile = (sources.ROOT / "Makefile").read_text()
    named = set(re.findall(r"`make ([a-z][a-z-]+)", (sources.ROOT / name).read_text()))
    assert {target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)} == set()


def test_pictures_exist():
    """The pictures of the README are there."""
    assert [path for path in re.findall(r"\]\(([\w./-]+\.png)\)", README) if not (sources.ROOT / path).exists()] == []


def test_decisions_are_numbered_and_short():
    """Decisions count up by one, and none is longer than ten lines."""
    parts = re.split(r"^## ", (sources.ROOT / "DECISIONS.md").read_text(), flags=re.MULTILINE)[1:]
    assert [part.split(".")[0] for part in parts] == [str(number) for number in range(1, len(parts) + 1)]
    assert [part.splitlines()[0] for part in parts if len(part.strip().splitlines()) > 11] == []
