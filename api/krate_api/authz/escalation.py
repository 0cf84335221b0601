"""Nobody grants what they do not hold (KK/pkg/registry/rbac).

Creating rules needs holding them, or the verb `escalate`; binding a role needs its rules, or the verb `bind` on it.
"""

from collections.abc import Mapping
from typing import Any

from krate import errors, kinds
from krate.identity import Attributes
from krate.kinds import Kind
from krate_api.admission.interface import Operation, Request, Review
from krate_api.authz import rbac
from krate_api.authz.authorizer import RbacAuthorizer

_ROLES = frozenset({kinds.ROLE, kinds.CLUSTER_ROLE})
_BINDINGS = frozenset({kinds.ROLE_BINDING, kinds.CLUSTER_ROLE_BINDING})


class EscalationCheck:
    """A validator over RBAC objects; embedded mode only, since in a cluster kube-apiserver does it."""

    def __init__(self, authorizer: RbacAuthorizer) -> None:
        self._authorizer = authorizer

    def interested(self, request: Request) -> bool:
        return request.kind in _ROLES | _BINDINGS and request.operation in {Operation.CREATE, Operation.UPDATE}

    async def validate(self, request: Request, review: Review) -> None:  # noqa: ARG002 - the port's shape
        obj = request.object or {}
        if request.kind in _BINDINGS:
            await self._check_binding(request, obj)
        elif _rules(obj) != _rules(request.old or {}) or obj.get("aggregationRule"):
            await self._check_rules(request, obj)

    async def _may(self, request: Request, verb: str, kind: Kind, name: str) -> bool:
        attributes = Attributes(verb, kind.group, kind.version, kind.plural, "", request.namespace, name)
        return (await self._authorizer.review(request.caller, attributes)).allowed

    async def _check_rules(self, request: Request, obj: Mapping[str, Any]) -> None:
        if await self._may(request, "escalate", request.kind, request.name):
            return
        wanted = [rbac.Rule.of(rule) for rule in _rules(obj)]
        if obj.get("aggregationRule"):
            everything = frozenset({"*"})
            wanted.append(rbac.Rule(everything, everything, everything, urls=("*",)))
        await self._refuse_missing(request, wanted)

    async def _check_binding(self, request: Request, obj: Mapping[str, Any]) -> None:
        ref = obj.get("roleRef") or {}
        before = request.old or {}
        if request.old is not None and before.get("subjects") == obj.get("subjects"):
            return
        kind = kinds.CLUSTER_ROLE if ref.get("kind") == "ClusterRole" else kinds.ROLE
        if await self._may(request, "bind", kind, ref.get("name", "")):
            return
        rules = await self._authorizer.role_rules(request.namespace, ref.get("kind", ""), ref.get("name", ""))
        if rules is None:
            # Whoever makes the role later would grant it to subjects they never saw.
            raise errors.NotFound.of(plural=kind.plural, group=kind.group, name=ref.get("name", ""))
        await self._refuse_missing(request, list(rules))

    async def _refuse_missing(self, request: Request, wanted: list[rbac.Rule]) -> None:
        owned = await self._authorizer.rules(request.caller, request.namespace)
        missing = [text for rule in wanted for text in rbac.covers(owned, rule)]
        if not missing:
            return
        caller = request.caller
        raise errors.Forbidden.of(
            plural=request.kind.plural,
            group=request.kind.group,
            name=request.name,
            message=(
                f'user "{caller.username}" (groups={list(caller.groups)}) is attempting to grant RBAC permissions not '
                f"currently held: {'; '.join(missing[:10])}"
            ),
        )


def _rules(obj: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(obj.get("rules") or [])
