"""Condition types and reasons, and the one way to set a condition.

Messages are stable text that names what to do: never a timestamp, never a secret. `Ready`, `Synced`, `Healthy`,
`UpToDate` and `Responsive` are Crossplane's on composites; our composites use the types of their parts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Type(StrEnum):
    """Condition types."""

    READY = "Ready"
    """Everything this object stands for exists and works. Crossplane's own on composites."""
    SYNCED = "Synced"
    """The last reconcile wrote everything it wanted to. Crossplane's own on composites."""
    ESTABLISHED = "Established"
    """The definition's resources are served. Kubernetes' own on CRDs, Crossplane's on XRDs."""
    OFFERED = "Offered"
    """The claims of an XRD are served. Crossplane's own on XRDs."""
    NAMESPACE_READY = "NamespaceReady"
    """The organisation's namespace exists, belongs to it and is Active."""
    ACCESS_READY = "AccessReady"
    """The roles and bindings that give people access are in place."""
    HOST_READY = "HostReady"
    """The Git host holds the organisation or team."""
    POLICIES_READY = "PoliciesReady"
    """The organisation's default policies are in place."""
    HOSTED = "Hosted"
    """The Git host holds the repository with these settings."""
    PROTECTION_READY = "ProtectionReady"
    """The receive path has loaded the repository's protections and policies; until then it accepts no push."""
    COMPILED = "Compiled"
    """The rules were compiled into the document of every matched repository."""
    ENFORCED = "Enforced"
    """Every matched repository has loaded the document that holds these rules."""
    REACHABLE = "Reachable"
    """The Git host answers."""
    MERGEABLE = "Mergeable"
    """The source branch can be merged into the target branch."""
    APPROVED = "Approved"
    """The approvals that protections ask for were given for the current head."""
    CHECKS_PASSED = "ChecksPassed"
    """The checks that protections ask for succeeded on the current head."""
    POLICY_COMPLIANT = "PolicyCompliant"
    """Policies would admit the merge."""
    MERGED = "Merged"
    """The pull request was merged, or why the merge that was asked for has not happened."""
    NOT_EVALUATED = "NotEvaluated"
    """No engine evaluates this policy here."""
    RESPONSIVE = "Responsive"
    """Watches of the composite are open. Crossplane's own on composites."""


SYSTEM_TYPES: Final = frozenset({Type.READY, Type.SYNCED, Type.RESPONSIVE, "Healthy", "UpToDate"})
"""Types that belong to Crossplane on composites: no function may set them."""


class Status(StrEnum):
    """Condition statuses."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Reason(StrEnum):
    """Condition reasons; docs/reference/conditions.md says one sentence about each."""

    AVAILABLE = "Available"
    """It exists and works."""
    CREATING = "Creating"
    """It is being created; wait."""
    DELETING = "Deleting"
    """It is being deleted; wait."""
    UNAVAILABLE = "Unavailable"
    """It exists and does not work; the message says why."""
    RECONCILE_SUCCESS = "ReconcileSuccess"
    """The last reconcile wrote everything it wanted to."""
    RECONCILE_ERROR = "ReconcileError"
    """The last reconcile failed; the message says at what. It is tried again."""
    RECONCILE_PAUSED = "ReconcilePaused"
    """The annotation `crossplane.io/paused` stops reconciles; remove it to go on."""
    WAITING = "Waiting"
    """Something else must happen first; the message names it."""
    NAMESPACE_ACTIVE = "NamespaceActive"
    """The namespace is Active and belongs to the organisation."""
    NAMESPACE_PENDING = "NamespacePending"
    """The namespace is being created or deleted; wait."""
    NAMESPACE_FOREIGN = "NamespaceForeign"
    """The namespace is reserved or somebody else's; choose another, or have it annotated `krate.a5c.ai/adopt`."""
    BOUND = "Bound"
    """Roles are bound to everybody who was granted them."""
    TEAM_MISSING = "TeamMissing"
    """Access is granted to a team that does not exist; create the team or remove the grant."""
    TEAM_CYCLE = "TeamCycle"
    """Teams are their own ancestors; children do not count in their parents until `spec.parent` is fixed."""
    FATAL_ERROR = "FatalError"
    """A composer failed before this could be determined; the condition Synced says at what."""
    WATCH_CIRCUIT_CLOSED = "WatchCircuitClosed"
    """Changes of composed objects reach the composite as they happen."""
    WATCHING_COMPOSITE = "WatchingCompositeResource"
    """The composites of an XRD are served."""
    WATCHING_CLAIM = "WatchingCompositeResourceClaim"
    """The claims of an XRD are served."""
    TERMINATING_COMPOSITE = "TerminatingCompositeResource"
    """The XRD was deleted; its composites and their definition go first."""
    TERMINATING_CLAIM = "TerminatingCompositeResourceClaim"
    """The XRD was deleted; its claims and their definition go first."""
    PENDING = "Pending"
    """Not everything is in place yet; the message names what is missing."""
    NOT_SERVED = "NotServed"
    """This platform does not serve the kind that would be needed."""
    HOST_AVAILABLE = "HostAvailable"
    """The Git host holds it."""
    HOST_PENDING = "HostPending"
    """The Git host does not hold it yet; the message quotes the host's object."""
    HOST_UNREACHABLE = "HostUnreachable"
    """The Git host does not answer; it is tried again."""
    OWNER_PENDING = "OwnerPending"
    """The organisation is not on the Git host yet; wait."""
    PREDECESSOR_DELETING = "PredecessorDeleting"
    """An earlier repository of this name is still being deleted; wait."""
    DELETION_REFUSED = "DeletionRefused"
    """The deletion policy is Retain; set `deletionPolicy: Delete` first."""
    COMPILED = "Compiled"
    """The rules were compiled."""
    COMPILE_FAILED = "CompileFailed"
    """The rules cannot be compiled, and the last good document stays in force; the message says what to fix."""
    LOADED = "Loaded"
    """The receive path has loaded the rules."""
    NOT_LOADED = "NotLoaded"
    """The receive path has not loaded the rules yet."""
    NO_MATCH = "NoMatch"
    """The selector matches no repository."""
    CLEAN = "Clean"
    """A merge has no conflicts."""
    CONFLICTS = "Conflicts"
    """A merge has conflicts; update the source branch."""
    BEHIND = "Behind"
    """A protection asks that the source branch holds the target branch, and it does not; merge the target into it."""
    BRANCH_MISSING = "BranchMissing"
    """The source or target branch does not exist."""
    NO_COMMON_ANCESTOR = "NoCommonAncestor"
    """The branches have no common history."""
    NOTHING_TO_MERGE = "NothingToMerge"
    """The target branch already holds every commit of the source branch."""
    ENOUGH_APPROVALS = "EnoughApprovals"
    """Enough people approved the current head."""
    MISSING_APPROVALS = "MissingApprovals"
    """More people must approve the current head."""
    CHANGES_REQUESTED = "ChangesRequested"
    """A reviewer asked for changes and has not approved since."""
    NOT_REQUIRED = "NotRequired"
    """Nothing asks for this."""
    CHECKS_SUCCEEDED = "ChecksSucceeded"
    """Every required check succeeded."""
    CHECKS_PENDING = "ChecksPending"
    """A required check has not reported yet."""
    CHECKS_FAILED = "ChecksFailed"
    """A required check failed."""
    POLICIES_ALLOW = "PoliciesAllow"
    """No policy objects."""
    POLICIES_DENY = "PoliciesDeny"
    """A policy objects; the message is the policy's."""
    NOT_REQUESTED = "NotRequested"
    """Nobody asked for the merge."""
    REQUESTED = "Requested"
    """The merge was asked for and is under way."""
    REQUIREMENTS_PENDING = "RequirementsPending"
    """The merge was asked for and waits for the other conditions."""
    MERGED = "Merged"
    """The merge commit is on the target branch."""
    HEAD_MOVED = "HeadMoved"
    """The head moved after the merge was asked for; ask again."""
    TARGET_CHANGED = "TargetChanged"
    """The target branch was changed after the merge was asked for; ask again."""
    NOT_ALLOWED = "NotAllowed"
    """Whoever asked may not merge here any more."""
    EXPIRED = "Expired"
    """The request for the merge is older than 72 hours; ask again."""
    DENIED = "Denied"
    """Admission or the receive path refused the merge; the message says which rule."""
    CLOSED = "Closed"
    """The pull request is closed."""
    DRAFT = "Draft"
    """The pull request is a draft."""
    NO_ENGINE = "NoEngine"
    """No engine for this kind of policy runs here."""


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
