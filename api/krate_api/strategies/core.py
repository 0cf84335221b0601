"""Strategies of the kinds that belong to Kubernetes itself."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from krate import names
from krate.errors import Cause, CauseType
from krate.names import Finalizer, Label
from krate_api.store.interface import Operation
from krate_api.strategies.interface import Facts, Object, Stamp, Strategy


class NamespaceStrategy(Strategy):
    """A namespace carries its name as a label and is kept by spec.finalizers until it is empty."""

    def create(self, obj: Object, facts: Facts, stamp: Stamp) -> None:
        labels = obj["metadata"].get("labels") or {}
        obj["metadata"]["labels"] = {**labels, str(Label.NAMESPACE_NAME): obj["metadata"]["name"]}
        obj["spec"] = {"finalizers": [str(Finalizer.NAMESPACE)]}
        obj["status"] = {"phase": "Active"}

    def update(self, obj: Object, old: Mapping[str, Any], facts: Facts, stamp: Stamp) -> None:
        labels = obj["metadata"].get("labels") or {}
        obj["metadata"]["labels"] = {**labels, str(Label.NAMESPACE_NAME): obj["metadata"]["name"]}
        obj["spec"] = dict(old.get("spec") or {})

    def update_status(self, obj: Object, old: Mapping[str, Any], stamp: Stamp) -> None:
        terminating = "deletionTimestamp" in old["metadata"]
        obj["status"] = {**obj["status"], "phase": "Terminating" if terminating else "Active"}

    def blocks_deletion(self, obj: Mapping[str, Any]) -> bool:
        return bool((obj.get("spec") or {}).get("finalizers"))

    def delete(self, obj: Object, stamp: Stamp) -> None:
        obj["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}


class SecretStrategy(Strategy):
    """`stringData` is encoded into `data`; an immutable Secret stays as it is."""

    def prepare(self, obj: Object, stamp: Stamp) -> None:
        strings = obj.pop("stringData", None)
        if strings is not None and not isinstance(strings, dict):
            obj["stringData"] = strings  # the schema says what is wrong with it
        elif strings and isinstance(obj.get("data") or {}, dict):
            encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in strings.items()}
            obj["data"] = {**(obj.get("data") or {}), **encoded}

    def create(self, obj: Object, facts: Facts, stamp: Stamp) -> None:
        obj.setdefault("type", "Opaque")

    def update(self, obj: Object, old: Mapping[str, Any], facts: Facts, stamp: Stamp) -> None:
        obj.setdefault("type", old.get("type", "Opaque"))

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[Cause]:
        return [*_bad_base64(obj.get("data") or {}, "data"), *_frozen(obj, old, ("data",))]


class ConfigMapStrategy(Strategy):
    """An immutable ConfigMap stays as it is."""

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[Cause]:
        binary: Mapping[str, Any] = obj.get("binaryData") or {}
        both = sorted(set(obj.get("data") or {}) & set(binary))
        found = [
            Cause(CauseType.INVALID, f'Invalid value: "{key}": duplicate of key present in data', f"binaryData[{key}]")
            for key in both
        ]
        return [*found, *_bad_base64(binary, "binaryData"), *_frozen(obj, old, ("data", "binaryData"))]


def _bad_base64(data: Mapping[str, Any], field: str) -> list[Cause]:
    found: list[Cause] = []
    for key, value in data.items():
        try:
            base64.b64decode(str(value), validate=True)
        except (binascii.Error, ValueError):
            text = "Invalid value: illegal base64 data"
            found.append(Cause(CauseType.INVALID, text, f"{field}[{key}]"))
    return found


def _frozen(obj: Mapping[str, Any], old: Mapping[str, Any] | None, members: Sequence[str]) -> list[Cause]:
    if not old or not old.get("immutable"):
        return []
    text = "Forbidden: field is immutable when `immutable` is set"
    found = [
        Cause(CauseType.FORBIDDEN, text, member)
        for member in members
        if (obj.get(member) or {}) != (old.get(member) or {})
    ]
    if not obj.get("immutable"):
        found.append(Cause(CauseType.FORBIDDEN, text, "immutable"))
    return found


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
