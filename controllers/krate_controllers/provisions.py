"""What every namespace has: the ServiceAccount `default`, and the certificates by which to know the API server.

The rules are those of KK/pkg/controller/serviceaccount and KK/pkg/controller/certificates/rootcacertpublisher.
"""

import asyncio
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from krate import errors, kinds
from krate.kinds import Kind
from krate_controllers import loops
from krate_controllers.loops import Loop
from krate_controllers.workqueue import Backoff, Key, WorkQueue
from krate_kube import watch
from krate_kube.interface import Client, EventType
from krate_kube.watch import Change, Informer

ROOT_CA: Final = "kube-root-ca.crt"
_DESCRIPTION: Final = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


@dataclass(frozen=True)
class Provision:
    """One object that is in every namespace."""

    kind: Kind
    name: str
    content: Mapping[str, Any] = field(default_factory=dict)
    """Members that are put back when somebody changes them."""
    annotations: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The object as it is created."""
        metadata = {"name": self.name} | ({"annotations": dict(self.annotations)} if self.annotations else {})
        return {"apiVersion": self.kind.api_version, "kind": self.kind.name, "metadata": metadata, **self.content}


def provisions(ca: str) -> tuple[Provision, ...]:
    """What is in every namespace.

    Args:
        ca: the certificates that sign the API server's, PEM.
    """
    return (
        Provision(kinds.SERVICE_ACCOUNT, "default"),
        Provision(kinds.CONFIG_MAP, ROOT_CA, {"data": {"ca.crt": ca}}, {"kubernetes.io/description": _DESCRIPTION}),
    )


class Provisioner:
    """Creates what every namespace has, and again when it is deleted; puts its content back when it is changed.

    Args:
        client: the API, as an identity that may see namespaces and write what is provided.
        provided: what every namespace has, at most one object of a kind.
        log: logger.
    """

    def __init__(
        self, client: Client, provided: Iterable[Provision], *, log: structlog.typing.FilteringBoundLogger
    ) -> None:
        self.queue = WorkQueue(backoff=Backoff(base=0.1, ceiling=30.0))
        self._client = client
        self._log = log.bind(controller="provisions")
        self._provided = {one.kind.name: one for one in provided}
        self._namespaces = Informer(client, kinds.NAMESPACE, keep=watch.metadata_only)
        self._found = {
            name: Informer(client, one.kind, fields=f"metadata.name={one.name}") for name, one in self._provided.items()
        }
        self._loop = Loop(self.work, self.queue, workers=1, log=self._log)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(loops.follow(self._namespaces, self.observe_namespace, log=self._log))
            for kind, informer in self._found.items():
                observe = functools.partial(self.observe, kind)
                group.create_task(loops.follow(informer, observe, log=self._log))
            group.create_task(self._loop.run())

    def observe_namespace(self, change: Change) -> None:
        """A namespace that comes needs everything."""
        if change.type in {EventType.ADDED, EventType.MODIFIED}:
            for kind in self._provided:
                self.queue.add((kind, change.object["metadata"]["name"]))

    def observe(self, kind: str, change: Change) -> None:
        """What is changed or deleted is looked at."""
        if change.type in {EventType.MODIFIED, EventType.DELETED}:
            self.queue.add((kind, change.object["metadata"]["namespace"]))

    async def work(self, key: Key) -> None:
        """Create one object of one namespace or put its content back, unless the namespace goes."""
        provision, namespace = self._provided[key[0]], self._namespaces.get(key[1])
        if namespace is None or namespace["metadata"].get("deletionTimestamp"):
            return
        known = self._found[key[0]].get(provision.name, namespace=key[1])
        try:
            if known is None:
                await self._client.create(provision.kind, provision.body(), namespace=key[1])
            elif any(known.get(member) != value for member, value in provision.content.items()):
                await self._client.update(provision.kind, {**known, **provision.content})
        except (errors.AlreadyExists, errors.NotFound, errors.Conflict):
            return
        except errors.Forbidden as refused:
            if not any(cause.type == errors.CauseType.NAMESPACE_TERMINATING for cause in refused.causes):
                raise
