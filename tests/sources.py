"""The repository's own Python files, parsed once: what the architecture tests judge."""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOMES = ("api", "functions", "controllers")


@dataclass(frozen=True)
class Source:
    """One file."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @functools.cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @functools.cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


def _read(*folders: str) -> tuple[Source, ...]:
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return tuple(Source(path, path.read_text()) for path in paths)


@functools.cache
def product() -> tuple[Source, ...]:
    """What is shipped."""
    return _read(*HOMES)


@functools.cache
def tests() -> tuple[Source, ...]:
    return _read("tests")


@functools.cache
def packages() -> tuple[str, ...]:
    """Names of the packages that are shipped."""
    return tuple(sorted(path.parent.name for home in HOMES for path in (ROOT / home).glob("*/__init__.py")))
