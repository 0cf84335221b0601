"""Random structural schemas, objects that fit them, and sets of fields: what the algorithm and its oracle are asked."""

from typing import Any

from hypothesis import strategies as st

NAMES = ("a", "b", "c", "name", "ü<")
WORDS = st.sampled_from(("", "x", "y", "z", "<&>", 'q"\\', "ü\u2028", "\x07\n"))
INTEGERS = st.sampled_from((0, 1, 2, -3, 8080, 1000000, 2**40))
NUMBERS = INTEGERS | st.sampled_from((0.5, 1.0, -2.25, 1e21, 1e-7, 123456.75))
SCALARS = WORDS | NUMBERS | st.booleans()

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
_PLAIN = st.sampled_from(
    (
        STRING,
        INTEGER,
        {"type": "number"},
        {"type": "boolean"},
        {"type": "string", "format": "date-time"},
        {"x-kubernetes-int-or-string": True},
        {"x-kubernetes-preserve-unknown-fields": True},
        {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        {"type": "object"},
    )
)
_SET = st.sampled_from((STRING, INTEGER, {"type": "boolean"})).map(
    lambda items: {"type": "array", "x-kubernetes-list-type": "set", "items": items}
)


@st.composite
def _object(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    schema: Schema = {"type": "object", "properties": draw(st.dictionaries(st.sampled_from(NAMES), inner, max_size=3))}
    extra = draw(st.sampled_from(("", "", "atomic", "granular", "preserve", "embedded")))
    if extra == "preserve":
        schema["x-kubernetes-preserve-unknown-fields"] = True
    elif extra == "embedded":
        schema["x-kubernetes-embedded-resource"] = True
    elif extra:
        schema["x-kubernetes-map-type"] = extra
    return schema


@st.composite
def _keyed(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    properties = {"name": STRING, "port": {**INTEGER, "default": 1}, **draw(st.dictionaries(st.just("c"), inner))}
    if draw(st.booleans()):
        del properties["port"]["default"]
    keys = draw(st.sampled_from((["name"], ["name", "port"], ["port"])))
    items: Schema = {"type": "object", "properties": {key: dict(value) for key, value in properties.items()}}
    if draw(st.booleans()) and draw(st.booleans()):
        items["x-kubernetes-map-type"] = "atomic"
    return {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys, "items": items}


def _deeper(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    atomic = inner.map(lambda items: {"type": "array", "items": items})
    any_names = inner.map(lambda items: {"type": "object", "additionalProperties": items})
    return _object(inner) | _keyed(inner) | atomic | any_names


NODES = st.recursive(_PLAIN | _SET, _deeper, max_leaves=6)
ROOTS = st.fixed_dictionaries({"spec": NODES, "status": NODES}).map(
    lambda properties: {"type": "object", "properties": properties}
)
ANYTHING = st.recursive(
    SCALARS | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=2),
    max_leaves=4,
)


def fitting(schema: Schema, *, twice: bool = False) -> st.SearchStrategy[Any]:
    """Values of a schema, sometimes null.

    Args:
        schema: of the value.
        twice: whether items of sets and keyed lists may repeat.
    """
    kind = schema.get("type")
    if kind == "object":
        found = _fields(schema, twice=twice)
    elif kind == "array":
        found = _items(schema, twice=twice)
    elif kind == "string":
        found = SCALARS if schema.get("format") else WORDS
    else:
        found = {"integer": INTEGERS, "number": NUMBERS, "boolean": st.booleans()}.get(str(kind), ANYTHING)
    return st.one_of(found, found, found, found, st.none())


def _fields(schema: Schema, *, twice: bool) -> st.SearchStrategy[Any]:
    properties = {key: fitting(value, twice=twice) for key, value in schema.get("properties", {}).items()}
    if schema.get("x-kubernetes-embedded-resource"):
        labels = st.dictionaries(st.sampled_from(NAMES), WORDS, max_size=2)
        properties |= {"kind": WORDS, "metadata": st.fixed_dictionaries({}, optional={"labels": labels})}
    found = st.fixed_dictionaries({}, optional=properties)
    if "additionalProperties" in schema:
        return st.dictionaries(st.sampled_from(NAMES), fitting(schema["additionalProperties"], twice=twice), max_size=3)
    if schema.get("x-kubernetes-preserve-unknown-fields") or not properties:
        unknown = st.dictionaries(st.sampled_from(("u", "v")), ANYTHING, max_size=2)
        return st.builds(lambda known, more: {**more, **known}, found, unknown)
    return found


def _items(schema: Schema, *, twice: bool) -> st.SearchStrategy[Any]:
    items, kind = schema["items"], schema.get("x-kubernetes-list-type")
    if kind == "set":
        values = {"string": WORDS, "integer": INTEGERS}.get(items["type"], st.booleans())
        return st.lists(values, max_size=4, unique=not twice)
    if kind != "map":
        return st.lists(fitting(items, twice=twice), max_size=2)
    keys = schema["x-kubernetes-list-map-keys"]
    item = _fields(items, twice=twice).flatmap(
        lambda value: st.fixed_dictionaries({"name": st.sampled_from("xyz"), "port": st.sampled_from((1, 2))}).map(
            lambda keyed: {**value, **keyed}
        )
    )
    unique = None if twice else lambda value: tuple(value.get(key) for key in keys)
    return st.lists(item, max_size=3, unique_by=unique)


def objects(schema: Schema, *, twice: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of a root schema, with some metadata."""
    metadata = st.fixed_dictionaries(
        {"name": st.just("thing")},
        optional={
            "labels": st.dictionaries(st.sampled_from(NAMES), WORDS, max_size=2),
            "finalizers": st.lists(st.sampled_from("pqr"), max_size=2, unique=True),
            "ownerReferences": st.lists(
                st.fixed_dictionaries({"uid": st.sampled_from("123"), "name": WORDS}),
                max_size=2,
                unique_by=lambda owner: owner["uid"],
            ),
        },
    )
    parts = {key: fitting(value, twice=twice) for key, value in schema["properties"].items()}
    return st.fixed_dictionaries({"metadata": metadata}, optional=parts)


_ELEMENTS = st.sampled_from(
    (
        "f:a",
        "f:b",
        "f:spec",
        'k:{"name":"x"}',
        'k:{"name":"x","port":1}',
        'v:"x"',
        "v:1",
        "v:true",
        "v:0.5",
        "i:0",
        "i:11",
    )
)
FIELDS = st.recursive(
    st.dictionaries(_ELEMENTS, st.just({}), max_size=3),
    lambda inner: st.dictionaries(
        _ELEMENTS, st.builds(lambda below, own: below | own, inner, st.sampled_from(({}, {".": {}}))), max_size=3
    ),
    max_leaves=8,
)
