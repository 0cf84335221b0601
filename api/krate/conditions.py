"""Condition types and reasons, and the one way to set a condition.

Messages are stable text that names what to do: never a timestamp, never a secret. `Ready`, `Synced`, `Healthy`,
`UpToDate` and `Responsive` are Crossplane's on composites; our composites use the types of their parts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Type(StrEnum):
    """Condition types."""

    READY = "Ready"
    SYNCED = "Synced"
    NAMESPACE_READY = "NamespaceReady"
    ACCESS_READY = "AccessReady"
    HOST_READY = "HostReady"
    POLICIES_READY = "PoliciesReady"
    HOSTED = "Hosted"
    PROTECTION_READY = "ProtectionReady"
    COMPILED = "Compiled"
    ENFORCED = "Enforced"
    REACHABLE = "Reachable"
    MERGEABLE = "Mergeable"
    APPROVED = "Approved"
    CHECKS_PASSED = "ChecksPassed"
    POLICY_COMPLIANT = "PolicyCompliant"
    MERGED = "Merged"
    NOT_EVALUATED = "NotEvaluated"


class Status(StrEnum):
    """Condition statuses."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Reason(StrEnum):
    """Condition reasons; docs/reference/conditions.md says one sentence about each."""

    AVAILABLE = "Available"
    CREATING = "Creating"
    DELETING = "Deleting"
    UNAVAILABLE = "Unavailable"
    RECONCILE_SUCCESS = "ReconcileSuccess"
    RECONCILE_ERROR = "ReconcileError"
    RECONCILE_PAUSED = "ReconcilePaused"
    WAITING = "Waiting"
    NAMESPACE_ACTIVE = "NamespaceActive"
    NAMESPACE_PENDING = "NamespacePending"
    NAMESPACE_FOREIGN = "NamespaceForeign"
    BOUND = "Bound"
    PENDING = "Pending"
    NOT_SERVED = "NotServed"
    HOST_AVAILABLE = "HostAvailable"
    HOST_PENDING = "HostPending"
    HOST_UNREACHABLE = "HostUnreachable"
    OWNER_PENDING = "OwnerPending"
    PREDECESSOR_DELETING = "PredecessorDeleting"
    DELETION_REFUSED = "DeletionRefused"
    COMPILED = "Compiled"
    COMPILE_FAILED = "CompileFailed"
    LOADED = "Loaded"
    NOT_LOADED = "NotLoaded"
    NO_MATCH = "NoMatch"
    CLEAN = "Clean"
    CONFLICTS = "Conflicts"
    BRANCH_MISSING = "BranchMissing"
    NO_COMMON_ANCESTOR = "NoCommonAncestor"
    NOTHING_TO_MERGE = "NothingToMerge"
    ENOUGH_APPROVALS = "EnoughApprovals"
    MISSING_APPROVALS = "MissingApprovals"
    CHANGES_REQUESTED = "ChangesRequested"
    NOT_REQUIRED = "NotRequired"
    CHECKS_SUCCEEDED = "ChecksSucceeded"
    CHECKS_PENDING = "ChecksPending"
    CHECKS_FAILED = "ChecksFailed"
    POLICIES_ALLOW = "PoliciesAllow"
    POLICIES_DENY = "PoliciesDeny"
    NOT_REQUESTED = "NotRequested"
    REQUESTED = "Requested"
    REQUIREMENTS_PENDING = "RequirementsPending"
    MERGED = "Merged"
    HEAD_MOVED = "HeadMoved"
    TARGET_CHANGED = "TargetChanged"
    NOT_ALLOWED = "NotAllowed"
    EXPIRED = "Expired"
    DENIED = "Denied"
    CLOSED = "Closed"
    DRAFT = "Draft"
    NO_ENGINE = "NoEngine"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition to set; the time of transition is added by `merge`."""

    type: Type
    status: Status
    reason: Reason
    message: str = ""


def true(kind: Type, reason: Reason, message: str = "") -> Condition:
    return Condition(kind, Status.TRUE, reason, message)


def false(kind: Type, reason: Reason, message: str = "") -> Condition:
    return Condition(kind, Status.FALSE, reason, message)


def unknown(kind: Type, reason: Reason, message: str = "") -> Condition:
    return Condition(kind, Status.UNKNOWN, reason, message)


def merge(
    current: Iterable[Mapping[str, Any]], new: Iterable[Condition], *, now: str, generation: int | None = None
) -> list[dict[str, Any]]:
    """`current` with `new` set, sorted by type; lastTransitionTime moves only when the status does.

    Args:
        current: conditions as they stand in `status.conditions`.
        new: conditions to set; others are kept.
        now: RFC 3339 time, from the caller's clock.
        generation: the generation that was looked at, recorded as observedGeneration.
    """
    by_type = {entry["type"]: dict(entry) for entry in current}
    for condition in new:
        before = by_type.get(condition.type, {})
        entry: dict[str, Any] = {
            "type": str(condition.type),
            "status": str(condition.status),
            "reason": str(condition.reason),
            "message": condition.message,
            "lastTransitionTime": before.get("lastTransitionTime", now)
            if before.get("status") == condition.status
            else now,
        }
        if generation is not None:
            entry["observedGeneration"] = generation
        by_type[condition.type] = entry
    return [by_type[kind] for kind in sorted(by_type)]


def find(conditions: Iterable[Mapping[str, Any]], kind: str) -> Mapping[str, Any] | None:
    """The condition of type `kind`, if set."""
    return next((entry for entry in conditions if entry.get("type") == kind), None)


def is_true(conditions: Iterable[Mapping[str, Any]], kind: str) -> bool:
    found = find(conditions, kind)
    return found is not None and found.get("status") == Status.TRUE
