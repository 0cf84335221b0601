"""Manifest files: every document of every YAML or JSON file, in the order kubectl takes them."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import yaml

from krate import kinds
from krate.kinds import Kind

_ENDINGS: Final = frozenset({".yaml", ".yml", ".json"})


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a file."""

    file: str
    kind: Kind
    body: dict[str, Any]

    @property
    def name(self) -> str:
        return self.body.get("metadata", {}).get("name", "")

    @property
    def shown(self) -> str:
        """`repository.krate.a5c.ai/web`, as kubectl prints it."""
        group = f".{self.kind.group}" if self.kind.group else ""
        return f"{self.kind.singular}{group}/{self.name}"


def files(paths: Iterable[str], *, recursive: bool) -> Iterator[Path | None]:
    """Files to read, None for standard input; hidden folders such as `.git` are left out.

    Raises:
        ClickException: a path does not exist.
    """
    for text in paths:
        path = Path(text)
        if text == "-":
            yield None
        elif path.is_dir():
            found = path.rglob("*") if recursive else path.glob("*")
            hidden = (one for one in found if not any(part.startswith(".") for part in one.relative_to(path).parts))
            yield from sorted(one for one in hidden if one.suffix in _ENDINGS and one.is_file())
        elif path.exists():
            yield path
        else:
            raise click.ClickException(f'the path "{text}" does not exist')


def read(paths: Iterable[str], *, recursive: bool = False) -> list[Document]:
    """All documents.

    Raises:
        ClickException: a file cannot be parsed, or holds something that is no object of a known kind.
    """
    found: list[Document] = []
    for path in files(paths, recursive=recursive):
        name = str(path) if path is not None else "-"
        try:
            text = path.read_text(encoding="utf-8") if path is not None else sys.stdin.read()
            documents = list(yaml.load_all(text, yaml.CSafeLoader))
        except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
            raise click.ClickException(f"{name}: {' '.join(str(error).split())}") from error
        for body in documents:
            found += _objects(name, body)
    if not found:
        raise click.ClickException("no objects passed to apply")
    return found


def _objects(name: str, body: Any) -> Iterator[Document]:
    if body is None:
        return
    if not isinstance(body, dict) or not body.get("kind") or not body.get("apiVersion"):
        raise click.ClickException(f"{name}: a document is no object with apiVersion and kind")
    if body["kind"] == "List" and isinstance(body.get("items"), list):
        for item in body["items"]:
            yield from _objects(name, item)
        return
    kind = kinds.of(str(body["apiVersion"]), str(body["kind"]))
    if kind is None:
        text = f'no matches for kind "{body["kind"]}" in version "{body["apiVersion"]}"'
        raise click.ClickException(f"{name}: resource mapping not found: {text}")
    yield Document(name, kind, body)


def namespace_of(document: Document, default: str) -> str:
    """Where the object goes."""
    if not document.kind.namespaced:
        return ""
    return document.body.get("metadata", {}).get("namespace") or default
