"""Patch, then get: the object is what a plain model of the patch makes of it; without effect nothing is written."""

import copy
import itertools
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import crd_rooms
import served_api
from krate import kinds
from served_api import API

EXAMPLES = int(os.environ.get("KRATE_FUZZ_EXAMPLES", "40"))
fuzz = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
FREE = crd_rooms.definition(group="patched.example.com", kind="Free")
_NUMBERS = itertools.count(1)

KEYS = st.sampled_from(["a", "b", "c/d", "e~f", "", "0", "-"])
LEAVES = st.sampled_from([0, 1, -1, 1.5, 2**53 + 1, True, False, "", "x", "ü"])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
SPECS = st.dictionaries(KEYS, VALUES, max_size=4)


@pytest.fixture(scope="module")
def place(admin: API) -> str:
    """The path of objects that hold anything."""
    crd_rooms.established(admin, FREE)
    return crd_rooms.collection(FREE, served_api.new_namespace(admin, "patched"))


def make(admin: API, place: str, spec: Any) -> dict[str, Any]:
    answer = admin.post(place, json=crd_rooms.thing(FREE, f"p{next(_NUMBERS)}", spec=spec))
    assert answer.status_code == 201, answer.text
    return answer.json()


def patched(admin: API, path: str, patch: Any, form: str) -> tuple[int, dict[str, Any]]:
    """The code of a patch, and the object after it."""
    answer = admin.patch(path, json=patch, headers={"content-type": f"application/{form}+json"})
    after = admin.get(path).json()
    if answer.status_code == 200:
        assert answer.json() == after
    return answer.status_code, after


def check(before: dict[str, Any], after: dict[str, Any], wanted: Any) -> None:
    """The spec is the wanted one; version and generation have moved exactly when that is another."""
    moved = not alike(before["spec"], wanted)
    assert alike(after["spec"], wanted), (after["spec"], wanted)
    for member in ("resourceVersion", "generation"):
        assert (after["metadata"][member] != before["metadata"][member]) == moved


def alike(left: Any, right: Any) -> bool:
    """Equality of JSON values: true is not 1, and 1 is 1.0."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(alike(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(alike, left, right))
    return left == right and isinstance(left, bool) == isinstance(right, bool)


# ---------------------------------------------------------------------- merge patch


def merged(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2, word by word."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


MERGES = st.recursive(
    LEAVES | st.none(),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3) | st.lists(LEAVES, max_size=2),
    max_leaves=8,
)


@fuzz
@given(spec=SPECS, patch=st.dictionaries(KEYS, MERGES, max_size=3))
def test_merge_patches(admin: API, place: str, spec: Any, patch: Any) -> None:
    """Any merge patch of any object."""
    before = make(admin, place, spec)
    code, after = patched(admin, f"{place}/{before['metadata']['name']}", {"spec": patch}, "merge-patch")
    assert code == 200
    check(before, after, merged(spec, patch))


# ---------------------------------------------------------------------- JSON patch

Path = tuple[str, ...]


class Impossible(Exception):
    """An operation that cannot be carried out."""


def parent(document: Any, path: Path) -> Any:
    for part in path[:-1]:
        document = member(document, part)
    return document


def position(items: list[Any], part: str, last: int) -> int:
    if part == "-":
        part = str(len(items))
    if not part.isdigit() or str(int(part)) != part or int(part) > last:
        raise Impossible
    return int(part)


def member(node: Any, part: str) -> Any:
    if isinstance(node, list):
        return node[position(node, part, len(node) - 1)]
    if not isinstance(node, dict) or part not in node:
        raise Impossible
    return node[part]


def add(document: Any, path: Path, value: Any) -> None:
    node = parent(document, path)
    if isinstance(node, list):
        node.insert(position(node, path[-1], len(node)), value)
    elif isinstance(node, dict):
        node[path[-1]] = value
    else:
        raise Impossible


def remove(document: Any, path: Path) -> Any:
    node, value = parent(document, path), member(parent(document, path), path[-1])
    del node[position(node, path[-1], len(node) - 1) if isinstance(node, list) else path[-1]]
    return value


Operation = tuple[str, Path, Path, Any]


def carried_out(document: Any, operations: list[Operation]) -> Any:
    """RFC 6902, section 4, over paths that are tuples; as upstream does, a member that is absent is replaced too."""
    document = copy.deepcopy(document)
    for name, path, source, value in operations:
        match name:
            case "add":
                add(document, path, copy.deepcopy(value))
            case "remove":
                remove(document, path)
            case "replace":
                if isinstance(parent(document, path), list):
                    remove(document, path)
                add(document, path, copy.deepcopy(value))
            case "move":
                if path[: len(source)] == source and path != source:
                    raise Impossible
                add(document, path, remove(document, source))
            case "copy":
                add(document, path, copy.deepcopy(member(parent(document, source), source[-1])))
            case _:
                if not alike(member(parent(document, path), path[-1]), value):
                    raise Impossible
    return document


def written(operation: Operation) -> dict[str, Any]:
    name, path, source, value = operation
    found: dict[str, Any] = {"op": name, "path": pointer(path)}
    if name in {"move", "copy"}:
        found["from"] = pointer(source)
    return found if name in {"move", "copy", "remove"} else {**found, "value": value}


def pointer(path: Path) -> str:
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in ("spec", *path))


PATHS = st.lists(KEYS, min_size=1, max_size=2).map(tuple)
OPERATIONS = st.tuples(
    st.sampled_from(["add", "add", "remove", "replace", "move", "copy", "test"]), PATHS, PATHS, VALUES
)


@fuzz
@given(spec=SPECS, operations=st.lists(OPERATIONS, min_size=1, max_size=4))
def test_json_patches(admin: API, place: str, spec: Any, operations: list[Operation]) -> None:
    """Any JSON patch of any object: all of it, or a 422 and nothing."""
    before = make(admin, place, spec)
    path = f"{place}/{before['metadata']['name']}"
    code, after = patched(admin, path, [written(one) for one in operations], "json-patch")
    try:
        wanted = carried_out(spec, operations)
    except Impossible:
        assert (code, after) == (422, before)
        return
    assert code == 200
    check(before, after, wanted)


# ---------------------------------------------------------------------- strategic merge patch

TEXTS = st.sampled_from(["x", "y", ""])
DATA = st.dictionaries(st.sampled_from("abc"), TEXTS, max_size=3)
FINALIZERS = st.lists(st.sampled_from(["e.com/a", "e.com/b", "e.com/c"]), unique=True, max_size=3)
SECRETS = st.lists(st.sampled_from("pqrs"), unique=True, max_size=3)


@fuzz
@given(data=DATA, patch=st.dictionaries(st.sampled_from("abc"), TEXTS | st.none(), max_size=3), whole=st.booleans())
def test_strategic_patches_of_maps(admin: API, place: str, data: Any, patch: Any, *, whole: bool) -> None:
    """Maps merge member by member, nulls remove, and `$patch: replace` takes the patch as it is."""
    namespace = place.split("/")[5]
    body = {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"name": f"m{next(_NUMBERS)}"}, "data": data}
    before = admin.create(kinds.CONFIG_MAP, body, namespace=namespace).json()
    path = served_api.item(kinds.CONFIG_MAP, before["metadata"]["name"], namespace)
    sent = {name: value for name, value in patch.items() if value is not None} if whole else patch
    code, after = patched(
        admin, path, {"data": sent | ({"$patch": "replace"} if whole else {})}, "strategic-merge-patch"
    )
    assert (code, after.get("data", {})) == (200, sent if whole else merged(data, patch))
    assert (before == after) == (before.get("data", {}) == after.get("data", {}))


@fuzz
@given(have=SECRETS, sent=SECRETS, gone=SECRETS)
def test_strategic_patches_of_keyed_lists(
    admin: API, place: str, have: list[str], sent: list[str], gone: list[str]
) -> None:
    """Items merge by their key: those that are sent are there, those that are deleted are not, the others stay."""
    namespace = place.split("/")[5]
    body = {**served_api.typed(kinds.SERVICE_ACCOUNT), "metadata": {"name": f"s{next(_NUMBERS)}"}}
    before = admin.create(
        kinds.SERVICE_ACCOUNT, {**body, "secrets": [{"name": name} for name in have]}, namespace=namespace
    ).json()
    path = served_api.item(kinds.SERVICE_ACCOUNT, before["metadata"]["name"], namespace)
    items = [{"name": name} for name in sent] + [
        {"name": name, "$patch": "delete"} for name in gone if name not in sent
    ]
    code, after = patched(admin, path, {"secrets": items}, "strategic-merge-patch")
    names = [one["name"] for one in after.get("secrets", [])]
    assert (code, len(names), set(names)) == (200, len(set(names)), {*have, *sent} - ({*gone} - {*sent}))
    assert [name for name in names if name in sent] == sent


@fuzz
@given(have=FINALIZERS, sent=FINALIZERS)
def test_strategic_patches_of_sets(admin: API, place: str, have: list[str], sent: list[str]) -> None:
    """Texts of a set are added; whatever was there stays."""
    namespace = place.split("/")[5]
    meta = {"name": f"f{next(_NUMBERS)}", "finalizers": have}
    body = {**served_api.typed(kinds.CONFIG_MAP), "metadata": meta}
    name = admin.create(kinds.CONFIG_MAP, body, namespace=namespace).json()["metadata"]["name"]
    path = served_api.item(kinds.CONFIG_MAP, name, namespace)
    code, after = patched(admin, path, {"metadata": {"finalizers": sent}}, "strategic-merge-patch")
    found = after["metadata"].get("finalizers", [])
    assert (code, set(found), len(found)) == (200, {*have, *sent}, len({*have, *sent}))
