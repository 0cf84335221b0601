"""When a composed object counts as ready: one rule per kind, judged from what was observed and nothing else.

Stricter than Crossplane's auto-ready function, which calls an object ready while its last reconcile failed or while its
conditions speak of an older generation.
"""

from collections.abc import Mapping
from typing import Any, Final

from krate import conditions, kinds
from krate.conditions import Reason, Status, Type
from krate.kinds import Kind
from krate_functions import composition, objects
from krate_functions.composition import Readiness, Rule

READY: Final = Readiness(True)


def rule_of(api_version: str, kind: str) -> Rule:
    """The rule of a kind; kinds without one are ready when their Ready condition says so, or exist and have none."""
    return _RULES.get((api_version, kind), by_conditions)


def judge(name: str, wanted: composition.Composed, observed: composition.Observed) -> Readiness:
    """Whether the composed object `name` is ready; an object that was not observed never is."""
    have = observed.get(name)
    if have is None:
        return Readiness(False, f"{label(wanted.object)} is not created yet")
    rule = wanted.rule or rule_of(wanted.object["apiVersion"], wanted.object["kind"])
    return rule(have)


def label(obj: composition.Object) -> str:
    """`HostedRepository web`: how messages name an object."""
    return f"{obj['kind']} {obj['metadata'].get('name', '')}".rstrip()


def _status(obj: composition.Object) -> Mapping[str, Any]:
    return obj.get("status") or {}


def _generation(obj: composition.Object) -> int:
    return int(obj["metadata"].get("generation") or 0)


def exists(obj: composition.Object) -> Readiness:
    """Ready by existing: RBAC, quotas and other objects that nothing acts upon."""
    if objects.deleting(obj):
        return Readiness(False, f"{label(obj)} is being deleted")
    return READY


def active(obj: composition.Object) -> Readiness:
    """Rule of namespaces."""
    gone = exists(obj)
    if not gone.ready or _status(obj).get("phase") == "Active":
        return gone
    return Readiness(False, f"{label(obj)} is not Active yet")


def by_conditions(obj: composition.Object) -> Readiness:
    """Rule of managed resources: Ready is True, Synced is not False, and both speak of the current generation."""
    gone = exists(obj)
    if not gone.ready:
        return gone
    said = _status(obj).get("conditions") or []
    ready, synced = conditions.find(said, Type.READY), conditions.find(said, Type.SYNCED)
    if synced is not None and synced.get("status") == Status.FALSE:
        return _unready(obj, synced)
    if ready is None:
        return READY if obj["kind"] not in _MANAGED else Readiness(False, f"{label(obj)} has not been reconciled yet")
    seen = _status(obj).get("observedGeneration", ready.get("observedGeneration"))
    if seen is not None and int(seen) < _generation(obj):
        return Readiness(False, f"{label(obj)} is being brought up to date")
    return READY if ready.get("status") == Status.TRUE else _unready(obj, ready)


def compiled(obj: composition.Object) -> Readiness:
    """Rule of protections and policies: their rules were compiled; repositories to enforce them on may come later."""
    gone = exists(obj)
    if not gone.ready:
        return gone
    said = conditions.find(_status(obj).get("conditions") or [], Type.COMPILED)
    if said is None:
        return Readiness(False, f"{label(obj)} has not been compiled yet")
    return READY if said.get("status") == Status.TRUE else _unready(obj, said)


def reachable(obj: composition.Object) -> Readiness:
    """Rule of provider configurations: nothing says that the host does not answer."""
    gone = exists(obj)
    if not gone.ready:
        return gone
    said = conditions.find(_status(obj).get("conditions") or [], Type.REACHABLE)
    return _unready(obj, said) if said and said.get("status") == Status.FALSE else READY


_FAILURES: Final[frozenset[str]] = frozenset({Reason.RECONCILE_ERROR, Reason.UNAVAILABLE, Reason.COMPILE_FAILED})


def _unready(obj: composition.Object, condition: Mapping[str, Any]) -> Readiness:
    """`HostedRepository web: the host does not answer`: the child's own words."""
    words = condition.get("message") or condition.get("reason") or f"{condition['type']} is {condition['status']}"
    return Readiness(False, f"{label(obj)}: {words}", failed=condition.get("reason") in _FAILURES)


_HOSTED: Final[tuple[Kind, ...]] = (
    kinds.HOSTED_ORGANIZATION,
    kinds.HOSTED_TEAM,
    kinds.HOSTED_REPOSITORY,
    kinds.HOSTED_ACCESS,
)
_MANAGED: Final = frozenset(kind.name for kind in _HOSTED)

_RULES: Final[dict[tuple[str, str], Rule]] = {
    (kinds.NAMESPACE.api_version, kinds.NAMESPACE.name): active,
    (kinds.PROVIDER_CONFIG.api_version, kinds.PROVIDER_CONFIG.name): reachable,
    (kinds.BRANCH_PROTECTION.api_version, kinds.BRANCH_PROTECTION.name): compiled,
    **{(kind.api_version, kind.name): by_conditions for kind in _HOSTED},
    **{
        (kind.api_version, kind.name): exists
        for kind in (kinds.ROLE, kinds.ROLE_BINDING, kinds.CLUSTER_ROLE, kinds.CLUSTER_ROLE_BINDING)
    },
}
