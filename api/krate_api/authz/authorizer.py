"""The authorizer of embedded mode: the live RBAC objects, followed through the change log.

Before every answer the index catches up with what is committed, so that a revoked right is gone with the response to
the request that revoked it.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from krate import kinds, names
from krate.identity import Attributes, Caller, Decision
from krate.kinds import Kind
from krate_api.authz.rbac import EVERYTHING, Binding, RoleRef, Rule, Rules, covers
from krate_api.store import encoding
from krate_api.store.changelog import Feed, Feeds
from krate_api.store.interface import ChangeType, Compacted, Store


class Authorizer(Protocol):
    """Answers access reviews; in a cluster this is a SubjectAccessReview."""

    async def review(self, caller: Caller, attributes: Attributes) -> Decision: ...


class _Followed:
    """One resource of the index."""

    def __init__(self, kind: Kind, feed: Feed) -> None:
        self.kind = kind
        self.feed = feed
        self.version = 0


def _set(rules: Rules, kind: Kind, namespace: str, name: str, obj: Mapping[str, Any] | None) -> None:
    if kind in {kinds.ROLE, kinds.CLUSTER_ROLE}:
        rules.set_role(namespace, name, None if obj is None else obj.get("rules") or [])
    else:
        rules.set_binding(namespace, name, None if obj is None else Binding.of(obj))


class RbacAuthorizer:
    """Evaluates Roles, ClusterRoles and their bindings. `load` must have run once."""

    def __init__(self, store: Store, feeds: Feeds) -> None:
        self._store = store
        self._rules = Rules()
        self._followed = [
            _Followed(kind, feeds.of(kind.resource))
            for kind in (kinds.ROLE, kinds.CLUSTER_ROLE, kinds.ROLE_BINDING, kinds.CLUSTER_ROLE_BINDING)
        ]

    async def load(self) -> None:
        """Read everything there is; until all of it is read, reviews go on with what was there."""
        rules = Rules()
        versions: list[int] = []
        for followed in self._followed:
            page = await self._store.page(followed.kind.resource)
            for item in page.items:
                _set(rules, followed.kind, item.key.namespace, item.key.name, encoding.decode(item.body))
            versions.append(page.version)
        self._rules = rules
        for followed, version in zip(self._followed, versions, strict=True):
            followed.version = version

    async def _catch_up(self) -> None:
        for followed in self._followed:
            while followed.version < followed.feed.position:
                try:
                    changes = followed.feed.since(followed.version)
                except Compacted:
                    await self.load()
                    break
                for change in changes:
                    gone = change.type is ChangeType.DELETED
                    obj = None if gone else encoding.decode(change.body)
                    _set(self._rules, followed.kind, change.key.namespace, change.key.name, obj)
                    followed.version = change.version

    async def review(self, caller: Caller, attributes: Attributes) -> Decision:
        if names.GROUP_MASTERS in caller.groups:
            return Decision(allowed=True)
        await self._catch_up()
        reason = self._rules.why(caller, attributes)
        return Decision(allowed=bool(reason), reason=reason)

    async def rules(self, caller: Caller, namespace: str) -> tuple[Rule, ...]:
        """Every rule the caller holds in `namespace` ("" for the cluster)."""
        await self._catch_up()
        held = tuple(self._rules.rules(caller, namespace))
        if names.GROUP_MASTERS in caller.groups and covers(held, [EVERYTHING]):
            return (EVERYTHING, *held)  # what no binding grants, membership does
        return held

    async def role_rules(self, namespace: str, kind: str, name: str) -> tuple[Rule, ...] | None:
        """Rules of the role that a binding in `namespace` refers to; None when there is none."""
        await self._catch_up()
        return self._rules.role(namespace, RoleRef(kind, name))
