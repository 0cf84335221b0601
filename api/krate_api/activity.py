"""The audit trail: one row for every mutation and every denial, written in the mutation's own transaction.

A projector turns rows into Activity objects in batches, so that writers are not serialised by it. Rows never hold the
value of a Secret: the command is built from a redacted object.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from krate import kinds
from krate.identity import Caller
from krate.kinds import Kind
from krate.models.activity import AccessDecision
from krate.names import Annotation
from krate_api.store.interface import Append

LOG: Final = "audit"
MAX_COMMAND: Final = 4096
MAX_SHOWN: Final = 200
_REDACTED: Final = "REDACTED"
_SYSTEM: Final = frozenset(
    {
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the audit trail."""

    caller: Caller
    verb: str
    api_version: str
    kind: str
    namespace: str
    name: str
    at: str
    correlation_id: str
    decision: AccessDecision = AccessDecision.ALLOWED
    subresource: str = ""
    reason: str = ""
    command: str = ""

    def operation(self) -> Append:
        """The row, as part of a batch."""
        row = {
            "actor": self.caller.username,
            "groups": list(self.caller.groups),
            **({"impersonator": self.caller.impersonator} if self.caller.impersonator else {}),
            "verb": self.verb,
            "object": {
                "apiVersion": self.api_version,
                "kind": self.kind,
                "namespace": self.namespace,
                "name": self.name,
                "subresource": self.subresource,
            },
            "decision": self.decision,
            "reason": self.reason,
            "command": self.command,
            "correlationID": self.correlation_id,
            "at": self.at,
        }
        return Append(LOG, orjson.dumps(row))


def exempt(kind: Kind, subresource: str, *, controller: bool) -> bool:
    """What leaves no Activity: status writes, events and leases of controllers."""
    return controller and (subresource == kinds.STATUS.name or kind in {kinds.EVENT, kinds.LEASE})


def redact(obj: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    """The object as a user would write it: nothing the server sets, no value of a Secret."""
    found = {key: copy.copy(value) for key, value in obj.items() if key != "status"}
    found["metadata"] = {key: value for key, value in obj["metadata"].items() if key not in _SYSTEM}
    if kind is kinds.SECRET:
        for member in ("data", "stringData"):
            if member in found:
                found[member] = dict.fromkeys(found[member], _REDACTED)
        annotations = found["metadata"].get("annotations") or {}
        if Annotation.LAST_APPLIED in annotations:  # kubectl apply writes the whole Secret into it
            found["metadata"]["annotations"] = {**annotations, str(Annotation.LAST_APPLIED): _REDACTED}
    return found


def difference(old: Any, new: Any) -> Any:
    """The merge patch that turns `old` into `new` (RFC 7396)."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        if key not in old:
            patch[key] = value
        elif old[key] != value:
            patch[key] = difference(old[key], value)
    return patch


def _place(kind: Kind, namespace: str) -> str:
    return f" -n {namespace}" if kind.namespaced and namespace else ""


def _quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _bounded(command: str) -> str:
    return command if len(command) <= MAX_COMMAND else command[:MAX_COMMAND] + " …"


def create_command(kind: Kind, obj: Mapping[str, Any]) -> str:
    """The kubectl line that creates `obj`."""
    body = orjson.dumps(redact(obj, kind)).decode()
    return _bounded(f"kubectl create -f - <<'EOF'\n{body}\nEOF")


def update_command(kind: Kind, old: Mapping[str, Any], new: Mapping[str, Any], subresource: str) -> str:
    """The kubectl line that turns `old` into `new`."""
    metadata = new["metadata"]
    if subresource == kinds.STATUS.name:
        patch = {"status": difference(old.get("status") or {}, new.get("status") or {})}
        flag = " --subresource=status"
    else:
        patch, flag = difference(redact(old, kind), redact(new, kind)), ""
    body = _quote(orjson.dumps(patch).decode())
    name = f"{kind.singular}/{metadata['name']}"
    return _bounded(f"kubectl patch {name}{_place(kind, metadata.get('namespace', ''))}{flag} --type=merge -p {body}")


def delete_command(kind: Kind, namespace: str, name: str) -> str:
    """The kubectl line that deletes the object."""
    return f"kubectl delete {kind.singular}/{name}{_place(kind, namespace)}"


def shown(value: Any) -> str:
    """A value inside a message: short JSON."""
    text = orjson.dumps(value).decode()
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"
