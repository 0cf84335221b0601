"""Which objects a change of another object concerns: the mappings that several controllers share.

A mapping sees only what the controller knows already; an object that is not known yet is looked at when it appears.
It uses nothing but metadata, because that is all that is left of an object deleted while nobody watched.
"""

from collections.abc import Iterable

from krate.kinds import Kind
from krate_controllers.controller import Known, Trigger
from krate_controllers.workqueue import Key
from krate_kube.interface import Object


def same_namespace(found: Object, known: Known) -> Iterable[Key]:
    """Every known object of the changed object's namespace."""
    namespace = found["metadata"].get("namespace", "")
    return [key for key in known if key[0] == namespace]


def same_name(found: Object, known: Known) -> Iterable[Key]:
    """The known object of the changed object's namespace and name."""
    key = found["metadata"].get("namespace", ""), found["metadata"]["name"]
    return [key] if key in known else []


def on(*, by_namespace: Iterable[Kind] = (), by_name: Iterable[Kind] = ()) -> tuple[Trigger, ...]:
    """Triggers of kinds whose changes concern their namespace, or the object of their name."""
    return (
        *(Trigger(kind, same_namespace) for kind in by_namespace),
        *(Trigger(kind, same_name) for kind in by_name),
    )
