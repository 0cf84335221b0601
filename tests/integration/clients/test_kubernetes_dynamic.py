"""The official client's dynamic half: kinds by discovery, every verb on them, and server-side apply."""

import itertools
from collections.abc import Generator
from pathlib import Path
from typing import Any

import kubernetes
import pytest
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ConflictError, DynamicApiError, NotFoundError, ResourceNotFoundError

import factories
from krate import kinds


@pytest.fixture(scope="module")
def dynamic(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[DynamicClient]:
    cache = tmp_path_factory.mktemp("discovery") / "cache.json"
    with kubernetes.config.new_client_from_config(str(kubeconfig)) as client:
        yield DynamicClient(client, cache_file=str(cache))


@pytest.fixture
def repositories(dynamic: DynamicClient) -> Any:
    return dynamic.resources.get(api_version=kinds.REPOSITORY.api_version, kind="Repository")


@pytest.fixture
def config_maps(dynamic: DynamicClient) -> Any:
    return dynamic.resources.get(api_version="v1", kind="ConfigMap")


def repository(namespace: str, name: str = "web", **parts: Any) -> dict[str, Any]:
    return factories.make_repository(name, **factories.merge({"metadata": {"namespace": namespace}}, parts))


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.resource)
def test_discovery(dynamic: DynamicClient, kind: kinds.Kind) -> None:
    """Every kind of the table is found by its name, with its scope, verbs and short names."""
    found = dynamic.resources.get(api_version=kind.api_version, kind=kind.name)
    assert (found.name, found.namespaced, found.singular_name) == (kind.plural, kind.namespaced, kind.singular)
    assert sorted(found.verbs) == sorted(kind.verbs)
    assert tuple(found.short_names or ()) == kind.short_names
    assert sorted(found.subresources) == sorted(sub.name for sub in kind.subresources)


def test_unknown_kind(dynamic: DynamicClient) -> None:
    """A kind that is not served is not found, by the client itself."""
    with pytest.raises(ResourceNotFoundError):
        dynamic.resources.get(api_version="v1", kind="Pod")


def test_verbs(repositories: Any, namespace: str) -> None:
    """Created, read, listed, replaced, patched, deleted."""
    made = repositories.create(body=repository(namespace), namespace=namespace)
    assert (made.kind, made.metadata.generation) == ("Repository", 1)
    body = made.to_dict()
    body["spec"]["description"] = "a shop"
    replaced = repositories.replace(body=body, namespace=namespace)
    assert (replaced.spec.description, replaced.metadata.generation) == ("a shop", 2)
    with pytest.raises(ConflictError):
        repositories.replace(body=body, namespace=namespace)
    merged = repositories.patch(
        body={"spec": {"description": None}},
        name="web",
        namespace=namespace,
        content_type="application/merge-patch+json",
    )
    assert merged.spec.description is None
    listed = repositories.get(namespace=namespace)
    assert (listed.kind, [item.metadata.name for item in listed.items]) == ("RepositoryList", ["web"])
    done = repositories.delete(name="web", namespace=namespace)
    assert (done.kind, done.status) == ("Status", "Success")
    with pytest.raises(NotFoundError):
        repositories.get(name="web", namespace=namespace)


def test_status_subresource(repositories: Any, namespace: str) -> None:
    """The subresource that discovery lists is callable: it takes the status alone."""
    made = repositories.create(body=repository(namespace), namespace=namespace).to_dict()
    made["status"] = {"observedGeneration": 1}
    made["spec"]["description"] = "not taken"
    done = repositories.status.replace(body=made, name="web", namespace=namespace)
    assert (done.status.observedGeneration, done.spec.description) == (1, None)


def test_dry_run(repositories: Any, namespace: str) -> None:
    """A dry run answers what would be, and stores nothing."""
    would = repositories.create(body=repository(namespace), namespace=namespace, dry_run="All")
    assert would.metadata.uid
    with pytest.raises(NotFoundError):
        repositories.get(name="web", namespace=namespace)


def test_strict_validation(repositories: Any, namespace: str) -> None:
    """An unknown field is refused in strict validation; the client says what the server said."""
    body = repository(namespace, spec={"colour": "green"})
    with pytest.raises(DynamicApiError) as refused:
        repositories.create(body=body, namespace=namespace, query_params=[("fieldValidation", "Strict")])
    assert (refused.value.status, 'unknown field \\"spec.colour\\"' in refused.value.body) == (400, True)


def test_watch(config_maps: Any, namespace: str) -> None:
    """Events of the dynamic watch, from a version on."""
    body = factories.make_config_map("a", metadata={"namespace": namespace})
    since = config_maps.get(namespace=namespace).metadata.resourceVersion
    config_maps.create(body=body, namespace=namespace)
    config_maps.delete(name="a", namespace=namespace)
    events = config_maps.watch(namespace=namespace, resource_version=since, timeout=20)
    told = [(event["type"], event["object"].metadata.name) for event in itertools.islice(events, 2)]
    assert told == [("ADDED", "a"), ("DELETED", "a")]


def test_server_side_apply(config_maps: Any, namespace: str) -> None:
    """Two managers own what they applied; taking the other's field conflicts, force takes it."""

    def body(data: dict[str, str]) -> dict[str, Any]:
        meta = {"name": "a", "namespace": namespace}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}

    made = config_maps.server_side_apply(body=body({"k": "1"}), namespace=namespace, field_manager="one")
    assert [(entry.manager, entry.operation) for entry in made.metadata.managedFields] == [("one", "Apply")]
    config_maps.server_side_apply(body=body({"l": "2"}), namespace=namespace, field_manager="two")
    with pytest.raises(ConflictError) as taken:
        config_maps.server_side_apply(body=body({"k": "2"}), namespace=namespace, field_manager="two")
    assert 'conflict with \\"one\\": .data.k' in taken.value.body
    forced = config_maps.server_side_apply(
        body=body({"k": "2"}), namespace=namespace, field_manager="two", force_conflicts=True
    )
    assert forced.data.to_dict() == {"k": "2"}
    assert [entry.manager for entry in forced.metadata.managedFields] == ["two"]
