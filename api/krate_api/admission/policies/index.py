"""Policies and bindings, as watch events bring them, and which of them look at a request.

Thousands of requests meet a handful of policies, so the answer for a shape of request (operation, resource, whether it
has a namespace) is found once and kept until a policy changes. Expressions are compiled when a request first needs
them, and again only when the spec changed: a status update costs nothing.
"""

import dataclasses
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from krate import errors, kinds, matching
from krate.kinds import Kind
from krate_api.admission.policies import expressions
from krate_api.admission.policies.expressions import Expressions
from krate_cel import environment

POLICY_KINDS: Final = (
    kinds.VALIDATING_ADMISSION_POLICY,
    kinds.VALIDATING_ADMISSION_POLICY_BINDING,
    kinds.VALIDATING_POLICY,
    kinds.NAMESPACED_VALIDATING_POLICY,
)
"""Kinds whose watch events the index wants."""

_DELETED: Final = "DELETED"
_BOOKMARK: Final = "BOOKMARK"
_SHAPES: Final = 4096
"""Answers to keep."""


class Matched:
    """What policies and bindings share: an object that says which requests it means.

    Args:
        item: the object; it must not change.
        resources: name of the MatchResources in its spec.
    """

    def __init__(self, item: Mapping[str, Any], *, resources: str) -> None:
        self.item = item
        self.spec: Mapping[str, Any] = item.get("spec") or {}
        metadata: Mapping[str, Any] = item["metadata"]
        self.name: str = metadata["name"]
        self.namespace: str = metadata.get("namespace") or ""
        self.match_problem = ""
        """Why its selectors cannot be read; its rules alone say then what fails."""
        constraints: Mapping[str, Any] = self.spec.get(resources) or {}
        try:
            self.match = matching.parse(constraints)
        except (errors.BadRequest, KeyError) as problem:
            self.match_problem = str(problem)
            self.match = matching.parse({**constraints, "namespaceSelector": None, "objectSelector": None})

    @property
    def key(self) -> tuple[str, str]:
        return (self.namespace, self.name)


class Binding(Matched):
    """A ValidatingAdmissionPolicyBinding."""

    def __init__(self, item: Mapping[str, Any]) -> None:
        super().__init__(item, resources="matchResources")

    @property
    def policy(self) -> str:
        """Name of the policy it puts in force."""
        return self.spec.get("policyName") or ""


class Policy(Matched):
    """A policy of either family; `build` makes its expressions."""

    def __init__(self, item: Mapping[str, Any], build: Callable[[Mapping[str, Any]], Expressions]) -> None:
        super().__init__(item, resources="matchConstraints")
        self._build = build
        self._expressions: Expressions | None = None
        self._lock = threading.Lock()

    @property
    def fails_closed(self) -> bool:
        """Whether an error denies (failurePolicy, Fail by default)."""
        return (self.spec.get("failurePolicy") or "Fail") != "Ignore"

    @property
    def expressions(self) -> Expressions:
        """Its expressions, compiled when first asked for."""
        with self._lock:
            if self._expressions is None:
                self._expressions = self._build(self.spec)
            return self._expressions

    @property
    def by_name(self) -> bool:
        """Whether any of its rules names objects."""
        return any(rule.names for rule in (*self.match.rules, *self.match.excluded))

    def looks_at(self, target: matching.Target) -> bool:
        """Whether its rules mean the request; a policy without rules means none (upstream refuses to store one)."""
        return bool(self.match.rules) and self.match.matches_rules(target)


class Builders:
    """Compiles specs; environments and their caches are shared between policies."""

    def __init__(self) -> None:
        self._plain = environment.policy()
        self._with_params = environment.policy(params=True)
        self._kyverno = environment.kyverno()

    def admission(self, spec: Mapping[str, Any]) -> Expressions:
        """Expressions of a ValidatingAdmissionPolicy."""
        base = self._with_params if spec.get("paramKind") else self._plain
        return expressions.build(spec, base, conditions_use_variables=True)

    def kyverno(self, spec: Mapping[str, Any]) -> Expressions:
        """Expressions of a ValidatingPolicy."""
        return expressions.build(spec, self._kyverno, conditions_use_variables=False)


class PolicyIndex:
    """Everything that is known of policies. Changes come from one task; it may be read from any thread."""

    def __init__(self) -> None:
        builders = Builders()
        self._builders = {
            kinds.VALIDATING_ADMISSION_POLICY: builders.admission,
            kinds.VALIDATING_POLICY: builders.kyverno,
            kinds.NAMESPACED_VALIDATING_POLICY: builders.kyverno,
        }
        self._policies: dict[Kind, dict[tuple[str, str], Policy]] = {kind: {} for kind in self._builders}
        self._all_bindings: dict[tuple[str, str], Binding] = {}
        self._bindings: dict[str, tuple[Binding, ...]] = {}
        self._shapes: dict[tuple[Kind, matching.Target], tuple[tuple[Policy, ...], bool]] = {}
        """Policies that look at a shape of request, and whether names decide about any of them."""
        self.revision = 0
        """Grows with every change."""

    def apply(self, kind: Kind, change: str, item: Mapping[str, Any]) -> None:
        """Take in one watch event.

        Args:
            kind: one of POLICY_KINDS; others are ignored.
            change: ADDED, MODIFIED, DELETED or BOOKMARK.
            item: the object.
        """
        if kind not in POLICY_KINDS or change == _BOOKMARK:
            return
        metadata: Mapping[str, Any] = item["metadata"]
        key = (metadata.get("namespace") or "", metadata["name"])
        if kind == kinds.VALIDATING_ADMISSION_POLICY_BINDING:
            self._all_bindings = _changed(self._all_bindings, key, None if change == _DELETED else Binding(item))
            self._bind()
        else:
            policy = None if change == _DELETED else self._made(kind, item)
            self._policies[kind] = _changed(self._policies[kind], key, policy)
        self._forget()

    def replace(self, kind: Kind, items: Iterable[Mapping[str, Any]]) -> None:
        """Take in a whole list: what it does not hold is gone."""
        if kind not in POLICY_KINDS:
            return
        if kind == kinds.VALIDATING_ADMISSION_POLICY_BINDING:
            self._all_bindings = {binding.key: binding for binding in map(Binding, items)}
            self._bind()
        else:
            made = [self._made(kind, item) for item in items]
            self._policies[kind] = {policy.key: policy for policy in made}
        self._forget()

    def policies(self, kind: Kind) -> tuple[Policy, ...]:
        """All of one kind, by namespace and name."""
        return tuple(policy for _, policy in sorted(self._policies[kind].items()))

    def bindings(self, name: str) -> tuple[Binding, ...]:
        """Bindings of a ValidatingAdmissionPolicy, by name."""
        return self._bindings.get(name, ())

    def looking_at(self, kind: Kind, target: matching.Target) -> tuple[Policy, ...]:
        """Policies of one kind whose rules mean the request, in order; selectors and conditions are not asked."""
        # The shape stands for every name and namespace.
        shape = dataclasses.replace(target, namespace=target.namespace and "any", name=None)
        shapes = self._shapes
        known = shapes.get((kind, shape))
        if known is None:
            found = tuple(policy for policy in self.policies(kind) if policy.looks_at(shape))
            if len(shapes) >= _SHAPES:
                shapes.clear()
            known = shapes[kind, shape] = (found, any(policy.by_name for policy in found))
        found, by_name = known
        if target.name is None or not by_name:
            return found
        return tuple(policy for policy in found if policy.looks_at(target))

    def _made(self, kind: Kind, item: Mapping[str, Any]) -> Policy:
        """The policy of an object; the one already there when only its metadata or status changed."""
        metadata = item["metadata"]
        before = self._policies[kind].get((metadata.get("namespace") or "", metadata["name"]))
        if before is not None and before.spec == (item.get("spec") or {}):
            before.item = item
            return before
        return Policy(item, self._builders[kind])

    def _forget(self) -> None:
        """Answers found before a change are not true any more; who is finding one now keeps it to himself."""
        self._shapes = {}
        self.revision += 1

    def _bind(self) -> None:
        bound: dict[str, tuple[Binding, ...]] = {}
        for _, binding in sorted(self._all_bindings.items()):
            bound[binding.policy] = (*bound.get(binding.policy, ()), binding)
        self._bindings = bound


Known = TypeVar("Known")


def _changed(
    known: Mapping[tuple[str, str], Known], key: tuple[str, str], item: Known | None
) -> dict[tuple[str, str], Known]:
    """`known` with one item put or, where None, removed: a copy, because others may be reading."""
    found = {other: value for other, value in known.items() if other != key}
    return found if item is None else {**found, key: item}
