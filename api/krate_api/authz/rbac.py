"""RBAC evaluated from the objects (KK/plugin/pkg/auth/authorizer/rbac): pure functions over rules and an index.

No opinion is a denial. A rule that cannot be read grants nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

from krate import names
from krate.identity import Attributes, Caller

_ALL: Final = "*"


@dataclass(frozen=True, slots=True)
class Rule:
    """One PolicyRule."""

    verbs: frozenset[str]
    groups: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    urls: tuple[str, ...] = ()
    source: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)
    """The rule as it was written, for those who are told of it."""

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> "Rule":
        def strings(member: str) -> frozenset[str]:
            return frozenset(item for item in raw.get(member) or [] if isinstance(item, str))

        return cls(
            strings("verbs"),
            strings("apiGroups"),
            strings("resources"),
            strings("resourceNames"),
            tuple(sorted(strings("nonResourceURLs"))),
            raw,
        )

    def allows(self, attributes: Attributes) -> bool:
        if not self.verbs & {attributes.verb, _ALL}:
            return False
        if attributes.path:
            return any(_url_matches(url, attributes.path) for url in self.urls)
        return (
            bool(self.groups & {attributes.group, _ALL})
            and self._covers_resource(attributes)
            and (not self.names or attributes.name in self.names)
        )

    def _covers_resource(self, attributes: Attributes) -> bool:
        wanted = {_ALL, attributes.qualified}
        if attributes.subresource:
            wanted.add(f"*/{attributes.subresource}")
        return bool(self.resources & wanted)


EVERYTHING: Final = Rule.of({member: [_ALL] for member in ("verbs", "apiGroups", "resources", "nonResourceURLs")})
"""What members of system:masters hold, whatever the bindings say."""


def _url_matches(pattern: str, path: str) -> bool:
    return pattern in {_ALL, path} or (pattern.endswith("*") and path.startswith(pattern.rstrip("*")))


@dataclass(frozen=True, slots=True)
class RoleRef:
    """What a binding grants."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Binding:
    """A RoleBinding (with namespace) or ClusterRoleBinding (without)."""

    name: str
    namespace: str
    role: RoleRef
    subjects: Mapping[tuple[str, str], str]
    """(User, name), (Group, name); service accounts as their user names. Each with the words that describe it."""

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> "Binding":
        metadata = raw["metadata"]
        namespace = metadata.get("namespace", "")
        ref = raw.get("roleRef") or {}
        subjects = dict(_subject(item, namespace) for item in raw.get("subjects") or [])
        return cls(metadata["name"], namespace, RoleRef(ref.get("kind", ""), ref.get("name", "")), subjects)


def _subject(raw: Mapping[str, Any], namespace: str) -> tuple[tuple[str, str], str]:
    kind, name = str(raw.get("kind")), str(raw.get("name"))
    if kind == "ServiceAccount":
        place = raw.get("namespace") or namespace
        return ("User", names.service_account_user(place, name)), f'{kind} "{name}/{place}"'
    return (kind, name), f'{kind} "{name}"'


def subjects_of(caller: Caller) -> Iterator[tuple[str, str]]:
    yield "User", caller.username
    for group in caller.groups:
        yield "Group", group


class Rules:
    """All roles and bindings, by what is looked up."""

    def __init__(self) -> None:
        self._roles: dict[tuple[str, str], tuple[Rule, ...]] = {}
        self._bindings: dict[tuple[str, str], Binding] = {}
        self._by_subject: dict[tuple[str, str], dict[tuple[str, str], Binding]] = {}

    def set_role(self, namespace: str, name: str, rules: Sequence[Mapping[str, Any]] | None) -> None:
        """Store the rules of a Role, or of a ClusterRole under namespace ""; None removes it."""
        if rules is None:
            self._roles.pop((namespace, name), None)
        else:
            self._roles[namespace, name] = tuple(Rule.of(rule) for rule in rules)

    def set_binding(self, namespace: str, name: str, binding: Binding | None) -> None:
        key = (namespace, name)
        before = self._bindings.pop(key, None)
        if before is not None:
            for subject in before.subjects:
                self._by_subject.get(subject, {}).pop(key, None)
        if binding is not None:
            self._bindings[key] = binding
            for subject in binding.subjects:
                self._by_subject.setdefault(subject, {})[key] = binding

    def role(self, namespace: str, ref: RoleRef) -> tuple[Rule, ...] | None:
        """Rules a binding in `namespace` grants; None when there is no such role."""
        return self._roles.get(("" if ref.kind == "ClusterRole" else namespace, ref.name))

    def grants(self, caller: Caller, namespace: str) -> Iterator[tuple[Binding, str]]:
        """Bindings that speak of the caller, in the cluster and in `namespace`, each with whom it names."""
        for subject in subjects_of(caller):
            for binding in self._by_subject.get(subject, {}).values():
                if not binding.namespace or (namespace and binding.namespace == namespace):
                    yield binding, binding.subjects[subject]

    def rules(self, caller: Caller, namespace: str) -> Iterator[Rule]:
        """Every rule that is granted to the caller in `namespace`."""
        for binding, _ in self.grants(caller, namespace):
            yield from self.role(binding.namespace, binding.role) or ()

    def why(self, caller: Caller, attributes: Attributes) -> str:
        """What allows the request, in upstream's words; empty when nothing does."""
        for binding, subject in self.grants(caller, attributes.namespace):
            if any(rule.allows(attributes) for rule in self.role(binding.namespace, binding.role) or ()):
                form = "RoleBinding" if binding.namespace else "ClusterRoleBinding"
                place = f"{binding.name}/{binding.namespace}" if binding.namespace else binding.name
                return f'RBAC: allowed by {form} "{place}" of {binding.role.kind} "{binding.role.name}" to {subject}'
        return ""


def covers(owned: Iterable[Rule], wanted: Iterable[Rule]) -> list[str]:
    """What of `wanted` the owned rules do not cover, in upstream's words; empty when everything is (validation.Covers).

    A wanted rule is broken down to single verbs on single resources, each of which one owned rule must cover alone.
    """
    owned = tuple(owned)
    verbs: dict[tuple[str, str, str], list[str]] = {}
    missing: set[str] = set()
    for rule in wanted:
        for verb in _written(rule, "verbs", rule.verbs):
            for url in rule.urls:
                if not any(_covers_url(have, verb, url) for have in owned):
                    missing.add(f'{{NonResourceURLs:["{url}"], Verbs:["{verb}"]}}')
            for group, resource, name in product(rule.groups, rule.resources, rule.names or [""]):
                if not any(_covers_one(have, verb, group, resource, name) for have in owned):
                    verbs.setdefault((group, resource, name), []).append(verb)
    for (group, resource, name), some in verbs.items():
        names_ = f', ResourceNames:["{name}"]' if name else ""
        listed = " ".join(f'"{verb}"' for verb in some)
        missing.add(f'{{APIGroups:["{group}"], Resources:["{resource}"]{names_}, Verbs:[{listed}]}}')
    return sorted(missing)


def _written(rule: Rule, member: str, values: frozenset[str]) -> list[str]:
    """The values in the order they were written in."""
    return [value for value in rule.source.get(member) or sorted(values) if value in values]


def pieces(rule: Rule) -> int:
    """How many single permissions `covers` would look at."""
    return len(rule.verbs) * (len(rule.urls) + len(rule.groups) * len(rule.resources) * max(1, len(rule.names)))


def contains(owned: Rule, wanted: Rule) -> bool:
    """Whether one owned rule covers the whole of `wanted`, without breaking it down."""
    return (
        _has(owned.verbs, wanted.verbs)
        and _has(owned.groups, wanted.groups)
        and _has(owned.resources, wanted.resources)
        and (not owned.names or (bool(wanted.names) and wanted.names <= owned.names))
        and all(any(_url_matches(have, url) for have in owned.urls) for url in wanted.urls)
    )


def _has(owned: frozenset[str], wanted: frozenset[str]) -> bool:
    return _ALL in owned or wanted <= owned


def _covers_url(rule: Rule, verb: str, url: str) -> bool:
    return bool(rule.verbs & {verb, _ALL}) and any(_url_matches(have, url) for have in rule.urls)


def _covers_one(rule: Rule, verb: str, group: str, resource: str, name: str) -> bool:
    wanted = {resource, _ALL}
    base, slash, sub = resource.partition("/")
    if slash and base != _ALL:
        wanted.add(f"*/{sub}")
    return (
        bool(rule.verbs & {verb, _ALL})
        and bool(rule.groups & {group, _ALL})
        and bool(rule.resources & wanted)
        and (not rule.names or (bool(name) and name in rule.names))
    )
