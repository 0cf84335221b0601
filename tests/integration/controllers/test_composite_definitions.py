"""XRDs: the definitions that follow from them are served, and go with them, by the real controllers and server."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

import factories
import installations
from installations import Home
from krate import kinds
from krate.conditions import Type
from krate.kinds import Form, Kind, Scope
from krate.models.meta import Resource
from krate_controllers import main as controllers
from krate_controllers import xrds
from krate_kube.interface import Object
from tenants import is_true, until_gone, wait_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

CRD = kinds.CUSTOM_RESOURCE_DEFINITION
GROUP = "shop.example.com"
SPEC = {"type": "object", "properties": {"size": {"type": "integer"}}}
SCHEMA = {"openAPIV3Schema": {"type": "object", "properties": {"spec": SPEC}}}
NOTHING = {"apiVersion": "", "kind": ""}


def named(kind: str) -> dict[str, str]:
    return {"kind": kind, "plural": f"{kind.lower()}s"}


def row(kind: str, version: str = "v1", scope: Scope = Scope.NAMESPACED) -> Kind:
    return Kind(kind, f"{kind.lower()}s", GROUP, version, Resource, Form.CONFIG, scope)


def xrd(kind: str, *, api: str = "v2", group: str = GROUP, **spec: Any) -> Object:
    """An XRD of one version."""
    versions = [{"name": "v1", "served": True, "referenceable": True, "schema": SCHEMA}]
    return {
        "apiVersion": f"{xrds.KIND.group}/{api}",
        "kind": xrds.KIND.name,
        "metadata": {"name": f"{kind.lower()}s.{group}", "labels": {"team": "a"}},
        "spec": {"group": group, "names": named(kind), "versions": versions, **spec},
    }


def composite(kind: str, name: str, **metadata: Any) -> Object:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": {"size": 1},
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Home]:
    """An installation with all controllers running."""
    async with installations.running(tmp_path_factory.mktemp("krate")) as found, AsyncExitStack() as stack:
        kit = await controllers.open_kit(await found.briefing(), stack)
        work = asyncio.create_task(controllers.run(kit))
        yield found
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def create(home: Home, body: Object) -> Object:
    """Create an XRD in its own version."""
    return await home.admin.create(replace(xrds.KIND, version=body["apiVersion"].rpartition("/")[2]), body)


async def applied(home: Home, body: Object, *holds: Type) -> Object:
    """The XRD, once these conditions are true."""
    await create(home, body)
    name = body["metadata"]["name"]
    return await wait_for(
        home.admin, xrds.KIND, name, lambda found: all(is_true(one)(found) for one in holds), namespace=""
    )


def said(found: Object, kind: Type) -> tuple[str, str]:
    """A condition, which has no message: Crossplane's have none."""
    (entry,) = (one for one in found["status"]["conditions"] if one["type"] == kind)
    assert entry.keys() == {"type", "status", "reason", "lastTransitionTime", "observedGeneration"}
    return entry["status"], entry["reason"]


async def told(home: Home, about: str, reason: str) -> str:
    """The message of an event about an XRD, once there is one."""
    fields = f"involvedObject.name={about},reason={reason}"
    async with asyncio.timeout(10):
        while not (found := (await home.admin.list(kinds.EVENT, namespace="default", fields=fields)).items):  # noqa: ASYNC110 - events are told, not awaited
            await asyncio.sleep(0.02)
    return found[0]["message"]


async def test_composites(home: Home) -> None:
    """An XRD of version 2 brings a namespaced kind with Crossplane's machinery, which its XRD owns."""
    found = await applied(home, xrd("Cart"), Type.ESTABLISHED)
    assert said(found, Type.ESTABLISHED) == ("True", "WatchingCompositeResource")
    assert found["metadata"]["finalizers"] == ["defined.apiextensions.crossplane.io"]
    assert found["status"]["controllers"] == {
        "compositeResourceType": {"apiVersion": f"{GROUP}/v1", "kind": "Cart"},
        "compositeResourceClaimType": NOTHING,
    }
    definition = await home.admin.get(CRD, f"carts.{GROUP}")
    owner = {
        "apiVersion": "apiextensions.crossplane.io/v1",
        "kind": "CompositeResourceDefinition",
        "name": f"carts.{GROUP}",
        "uid": found["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    assert definition["metadata"]["ownerReferences"] == [owner]
    assert definition["metadata"]["labels"] == {"team": "a"}
    assert (definition["spec"]["scope"], definition["spec"]["names"]["categories"]) == ("Namespaced", ["composite"])
    body = composite("Cart", "mine")
    body["spec"]["crossplane"] = {"compositionRef": {"name": "c"}, "nonsense": True}
    made = await home.admin.create(row("Cart"), body, namespace="default")
    machinery = {"compositionRef": {"name": "c"}, "compositionUpdatePolicy": "Automatic"}
    assert made["spec"] == {"size": 1, "crossplane": machinery}


async def test_claims(home: Home) -> None:
    """An XRD of version 1 is of the whole cluster and may offer claims; both kinds come, and both go with it."""
    body = xrd("XShelf", api="v1", claimNames=named("Shelf"))
    found = await applied(home, body, Type.ESTABLISHED, Type.OFFERED)
    assert said(found, Type.OFFERED) == ("True", "WatchingCompositeResourceClaim")
    assert set(found["metadata"]["finalizers"]) == {
        "defined.apiextensions.crossplane.io",
        "offered.apiextensions.crossplane.io",
    }
    assert found["status"]["controllers"] == {
        "compositeResourceType": {"apiVersion": f"{GROUP}/v1", "kind": "XShelf"},
        "compositeResourceClaimType": {"apiVersion": f"{GROUP}/v1", "kind": "Shelf"},
    }
    scopes = {name: (await home.admin.get(CRD, f"{name}.{GROUP}"))["spec"]["scope"] for name in ("xshelfs", "shelfs")}
    assert scopes == {"xshelfs": "Cluster", "shelfs": "Namespaced"}
    await home.admin.create(row("Shelf"), composite("Shelf", "s"), namespace="default")
    await home.admin.create(row("XShelf", scope=Scope.CLUSTER), composite("XShelf", "x"))
    await home.admin.delete(xrds.KIND, f"xshelfs.{GROUP}")
    await until_gone(home.admin, xrds.KIND, f"xshelfs.{GROUP}", namespace="")
    for name in scopes:
        await until_gone(home.admin, CRD, f"{name}.{GROUP}", namespace="")


async def test_objects_go_first(home: Home) -> None:
    """While one composite is held, its definition stays and the XRD says that it waits; then everything goes."""
    name = f"crates.{GROUP}"
    await applied(home, xrd("Crate"), Type.ESTABLISHED)
    held = composite("Crate", "held", finalizers=["e.com/hold"])
    for body in (held, composite("Crate", "free")):
        await home.admin.create(row("Crate"), body, namespace="default")
    await home.admin.delete(xrds.KIND, name)
    await until_gone(home.admin, row("Crate"), "free", namespace="default")
    waiting = "waiting for defined composite resources to be deleted"
    assert await told(home, name, "TerminateComposite") == waiting
    found = await home.admin.get(xrds.KIND, name)
    assert said(found, Type.ESTABLISHED) == ("False", "TerminatingCompositeResource")
    assert "deletionTimestamp" not in (await home.admin.get(CRD, name))["metadata"]
    await home.admin.patch(row("Crate"), "held", {"metadata": {"finalizers": None}}, namespace="default")
    await until_gone(home.admin, xrds.KIND, name, namespace="")
    await until_gone(home.admin, CRD, name, namespace="")


async def test_follows_the_xrd(home: Home) -> None:
    """What changes in the XRD changes in the definition; the referenceable version is the one that is told."""
    name = f"boxes.{GROUP}"
    body = xrd("Boxe")
    await applied(home, body, Type.ESTABLISHED)
    first, second = body["spec"]["versions"][0], {**body["spec"]["versions"][0], "name": "v2"}
    versions = [{**first, "referenceable": False}, second]
    await home.admin.patch(xrds.KIND, name, {"spec": {"versions": versions}})
    wanted = {"apiVersion": f"{GROUP}/v2", "kind": "Boxe"}
    await wait_for(
        home.admin,
        xrds.KIND,
        name,
        lambda found: found["status"]["controllers"]["compositeResourceType"] == wanted,
        namespace="",
    )
    assert [one["name"] for one in (await home.admin.list(row("Boxe", "v2"))).items] == []


async def test_adopted(home: Home) -> None:
    """The XRD of a kind that Krate serves itself is accepted; the kind stays as it is, and so do its objects."""
    body = xrd("Team", group="krate.a5c.ai")
    body["spec"]["versions"][0]["name"] = kinds.TEAM.version
    await home.admin.create(kinds.NAMESPACE, factories.make(kinds.NAMESPACE, "adopted"))
    await home.admin.create(kinds.TEAM, factories.make_team(metadata={"namespace": "adopted"}))
    before = (await home.admin.list(kinds.TEAM, namespace="adopted")).items
    await applied(home, body, Type.ESTABLISHED)
    await home.admin.delete(xrds.KIND, "teams.krate.a5c.ai")
    await until_gone(home.admin, xrds.KIND, "teams.krate.a5c.ai", namespace="")
    await until_gone(home.admin, CRD, "teams.krate.a5c.ai", namespace="")
    after = (await home.admin.list(kinds.TEAM, namespace="adopted")).items
    assert [one["metadata"]["uid"] for one in after] == [one["metadata"]["uid"] for one in before]


async def test_somebody_elses_definition(home: Home) -> None:
    """A definition that another object controls is left alone, and the XRD's events say so."""
    name = f"bags.{GROUP}"
    owner = {"apiVersion": "v1", "kind": "Namespace", "name": "default", "controller": True}
    owner["uid"] = (await home.admin.get(kinds.NAMESPACE, "default"))["metadata"]["uid"]
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    theirs = {
        "apiVersion": CRD.api_version,
        "kind": CRD.name,
        "metadata": {"name": name, "ownerReferences": [owner]},
        "spec": {"group": GROUP, "scope": "Cluster", "names": named("Bag"), "versions": [version]},
    }
    await home.admin.create(CRD, theirs)
    found = await create(home, xrd("Bag"))
    why = f'existing object is not controlled by UID "{found["metadata"]["uid"]}"'
    text = f"cannot apply rendered composite resource CustomResourceDefinition: {why}"
    assert await told(home, name, "EstablishComposite") == text
    await home.admin.delete(xrds.KIND, name)
    await until_gone(home.admin, xrds.KIND, name, namespace="")
    assert (await home.admin.get(CRD, name))["metadata"]["ownerReferences"] == [owner]


async def test_without_a_schema(home: Home) -> None:
    """An XRD from which nothing can be derived says why."""
    body = xrd("Jar")
    del body["spec"]["versions"][0]["schema"]
    await create(home, body)
    why = f'cannot generate CRD for "Composite Resource" "jars.{GROUP}": custom resource validation cannot be nil'
    text = f"cannot render composite resource CustomResourceDefinition: {why}"
    assert await told(home, f"jars.{GROUP}", "RenderCRD") == text
