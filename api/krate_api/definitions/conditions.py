"""The status of a definition: which names it holds, whether it is served, and why not.

Pure functions over decoded definitions. The names of a group belong to whom they were accepted for first; texts follow
AX/pkg/controller/{status,establish,apiapproval,nonstructuralschema,finalizer}.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Final

from krate.conditions import Type
from krate.kinds import Kind
from krate_api.definitions import approval, conversions

Definition = dict[str, Any]

NAMES_ACCEPTED: Final = "NamesAccepted"
TERMINATING: Final = "Terminating"
CONVERTED: Final = "VersionsConverted"
"""Ours: says that a conversion webhook is not called."""
CONFORMANT: Final = "KubernetesAPIApprovalPolicyConformant"

PENDING: Final = (
    "True",
    "InstanceDeletionPending",
    "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
)
IN_PROGRESS: Final = ("True", "InstanceDeletionInProgress", "CustomResource deletion is in progress")
COMPLETED: Final = ("False", "InstanceDeletionCompleted", "removed all instances")
NEVER_ESTABLISHED: Final = ("False", "NeverEstablished", "resource was never established")

Said = tuple[str, str, str]
"""Status, reason and message."""


def find(obj: Mapping[str, Any], kind: str) -> dict[str, Any] | None:
    """The condition of a type."""
    conditions = (obj.get("status") or {}).get("conditions") or ()
    return next((condition for condition in conditions if condition["type"] == kind), None)


def holds(obj: Mapping[str, Any], kind: str) -> bool:
    """Whether a condition is there and True."""
    found = find(obj, kind)
    return found is not None and found["status"] == "True"


def put(obj: Definition, kind: str, said: Said, now: str) -> None:
    """Set a condition, in place; the time moves with the status only."""
    status, reason, message = said
    found = find(obj, kind)
    if found is None:
        found = {"type": kind, "status": "", "lastTransitionTime": now}
        obj["status"]["conditions"] = [*(obj["status"].get("conditions") or ()), found]
    if found["status"] != status:
        found["lastTransitionTime"] = now
    found.update({"status": status, "reason": reason, "message": message})


class Taken:
    """Names of one group that belong to somebody else: other definitions, and kinds of the table."""

    def __init__(self, resources: Iterable[str], kinds: Iterable[str]) -> None:
        self.resources = set(resources)
        self.kinds = set(kinds)

    @classmethod
    def by(cls, others: Iterable[Mapping[str, Any]]) -> "Taken":
        """What these definitions were given."""
        accepted = [(other.get("status") or {}).get("acceptedNames") or {} for other in others]
        resources = {names.get(word, "") for names in accepted for word in ("plural", "singular")}
        short = {name for names in accepted for name in names.get("shortNames") or ()}
        kinds = {names.get(word, "") for names in accepted for word in ("kind", "listKind")}
        return cls(resources | short, kinds)

    def add(self, kind: Kind) -> None:
        """The names of a kind of the table."""
        self.resources |= {kind.plural, kind.singular, *kind.short_names}
        self.kinds |= {kind.name, kind.list_kind}


def adopts(obj: Mapping[str, Any], row: Kind) -> bool:
    """Whether a definition says what a row of the table says already: the same kind, in the row's version and scope.

    Such a definition is accepted, and the row goes on serving.
    """
    spec = obj["spec"]
    return (
        spec["names"]["kind"] == row.name
        and spec["scope"] == row.scope
        and any(version["name"] == row.version and version["served"] for version in spec["versions"])
    )


def judged(obj: Mapping[str, Any], taken: Taken, now: str) -> Definition:
    """The definition with the status that follows from it and from the names of others."""
    found: Definition = {**obj, "status": copy.deepcopy(obj["status"])}
    names, said = _names(found, taken)
    found["status"]["acceptedNames"] = names
    put(found, NAMES_ACCEPTED, said, now)
    accepted = said[0] == "True"
    if not holds(found, Type.ESTABLISHED):
        why: Said = ("False", "NotAccepted", "not all names are accepted")
        if accepted and conversions.unusable(found["spec"]["conversion"]):
            why = ("False", "InvalidCABundle", "The conversion webhook CABundle is invalid")
        elif accepted:
            why = ("True", "InitialNamesAccepted", "the initial names have been accepted")
        put(found, Type.ESTABLISHED, why, now)
    _conform(found, now)
    _converts(found, now)
    return found


def _names(obj: Definition, taken: Taken) -> tuple[dict[str, Any], Said]:
    """The names that the definition may have: each asked for unless somebody else holds it, else the one it had."""
    wanted = obj["spec"]["names"]
    had = obj["status"].get("acceptedNames") or {}
    given = {"plural": "", "kind": "", **had}
    refusal: tuple[str, str] | None = None
    for word, used in (
        ("plural", taken.resources),
        ("singular", taken.resources),
        ("shortNames", taken.resources),
        ("kind", taken.kinds),
        ("listKind", taken.kinds),
    ):
        if word == "shortNames":
            mine = had.get(word) or ()
            clashes = [name for name in wanted.get(word) or () if name not in mine and name in used]
        else:
            asked = wanted.get(word, "")
            clashes = [asked] if asked != had.get(word, "") and asked in used else []
        if clashes:
            refusal = (f"{word[0].upper()}{word[1:]}Conflict", _in_use(clashes))
        else:
            _copy(wanted, given, word)
    _copy(wanted, given, "categories")
    said = ("True", "NoConflicts", "no conflicts found") if refusal is None else ("False", *refusal)
    return given, said


def _in_use(names: list[str]) -> str:
    said = [f'"{name}" is already in use' for name in dict.fromkeys(names)]
    return said[0] if len(said) == 1 else f"[{', '.join(said)}]"


def _copy(source: Mapping[str, Any], target: dict[str, Any], word: str) -> None:
    if source.get(word):
        target[word] = source[word]
    else:
        target.pop(word, None)


def _conform(obj: Definition, now: str) -> None:
    if not approval.protected(obj["spec"]["group"]):
        return
    state, reason = approval.approval(obj)
    status = "True" if state is approval.Approval.APPROVED else "False"
    put(obj, CONFORMANT, (status, state.value, reason), now)


def _converts(obj: Definition, now: str) -> None:
    if obj["spec"]["conversion"]["strategy"] == conversions.WEBHOOK:
        why = "conversion webhooks are not called here: only the storage version is served"
        put(obj, CONVERTED, ("False", "WebhookNotCalled", why), now)
    elif find(obj, CONVERTED) is not None:
        obj["status"]["conditions"] = [one for one in obj["status"]["conditions"] if one["type"] != CONVERTED]
