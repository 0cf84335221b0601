"""Which objects a requirement asks for."""

from collections.abc import Iterable, Sequence

from krate import selectors
from krate_functions.composition import Object, Selector
from krate_functions.engine.pipeline import Fetch


def matches(selector: Selector, obj: Object) -> bool:
    """Whether a requirement asks for this object."""
    metadata = obj["metadata"]
    if (obj["apiVersion"], obj["kind"]) != (selector.api_version, selector.kind):
        return False
    if selector.namespace and metadata.get("namespace", "") != selector.namespace:
        return False
    if selector.name:
        return metadata.get("name") == selector.name
    wanted = selectors.from_object({"matchLabels": selector.labels})
    return wanted is not None and wanted.matches(metadata.get("labels") or {})


def fetcher(objects: Iterable[Object]) -> Fetch:
    """Answers requirements from a fixed set of objects, in their order; of two with one name the last counts."""
    unique = {
        (obj["apiVersion"], obj["kind"], obj["metadata"].get("namespace", ""), obj["metadata"].get("name", "")): obj
        for obj in objects
    }
    objects = list(unique.values())

    async def fetch(selector: Selector) -> Sequence[Object]:
        return [obj for obj in objects if matches(selector, obj)]

    return fetch
