"""YAML bodies as Kubernetes reads them: JSON's types only, written as a tree of nodes and counted while it is walked.

No constructor of the YAML library runs, so there is nothing to inject: times and sexagesimal numbers are texts, tags
beyond JSON's types are refused, merge keys have no meaning, and aliases may expand as far as Go's reader lets them.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

_MANY_NODES: Final = (400_000, 4_000_000)
"""Up to the first nearly all nodes may come from aliases, from the second on a tenth (yaml.v2, allowedAliasRatio)."""
_FEW: Final = (100, 1000)
"""Nodes from aliases, and nodes, that are never too many."""
MAX_DEPTH: Final = 64
MAX_DUPLICATES: Final = 100

_TAG: Final = "tag:yaml.org,2002:"
_BOOLEANS: Final = {
    "true": True,
    "yes": True,
    "on": True,
    "y": True,
    "false": False,
    "no": False,
    "off": False,
    "n": False,
}


_FLOAT: Final = r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*\.?[0-9]*)(?:[eE][-+]?[0-9]+)?"
_GUESSED: Final = (
    ("bool", r"(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$", "yYnNtTfFoO"),
    ("int", r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$", "-+0123456789"),
    ("float", rf"(?:{_FLOAT}|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$", "-+0123456789."),
    ("null", r"(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
)
"""Plain scalars that are no texts: type, form, first characters."""

_Resolvers = dict[str | None, list[tuple[str, re.Pattern[str]]]]


def _resolvers(*rows: tuple[str, str, Sequence[str]]) -> _Resolvers:
    found: _Resolvers = {}
    for name, pattern, first in rows:
        for mark in first:
            found.setdefault(mark, []).append((_TAG + name, re.compile(pattern)))
    return found


class _Loader(yaml.CSafeLoader):
    """The parser in C with JSON's types as the only ones that are guessed."""

    yaml_implicit_resolvers = _resolvers(*_GUESSED)


class _Dumper(yaml.CSafeDumper):
    """The emitter in C; quotes every text that any reader of YAML 1.1 or 1.2 could take for another type."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the library's own attribute
        mark: [*yaml.CSafeDumper.yaml_implicit_resolvers.get(mark, []), *_resolvers(*_GUESSED).get(mark, [])]
        for mark in {*yaml.CSafeDumper.yaml_implicit_resolvers, *_resolvers(*_GUESSED)}
    }

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the library's signature
        return True


_STRING: Final = "tag:yaml.org,2002:str"


def _written(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Lines as a block, and in double quotes what would be another type: as Kubernetes' own writer does it."""
    # A block that ends in empty lines would end the document as well.
    style = "|" if "\n" in text and not f"\n{text}".endswith("\n\n") else None
    if dumper.resolve(yaml.ScalarNode, text, (True, False)) != _STRING:
        style = '"'
    return dumper.represent_scalar(_STRING, text, style)


_Dumper.add_representer(str, _written)


@dataclass(slots=True)
class _Reader:
    """Turns nodes into values; `repeated` is what Go's reader says of keys that stand twice in one mapping."""

    repeated: list[str] = field(default_factory=list[str])
    nodes: int = 0
    from_aliases: int = 0
    seen: set[int] = field(default_factory=set[int])
    """Identities of nodes: whoever comes to one again comes by an alias."""

    def value(self, node: yaml.Node, depth: int) -> Any:
        self._count(node)
        if depth > MAX_DEPTH:
            raise ValueError("exceeded max depth")
        if isinstance(node, yaml.ScalarNode):
            return scalar(node)
        if node.tag not in {_TAG + "map", _TAG + "seq"}:
            raise _foreign(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, depth + 1) for item in node.value]
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            self._count(key_node)
            key = _key_text(key_node)
            if key in found and len(self.repeated) < MAX_DUPLICATES:
                self.repeated.append(f'line {key_node.start_mark.line + 1}: key "{key}" already set in map')
            found[key] = self.value(value_node, depth + 1)
        return found

    def _count(self, node: yaml.Node) -> None:
        """Count a node: a billion laughs end here.

        Raises:
            ValueError: too many of all nodes come from aliases.
        """
        self.nodes += 1
        if id(node) not in self.seen:
            self.seen.add(id(node))
            return
        self.from_aliases += 1
        few_aliases, few = _FEW
        if self.from_aliases > few_aliases and self.nodes > few and self.from_aliases > _allowed(self.nodes):
            raise ValueError("document contains excessive aliasing")


def _allowed(nodes: int) -> float:
    """How many of so many nodes may come from aliases."""
    low, high = _MANY_NODES
    beyond = min(max(nodes - low, 0) / (high - low), 1)
    return nodes * (0.99 - 0.89 * beyond)


def scalar(node: yaml.ScalarNode) -> Any:
    """The value of a scalar.

    Raises:
        ValueError: JSON has no such value.
    """
    text: str = node.value
    match node.tag.removeprefix(_TAG):
        case "str":
            return text.encode().decode()  # half a surrogate pair is no text
        case "null":
            return None
        case "bool" if text.lower() in _BOOLEANS:
            return _BOOLEANS[text.lower()]
        case "int":
            return _integer(text.replace("_", ""))
        case "float":
            return _float(text.replace("_", ""))
        case _:
            raise _foreign(node)


def _integer(text: str) -> int | float:
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    bases = {"0b": 2, "0o": 8, "0x": 16}
    base = bases.get(digits[:2], 8 if digits.startswith("0") else 10)
    found = sign * int(digits.removeprefix(digits[:2]) if digits[:2] in bases else digits, base)
    # Beyond 64 bits JSON parsers, ours included, answer a float.
    return found if -(1 << 63) <= found < 1 << 64 else _float(str(found))


def _float(text: str) -> float:
    found = float(text.replace(".inf", "inf").replace(".nan", "nan") if text[-1].isalpha() else text)
    if not math.isfinite(found):
        raise ValueError(f"JSON has no number {text}")
    return found


def _key_text(node: yaml.Node) -> str:
    """A key as text, as JSON would write it."""
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError("a key must be a scalar")  # noqa: TRY004 - the document is wrong, not the caller
    found = scalar(node)
    if isinstance(found, bool):
        return "true" if found else "false"
    return "null" if found is None else str(found)


def _foreign(node: yaml.Node) -> ValueError:
    return ValueError(f"JSON has no type {node.tag}")


def _read(data: bytes) -> tuple[Any, _Reader]:
    reader = _Reader()
    root = yaml.compose(data, _Loader)
    return (None if root is None else reader.value(root, 1)), reader


def load(data: bytes) -> Any:
    """The one document in `data`.

    Raises:
        yaml.YAMLError: it is malformed, or there are two.
        ValueError: it says what JSON cannot, or expands too far.
    """
    return _read(data)[0]


def repeated_keys(data: bytes) -> list[str]:
    """Keys that stand twice in one mapping, as Go's reader tells of them, by line; a malformed document has none."""
    return _reader(data).repeated


def unmarshal(lines: Iterable[str]) -> str:
    """The error that Go's reader makes of what it tells by line."""
    return "\n  ".join(("yaml: unmarshal errors:", *lines))


def _reader(data: bytes) -> _Reader:
    try:
        return _read(data)[1]
    except (yaml.YAMLError, ValueError):
        return _Reader()


def dump(value: Any) -> bytes:
    """`value` as one YAML document, keys sorted, every text readable as a text."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=True, allow_unicode=True, width=80).encode()
