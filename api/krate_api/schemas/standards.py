"""What Kubernetes allows in the schema of a CustomResourceDefinition, node by node.

After AX/pkg/apis/apiextensions/validation/validation.go (ValidateCustomResourceDefinitionOpenAPISchema). Rules are
compiled only where the schema at their node and below is sound.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from krate.errors import Cause
from krate.schema import Schema
from krate_api.schemas import causes, fieldpaths
from krate_api.schemas.nodes import EMBEDDED, LIST_KEYS, LIST_TYPE, MAP_TYPE, META, PRESERVE, RULES

_TYPES: Final = ("array", "boolean", "integer", "number", "object", "string")
_REASONS: Final = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_UNSUPPORTED: Final = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")
_LINE_BREAK: Final = re.compile(r"[\n\r]")
_QUADRATIC: Final = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"


class Judge(Protocol):
    """Judges the rules of one node, compiled over its type."""

    def __call__(self, schema: Schema, path: str, place: "Place") -> Iterable[Cause]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a definition a node stands."""

    parents: tuple[str, ...] = ()
    """Steps from the root: names of properties, `@items`, `@values`."""
    judged: bool = True
    """Whether rules are looked at: not in alternatives, which may hold none."""
    no_default: str | None = None
    """Why a default must not stand here."""
    in_meta: bool = False
    uncorrelated: str = ""
    """Path of the outermost list or map whose items have no old values."""
    cardinality: int | None = 1
    """How many values there can be of the node; None for any number."""

    def alternative(self) -> "Place":
        return replace(self, judged=False)

    def below(self, schema: Schema, step: str) -> "Place":
        return replace(self, parents=(*self.parents, step), cardinality=_times(self.cardinality, schema))

    def without_old(self, path: str) -> "Place":
        return self if self.uncorrelated else replace(self, uncorrelated=path)


def _times(count: int | None, schema: Schema) -> int | None:
    """How many children a node can have: any number, unless a bound says so."""
    limit: int | None = 1
    if schema.get("type") == "object" and schema.get("additionalProperties") is not None:
        limit = schema.get("maxProperties")
    elif schema.get("type") == "array":
        limit = schema.get("maxItems")
    return None if count is None or limit is None else count * max(0, limit)


def problems(schema: Schema, path: str, judge: Judge | None) -> list[Cause]:
    """What is not allowed in a schema: first what concerns it, then its rules.

    Args:
        schema: the schema of a version.
        path: where it stands.
        judge: what judges rules; None where the schema is not sound enough for any.
    """
    about_schema, about_rules = _Walk(judge).node(schema, path, Place(judged=judge is not None), root=True)
    return [*about_schema, *about_rules]


_Found = tuple[list[Cause], list[Cause]]


class _Walk:
    def __init__(self, judge: Judge | None) -> None:
        self._judge = judge

    def node(self, schema: Schema, path: str, place: Place, *, root: bool = False) -> _Found:
        """Causes about the schema, and causes about its rules."""
        found = [*_keywords(schema, path, place)]
        rules: list[Cause] = []
        for sub, below, at in _children(schema, path, place, root=root):
            inner, inner_rules = self.node(sub, below, at)
            found += inner
            rules += inner_rules
        found += _extensions(schema, path)
        found += _rule_shapes(schema, path)
        if self._judge and place.judged and schema.get(RULES) and not found:
            rules += self._judge(schema, path, place)
        return found, rules


def _children(schema: Schema, path: str, place: Place, *, root: bool) -> Iterable[tuple[Schema, str, Place]]:
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        inside = place.below(schema, "@values")
        if place.in_meta:
            inside = replace(inside, no_default="inside additionalProperties applying to object metadata")
        yield additional, f"{path}.additionalProperties", inside
    for name, sub in sorted((schema.get("properties") or {}).items()):
        inside = place.below(schema, name)
        if schema.get(MAP_TYPE) not in (None, "granular", "atomic"):
            inside = inside.without_old(path)
        if (root or schema.get(EMBEDDED)) and name in META:
            inside = replace(inside, in_meta=True, no_default=f"in top-level {name}" if root else place.no_default)
        yield sub, causes.key(f"{path}.properties", name), inside
    yield from _alternatives(schema, path, place.alternative())
    items = schema.get("items")
    if items is not None:
        inside = place.below(schema, "@items")
        if schema.get(LIST_TYPE) != "map":
            inside = inside.without_old(path)
        if isinstance(items, dict):
            yield items, f"{path}.items", inside
        else:
            yield from ((sub, causes.child(f"{path}.items", number), inside) for number, sub in enumerate(items))


def _alternatives(schema: Schema, path: str, place: Place) -> Iterable[tuple[Schema, str, Place]]:
    if schema.get("not") is not None:
        yield schema["not"], f"{path}.not", place
    for word in ("allOf", "oneOf", "anyOf"):
        for number, sub in enumerate(schema.get(word) or ()):
            yield sub, causes.child(f"{path}.{word}", number), place
    for name, sub in (schema.get("definitions") or {}).items():
        yield sub, causes.key(f"{path}.definitions", name), place
    for name, sub in (schema.get("dependencies") or {}).items():
        if isinstance(sub, dict):
            yield sub, causes.key(f"{path}.dependencies", name), place


def _keywords(schema: Schema, path: str, place: Place) -> Iterable[Cause]:
    kind = schema.get("type") or ""
    if kind and kind not in _TYPES:
        yield causes.unsupported(f"{path}.type", kind, _TYPES)
    if schema.get("default") is not None and place.no_default is not None:
        yield causes.forbidden(f"{path}.default", f"must not be set {place.no_default}")
    for word in _UNSUPPORTED:
        if schema.get(word) not in (None, "", {}):
            yield causes.forbidden(f"{path}.{word}", f"{word} is not supported")
    if kind == "null":
        yield causes.forbidden(f"{path}.type", "type cannot be set to null, use nullable as an alternative")
    if isinstance(schema.get("items"), list) and schema["items"]:
        yield causes.forbidden(f"{path}.items", "items must be a schema object and not an array")
    if place.in_meta and schema.get(EMBEDDED):
        yield causes.forbidden(f"{path}.{EMBEDDED}", "must not be used inside of resource meta")
    if schema.get("uniqueItems"):
        yield causes.forbidden(f"{path}.uniqueItems", _QUADRATIC)
    additional = schema.get("additionalProperties")
    if schema.get("properties") and additional is not None and additional is not True:
        detail = "additionalProperties and properties are mutual exclusive"
        yield causes.forbidden(f"{path}.additionalProperties", detail)


def _extensions(schema: Schema, path: str) -> Iterable[Cause]:
    if schema.get(PRESERVE) is False:
        yield causes.invalid(f"{path}.{PRESERVE}", False, "must be true or undefined")
    yield from _typed(schema, MAP_TYPE, "object", path)
    if schema.get(MAP_TYPE) not in (None, "atomic", "granular"):
        yield causes.unsupported(f"{path}.{MAP_TYPE}", schema[MAP_TYPE], ("atomic", "granular"))
    yield from _typed(schema, LIST_TYPE, "array", path) or ()
    if schema.get(LIST_TYPE) == "set" and schema.get("type") == "array" and isinstance(schema.get("items"), dict):
        yield from _atomic_items(schema["items"], path)
    if schema.get(LIST_TYPE) not in (None, "atomic", "set", "map"):
        yield causes.unsupported(f"{path}.{LIST_TYPE}", schema[LIST_TYPE], ("atomic", "set", "map"))
    if schema.get(LIST_KEYS) and schema.get(LIST_TYPE) != "map":
        detail, where = "must be map if x-kubernetes-list-map-keys is non-empty", f"{path}.{LIST_TYPE}"
        listed = schema.get(LIST_TYPE)
        yield causes.required(where, detail) if listed is None else causes.invalid(where, listed, detail)
    if schema.get(LIST_TYPE) == "map":
        yield from _map_list(schema, path)
    if schema.get(LIST_TYPE) in {"set", "map"} and isinstance(schema.get("items"), dict):
        yield from _never_null(schema, schema["items"], path)


def _typed(schema: Schema, word: str, wanted: str, path: str) -> Iterable[Cause]:
    if schema.get(word) is not None and schema.get("type", "") != wanted:
        detail, kind = f"must be {wanted} if {word} is specified", schema.get("type", "")
        where = f"{path}.type"
        yield causes.invalid(where, kind, detail) if kind else causes.required(where, detail)


def _atomic_items(items: Schema, path: str) -> Iterable[Cause]:
    detail = "must be atomic as item of a list with x-kubernetes-list-type=set"
    if items.get("type") == "array" and items.get(LIST_TYPE) not in (None, "atomic"):
        yield causes.invalid(f"{path}.items.{LIST_TYPE}", items[LIST_TYPE], detail)
    if items.get("type") == "object" and items.get(MAP_TYPE) != "atomic":
        # Upstream prints the list type here, of what is no list.
        yield causes.invalid(f"{path}.items.{MAP_TYPE}", items.get(LIST_TYPE), detail)


def _map_list(schema: Schema, path: str) -> Iterable[Cause]:
    keys: Sequence[str] = schema.get(LIST_KEYS) or ()
    if not keys:
        yield causes.required(f"{path}.{LIST_KEYS}", "must not be empty if x-kubernetes-list-type is map")
    items = schema.get("items")
    if items is None:
        yield causes.required(f"{path}.items", "must have a schema if x-kubernetes-list-type is map")
    elif isinstance(items, list):
        detail = "must only have a single schema if x-kubernetes-list-type is map"
        yield causes.invalid(f"{path}.items", items, detail)
    elif items.get("type") != "object":
        detail = "must be object if parent array's x-kubernetes-list-type is map"
        yield causes.invalid(f"{path}.items.type", items.get("type", ""), detail)
    else:
        yield from _keys(keys, items, path)


def _keys(keys: Sequence[str], items: Schema, path: str) -> Iterable[Cause]:
    properties: Mapping[str, Schema] = items.get("properties") or {}
    for number, name in enumerate(keys):
        if name not in properties:
            yield causes.invalid(f"{path}.{LIST_KEYS}", list(keys), "entries must all be names of item properties")
        elif properties[name].get("type") in {"array", "object"}:
            where = causes.key(f"{path}.items.properties", name)
            detail = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            yield causes.invalid(f"{where}.type", items["type"], detail)
        if name in keys[:number]:
            yield causes.invalid(f"{path}.{LIST_KEYS}", list(keys), "must not contain duplicate entries")


def _never_null(schema: Schema, items: Schema, path: str) -> Iterable[Cause]:
    """Items of sets and maps are never null, and keys of maps are always there."""
    if items.get("nullable"):
        detail = f"cannot be nullable when x-kubernetes-list-type is {schema[LIST_TYPE]}"
        yield causes.forbidden(f"{path}.items.nullable", detail)
    key = "this property is in x-kubernetes-list-map-keys, so it"
    for name in (schema.get(LIST_KEYS) or ()) if schema[LIST_TYPE] == "map" else ():
        sub = (items.get("properties") or {}).get(name)
        where = causes.key(f"{path}.items.properties", name)
        if sub is None:
            continue
        if name not in (items.get("required") or ()) and sub.get("default") is None:
            yield causes.required(f"{where}.default", f"{key} must have a default or be a required property")
        if sub.get("nullable"):
            yield causes.forbidden(f"{where}.nullable", f"{key} cannot be nullable")


def _rule_shapes(schema: Schema, path: str) -> Iterable[Cause]:
    """What is wrong with rules besides their expressions."""
    for number, rule in enumerate(schema.get(RULES) or ()):
        at = causes.child(f"{path}.{RULES}", number)
        yield from _texts(rule, at)
        if rule.get("messageExpression") and not rule["messageExpression"].strip():
            yield causes.required(f"{at}.messageExpression", "messageExpression must be non-empty if specified")
        if rule.get("reason") is not None and rule["reason"] not in _REASONS:
            yield causes.unsupported(f"{at}.reason", rule["reason"], _REASONS)
        yield from _field_path(schema, rule.get("fieldPath") or "", f"{at}.fieldPath")


def _texts(rule: Mapping[str, Any], at: str) -> Iterable[Cause]:
    text, message = (rule.get("rule") or "").strip(), rule.get("message") or ""
    if not text:
        yield causes.required(f"{at}.rule", "rule is not specified")
    elif message and not message.strip():
        yield causes.invalid(f"{at}.message", message, "must be non-empty if specified")
    elif _LINE_BREAK.search(message.strip()):
        yield causes.invalid(f"{at}.message", message, "must not contain line breaks")
    elif _LINE_BREAK.search(text) and not message.strip():
        yield causes.required(f"{at}.message", "message must be specified if rule contains line breaks")


def _field_path(schema: Schema, field: str, at: str) -> Iterable[Cause]:
    if field and not field.strip():
        yield causes.invalid(at, field, "must be non-empty if specified")
    if _LINE_BREAK.search(field):
        yield causes.invalid(at, field, "must not contain line breaks")
    if field and fieldpaths.normalised(field, schema) is None:
        yield causes.invalid(at, field, "must be a valid path")
