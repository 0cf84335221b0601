"""What the loop sees: a cache per kind that follows the server, and who composed what.

Kinds are watched from the moment somebody composes or requires them, and from then on.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from krate import errors, kinds, logging
from krate.kinds import Kind
from krate.names import Annotation
from krate_functions.composition import Object, Selector
from krate_functions.engine import matching, naming
from krate_kube import watch
from krate_kube.interface import Client, EventType
from krate_kube.watch import Change, Informer

RETRY = 5.0
"""Seconds until a kind that the server would not show is asked for again."""


class Unwatchable(Exception):
    """the kind cannot be watched."""


class World:
    """Caches of every kind that matters.

    Args:
        client: whose eyes see.
        notify: told of every change, after the caches hold it.
    """

    def __init__(self, client: Client, notify: Callable[[Kind, Change], None]) -> None:
        self._client = client
        self._notify = notify
        self._views: dict[str, _View] = {}
        self._composed: dict[str, dict[tuple[str, str, str], Object]] = defaultdict(dict)
        self._log = logging.get(component="composites")

    async def ensure(self, wanted: Iterable[Kind]) -> None:
        """Watch these kinds; returns when their caches are complete.

        Raises:
            Unwatchable: the server refuses one; it is asked again later.
        """
        for kind in wanted:
            view = self._views.get(kind.resource)
            if view is None:
                view = self._views[kind.resource] = _View(Informer(self._client, kind, troubled=self._troubled(kind)))
                view.task = asyncio.create_task(self._follow(view), name=f"watch {kind.resource}")
            await view.settled.wait()
            if view.refusal:
                raise Unwatchable(f"cannot watch {kind.name}: {view.refusal}")

    def complete(self) -> frozenset[str]:
        """Resources whose cache holds everything that there is."""
        return frozenset(
            resource for resource, view in self._views.items() if view.settled.is_set() and not view.refusal
        )

    def get(self, kind: Kind, name: str, *, namespace: str = "") -> Object | None:
        view = self._views.get(kind.resource)
        return view.informer.get(name, namespace=namespace) if view else None

    def every(self, kind: Kind) -> Sequence[dict[str, Any]]:
        view = self._views.get(kind.resource)
        return tuple(view.informer.cache.values()) if view else ()

    def composed_by(self, uid: str) -> dict[str, Object]:
        """Objects whose controller is the composite of this UID, by their name in the composition."""
        found: dict[str, Object] = {}
        for _, obj in sorted(self._composed.get(uid, {}).items(), key=lambda entry: entry[0]):
            name = (obj["metadata"].get("annotations") or {}).get(Annotation.COMPOSITION_RESOURCE_NAME)
            if name:
                found.setdefault(name, obj)
        return found

    async def fetch(self, selector: Selector) -> Sequence[Object]:
        """Answer a requirement from the cache, by name.

        Raises:
            Unwatchable: the kind is unknown or refused.
        """
        kind = row(selector.api_version, selector.kind)
        await self.ensure([kind])
        if selector.name and (selector.namespace or not kind.namespaced):
            found = self.get(kind, selector.name, namespace=selector.namespace)
            return [found] if found is not None else []
        return sorted((obj for obj in self.every(kind) if matching.matches(selector, obj)), key=watch.key_of)

    def close(self) -> Sequence[asyncio.Task[None]]:
        """Stop watching; await what is returned."""
        tasks = [view.task for view in self._views.values() if view.task is not None]
        for task in tasks:
            task.cancel()
        return tasks

    async def _follow(self, view: "_View") -> None:
        """Watch one kind for ever; a refusal is waited out, because rights and kinds may come later."""
        kind = view.informer.kind
        while True:
            try:
                await view.informer.run(lambda change: self._seen(view, change))
            except errors.StatusError as refusal:
                self._log.warning("watch refused", kind=kind.resource, message=refusal.message)
                view.refusal = refusal.message
                view.settled.set()
                await asyncio.sleep(RETRY)

    def _seen(self, view: "_View", change: Change) -> None:
        kind = view.informer.kind
        if change.type is EventType.BOOKMARK:
            view.refusal = ""
            view.settled.set()
        elif not trivial(change):
            self._index(kind, change)
            self._notify(kind, change)
        else:
            self._index(kind, change)

    def _index(self, kind: Kind, change: Change) -> None:
        key = (kind.resource, *watch.key_of(change.object))
        if change.old is not None and (owner := naming.controller_of(change.old)) is not None:
            below = self._composed.get(owner["uid"], {})
            below.pop(key, None)
            if not below:
                self._composed.pop(owner["uid"], None)
        if change.type is not EventType.DELETED and (owner := naming.controller_of(change.object)) is not None:
            self._composed[owner["uid"]][key] = change.object

    def _troubled(self, kind: Kind) -> Callable[[Exception, float], None]:
        def told(failure: Exception, pause: float) -> None:
            self._log.warning("watch interrupted", kind=kind.resource, failure=str(failure), pause=round(pause, 1))

        return told


class _View:
    """One informer and what became of it."""

    def __init__(self, informer: Informer) -> None:
        self.informer = informer
        self.settled = asyncio.Event()
        """Set when the cache is complete or the server refused."""
        self.refusal = ""
        self.task: asyncio.Task[None] | None = None


def row(api_version: str, kind: str) -> Kind:
    """The row of a kind.

    Raises:
        Unwatchable: the table holds none.
    """
    found = kinds.of(api_version, kind)
    if found is None:
        raise Unwatchable(f"{api_version} {kind} is not served here")
    return found


def trivial(change: Change) -> bool:
    """Whether nothing changed that anybody reads: a new version of the same content."""
    if change.type is not EventType.MODIFIED or change.old is None:
        return False
    return _content(change.old) == _content(change.object)


def _content(obj: Object) -> dict[str, Any]:
    metadata = {key: value for key, value in obj["metadata"].items() if key not in {"resourceVersion", "managedFields"}}
    return {**obj, "metadata": metadata}
