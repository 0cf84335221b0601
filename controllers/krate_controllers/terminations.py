"""What a namespace says while it is being emptied (KK/pkg/controller/namespace/deletion/status_condition_utils.go)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from krate.kinds import Kind
from krate_kube.interface import Object

Condition = dict[str, Any]

_FINE: Final = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}
"""Every condition with its reason and message while nothing is wrong."""


@dataclass(slots=True)
class Remains:
    """What one attempt left behind."""

    objects: Counter[str] = field(default_factory=Counter[str])
    """How many of which resource, as `plural.group`."""
    finalizers: Counter[str] = field(default_factory=Counter[str])
    """How many objects are held by which finalizer."""
    failures: list[str] = field(default_factory=list[str])
    """What could not be deleted, and why."""
    undiscovered: str = ""
    """Why the kinds that are served could not be found out."""

    def add(self, kind: Kind, found: Iterable[Object]) -> None:
        """Take note of objects that are still there."""
        for one in found:
            self.objects[f"{kind.plural}.{kind.group}"] += 1
            self.finalizers.update(one["metadata"].get("finalizers") or ())

    @property
    def nothing(self) -> bool:
        return not (self.objects or self.failures or self.undiscovered)

    def problems(self) -> Mapping[str, tuple[str, str]]:
        """Conditions that hold, each with its reason and message."""
        found: dict[str, tuple[str, str]] = {}
        if self.undiscovered:
            found["NamespaceDeletionDiscoveryFailure"] = ("DiscoveryFailed", self.undiscovered)
        if self.failures:
            text = f"Failed to delete all resource types, {len(self.failures)} remaining: "
            found["NamespaceDeletionContentFailure"] = (
                "ContentDeletionFailed",
                text + ", ".join(sorted(self.failures)),
            )
        if self.objects:
            shown = sorted(f"{resource} has {count} resource instances" for resource, count in self.objects.items())
            text = f"Some resources are remaining: {', '.join(shown)}"
            found["NamespaceContentRemaining"] = ("SomeResourcesRemain", text)
        if self.finalizers:
            shown = sorted(f"{mark} in {count} resource instances" for mark, count in self.finalizers.items())
            text = f"Some content in the namespace has finalizers remaining: {', '.join(shown)}"
            found["NamespaceFinalizersRemaining"] = ("SomeFinalizersRemain", text)
        return found


def conditions(before: Sequence[Condition], remains: Remains, now: str) -> list[Condition]:
    """The conditions after an attempt; one whose status stays keeps its time.

    Args:
        before: the conditions until now.
        remains: what the attempt left.
        now: RFC 3339.
    """
    problems, old = remains.problems(), {one["type"]: one for one in before}
    found = [one for one in before if one["type"] not in _FINE]
    for kind, fine in _FINE.items():
        status = "True" if kind in problems else "False"
        reason, message = problems.get(kind, fine)
        since = old[kind]["lastTransitionTime"] if kind in old and old[kind]["status"] == status else now
        found.append(
            {"type": kind, "status": status, "lastTransitionTime": since, "reason": reason, "message": message}
        )
    return found
