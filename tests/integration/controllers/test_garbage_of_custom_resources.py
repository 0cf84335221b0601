"""Garbage collection and namespace termination of custom resources, by the real controllers before the real server."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

import installations
from installations import Home
from krate import errors, kinds
from krate_controllers import customs
from krate_controllers import main as controllers
from krate_kube.interface import Object, Propagation
from tenants import until_gone, wait_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEFINITION: Object = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object"}},
            }
        ],
    },
    "status": {"conditions": [{"type": "Established", "status": "True"}]},
}
WIDGET = customs.rows(DEFINITION)[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Home]:
    """An installation with all controllers running, where somebody brings a kind of their own."""
    async with installations.running(tmp_path_factory.mktemp("krate")) as found, AsyncExitStack() as stack:
        kit = await controllers.open_kit(await found.briefing(), stack)
        work = asyncio.create_task(controllers.run(kit))
        definition = {key: value for key, value in DEFINITION.items() if key != "status"}
        await found.admin.create(kinds.CUSTOM_RESOURCE_DEFINITION, definition)
        established: dict[str, Any] = DEFINITION["status"]["conditions"][0]

        def is_established(one: Object) -> bool:
            conditions = (one.get("status") or {}).get("conditions") or []
            return any(established.items() <= condition.items() for condition in conditions)

        await wait_for(
            found.admin, kinds.CUSTOM_RESOURCE_DEFINITION, "widgets.example.com", is_established, namespace=""
        )
        yield found
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def namespace(home: Home, name: str) -> str:
    await home.admin.create(kinds.NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


def owned(found: Object) -> list[dict[str, Any]]:
    meta = found["metadata"]
    ref = {"apiVersion": found["apiVersion"], "kind": found["kind"], "name": meta["name"], "uid": meta["uid"]}
    return [{**ref, "blockOwnerDeletion": True}]


async def widget(home: Home, where: str, name: str, **metadata: Any) -> Object:
    body = {"apiVersion": WIDGET.api_version, "kind": "Widget", "metadata": {"name": name, **metadata}}
    return await home.admin.create(WIDGET, body, namespace=where)


async def config_map(home: Home, where: str, name: str, **metadata: Any) -> Object:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}
    return await home.admin.create(kinds.CONFIG_MAP, body, namespace=where)


async def test_custom_resources_own_and_are_owned(home: Home) -> None:
    """ConfigMap, Widget, ConfigMap: the chain goes with its first, in the background and in the foreground."""
    where = await namespace(home, "chain")
    for policy in (Propagation.BACKGROUND, Propagation.FOREGROUND):
        first = await config_map(home, where, "first")
        middle = await widget(home, where, "middle", ownerReferences=owned(first))
        await config_map(home, where, "last", ownerReferences=owned(middle))
        await home.admin.delete(kinds.CONFIG_MAP, "first", namespace=where, propagation=policy)
        await until_gone(home.admin, kinds.CONFIG_MAP, "first", namespace=where)
        await until_gone(home.admin, WIDGET, "middle", namespace=where)
        await until_gone(home.admin, kinds.CONFIG_MAP, "last", namespace=where)


async def test_orphans_of_custom_resources(home: Home) -> None:
    """Orphans of a Widget stay without their reference, and the Widget goes."""
    where = await namespace(home, "orphans")
    root = await widget(home, where, "root")
    await config_map(home, where, "child", ownerReferences=owned(root))
    await home.admin.delete(WIDGET, "root", namespace=where, propagation=Propagation.ORPHAN)
    await until_gone(home.admin, WIDGET, "root", namespace=where)
    child = await home.admin.get(kinds.CONFIG_MAP, "child", namespace=where)
    assert "ownerReferences" not in child["metadata"]


async def test_a_namespace_with_custom_resources(home: Home) -> None:
    """The namespace says what it waits for, in upstream's words, and goes when the finalizer is gone."""
    where = await namespace(home, "full")
    await wait_for(home.admin, kinds.SERVICE_ACCOUNT, "default", bool, namespace=where)
    await widget(home, where, "held", finalizers=["example.com/hold"])
    await widget(home, where, "free")
    await home.admin.delete(kinds.NAMESPACE, where)
    with pytest.raises(errors.Forbidden, match="because it is being terminated"):
        await config_map(home, where, "late")

    def waits(found: Object) -> bool:
        conditions = found["status"].get("conditions") or []
        messages = {one["type"]: one["message"] for one in conditions if one["status"] == "True"}
        return messages == {
            "NamespaceContentRemaining": "Some resources are remaining: widgets.example.com has 1 resource instances",
            "NamespaceFinalizersRemaining": (
                "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"
            ),
        }

    found = await wait_for(home.admin, kinds.NAMESPACE, where, waits, namespace="")
    assert found["status"]["phase"] == "Terminating"
    await home.admin.patch(WIDGET, "held", {"metadata": {"finalizers": None}}, namespace=where)
    await until_gone(home.admin, kinds.NAMESPACE, where, namespace="")


async def test_namespaces_have_a_default_account(home: Home) -> None:
    """The account `default` is there without being asked for, and comes back when it is deleted."""
    where = await namespace(home, "accounts")
    first = await wait_for(home.admin, kinds.SERVICE_ACCOUNT, "default", bool, namespace=where)
    await home.admin.delete(kinds.SERVICE_ACCOUNT, "default", namespace=where)

    def another(found: Object) -> bool:
        return found["metadata"]["uid"] != first["metadata"]["uid"]

    await wait_for(home.admin, kinds.SERVICE_ACCOUNT, "default", another, namespace=where)


async def test_aggregated_rules_are_written_over(home: Home) -> None:
    """Rules that somebody writes into an aggregated role do not stay; `admin` holds what `edit` and `view` hold."""
    await home.admin.patch(kinds.CLUSTER_ROLE, "view", {"rules": []})
    secrets = {"apiGroups": [""], "resources": ["configmaps", "serviceaccounts"], "verbs": ["get", "list", "watch"]}
    for name in ("view", "edit", "admin"):
        await wait_for(home.admin, kinds.CLUSTER_ROLE, name, lambda one: secrets in one["rules"], namespace="")
