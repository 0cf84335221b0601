"""Setting conditions: sorted, stable, and moving in time only when the status does."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krate import conditions
from krate.conditions import Condition, Reason, Status, Type

EARLIER, NOW = "2026-11-25T09:00:00Z", "2026-11-25T10:00:00Z"


def entry(kind: Type, status: str, reason: str, at: str, **more: Any) -> dict[str, Any]:
    return {"type": str(kind), "status": status, "reason": reason, "message": "", "lastTransitionTime": at, **more}


CASES: dict[str, tuple[list[dict[str, Any]], list[Condition], list[dict[str, Any]]]] = {
    "first": (
        [],
        [conditions.true(Type.READY, Reason.AVAILABLE)],
        [entry(Type.READY, "True", "Available", NOW)],
    ),
    "same status keeps its time": (
        [entry(Type.READY, "False", "Creating", EARLIER)],
        [conditions.false(Type.READY, Reason.UNAVAILABLE, "broken")],
        [entry(Type.READY, "False", "Unavailable", EARLIER, message="broken")],
    ),
    "another status takes now": (
        [entry(Type.READY, "False", "Creating", EARLIER)],
        [conditions.true(Type.READY, Reason.AVAILABLE)],
        [entry(Type.READY, "True", "Available", NOW)],
    ),
    "others are kept, all are sorted": (
        [entry(Type.SYNCED, "True", "ReconcileSuccess", EARLIER)],
        [conditions.true(Type.READY, Reason.AVAILABLE), conditions.unknown(Type.MERGEABLE, Reason.PENDING)],
        [
            entry(Type.MERGEABLE, "Unknown", "Pending", NOW),
            entry(Type.READY, "True", "Available", NOW),
            entry(Type.SYNCED, "True", "ReconcileSuccess", EARLIER),
        ],
    ),
    "an old entry without a time": (
        [{"type": "Ready", "status": "True"}],
        [conditions.true(Type.READY, Reason.AVAILABLE)],
        [entry(Type.READY, "True", "Available", NOW)],
    ),
    "the last of two wins": (
        [],
        [conditions.true(Type.READY, Reason.AVAILABLE), conditions.false(Type.READY, Reason.DELETING)],
        [entry(Type.READY, "False", "Deleting", NOW)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_merge(case: str) -> None:
    """New conditions replace those of their type; time moves with the status alone."""
    current, new, want = CASES[case]
    before = [dict(one) for one in current]
    assert conditions.merge(current, new, now=NOW) == want
    assert current == before


def test_generation_is_recorded() -> None:
    """The generation that was looked at stands in every condition that is set."""
    merged = conditions.merge(
        [entry(Type.SYNCED, "True", "ReconcileSuccess", EARLIER, observedGeneration=1)],
        [conditions.true(Type.READY, Reason.AVAILABLE)],
        now=NOW,
        generation=2,
    )
    assert [one["observedGeneration"] for one in merged] == [2, 1]


STATUSES = st.lists(
    st.builds(Condition, st.sampled_from(list(Type)), st.sampled_from(list(Status)), st.sampled_from(list(Reason)))
)


@given(STATUSES, STATUSES)
def test_merging_again_changes_nothing(first: list[Condition], second: list[Condition]) -> None:
    """Setting what is set already is no change: a controller that repeats itself writes nothing."""
    once = conditions.merge(conditions.merge([], first, now=EARLIER), second, now=NOW)
    last = {one.type: one for one in second}
    assert conditions.merge(once, last.values(), now="2099-01-01T00:00:00Z") == once


def test_find_and_is_true() -> None:
    """A condition is found by type; only status True is true."""
    found = conditions.merge([], [conditions.true(Type.READY, Reason.AVAILABLE)], now=NOW)
    found = conditions.merge(found, [conditions.unknown(Type.SYNCED, Reason.PENDING)], now=NOW)
    assert conditions.find(found, "Ready") == entry(Type.READY, "True", "Available", NOW)
    assert conditions.find(found, "Merged") is None
    assert [conditions.is_true(found, kind) for kind in ("Ready", "Synced", "Merged")] == [True, False, False]


def test_system_types_are_crossplanes() -> None:
    """The types that composers must leave alone are exactly Crossplane's five."""
    assert {"Ready", "Synced", "Responsive", "Healthy", "UpToDate"} == conditions.SYSTEM_TYPES
