"""RBAC evaluated from the objects (KK/plugin/pkg/auth/authorizer/rbac): pure functions over rules and an index.

No opinion is a denial. A rule that cannot be read grants nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    subjects: frozenset[tuple[str, str]]
    """(User, name), (Group, name); service accounts as their user names."""

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> "Binding":
        metadata = raw["metadata"]
        namespace = metadata.get("namespace", "")
        ref = raw.get("roleRef") or {}
        subjects = frozenset(_subject(item, namespace) for item in raw.get("subjects") or [])
        return cls(metadata["name"], namespace, RoleRef(ref.get("kind", ""), ref.get("name", "")), subjects)


def _subject(raw: Mapping[str, Any], namespace: str) -> tuple[str, str]:
    if raw.get("kind") == "ServiceAccount":
        return "User", names.service_account_user(raw.get("namespace") or namespace, raw.get("name", ""))
    return str(raw.get("kind")), str(raw.get("name"))


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

    def bindings(self, caller: Caller, namespace: str) -> Iterator[Binding]:
        """Bindings that speak of the caller, in the cluster and in `namespace`."""
        for subject in subjects_of(caller):
            for binding in self._by_subject.get(subject, {}).values():
                if not binding.namespace or (namespace and binding.namespace == namespace):
                    yield binding

    def rules(self, caller: Caller, namespace: str) -> Iterator[tuple[Binding, Rule]]:
        for binding in self.bindings(caller, namespace):
            for rule in self.role(binding.namespace, binding.role) or ():
                yield binding, rule

    def allowing(self, caller: Caller, attributes: Attributes) -> Binding | None:
        """The first binding that allows the request."""
        for binding, rule in self.rules(caller, attributes.namespace):
            if rule.allows(attributes):
                return binding
        return None


def covers(owned: Iterable[Rule], wanted: Rule) -> list[str]:
    """What of `wanted` the owned rules do not cover, in words; empty when everything is (validation.Covers).

    A wanted rule is broken down to single verbs on single resources, each of which one owned rule must cover alone.
    """
    owned = tuple(owned)
    missing: list[str] = []
    for verb in sorted(wanted.verbs):
        missing += [f"{verb} {url}" for url in wanted.urls if not any(_covers_url(rule, verb, url) for rule in owned)]
        for group in sorted(wanted.groups):
            for resource in sorted(wanted.resources):
                for name in sorted(wanted.names) or [""]:
                    if not any(_covers_one(rule, verb, group, resource, name) for rule in owned):
                        missing.append(f"{verb} {resource}.{group}".rstrip(".") + (f" {name}" if name else ""))
    return missing


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
