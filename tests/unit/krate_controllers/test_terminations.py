"""Conditions of a namespace that is being deleted, in upstream's words."""

from krate import kinds
from krate_controllers.terminations import Remains, conditions

FINE = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}


def test_nothing_remains() -> None:
    """Everything is fine, in upstream's order; conditions of others stay."""
    other = {"type": "Other", "status": "True", "lastTransitionTime": "t0"}
    assert Remains().nothing
    assert conditions([other], Remains(), "t1") == [
        other,
        *(
            {"type": kind, "status": "False", "lastTransitionTime": "t1", "reason": reason, "message": message}
            for kind, (reason, message) in FINE.items()
        ),
    ]


def test_what_remains() -> None:
    """What is left, what holds it and what failed are counted and sorted; times move with the status only."""
    remains = Remains(undiscovered="no answer")
    remains.add(kinds.REPOSITORY, [{"metadata": {"finalizers": ["e.com/b", "e.com/a"]}}])
    remains.add(kinds.CONFIG_MAP, [{"metadata": {"finalizers": ["e.com/a"]}}, {"metadata": {}}])
    remains.failures += ["second", "first"]
    assert not remains.nothing
    first = conditions([], Remains(), "t1")
    found = conditions(first, remains, "t2")
    shown = {one["type"]: (one["reason"], one["message"]) for one in found if one["status"] == "True"}
    assert shown == {
        "NamespaceDeletionDiscoveryFailure": ("DiscoveryFailed", "no answer"),
        "NamespaceDeletionContentFailure": (
            "ContentDeletionFailed",
            "Failed to delete all resource types, 2 remaining: first, second",
        ),
        "NamespaceContentRemaining": (
            "SomeResourcesRemain",
            (
                "Some resources are remaining: configmaps. has 2 resource instances, repositories.krate.a5c.ai has 1 "
                "resource instances"
            ),
        ),
        "NamespaceFinalizersRemaining": (
            "SomeFinalizersRemain",
            (
                "Some content in the namespace has finalizers remaining: e.com/a in 2 resource instances, e.com/b in 1 "
                "resource instances"
            ),
        ),
    }
    assert [one["lastTransitionTime"] for one in found] == ["t2", "t1", "t2", "t2", "t2"]
    assert conditions(found, remains, "t3") == found
