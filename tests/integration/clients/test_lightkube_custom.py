"""lightkube and a definition of its own: generic resources with status and scale, apply, pages, watches."""

import itertools
from collections.abc import Generator
from pathlib import Path
from typing import Any

import lightkube
import pytest
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.autoscaling_v1 import ScaleSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.types import PatchType

import crd_rooms


@pytest.fixture
def client(kubeconfig: Path, namespace: str) -> Generator[Any]:
    config = lightkube.KubeConfig.from_file(kubeconfig)
    with lightkube.Client(config=config, namespace=namespace, field_manager="suite", trust_env=False) as found:
        yield found


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    return crd_rooms.fleet()


@pytest.fixture
def fleets(client: Any, definition: dict[str, Any]) -> Any:
    """The kind; its definition is applied, and waited for."""
    client.apply(CustomResourceDefinition.from_dict(definition))
    client.wait(CustomResourceDefinition, definition["metadata"]["name"], for_conditions=["Established"])
    return create_namespaced_resource(definition["spec"]["group"], "v1", "Fleet", "fleets")


def made(kind: Any, name: str = "a", **spec: Any) -> Any:
    return kind(metadata=ObjectMeta(name=name), spec=spec)


def test_life(client: Any, fleets: Any) -> None:
    """Defaults, status and scale by their subresources, two kinds of patches, a rule, a third kind refused."""
    first = client.create(made(fleets, port="80"))
    assert (first["spec"], first.metadata.generation) == ({"port": "80", "replicas": 1}, 1)
    status = client.patch(fleets.Status, "a", {"status": {"replicas": 1}}, patch_type=PatchType.MERGE)
    assert (status["status"], status.metadata.generation) == ({"replicas": 1}, 1)
    scale = client.get(fleets.Scale, "a")
    scale.spec = ScaleSpec(replicas=3)
    scaled = client.replace(scale, "a")
    assert (scaled.spec.replicas, scaled.status.replicas) == (3, 1)
    tested = client.patch(
        fleets, "a", [{"op": "test", "path": "/spec/replicas", "value": 3}], patch_type=PatchType.JSON
    )
    assert (tested["spec"]["replicas"], tested.metadata.generation) == (3, 2)
    with pytest.raises(ApiError) as ruled:
        client.patch(fleets, "a", {"spec": {"replicas": 10}}, patch_type=PatchType.MERGE)
    assert [cause.field for cause in ruled.value.status.details.causes] == ["spec"]
    with pytest.raises(ApiError) as strategic:
        client.patch(fleets, "a", {}, patch_type=PatchType.STRATEGIC)
    assert strategic.value.status.code == 415
    client.delete(fleets, "a")
    assert list(client.list(fleets)) == []


def test_apply(client: Any, fleets: Any) -> None:
    """Items of a list with keys have owners of their own; a taken field conflicts; force takes it."""

    def apply(manager: str, *ships: dict[str, str], force: bool = False) -> list[dict[str, str]]:
        return client.apply(made(fleets, ships=list(ships)), field_manager=manager, force=force)["spec"]["ships"]

    apply("one", {"name": "x", "flag": "red"})
    assert apply("two", {"name": "y", "flag": "blue"}) == [
        {"name": "x", "flag": "red"},
        {"name": "y", "flag": "blue"},
    ]
    with pytest.raises(ApiError) as taken:
        apply("two", {"name": "x", "flag": "green"})
    causes = taken.value.status.details.causes
    assert [(cause.reason, cause.field) for cause in causes] == [("FieldManagerConflict", '.spec.ships[name="x"].flag')]
    assert apply("two", {"name": "x", "flag": "green"}, force=True) == [{"name": "x", "flag": "green"}]


def test_lists_and_watches(client: Any, fleets: Any) -> None:
    """Chunks make up the list; a watch from its version tells what came after; labels are set and select."""
    for name in "abc":
        client.create(made(fleets, name))
    found = client.list(fleets, chunk_size=2)
    assert [one.metadata.name for one in found] == ["a", "b", "c"]
    client.set(fleets, "b", labels={"tier": "web"})
    client.delete(fleets, "b")
    events = itertools.islice(client.watch(fleets, resource_version=found.resourceVersion), 2)
    assert [(event, one.metadata.labels) for event, one in events] == [
        ("MODIFIED", {"tier": "web"}),
        ("DELETED", {"tier": "web"}),
    ]
