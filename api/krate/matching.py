"""Which requests a rule of admission means: MatchResources of policies and bindings, as pure functions.

The semantics are upstream's: AS/pkg/admission/plugin/webhook/predicates/{rules,namespace,object}/ and
AS/pkg/admission/plugin/policy/matching/matching.go. An object is served in one version here, so matchPolicy Equivalent
has no other version to look at and means Exact. The server judges requests with it, and the UI lists with it the
policies that look at a kind.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from krate import selectors
from krate.selectors import Selector

ANY: Final = "*"
_NAMESPACES: Final = ("", "v1", "namespaces")
_CREATE_UPDATE: Final = frozenset({"CREATE", "UPDATE"})


@dataclass(frozen=True, slots=True)
class Target:
    """One request, as rules see it."""

    operation: str
    """CREATE, UPDATE, DELETE or CONNECT."""
    group: str
    version: str
    resource: str
    subresource: str = ""
    namespace: str = ""
    """Namespace of the object; empty for cluster-scoped ones. A Namespace may carry its own name here."""
    name: str | None = ""
    """Name of the object; None where it is not known yet, which every rule accepts."""

    @property
    def is_namespace(self) -> bool:
        return (self.group, self.version, self.resource) == _NAMESPACES


@dataclass(frozen=True, slots=True)
class Rule:
    """Operations on resources (NamedRuleWithOperations); an empty list matches nothing, except names."""

    operations: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    versions: frozenset[str] = frozenset()
    resources: tuple[tuple[str, str], ...] = ()
    """Resource and subresource; `*` for either."""
    names: frozenset[str] = frozenset()
    scope: str = ANY

    def matches(self, target: Target) -> bool:
        return (
            _covers(self.operations, target.operation)
            and _covers(self.groups, target.group)
            and _covers(self.versions, target.version)
            and self._scoped(target)
            and any(
                resource in {ANY, target.resource} and subresource in {ANY, target.subresource}
                for resource, subresource in self.resources
            )
            and (not self.names or target.name is None or target.name in self.names)
        )

    def _scoped(self, target: Target) -> bool:
        cluster = target.is_namespace or not target.namespace
        match self.scope:
            case "*":
                return True
            case "Namespaced":
                return not cluster
            case "Cluster":
                return cluster
            case _:
                return False


@dataclass(frozen=True, slots=True)
class Match:
    """A whole MatchResources. Without rules it means every request that nothing excludes."""

    rules: tuple[Rule, ...] = ()
    excluded: tuple[Rule, ...] = ()
    namespaces: Selector = selectors.EVERYTHING
    """Labels of the object's namespace."""
    objects: Selector = selectors.EVERYTHING
    """Labels of the object, new or old."""

    def matches_rules(self, target: Target) -> bool:
        """Whether operation, resource and name are meant; nothing has to be looked up for it."""
        # A rule with names does not exclude a request whose name is not known yet: it may get another one.
        if any(rule.matches(target) and (target.name is not None or not rule.names) for rule in self.excluded):
            return False
        return not self.rules or any(rule.matches(target) for rule in self.rules)

    def matches_objects(self, new: Mapping[str, Any] | None, old: Mapping[str, Any] | None) -> bool:
        """Whether the labels of either object are meant."""
        if not self.objects:
            return True
        return any(self.objects.matches(labels_of(item)) for item in (new, old) if item is not None)

    def needs_namespace(self, target: Target) -> bool:
        """Whether the labels of the request's namespace have to be looked up."""
        return bool(self.namespaces) and bool(target.namespace) and not target.is_namespace

    def matches_namespace(
        self,
        target: Target,
        labels: Mapping[str, str] | None = None,
        *,
        new: Mapping[str, Any] | None = None,
        old: Mapping[str, Any] | None = None,
    ) -> bool:
        """Whether the namespace is meant; objects outside any are always.

        Args:
            target: the request.
            labels: labels of its namespace; not used for a Namespace itself, which goes by its own.
            new: the object of the request.
            old: the stored object.
        """
        if not self.namespaces:
            return True
        if target.is_namespace:
            return self.namespaces.matches(labels_of(_own(target, new, old)))
        return not target.namespace or self.namespaces.matches(labels or {})


def parse(resources: Mapping[str, Any] | None) -> Match:
    """A MatchResources object, ready to match; None and absent selectors match everything, as upstream defaults them.

    Raises:
        BadRequest: a label selector is not one.
    """
    found = resources or {}
    return Match(
        tuple(_rule(rule) for rule in found.get("resourceRules") or ()),
        tuple(_rule(rule) for rule in found.get("excludeResourceRules") or ()),
        selectors.from_object(found.get("namespaceSelector") or {}) or selectors.EVERYTHING,
        selectors.from_object(found.get("objectSelector") or {}) or selectors.EVERYTHING,
    )


def labels_of(item: Mapping[str, Any] | None) -> Mapping[str, str]:
    """`metadata.labels`, empty where there are none."""
    return ((item or {}).get("metadata") or {}).get("labels") or {}


def _own(target: Target, new: Mapping[str, Any] | None, old: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The state of a Namespace that its own request goes by: the new one only where the request writes it."""
    writes = target.operation in _CREATE_UPDATE and not target.subresource
    return new if writes else old or new


def _covers(allowed: frozenset[str], value: str) -> bool:
    return ANY in allowed or value in allowed


def _rule(rule: Mapping[str, Any]) -> Rule:
    return Rule(
        frozenset(_texts(rule, "operations")),
        frozenset(_texts(rule, "apiGroups")),
        frozenset(_texts(rule, "apiVersions")),
        tuple(_split(resource) for resource in _texts(rule, "resources")),
        frozenset(_texts(rule, "resourceNames")),
        rule.get("scope") or ANY,
    )


def _texts(rule: Mapping[str, Any], key: str) -> Sequence[str]:
    values: Iterable[str] = rule.get(key) or ()
    return tuple(values)


def _split(resource: str) -> tuple[str, str]:
    """`pods/log` as resource and subresource; `*` alone means no subresource."""
    name, _, subresource = resource.partition("/")
    return name, subresource
