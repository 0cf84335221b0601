"""Aggregated ClusterRoles: their rules are those of the ClusterRoles that their selectors choose (RBAC aggregation).

The rules are upstream's (KK/pkg/controller/clusterroleaggregation): parts in order of their names, each rule once; an
aggregated role never selects itself.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from krate import kinds, selectors
from krate_controllers import loops
from krate_controllers.loops import Again, Loop
from krate_controllers.workqueue import Key, WorkQueue
from krate_kube.interface import Client, EventType, Object
from krate_kube.watch import Change, Informer


def aggregated(role: Object, roles: Iterable[Object]) -> list[dict[str, Any]]:
    """The rules of `role`, from those that its selectors choose among `roles`."""
    chosen = [selectors.from_object(one) for one in role.get("aggregationRule", {}).get("clusterRoleSelectors") or []]
    rules: list[dict[str, Any]] = []
    for part in sorted(roles, key=_name):
        if _name(part) == _name(role):
            continue
        labels: Mapping[str, str] = part["metadata"].get("labels") or {}
        if any(selector is not None and selector.matches(labels) for selector in chosen):
            rules.extend(rule for rule in part.get("rules") or [] if rule not in rules)
    return rules


def _name(role: Object) -> str:
    return role["metadata"]["name"]


class ClusterRoleAggregator:
    """Writes the rules of aggregated ClusterRoles.

    Args:
        client: the API, as an identity that may update ClusterRoles and escalate.
        log: logger.
    """

    def __init__(self, client: Client, *, log: structlog.typing.FilteringBoundLogger) -> None:
        self.queue = WorkQueue()
        self._client = client
        self._log = log.bind(controller="cluster-roles")
        self._informer = Informer(client, kinds.CLUSTER_ROLE)
        self._loop = Loop(self.work, self.queue, workers=1, log=self._log)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(loops.follow(self._informer, self.observe, log=self._log))
            group.create_task(self._loop.run())

    def observe(self, change: Change) -> None:
        """Any role may be part of any aggregated one; before the first listing is complete nothing is decided."""
        if change.type is EventType.BOOKMARK or self._informer.synced.is_set():
            for role in self._informer.cache.values():
                if role.get("aggregationRule"):
                    self.queue.add(("", _name(role)))

    async def work(self, key: Key) -> Again | None:
        """Write one role's rules, if they differ."""
        role = self._informer.get(key[1])
        if role is None or not role.get("aggregationRule"):
            return None
        rules = aggregated(role, self._informer.cache.values())
        if rules != (role.get("rules") or []):
            metadata = {"resourceVersion": role["metadata"]["resourceVersion"]}
            await self._client.patch(kinds.CLUSTER_ROLE, key[1], {"metadata": metadata, "rules": rules})
            self._log.info("aggregated", role=key[1], rules=len(rules))
        return None
