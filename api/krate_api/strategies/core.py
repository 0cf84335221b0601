"""Strategies of the kinds that belong to Kubernetes itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from krate import names
from krate.errors import Cause, CauseType
from krate.names import Finalizer, Label
from krate_api.store.interface import Operation
from krate_api.strategies.interface import Facts, Object, Stamp, Strategy


class NamespaceStrategy(Strategy):
    """A namespace carries its name as a label and is kept by spec.finalizers until it is empty."""

    status_keeps_metadata = False  # KK/pkg/registry/core/namespace/strategy.go, namespaceStatusStrategy

    def prepare(self, obj: Object, stamp: Stamp) -> None:
        if obj["metadata"].get("name"):
            _label(obj)

    def create(self, obj: Object, facts: Facts, stamp: Stamp) -> None:
        _label(obj)  # The name may have been generated only now.
        obj["spec"] = {"finalizers": [str(Finalizer.NAMESPACE)]}
        obj["status"] = {"phase": "Active"}

    def update(self, obj: Object, old: Mapping[str, Any], facts: Facts, stamp: Stamp) -> None:
        obj["spec"] = dict(old.get("spec") or {})

    def update_status(self, obj: Object, old: Mapping[str, Any], stamp: Stamp) -> None:
        _label(obj)
        terminating = "deletionTimestamp" in old["metadata"]
        obj["status"] = {**obj["status"], "phase": "Terminating" if terminating else "Active"}

    def blocks_deletion(self, obj: Mapping[str, Any]) -> bool:
        return bool((obj.get("spec") or {}).get("finalizers"))

    def delete(self, obj: Object, stamp: Stamp) -> None:
        obj["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}
        obj["metadata"].pop("deletionGracePeriodSeconds", None)  # upstream gives namespaces none


def _label(obj: Object) -> None:
    """A namespace carries its name, so that selectors find it by that."""
    meta = obj["metadata"]
    meta["labels"] = {**(meta.get("labels") or {}), str(Label.NAMESPACE_NAME): meta["name"]}


class UserStrategy(Strategy):
    """The object's name follows from the user name; groups and suspension stand in the private identity row.

    Facts: operations (that row).
    """

    def create(self, obj: Object, facts: Facts, stamp: Stamp) -> None:
        obj["status"] = {}

    def update_status(self, obj: Object, old: Mapping[str, Any], stamp: Stamp) -> None:
        obj["status"] = dict(old.get("status") or {})

    def operations(
        self, obj: Mapping[str, Any] | None, old: Mapping[str, Any] | None, facts: Facts
    ) -> Sequence[Operation]:
        return tuple(facts.get("operations", ()))

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[Cause]:
        username: str = obj["spec"]["username"]
        found: list[Cause] = []
        wanted = names.user_object_name(username)
        if obj["metadata"]["name"] != wanted:
            text = f'Invalid value: "{obj["metadata"]["name"]}": must be "{wanted}" for this user name'
            found.append(Cause(CauseType.INVALID, text, "metadata.name"))
        if username.startswith("system:"):
            text = f'Invalid value: "{username}": names that start with system: are reserved'
            found.append(Cause(CauseType.INVALID, text, "spec.username"))
        return found
