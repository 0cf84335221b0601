"""The table of kinds keeps the promises that discovery, routes, printing and RBAC rest on."""

import re
from collections import Counter

import pytest

from krate import kinds, names, schema
from krate.kinds import Form, Kind
from krate.names import Verb

KINDS = pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.resource)


def test_kinds_are_unique() -> None:
    """No two rows share a resource, a kind, or a short name; Events of both groups are the same ones."""
    assert [one for one, count in Counter(kind.resource for kind in kinds.KINDS).items() if count > 1] == []
    assert [one for one, count in Counter((kind.group, kind.name) for kind in kinds.KINDS).items() if count > 1] == []
    rows = [kind for kind in kinds.KINDS if kind is not kinds.NAMED_EVENT]
    short = Counter(name for kind in rows for name in (*kind.short_names, kind.plural, kind.singular))
    assert [name for name, count in short.items() if count > 1] == []


def test_short_names_do_not_shadow_kubernetes() -> None:
    """Our short names are none of those that kubectl users type for the kinds of Kubernetes."""
    ours = {name for kind in kinds.KINDS if kind.form is not Form.BUILTIN for name in kind.short_names}
    assert (
        ours & {"po", "svc", "deploy", "ns", "cm", "sa", "no", "pv", "pvc", "rs", "sts", "ds", "ing", "ev", "ep"}
        == set()
    )


@KINDS
def test_row_is_well_formed(kind: Kind) -> None:
    """Names are spelled as the API demands, and what a row points at exists."""
    assert re.fullmatch(r"[A-Z][A-Za-z]+", kind.name)
    assert re.fullmatch(r"[a-z]+", kind.plural)
    assert kind.api_version == (f"{kind.group}/{kind.version}" if kind.group else kind.version)
    assert kind.base_path == (f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}")
    assert kind.singular == kind.name.lower()
    assert set(kind.verbs) <= set(Verb)
    assert kinds.of(kind.api_version, kind.name) is kind
    assert len({sub.name for sub in kind.subresources}) == len(kind.subresources)
    assert kind.has_status == (kind.subresource("status") is not None)
    assert 0 < kind.max_name <= names.MAX_SUBDOMAIN


def test_unknown_kind() -> None:
    """What is not in the table is not found."""
    assert kinds.of("v1", "Pod") is None
    assert kinds.of("krate.a5c.ai/v1", "Repository") is None


def resolves(kind: Kind, path: str) -> bool:
    """Whether a dotted path leads through the kind's schema."""
    node = schema.structural(kind.model)
    if path.startswith("metadata."):
        return True
    for part in re.split(r"(?<!\\)\.", path):
        word, _, where = part.partition("[")
        node = node.get("properties", {}).get(word) or (node.get("additionalProperties") or {})
        if where:
            node = node.get("items", {})
        if not node:
            return False
    return True


@KINDS
def test_columns_lead_somewhere(kind: Kind) -> None:
    """Every printer column, selectable field and immutable path is a field of the kind."""
    paths = [column.path for column in kind.columns] + list(kind.selectable) + list(kind.immutable)
    assert [path for path in paths if not resolves(kind, path)] == []


@pytest.mark.parametrize(
    "kind",
    [kind for kind in kinds.KINDS if kind.form is not Form.BUILTIN and Verb.UPDATE in kind.verbs],
    ids=lambda kind: kind.resource,
)
def test_status_is_a_subresource_where_controllers_write_one(kind: Kind) -> None:
    """A kind of ours that has a status and can be changed has the status subresource."""
    assert ("status" in schema.structural(kind.model)["properties"]) == kind.has_status


@KINDS
def test_categories(kind: Kind) -> None:
    """`kubectl get krate` and `kubectl get forge` list our kinds."""
    if kind.form is Form.FORGE:
        assert "forge" in kind.categories
    elif kind.form is not Form.BUILTIN:
        assert "krate" in kind.categories


def test_groups_do_not_mix() -> None:
    """An APIService claims a whole group: forge data shares its group with nothing else."""
    assert {kind.group for kind in kinds.KINDS if kind.form is Form.FORGE} == {names.FORGE_GROUP}
    assert {kind.form for kind in kinds.KINDS if kind.group == names.FORGE_GROUP} == {Form.FORGE}


def test_all_names_are_exported() -> None:
    """Every row can be named as `kinds.X`."""
    exported = {id(getattr(kinds, name)) for name in kinds.__all__}
    assert [kind.name for kind in kinds.KINDS if id(kind) not in exported] == []
