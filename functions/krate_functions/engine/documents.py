"""YAML in and out, as Crossplane's CLI reads and prints it: files or directories in, a stream of documents out."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

_SUFFIXES: Final = frozenset({".yaml", ".yml"})
_STRING: Final = "tag:yaml.org,2002:str"
_MARKS: Final = frozenset({_STRING, "tag:yaml.org,2002:yaml", "tag:yaml.org,2002:value"})
"""What PyYAML resolves text to that other parsers would read as text, too."""


class Unreadable(Exception):
    """the file holds no YAML objects."""


def load(path: Path) -> list[dict[str, Any]]:
    """The objects of a file, or of every YAML file of a directory by name; empty documents are left out.

    Raises:
        Unreadable: the path cannot be read, is no YAML, or holds something that is no object.
    """
    found: list[dict[str, Any]] = []
    for file in _files(path):
        try:
            documents = list(yaml.load_all(file.read_text(encoding="utf-8"), Loader=_Loader))
        except (OSError, UnicodeDecodeError) as failure:
            raise Unreadable(f"cannot read {file}: {failure}") from failure
        except yaml.YAMLError as failure:
            raise Unreadable(f"{file} is no YAML: {' '.join(str(failure).split())}") from failure
        for number, document in enumerate(documents, 1):
            if document is None:
                continue
            if not isinstance(document, dict) or not document.get("kind") or not document.get("apiVersion"):
                raise Unreadable(f"document {number} of {file} is no object: it needs apiVersion and kind")
            found.append(document)
    return found


def load_one(path: Path) -> dict[str, Any]:
    """The one object of a file.

    Raises:
        Unreadable: there is none, or more than one.
    """
    found = load(path)
    if len(found) != 1:
        raise Unreadable(f"{path} holds {len(found)} objects instead of one")
    return found[0]


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES)
    else:
        yield path


class _Loader(yaml.SafeLoader):
    """Leaves timestamps as the text they are, as JSON would."""


_Loader.yaml_implicit_resolvers = {
    mark: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for mark, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.SafeDumper):
    """Writes what sigs.k8s.io/yaml would: sorted keys, no anchors, double quotes around text that looks like more."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = dumper.resolve(yaml.ScalarNode, text, (True, False)) in _MARKS
    style = "|" if "\n" in text else None if plain else '"'
    return dumper.represent_scalar(_STRING, text, style=style)


_Dumper.add_representer(str, _text)


def dump(documents: Iterable[Mapping[str, Any]]) -> str:
    """The stream that the CLI prints: every document after a `---`."""
    return "".join(f"---\n{yaml.dump(document, Dumper=_Dumper, default_flow_style=False)}" for document in documents)
