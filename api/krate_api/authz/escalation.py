"""Nobody grants what they do not hold (KK/pkg/registry/rbac).

Creating rules needs holding them, or the verb `escalate`; binding a role needs its rules, or the verb `bind` on it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from krate import errors, kinds
from krate.identity import Attributes
from krate.kinds import Kind
from krate_api.admission.interface import Operation, Request, Review
from krate_api.authz import rbac
from krate_api.authz.authorizer import RbacAuthorizer

_ROLES = frozenset({kinds.ROLE, kinds.CLUSTER_ROLE})
_BINDINGS = frozenset({kinds.ROLE_BINDING, kinds.CLUSTER_ROLE_BINDING})

MAX_PIECES: Final = 10_000
"""Single permissions that one write may make us compare: a few kilobytes of rules can mean billions."""


class EscalationCheck:
    """A validator over RBAC objects; embedded mode only, since in a cluster kube-apiserver does it."""

    def __init__(self, authorizer: RbacAuthorizer) -> None:
        self._authorizer = authorizer

    def interested(self, request: Request) -> bool:
        return request.kind in _ROLES | _BINDINGS and request.operation in {Operation.CREATE, Operation.UPDATE}

    async def validate(self, request: Request, review: Review) -> None:  # noqa: ARG002 - the port's shape
        obj, old = request.object or {}, request.old
        if old is not None and _without_owners(obj) == _without_owners(old):
            return
        if request.kind in _BINDINGS:
            await self._check_binding(request, obj)
        elif old is None or any(obj.get(member) != old.get(member) for member in ("rules", "aggregationRule")):
            await self._check_rules(request, obj)

    async def _may(self, request: Request, verb: str, kind: Kind, name: str) -> bool:
        attributes = Attributes(verb, kind.group, kind.version, kind.plural, "", request.namespace, name)
        return (await self._authorizer.review(request.caller, attributes)).allowed

    async def _check_rules(self, request: Request, obj: Mapping[str, Any]) -> None:
        if await self._may(request, "escalate", request.kind, request.name):
            return
        if _aggregated(obj) or _aggregated(request.old):
            # It can gather anything; who takes it away keeps what was gathered from ever being taken back.
            owned = await self._authorizer.rules(request.caller, request.namespace)
            if rbac.covers(owned, [rbac.EVERYTHING]):
                raise _forbidden(request, "must have cluster-admin privileges to use the aggregationRule")
        await self._refuse_missing(request, [rbac.Rule.of(rule) for rule in obj.get("rules") or []])

    async def _check_binding(self, request: Request, obj: Mapping[str, Any]) -> None:
        ref = obj.get("roleRef") or {}
        kind = kinds.CLUSTER_ROLE if ref.get("kind") == "ClusterRole" else kinds.ROLE
        if await self._may(request, "bind", kind, ref.get("name", "")):
            return
        rules = await self._authorizer.role_rules(request.namespace, ref.get("kind", ""), ref.get("name", ""))
        if rules is None:
            # Whoever makes the role later would grant it to subjects they never saw.
            plural, group = request.kind.plural, request.kind.group
            raise errors.NotFound.of(plural=plural, group=group, name=ref.get("name", ""))
        await self._refuse_missing(request, list(rules))

    async def _refuse_missing(self, request: Request, wanted: list[rbac.Rule]) -> None:
        owned = frozenset(await self._authorizer.rules(request.caller, request.namespace))
        missing = await asyncio.to_thread(_missing, owned, wanted)
        if missing:
            caller = request.caller
            groups = " ".join(map(errors.quoted, caller.groups))
            who = f'user "{caller.username}" (groups=[{groups}])'
            text = f"{who} is attempting to grant RBAC permissions not currently held:\n"
            raise _forbidden(request, text + "\n".join(missing))


def _forbidden(request: Request, text: str) -> errors.Forbidden:
    kind = request.kind
    return errors.Forbidden.of(plural=kind.plural, group=kind.group, name=request.name, message=text)


def _missing(owned: frozenset[rbac.Rule], wanted: Sequence[rbac.Rule]) -> list[str]:
    rest = [rule for rule in wanted if not any(rbac.contains(have, rule) for have in owned)]
    if sum(rbac.pieces(rule) for rule in rest) > MAX_PIECES:
        return ["more than can be compared; write fewer into one role"]
    return rbac.covers(owned, rest)


def _without_owners(obj: Mapping[str, Any]) -> dict[str, Any]:
    """What a change must touch to count: the garbage collector may let an object go that it could not have written."""
    passed = {"ownerReferences", "finalizers", "managedFields", "resourceVersion", "generation"}
    kept = {key: value for key, value in obj["metadata"].items() if key not in passed}
    return {**obj, "metadata": kept}


def _aggregated(obj: Mapping[str, Any] | None) -> bool:
    return bool(obj and obj.get("aggregationRule"))
