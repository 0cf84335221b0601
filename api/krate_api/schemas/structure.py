"""Whether a schema is structural: one type at every node, and value validation apart from it.

After AX/pkg/apiserver/schema/{validation,complete}.go. Alternatives (`allOf`, `anyOf`, `oneOf`, `not`) may only narrow
what the schema around them says; what they say of a property must have a place in it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from krate.errors import Cause
from krate.schema import Schema
from krate_api.schemas import causes, patterns
from krate_api.schemas.nodes import EMBEDDED, INT_OR_STRING, LIST_KEYS, LIST_TYPE, MAP_TYPE, PRESERVE, RULES

_ROOT, _ITEM, _FIELD = "at the root", "for specified array items", "for specified object fields"
_INT_OR_STRING: Final = [{"type": "integer"}, {"type": "string"}]
_LISTED: Final = ("anyOf", "allOf", "oneOf")
_NESTED: Final = {
    "type": "must be empty to be structural",
    "additionalProperties": "must be undefined to be structural",
    "default": "must be undefined to be structural",
    "title": "must be empty to be structural",
    "description": "must be empty to be structural",
    "nullable": "must be false to be structural",
    PRESERVE: "must be false to be structural",
    EMBEDDED: "must be false to be structural",
    INT_OR_STRING: "must be false to be structural",
    LIST_KEYS: "must be empty to be structural",
    LIST_TYPE: "must be undefined to be structural",
    MAP_TYPE: "must be undefined to be structural",
    RULES: "must be empty to be structural",
}
"""What must not stand in an alternative, and why."""
_ONLY_NAMES: Final = "must not specify anything other than name and generateName, but metadata is implicitly specified"
_UNSUPPORTED: Final = ("id", "$schema", "$ref", "patternProperties", "dependencies", "additionalItems", "definitions")


def is_readable(schema: Schema) -> bool:
    """Whether a schema, and everything in it, has the keywords of structural schemas only (convert.go)."""
    if any(schema.get(word) not in (None, "", {}) for word in _UNSUPPORTED):
        return False
    if isinstance(schema.get("items"), list) or schema.get(PRESERVE) is False:
        return False
    return all(map(is_readable, _inside(schema)))


def _inside(schema: Schema) -> Iterable[Schema]:
    yield from (schema.get("properties") or {}).values()
    for word in ("items", "additionalProperties", "not"):
        if isinstance(schema.get(word), dict):
            yield schema[word]
    for word in _LISTED:
        yield from schema.get(word) or ()


def problems(schema: Schema, path: str) -> list[Cause]:
    """What keeps a readable schema from being structural, sorted by text."""
    found = [*_invariants(schema, _ROOT, path), *_complete(schema, schema, path, path)]
    return sorted(found, key=lambda cause: f"{cause.field}: {cause.message}")


def _invariants(schema: Schema, level: str, path: str) -> Iterable[Cause]:
    if schema.get("type") == "array" and schema.get("items") is None:
        yield causes.required(f"{path}.items", "must be specified")
    if schema.get("items") is not None:
        yield from _invariants(schema["items"], _ITEM, f"{path}.items")
    for name, sub in (schema.get("properties") or {}).items():
        yield from _invariants(sub, _FIELD, causes.key(f"{path}.properties", name))
    additional = schema.get("additionalProperties")
    if additional is not None:
        if level == _ROOT:
            yield causes.forbidden(f"{path}.additionalProperties", "must not be used at the root")
        if isinstance(additional, dict):
            yield from _invariants(additional, _FIELD, f"{path}.additionalProperties")
    if schema.get(INT_OR_STRING):
        for word in (PRESERVE, EMBEDDED):
            if schema.get(word):
                yield causes.invalid(f"{path}.{word}", True, "must be false if x-kubernetes-int-or-string is true")
    skip_any = schema.get("anyOf") == _INT_OR_STRING
    yield from _values(schema, path, skip_any=skip_any, skip_all=_first_of_all(schema) == _INT_OR_STRING)
    yield from _type(schema, level, path)
    yield from _meta(schema, level, path)


def _first_of_all(schema: Schema) -> Any:
    options = schema.get("allOf") or [{}]
    return options[0].get("anyOf")


def _type(schema: Schema, level: str, path: str) -> Iterable[Cause]:
    kind = schema.get("type", "")
    if schema.get(EMBEDDED) and kind != "object":
        detail = "must be object if x-kubernetes-embedded-resource is true"
        yield causes.invalid(f"{path}.type", kind, detail) if kind else causes.required(f"{path}.type", detail)
    elif not kind and not schema.get(INT_OR_STRING) and not schema.get(PRESERVE):
        yield causes.required(f"{path}.type", f"must not be empty {level}")
    if schema.get(EMBEDDED) and schema.get("additionalProperties") is not None:
        detail = "must not be used if x-kubernetes-embedded-resource is set"
        yield causes.forbidden(f"{path}.additionalProperties", detail)
    if level == _ROOT and kind and kind != "object":
        yield causes.invalid(f"{path}.type", kind, "must be object at the root")


def _meta(schema: Schema, level: str, path: str) -> Iterable[Cause]:
    """What a resource may say of its own kind, version and metadata."""
    resource = level == _ROOT or schema.get(EMBEDDED)
    properties: Mapping[str, Schema] = schema.get("properties") or {}
    for name in ("kind", "apiVersion") if resource else ():
        if name in properties and properties[name].get("type", "") != "string":
            where = causes.key(f"{path}.properties", name)
            yield causes.invalid(f"{where}.type", properties[name].get("type", ""), "must be string")
    if "metadata" in properties:
        metadata, where = properties["metadata"], causes.key(f"{path}.properties", "metadata")
        if resource and metadata.get("type", "") != "object":
            yield causes.invalid(f"{where}.type", metadata.get("type", ""), "must be object")
        if level == _ROOT and not _restricts_names_only(metadata):
            yield causes.forbidden(where, _ONLY_NAMES)
    if schema.get(EMBEDDED) and not schema.get(PRESERVE) and not properties:
        without = "x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
        yield causes.required(f"{path}.properties", f"must not be empty if {without}")


def _restricts_names_only(metadata: Schema) -> bool:
    said = {word for word, value in metadata.items() if value not in (None, "", {}, [], False)}
    return said <= {"type", "default", "properties"} and (metadata.get("properties") or {}).keys() <= {
        "name",
        "generateName",
    }


def _values(schema: Schema, path: str, *, skip_any: bool = False, skip_all: bool = False) -> Iterable[Cause]:
    """Alternatives and the pattern of a node; int-or-string may name its types in two well-known places."""
    for word in _LISTED:
        if word == "anyOf" and skip_any:
            continue
        for number, option in enumerate(schema.get(word) or ()):
            skip = skip_all and word == "allOf" and number == 0
            yield from _alternative(option, causes.child(f"{path}.{word}", number), skip_any=skip)
    if schema.get("not") is not None:
        yield from _alternative(schema["not"], f"{path}.not")
    if schema.get("pattern"):
        problem = patterns.problem(schema["pattern"])
        if problem:
            detail = f"must be a valid regular expression, but isn't: {problem}"
            yield causes.invalid(f"{path}.pattern", schema["pattern"], detail)


def _alternative(schema: Schema, path: str, *, skip_any: bool = False) -> Iterable[Cause]:
    yield from _values(schema, path, skip_any=skip_any)
    if schema.get("items") is not None:
        yield from _alternative(schema["items"], f"{path}.items")
    properties: Mapping[str, Schema] = schema.get("properties") or {}
    for name, sub in properties.items():
        yield from _alternative(sub, causes.key(f"{path}.properties", name))
    for word, why in _NESTED.items():
        if schema.get(word) not in (None, "", False, []):
            yield causes.forbidden(f"{path}.{word}", why)
    if "metadata" in properties:
        detail = "must not be specified in a nested context"
        yield causes.forbidden(causes.key(f"{path}.properties", "metadata"), detail)


def _complete(values: Schema, schema: Schema, at: str, said: str) -> Iterable[Cause]:
    """Whether everything that alternatives speak of has a place in the schema around them."""
    if values.get("not") is not None:
        yield from _has_place(values["not"], schema, at, f"{said}.not")
    for word in ("allOf", "anyOf", "oneOf"):
        for number, option in enumerate(values.get(word) or ()):
            yield from _has_place(option, schema, at, causes.child(f"{said}.{word}", number))


def _has_place(values: Schema, schema: Schema | None, at: str, said: str) -> Iterable[Cause]:
    if schema is None:
        yield causes.required(at, f"because it is defined in {said}")
        return
    yield from _complete(values, schema, at, said)
    if values.get("items") is not None:
        yield from _has_place(values["items"], schema.get("items"), f"{at}.items", f"{said}.items")
    for name, sub in (values.get("properties") or {}).items():
        place = (schema.get("properties") or {}).get(name)
        yield from _has_place(sub, place, causes.key(f"{at}.properties", name), causes.key(f"{said}.properties", name))
