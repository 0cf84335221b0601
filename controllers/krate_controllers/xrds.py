"""What a CompositeResourceDefinition brings, and what is said of it: pure, in Crossplane's words.

An XRD brings a kind of composite resources and, in version 1, may offer a kind of claims; either is a half with its own
definition, finalizer, condition and events (crossplane/internal/controller/apiextensions/{definition,offered}).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from krate import conditions, crossplane, kinds
from krate.conditions import Reason, Type
from krate.kinds import STATUS, Form, Kind, Scope
from krate.models.meta import Resource
from krate_kube.interface import Object

KIND: Final = Kind(
    crossplane.KIND,
    crossplane.PLURAL,
    crossplane.GROUP,
    "v1",
    Resource,
    Form.CONFIG,
    Scope.CLUSTER,
    subresources=(STATUS,),
)


@dataclass(frozen=True, slots=True)
class Half:
    """Composites, or claims of them."""

    what: str
    names: str
    """Member of spec that names the kind."""
    derive: Callable[[Mapping[str, Any]], crossplane.Manifest]
    """From an XRD to the CustomResourceDefinition."""
    finalizer: str
    member: str
    """Member of status.controllers that says which type is served."""
    condition: Type
    watching: Reason
    terminating: Reason
    begins: str
    """Reason of events while the kind comes."""
    ends: str
    """Reason of events while it goes."""

    @property
    def definition(self) -> str:
        """The derived definition, as messages call it."""
        return f"{self.what} CustomResourceDefinition"


COMPOSITES: Final = Half(
    "composite resource",
    "names",
    crossplane.composite,
    f"defined.{crossplane.GROUP}",
    "compositeResourceType",
    Type.ESTABLISHED,
    Reason.WATCHING_COMPOSITE,
    Reason.TERMINATING_COMPOSITE,
    "EstablishComposite",
    "TerminateComposite",
)
CLAIMS: Final = Half(
    "composite resource claim",
    "claimNames",
    crossplane.claim,
    f"offered.{crossplane.GROUP}",
    "compositeResourceClaimType",
    Type.OFFERED,
    Reason.WATCHING_CLAIM,
    Reason.TERMINATING_CLAIM,
    "OfferClaim",
    "RedactClaim",
)


def halves(xrd: Object) -> tuple[Half, ...]:
    """What this XRD brings."""
    return (COMPOSITES, CLAIMS) if xrd["spec"].get(CLAIMS.names) else (COMPOSITES,)


def controller(found: Object) -> str:
    """The uid of whoever controls an object; "" when nobody does."""
    owners = found["metadata"].get("ownerReferences") or ()
    return next((owner["uid"] for owner in owners if owner.get("controller")), "")


def adopted(definition: Mapping[str, Any]) -> bool:
    """Whether the server has the kind in its table: it goes on serving it, and the objects are not ours to delete."""
    return any(kind.resource == definition["metadata"]["name"] for kind in kinds.KINDS)


def replaced(before: Object, wanted: crossplane.Manifest) -> Object:
    """The stored definition as the XRD wants it: spec, labels, annotations and owner are the XRD's."""
    kept = {key: before["metadata"][key] for key in ("resourceVersion", "finalizers") if key in before["metadata"]}
    return {**wanted, "metadata": {**wanted["metadata"], **kept}}


def says(xrd: Object, half: Half, *, now: str) -> dict[str, Any]:
    """The status of an XRD one half of which is served, or going."""
    deleted = bool(xrd["metadata"].get("deletionTimestamp"))
    said = (
        conditions.false(half.condition, half.terminating)
        if deleted
        else conditions.true(half.condition, half.watching)
    )
    status = xrd.get("status") or {}
    generation = xrd["metadata"].get("generation")
    merged = conditions.merge(status.get("conditions") or [], [said], now=now, generation=generation)
    found = {**status, "conditions": [_without_empty_message(one) for one in merged]}
    if not deleted:
        nothing = {"apiVersion": "", "kind": ""}
        served = {one.member: nothing for one in (COMPOSITES, CLAIMS)} | (status.get("controllers") or {})
        found["controllers"] = served | {half.member: _served(xrd, half)}
    return found


def _served(xrd: Object, half: Half) -> dict[str, str]:
    spec = xrd["spec"]
    version = next((one["name"] for one in spec["versions"] if one.get("referenceable")), "")
    return {"apiVersion": f"{spec['group']}/{version}", "kind": spec[half.names]["kind"]}


def _without_empty_message(condition: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in condition.items() if key != "message" or value}
