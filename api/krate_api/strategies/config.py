"""Strategies of configuration kinds, in embedded mode; in a cluster CRDs carry the same rules as CEL."""

from collections.abc import Mapping, Sequence
from typing import Any

from krate.errors import Cause, CauseType
from krate.names import RESERVED_NAMESPACES
from krate_api.store.interface import Operation
from krate_api.strategies.interface import Facts, Object, Stamp, Strategy


class OrganizationStrategy(Strategy):
    """The namespace is the object's name unless it says otherwise, and never a reserved one."""

    def create(self, obj: Object, facts: Facts, stamp: Stamp) -> None:
        obj["spec"].setdefault("namespace", obj["metadata"].get("name", ""))

    def update(self, obj: Object, old: Mapping[str, Any], facts: Facts, stamp: Stamp) -> None:
        obj["spec"].setdefault("namespace", old["spec"].get("namespace", obj["metadata"]["name"]))

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[Cause]:
        namespace = obj["spec"].get("namespace", "")
        if namespace in RESERVED_NAMESPACES or namespace.startswith("kube-"):
            return [
                Cause(CauseType.INVALID, f'Invalid value: "{namespace}": the namespace is reserved', "spec.namespace")
            ]
        return ()


class SelectingStrategy(Strategy):
    """BranchProtection and RefPolicy: exactly one of repositoryRef and repositorySelector."""

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[Cause]:
        spec = obj.get("spec") or {}
        given = [member for member in ("repositoryRef", "repositorySelector") if spec.get(member) is not None]
        if len(given) == 1:
            return ()
        text = "Invalid value: set exactly one of repositoryRef and repositorySelector ({} selects every repository)"
        return [Cause(CauseType.INVALID, text, "spec")]


class RepositoryStrategy(Strategy):
    """Facts: operations (the RepositoryContent that comes and goes with the Repository)."""

    def operations(
        self, obj: Mapping[str, Any] | None, old: Mapping[str, Any] | None, facts: Facts
    ) -> Sequence[Operation]:
        return tuple(facts.get("operations", ()))

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[Cause]:
        spec = obj.get("spec") or {}
        merge = spec.get("merge") or {}
        if merge.get("default") not in (merge.get("methods") or [merge.get("default")]):
            text = f'Invalid value: "{merge.get("default")}": must be one of methods'
            return [Cause(CauseType.INVALID, text, "spec.merge.default")]
        return ()
