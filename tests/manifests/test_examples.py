"""Every example is valid, every example composite composes, and the platform-config example hangs together."""

import copy
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import composites
from krate import kinds
from krate.kinds import Form, Kind
from krate.models import BranchProtection, Organization, RefPolicy, Repository, Team
from krate_functions import inproc, teams
from krate_functions.engine import composing, compositions, documents, matching, naming
from krate_kube import schemas

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for place in (ROOT / "compositions", ROOT / "examples")
    for path in place.rglob("*.yaml")
    if "examples" in path.parts and path.name != "functions.yaml"
)
Entry = tuple[str, dict[str, Any]]
OBJECTS: list[Entry] = [(path.relative_to(ROOT).as_posix(), obj) for path in FILES for obj in documents.load(path)]
PLATFORM = [obj for path, obj in OBJECTS if path.startswith("examples/platform-config/")]


def parameters(entries: Iterable[Entry]) -> list[Any]:
    """One parameter set per object, called after its file and its place there."""
    counts: Counter[str] = Counter()
    found: list[Any] = []
    for path, obj in entries:
        counts[path] += 1
        found.append(pytest.param((path, obj), id=f"{path}-{counts[path]}"))
    return found


def called(obj: dict[str, Any]) -> str:
    """Name of an object, or the prefix of the one that the server will give it."""
    return obj["metadata"].get("name") or obj["metadata"]["generateName"]


def row(obj: dict[str, Any]) -> Kind:
    found = kinds.of(obj["apiVersion"], obj["kind"])
    assert found is not None, f"{obj['apiVersion']} {obj['kind']} is no kind of ours"
    return found


def unknown(have: Any, kept: Any, path: str = "") -> list[str]:
    """Paths of an object that its schema does not know."""
    if isinstance(have, dict) and isinstance(kept, dict):
        gone = [f"{path}.{key}" for key in have if key not in kept]
        return gone + [line for key in have if key in kept for line in unknown(have[key], kept[key], f"{path}.{key}")]
    if isinstance(have, list) and isinstance(kept, list):
        pairs = enumerate(zip(have, kept, strict=True))
        return [line for number, (a, b) in pairs for line in unknown(a, b, f"{path}[{number}]")]
    return []


@pytest.mark.parametrize("entry", parameters(OBJECTS))
def test_every_example_is_valid(entry: Entry) -> None:
    """No unknown field, no wrong value, a name of the right length, a namespace exactly where one belongs."""
    _, obj = entry
    kind = row(obj)
    assert unknown(obj, schemas.conform(kind, obj)) == []
    schemas.validate(kind, schemas.conform(kind, obj))
    assert len(called(obj)) <= kind.max_name
    assert bool(obj["metadata"].get("namespace")) is kind.namespaced


def composition_of(kind: Kind) -> compositions.Composition:
    return compositions.parse(documents.load_one(ROOT / "compositions" / kind.plural / "composition.yaml"))


EXAMPLES = [entry for entry in OBJECTS if row(entry[1]).form is Form.COMPOSITE]


@pytest.mark.parametrize("entry", parameters(EXAMPLES))
async def test_every_example_composes(entry: Entry) -> None:
    """With its own Composition each example settles, among its neighbours, and turns ready."""
    path, obj = entry
    xr = composites.existing(schemas.conform(row(obj), obj))
    neighbours = [other for where, other in OBJECTS if where.rpartition("/")[0].split("/")[:2] == path.split("/")[:2]]
    world = [*neighbours, composites.namespace(), composites.loaded_policy(obj["metadata"]["name"]), *PLATFORM]
    world = [found for found in world if found["kind"] != "Namespace" or obj["kind"] != "Organization"]
    observed: dict[str, Any] = {}
    for _ in range(4):
        plan = await composing.plan(
            composition_of(row(obj)), xr, observed, functions=inproc.InProcess(), fetch=matching.fetcher([*world, xr])
        )
        observed = {
            item.name: composites.healthy(composites.existing(item.object, uid=f"uid-{item.name}"))
            for item in plan.items
        }
    assert observed
    assert [reported for reported in plan.conditions if reported.status != "True"] == []
    assert (composing.ready(plan).status, composing.synced(()).status) == ("True", "True")
    assert all(naming.controller_of(item.object) is not None for item in plan.items)


def only(model: Any, name: str) -> Any:
    (found,) = [obj for obj in PLATFORM if (obj["kind"], obj["metadata"]["name"]) == (model.__name__, name)]
    return model.model_validate(found)


def test_the_platform_config_is_the_story() -> None:
    """The objects that the demo tells its story with: people, teams, three repositories, protections and a policy."""
    names = sorted((obj["kind"], obj["metadata"]["name"]) for obj in PLATFORM)
    assert names == [
        ("BranchProtection", "critical"),
        ("BranchProtection", "main"),
        ("Organization", "acme"),
        ("RefPolicy", "internal-refs"),
        ("Repository", "api"),
        ("Repository", "handbook"),
        ("Repository", "web"),
        ("Team", "docs"),
        ("Team", "platform"),
    ]
    assert only(Team, "platform").people == ("alice", "bob", "robin")
    assert {name: str(only(Repository, name).spec.visibility) for name in ("web", "api", "handbook")} == {
        "web": "Private",
        "api": "Internal",
        "handbook": "Public",
    }
    protection = only(BranchProtection, "main").spec
    assert (protection.require_pull_request, protection.required_approvals) == (True, 1)
    assert (protection.repository_selector is not None, protection.branches) == (True, ("main",))
    rules = {rule.name: rule for rule in only(RefPolicy, "internal-refs").spec.rules}
    assert (rules["reserved"].deny, rules["reserved"].refs) == (True, ("refs/internal/**",))
    assert rules["no-large-files"].require.max_file_size == 5 * 1024 * 1024
    assert [owner.name for owner in only(Organization, "acme").spec.owners] == ["robin", "acme:platform-oncall"]


def test_every_name_in_the_platform_config_exists() -> None:
    """Grants, parents and selectors mean something: nobody is granted access by a typo."""
    roster = teams.roster(Team.model_validate(obj) for obj in PLATFORM if obj["kind"] == "Team")
    repositories = [Repository.model_validate(obj) for obj in PLATFORM if obj["kind"] == "Repository"]
    assert roster.cycles == ()
    for repository in repositories:
        for grant in repository.spec.access:
            assert grant.kind != "Team" or grant.name in roster.people
    for obj in PLATFORM:
        selector = (obj["spec"].get("repositorySelector") or {}).get("matchLabels", {})
        assert any(selector.items() <= found.metadata.labels.items() for found in repositories)


@pytest.mark.parametrize(
    ("spoil", "want"),
    [
        (lambda spec: spec.update(visability="Public"), [".spec.visability"]),
        (lambda spec: spec["access"][0].update(rle="Writer"), [".spec.access[0].rle"]),
    ],
    ids=["top", "in a list"],
)
def test_a_typo_would_be_found(spoil: Any, want: list[str]) -> None:
    """The validity check is able to fail."""
    obj = copy.deepcopy(next(found for found in PLATFORM if found["kind"] == "Repository"))
    spoil(obj["spec"])
    assert unknown(obj, schemas.conform(kinds.REPOSITORY, obj)) == want


def test_functions_are_listed() -> None:
    """Every function that a shipped Composition calls stands in functions.yaml."""
    listed = {function["metadata"]["name"] for function in documents.load(ROOT / "compositions/functions.yaml")}
    called = {
        step.function for kind in kinds.KINDS if kind.form is Form.COMPOSITE for step in composition_of(kind).steps
    }
    assert called == listed == {inproc.NAME}


def test_what_compositions_say_is_served_is_what_they_compose() -> None:
    """The list of served kinds in the shipped Compositions holds everything that our composers compose by default."""
    for kind in kinds.KINDS:
        if kind.form is Form.COMPOSITE:
            given = composition_of(kind).steps[0].input
            assert given is not None
            assert set(given["options"]["serves"]) <= set(composites.SERVES)
