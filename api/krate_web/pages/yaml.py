"""The YAML of an object: beside any page as a panel, or on its own."""

from dataclasses import dataclass
from typing import ClassVar

from krate import errors, kinds
from krate.kinds import Kind
from krate_web import manifests, places
from krate_web.manifests import Manifest
from krate_web.page import Crumb, Page
from krate_web.visits import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlPage(Page):
    """One object's manifest as a page."""

    template: ClassVar[str] = "pages/yaml.html"
    manifest: Manifest


def _kind(resource: str) -> Kind:
    """The row of a resource that may be shown.

    Raises:
        NotFound: there is none.
        Forbidden: its objects hold secret values, which no page shows.
    """
    found = next((kind for kind in kinds.KINDS if kind.resource == resource), None)
    if found is None:
        raise errors.NotFound
    if found is kinds.SECRET:
        raise errors.Forbidden("values of Secrets are shown on no page; kubectl get secret shows them")
    return found


async def panel(visit: Visit) -> Manifest:
    """What the panel shows for the object in the address."""
    kind = _kind(visit.params["resource"])
    namespace = visit.params["place"] if kind.namespaced else ""
    body = await visit.client.get(kind, visit.params["name"], namespace=namespace)
    return manifests.of_object(kind, body, api_url=visit.site.settings.api_url)


async def build(visit: Visit) -> YamlPage:
    manifest = await panel(visit)
    namespace = visit.params["place"] if visit.params["place"] != places.RESERVED else ""
    above = (Crumb(namespace, places.organization(namespace)),) if namespace else ()
    return YamlPage(
        frame=visit.frame(manifest.title, namespace=namespace, crumbs=(*above, Crumb(manifest.title))),
        manifest=manifest,
    )
