"""Every namespace has a ServiceAccount named default, as KK/pkg/controller/serviceaccount sees to it."""

import asyncio
from typing import Final

import structlog

from krate import errors, kinds
from krate_controllers import loops
from krate_controllers.loops import Again, Loop
from krate_controllers.workqueue import Backoff, Key, WorkQueue
from krate_kube import watch
from krate_kube.interface import Client, EventType
from krate_kube.watch import Change, Informer

NAME: Final = "default"


class DefaultAccounts:
    """Creates the account in each namespace, and again when it is deleted.

    Args:
        client: the API, as an identity that may see namespaces and create ServiceAccounts.
        log: logger.
    """

    def __init__(self, client: Client, *, log: structlog.typing.FilteringBoundLogger) -> None:
        self.queue = WorkQueue(backoff=Backoff(base=0.1, ceiling=30.0))
        self._client = client
        self._log = log.bind(controller="default-accounts")
        self._namespaces = Informer(client, kinds.NAMESPACE, keep=watch.metadata_only)
        self._accounts = Informer(
            client, kinds.SERVICE_ACCOUNT, fields=f"metadata.name={NAME}", keep=watch.metadata_only
        )
        self._loop = Loop(self.work, self.queue, workers=1, log=self._log)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(loops.follow(self._namespaces, self.observe_namespace, log=self._log))
            group.create_task(loops.follow(self._accounts, self.observe_account, log=self._log))
            group.create_task(self._loop.run())

    def observe_namespace(self, change: Change) -> None:
        """A namespace that comes needs an account."""
        if change.type in {EventType.ADDED, EventType.MODIFIED}:
            self.queue.add(("", change.object["metadata"]["name"]))

    def observe_account(self, change: Change) -> None:
        """An account that goes is needed still."""
        if change.type is EventType.DELETED:
            self.queue.add(("", change.object["metadata"]["namespace"]))

    async def work(self, key: Key) -> Again | None:
        """Create the account of one namespace, unless it is there or the namespace goes."""
        namespace = self._namespaces.get(key[1])
        known = self._accounts.get(NAME, namespace=key[1])
        if namespace is None or namespace["metadata"].get("deletionTimestamp") or known is not None:
            return None
        body = {
            "apiVersion": kinds.SERVICE_ACCOUNT.api_version,
            "kind": kinds.SERVICE_ACCOUNT.name,
            "metadata": {"name": NAME, "namespace": key[1]},
        }
        try:
            await self._client.create(kinds.SERVICE_ACCOUNT, body, namespace=key[1])
        except errors.AlreadyExists:
            return None
        except errors.Forbidden as refused:
            if any(cause.type == errors.CauseType.NAMESPACE_TERMINATING for cause in refused.causes):
                return None
            raise
        return None
