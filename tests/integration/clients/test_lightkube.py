"""lightkube: typed models, generic resources, paging, watching, waiting, and its one exception."""

import itertools
from collections.abc import Generator
from pathlib import Path
from typing import Any

import lightkube
import pytest
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.coordination_v1 import LeaseSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.coordination_v1 import Lease
from lightkube.resources.core_v1 import ConfigMap, Namespace
from lightkube.types import CascadeType, PatchType

import factories
from api_users import rule
from krate import kinds

Repository = create_namespaced_resource(kinds.REPOSITORY.group, "v1alpha1", "Repository", "repositories")


def connect(kubeconfig: Path, namespace: str) -> Any:
    config = lightkube.KubeConfig.from_file(kubeconfig)
    return lightkube.Client(config=config, namespace=namespace, field_manager="suite", trust_env=False)


@pytest.fixture
def client(kubeconfig: Path, namespace: str) -> Generator[Any]:
    with connect(kubeconfig, namespace) as found:
        yield found


def config_map(name: str = "a", data: dict[str, str] | None = None, **labels: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, labels=labels or None), data=data or {})


def test_life_of_an_object(client: Any) -> None:
    """Created, read, replaced, patched in three ways, deleted."""
    made = client.create(config_map(data={"k": "1"}))
    made.data = {"k": "2"}
    assert client.replace(made).data == {"k": "2"}
    merged = client.patch(ConfigMap, "a", {"data": {"l": "3"}}, patch_type=PatchType.MERGE)
    strategic = client.patch(ConfigMap, "a", {"metadata": {"labels": {"tier": "web"}}})
    listed = client.patch(ConfigMap, "a", [{"op": "remove", "path": "/data/k"}], patch_type=PatchType.JSON)
    assert (merged.data, strategic.metadata.labels, listed.data) == ({"k": "2", "l": "3"}, {"tier": "web"}, {"l": "3"})
    client.delete(ConfigMap, "a", cascade=CascadeType.BACKGROUND)
    with pytest.raises(ApiError) as gone:
        client.get(ConfigMap, "a")
    assert (gone.value.status.code, gone.value.status.reason) == (404, "NotFound")


def test_chunks_and_selectors(client: Any) -> None:
    """A list in chunks is whole and has a version; labels and fields choose; a collection goes as a whole."""
    for number in range(5):
        client.create(config_map(f"c{number}", parity="odd" if number % 2 else "even"))
    found = client.list(ConfigMap, chunk_size=2)
    assert [one.metadata.name for one in found] == [f"c{number}" for number in range(5)]
    assert found.resourceVersion.isdecimal()
    odd = client.list(ConfigMap, labels={"parity": lightkube.operators.in_(["odd", "none"])})
    assert [one.metadata.name for one in odd] == ["c1", "c3"]
    others = client.list(
        ConfigMap, fields={"metadata.name": lightkube.operators.not_equal("c3")}, labels={"parity": "odd"}
    )
    assert [one.metadata.name for one in others] == ["c1"]
    client.deletecollection(ConfigMap)
    assert list(client.list(ConfigMap)) == []


def test_watch(client: Any) -> None:
    """A watch from a list's version."""
    before = client.list(ConfigMap)
    assert list(before) == []
    client.create(config_map(data={"k": "1"}))
    client.patch(ConfigMap, "a", {"data": {"k": "2"}}, patch_type=PatchType.MERGE)
    client.delete(ConfigMap, "a")
    events = itertools.islice(client.watch(ConfigMap, resource_version=before.resourceVersion), 3)
    assert [(event, found.data) for event, found in events] == [
        ("ADDED", {"k": "1"}),
        ("MODIFIED", {"k": "2"}),
        ("DELETED", {"k": "2"}),
    ]


def test_generic_resources(client: Any, namespace: str) -> None:
    """A Repository without a model: its spec, its status by the subresource, and waiting for a condition."""
    body = factories.make_repository("web", metadata={"namespace": namespace})
    made = client.create(Repository(body))
    assert made.metadata.generation == 1
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "Available",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    status = {"status": {"conditions": [condition]}}
    client.patch(Repository.Status, "web", status, patch_type=PatchType.MERGE)
    ready = client.wait(Repository, "web", for_conditions=["Ready"])
    assert ready["status"] == status["status"]
    with pytest.raises(ApiError) as strategic:
        client.patch(Repository, "web", {"spec": {}}, patch_type=PatchType.STRATEGIC)
    assert strategic.value.status.reason == "UnsupportedMediaType"


def test_leases(client: Any) -> None:
    """Times of a Lease keep their microseconds."""
    spec = LeaseSpec(holderIdentity="me", leaseDurationSeconds=10, renewTime="2026-01-02T03:04:05.000006Z")
    client.create(Lease(metadata=ObjectMeta(name="lead"), spec=spec))
    found = client.get(Lease, "lead").spec
    assert (found.holderIdentity, found.renewTime.microsecond) == ("me", 6)


def test_refusals(client: Any, namespace: str) -> None:
    """Every refusal is an ApiError with the server's Status."""
    client.create(config_map())
    stale = client.get(ConfigMap, "a")
    client.patch(ConfigMap, "a", {"data": {"k": "2"}}, patch_type=PatchType.MERGE)
    attempts = (
        lambda: client.create(config_map()),
        lambda: client.replace(stale),
        lambda: client.create(config_map("Not A Name")),
        lambda: client.create(config_map(), namespace="nowhere"),
        lambda: list(client.list(ConfigMap, labels={"not a key": "a"})),
    )
    found: list[tuple[int, str]] = []
    for attempt in attempts:
        with pytest.raises(ApiError) as error:
            attempt()
        found.append((error.value.status.code, error.value.status.reason))
    assert found == [
        (409, "AlreadyExists"),
        (409, "Conflict"),
        (422, "Invalid"),
        (404, "NotFound"),
        (400, "BadRequest"),
    ]


def test_dry_run(client: Any) -> None:
    """Nothing is stored."""
    assert client.create(config_map(), dry_run=True).metadata.uid
    assert list(client.list(ConfigMap)) == []


def test_somebody_else(kubeconfig_of: Any, namespace: str) -> None:
    """A user with a token may do what a role allows."""
    path = kubeconfig_of("erin", rules=[rule("list", kind=kinds.CONFIG_MAP)], namespace=namespace)
    with connect(path, namespace) as erin:
        assert list(erin.list(ConfigMap)) == []
        with pytest.raises(ApiError) as forbidden:
            erin.get(Namespace, namespace)
        assert forbidden.value.status.reason == "Forbidden"
