"""What a watch must tell, worked out from the whole history of a namespace: plain dictionaries and comparisons."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
State = Mapping[str, Object]
Event = tuple[str, Object]


@dataclass(frozen=True)
class Selection:
    """A selector: its parameters, what it selects, and an object that it selects."""

    params: Mapping[str, str]
    selects: Callable[[Object], bool]
    tier: str
    colour: str


def labelled(obj: Object) -> str | None:
    return obj["metadata"].get("labels", {}).get("tier")


def coloured(obj: Object) -> str:
    return obj["spec"].get("colour", "")


SELECTIONS = (
    Selection({}, lambda _: True, "", ""),
    Selection({"labelSelector": "tier=gold"}, lambda one: labelled(one) == "gold", "gold", ""),
    Selection({"labelSelector": "tier"}, lambda one: labelled(one) is not None, "tin", ""),
    Selection({"labelSelector": "tier notin (gold)"}, lambda one: labelled(one) != "gold", "", ""),
    Selection({"fieldSelector": "spec.colour=red"}, lambda one: coloured(one) == "red", "", "red"),
    Selection({"fieldSelector": "spec.colour!=red"}, lambda one: coloured(one) != "red", "", ""),
    Selection({"fieldSelector": "metadata.name!=a"}, lambda one: one["metadata"]["name"] != "a", "", ""),
    Selection(
        {"labelSelector": "tier=tin", "fieldSelector": "spec.colour=red"},
        lambda one: labelled(one) == "tin" and coloured(one) == "red",
        "tin",
        "red",
    ),
)


@dataclass(frozen=True)
class Change:
    """What one write did: the object before and after it; None where there is none."""

    version: int
    name: str
    before: Object | None
    after: Object | None

    def told(self, selection: Selection) -> Event | None:
        """The event of the change, if there is one."""
        was = self.before is not None and selection.selects(self.before)
        is_ = self.after is not None and selection.selects(self.after)
        if is_ and self.after is not None:
            return ("MODIFIED" if was else "ADDED"), self.after
        if was and self.before is not None:  # as it was selected for the last time, at the version at which it left
            metadata = {**self.before["metadata"], "resourceVersion": str(self.version)}
            return "DELETED", {**self.before, "metadata": metadata}
        return None


def told(history: Iterable[Change], selection: Selection, since: int) -> list[Event]:
    """Every event after a version."""
    events = (change.told(selection) for change in history if change.version > since)
    return [event for event in events if event is not None]


def state(history: Iterable[Change], version: int) -> State:
    """The objects at a version."""
    found: dict[str, Object] = {}
    for change in history:
        if change.version <= version:
            found.pop(change.name, None)
            if change.after is not None:
                found[change.name] = change.after
    return dict(sorted(found.items()))


def applied(before: State, events: Iterable[Event]) -> State:
    """A state after events, as a client keeps it.

    Raises:
        AssertionError: an event that no client would understand.
    """
    found = dict(before)
    for kind, obj in events:
        name = obj["metadata"]["name"]
        assert (name in found) == (kind != "ADDED"), (kind, name)
        found.pop(name, None)
        if kind != "DELETED":
            found[name] = obj
    return dict(sorted(found.items()))
