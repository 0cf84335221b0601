"""The quick yes: a schema compiled to Rust, which says of nearly every object that nothing is wrong with it.

What it lets pass, `validation` and `listtypes` let pass; where it says no, they look again and find the words. Keywords
that mean something else in JSON schema, or that bend a no into a yes (`not`, `oneOf`), are asked of them in place.
"""

from collections.abc import Mapping
from typing import Any, Final

import jsonschema_rs
import re2

from krate.schema import Schema
from krate_api.schemas import embedded, listtypes, validation
from krate_api.schemas.nodes import EMBEDDED, Node

_SAME: Final = (
    "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "uniqueItems",
)  # fmt: skip
_SIMPLE: Final = re2.compile(r"^([a-zA-Z0-9^$.*+?,/@:#_={}\-]|\\[./\-]|\((\?:)?|[)|]|\[\^?[a-zA-Z0-9._/:@#\-]+\])*$")
_MOST_PATTERNS: Final = 300
_BITS: Final = {"int32": 31}
_FLOAT32: Final = 3.4e38
_EXACT, _EMBEDDED, _UNIQUE, _FORMAT, _PATTERN = "exact", "embedded", "unique", "checked-format", "re2-pattern"


class Quick:
    """A compiled schema."""

    def __init__(self, node: Node) -> None:
        self._nodes: list[Node] = []
        self._patterns = 0
        keywords = {
            _EXACT: self._keyword(_is_sound),
            _EMBEDDED: self._keyword(lambda node, value: not any(True for _ in embedded.problems(node, value))),
            _UNIQUE: self._keyword(lambda node, value: not isinstance(value, list) or listtypes.is_sound(node, value)),
            _FORMAT: self._keyword(lambda node, value: not isinstance(value, str) or node.check(value)),
            _PATTERN: self._keyword(lambda node, value: not isinstance(value, str) or node.pattern.search(value)),
        }
        self._compiled = jsonschema_rs.Draft4Validator(
            self._plain(node), keywords=keywords, pattern_options=jsonschema_rs.RegexOptions()
        )

    def accepts(self, value: Any) -> bool:
        """True only for a value without problems; False says that one has to look."""
        try:
            return self._compiled.is_valid(value)
        except (ValueError, TypeError):  # an integer beyond 64 bits, half a surrogate pair
            return False

    def _keyword(self, holds: Any) -> type[Any]:
        """A keyword whose value is the number of a node."""
        nodes = self._nodes

        class Keyword:
            def __init__(self, _: Mapping[str, Any], number: int, __: list[str | int]) -> None:
                self._node = nodes[number]

            def validate(self, value: Any) -> None:
                if not holds(self._node, value):
                    raise ValueError

        return Keyword

    def _number(self, node: Node) -> int:
        self._nodes.append(node)
        return len(self._nodes) - 1

    def _plain(self, node: Node) -> Schema:
        """`node` as JSON schema of draft 4, the one with OpenAPI's exclusive bounds."""
        if _is_exact(node):
            return {_EXACT: self._number(node)}
        schema = node.schema
        found: Schema = {key: schema[key] for key in _SAME if schema.get(key) is not None}
        if node.types:
            found["type"] = [*node.types, "null"] if node.nullable else list(node.types)
        if schema.get("enum"):
            found["enum"] = schema["enum"]
        if node.format in {"int32", "int64"} or node.types == ("integer",):
            bits = _BITS.get(node.format, 63)
            found["allOf"] = [{"minimum": -(1 << bits), "maximum": (1 << bits) - 1}]
        if node.check:
            found[_FORMAT] = self._number(node)
        if node.pattern is not None:
            pattern = schema["pattern"]
            found.update({"pattern": pattern} if self._suits(pattern) else {_PATTERN: self._number(node)})
        if schema.get(EMBEDDED):
            found[_EMBEDDED] = self._number(node)
        if node.list_type in {"set", "map"}:
            found[_UNIQUE] = self._number(node)
        found.update(self._below(node))
        return found

    def _suits(self, pattern: str) -> bool:
        """Whether Rust shall match a pattern, which it compiles with all others while nobody else runs."""
        self._patterns += 1
        return self._patterns <= _MOST_PATTERNS and _is_simple(pattern)

    def _below(self, node: Node) -> Schema:
        found: Schema = {}
        if node.properties:
            found["properties"] = {name: self._plain(sub) for name, sub in node.properties.items()}
        if node.required:
            found["required"] = list(dict.fromkeys(node.required))
        if node.additional is not None:
            additional = node.additional
            found["additionalProperties"] = self._plain(additional) if isinstance(additional, Node) else additional
        if node.items is not None:
            found["items"] = self._plain(node.items)
        return found


def _is_simple(pattern: str) -> bool:
    """Whether Rust and RE2 read a pattern alike."""
    return _SIMPLE.search(pattern) is not None and "--" not in pattern and "{," not in pattern


def _is_sound(node: Node, value: Any) -> bool:
    if not validation.check(node, value, "value").valid:
        return False
    return not any(True for found in (embedded.problems, listtypes.problems) for _ in found(node, value))


def _is_exact(node: Node) -> bool:
    """Whether JSON schema could say yes where upstream says no."""
    schema = node.schema
    if node.all_of or node.any_of or node.one_of or node.negated is not None:
        return True
    enum = schema.get("enum") or ()
    if any(not isinstance(option, str) for option in enum) or (enum and node.nullable):
        return True
    bounds = [schema[key] for key in ("minimum", "maximum", "multipleOf") if schema.get(key) is not None]
    fractions = any(bound != int(bound) or abs(bound) >= 1 << 53 for bound in bounds)
    return bool(
        schema.get("multipleOf") is not None
        or (fractions and node.types != ("number",))
        or (fractions and (schema.get("exclusiveMinimum") or schema.get("exclusiveMaximum")))
        or (node.format == "float")
        or (node.format and not node.types)
    )
