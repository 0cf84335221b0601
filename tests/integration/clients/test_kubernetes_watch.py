"""The official client's long-running parts: watches that resume and expire, informers, leader election."""

import itertools
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Self

import kubernetes
import pytest
from kubernetes.client.exceptions import ApiException
from kubernetes.informer import SharedInformer
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

from krate import kinds
from served_api import until

PLURAL = {"group": kinds.REPOSITORY.group, "version": "v1alpha1", "plural": "repositories"}


@pytest.fixture
def api(kubeconfig: Path) -> Generator[Any]:
    with kubernetes.config.new_client_from_config(str(kubeconfig)) as client:
        yield client


@pytest.fixture
def core(api: Any) -> Any:
    return kubernetes.client.CoreV1Api(api)


def put(core: Any, namespace: str, name: str, **data: str) -> Any:
    body = kubernetes.client.V1ConfigMap(metadata=kubernetes.client.V1ObjectMeta(name=name), data=data)
    return core.create_namespaced_config_map(namespace, body)


def test_watch_resumes(core: Any, namespace: str) -> None:
    """A watch from a list's version tells what happened since; a second one from the last event goes on there."""
    put(core, namespace, "before")
    since = core.list_namespaced_config_map(namespace).metadata.resource_version
    put(core, namespace, "a", k="1")
    core.patch_namespaced_config_map("a", namespace, {"data": {"k": "2"}})
    watch = kubernetes.watch.Watch()
    seen: list[tuple[str, str, dict[str, str]]] = []

    def more(version: str, count: int) -> None:
        stream = watch.stream(core.list_namespaced_config_map, namespace, resource_version=version, timeout_seconds=20)
        events = itertools.islice(stream, count)
        seen.extend((event["type"], event["object"].metadata.name, event["object"].data) for event in events)

    more(since, 2)
    core.delete_namespaced_config_map("a", namespace)
    more(watch.resource_version, 1)
    assert seen == [("ADDED", "a", {"k": "1"}), ("MODIFIED", "a", {"k": "2"}), ("DELETED", "a", {"k": "2"})]


def test_watch_from_nothing(core: Any, namespace: str) -> None:
    """Without a version: what there is first."""
    put(core, namespace, "a")
    put(core, namespace, "b")
    stream = kubernetes.watch.Watch().stream(core.list_namespaced_config_map, namespace, timeout_seconds=20)
    told = [(event["type"], event["object"].metadata.name) for event in itertools.islice(stream, 2)]
    assert told == [("ADDED", "a"), ("ADDED", "b")]


def test_watch_expires(core: Any, namespace: str, forget: Callable[[str], int]) -> None:
    """A version that is compacted away raises 410, so that the client lists again."""
    put(core, namespace, "a")
    put(core, namespace, "b")
    forget(kinds.CONFIG_MAP.resource)
    stream = kubernetes.watch.Watch().stream(
        core.list_namespaced_config_map, namespace, resource_version="1", timeout_seconds=5
    )
    with pytest.raises(ApiException) as expired:
        list(stream)
    assert (expired.value.status, expired.value.reason.split(":")[0]) == (410, "Expired")


def test_watch_custom_objects(api: Any, namespace: str) -> None:
    """Custom objects are watched by label; leaving the selection is a DELETED."""
    custom = kubernetes.client.CustomObjectsApi(api)
    where = {**PLURAL, "namespace": namespace}
    since = custom.list_namespaced_custom_object(**where)["metadata"]["resourceVersion"]
    meta = {"name": "web", "labels": {"tier": "gold"}}
    body = {"apiVersion": kinds.REPOSITORY.api_version, "kind": "Repository", "metadata": meta, "spec": {}}
    custom.create_namespaced_custom_object(**where, body=body)
    custom.patch_namespaced_custom_object(**where, name="web", body={"metadata": {"labels": {"tier": "tin"}}})
    stream = kubernetes.watch.Watch().stream(
        custom.list_namespaced_custom_object,
        **where,
        label_selector="tier=gold",
        resource_version=since,
        timeout_seconds=20,
    )
    told = [(event["type"], event["object"]["metadata"]["labels"]["tier"]) for event in itertools.islice(stream, 2)]
    assert told == [("ADDED", "gold"), ("DELETED", "gold")]


def test_informer(core: Any, namespace: str) -> None:
    """The cache of a shared informer follows the server."""
    put(core, namespace, "a", k="1")
    informer = SharedInformer(core.list_namespaced_config_map, namespace=namespace)
    told: list[tuple[str, str]] = []
    for event in ("ADDED", "MODIFIED", "DELETED"):
        informer.add_event_handler(event, lambda found, event=event: told.append((event, found.metadata.name)))
    informer.start()
    try:
        until(lambda: told == [("ADDED", "a")])
        put(core, namespace, "b")
        core.patch_namespaced_config_map("a", namespace, {"data": {"k": "2"}})
        core.delete_namespaced_config_map("b", namespace)
        until(lambda: told[1:] == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")])
        assert [found.data for found in informer.cache.list()] == [{"k": "2"}]
    finally:
        informer.stop()


class Candidate:
    """Somebody who wants to lead: in a thread, until their work fails."""

    def __init__(self, api: Any, namespace: str, name: str) -> None:
        lock = LeaseLock("leader", namespace, name)
        lock.api_instance = kubernetes.client.CoordinationV1Api(api)
        self.leads, self._fails = threading.Event(), threading.Event()
        config = electionconfig.Config(
            lock,
            lease_duration=2,
            renew_deadline=1.5,
            retry_period=1,
            onstarted_leading=self._work,
            onstopped_leading=lambda: None,
        )
        self._thread = threading.Thread(target=leaderelection.LeaderElection(config).run, daemon=True)

    def _work(self) -> None:
        self.leads.set()
        self._fails.wait(30)
        raise RuntimeError("the leader's work failed")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.fail()

    def fail(self) -> None:
        """End it, and wait until it has ended."""
        self._fails.set()
        self._thread.join(30)
        assert not self._thread.is_alive()


def test_leader_election(api: Any, namespace: str) -> None:
    """One leads, over a Lease; the other takes over when the first renews no more."""
    leases = kubernetes.client.CoordinationV1Api(api)

    def holder() -> str:
        return leases.read_namespaced_lease("leader", namespace).spec.holder_identity

    with Candidate(api, namespace, "one") as one:
        assert one.leads.wait(30)
        assert holder() == "one"
        with Candidate(api, namespace, "two") as two:
            assert not two.leads.is_set()
            one.fail()
            assert two.leads.wait(30)
            assert holder() == "two"
