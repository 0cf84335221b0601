"""Hooks & Policies of a repository: everything that can refuse work on it, layer by layer, wired by nobody."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from krate import errors, kinds, models, names
from krate.kinds import Kind
from krate_kube.interface import Client, Object
from krate_web import access, admission, policies, repositories
from krate_web.admission import Subject
from krate_web.page import Crumb, Fragment, Page, Watch
from krate_web.policies import Rule
from krate_web.visits import Visit


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: what stands in it, and what the reader may not see."""

    id: str
    title: str
    about: str
    rules: tuple[Rule, ...]
    empty: str
    hidden: tuple[str, ...]
    """Sentences about kinds that the reader may not list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HooksPage(Page):
    """The page."""

    template: ClassVar[str] = "pages/hooks.html"
    repository: models.Repository
    layers: tuple[Layer, ...]

    def fragments(self) -> tuple[Fragment, ...]:
        return tuple(Fragment(layer.id, "fragments/layer.html", {"layer": layer}) for layer in self.layers)


@dataclass(frozen=True, slots=True)
class _Listed:
    """Objects of one kind, or why there are none to see."""

    kind: Kind
    items: Sequence[Object] = ()
    version: str = ""
    hidden: str = ""


async def _list(client: Client, kind: Kind, namespace: str) -> _Listed:
    within = namespace if kind.namespaced else ""
    if not await access.may_list(client, kind, within):
        where = f"in {within}" if within else "of the cluster"
        return _Listed(kind, hidden=f"You may not list {kind.name} {where}; a platform engineer can grant it.")
    try:
        listing = await client.list(kind, namespace=within)
    except errors.NotFound:  # a cluster without Kyverno serves no such kind
        return _Listed(kind)
    return _Listed(kind, listing.items, listing.resource_version)


_KINDS = (
    kinds.BRANCH_PROTECTION,
    kinds.REF_POLICY,
    kinds.VALIDATING_POLICY,
    kinds.NAMESPACED_VALIDATING_POLICY,
    kinds.VALIDATING_ADMISSION_POLICY,
    kinds.VALIDATING_ADMISSION_POLICY_BINDING,
)


async def build(visit: Visit) -> HooksPage:
    repository = await repositories.load(visit)
    namespace = repository.metadata.namespace
    labels, listed = await asyncio.gather(
        _labels(visit.client, namespace), asyncio.gather(*(_list(visit.client, kind, namespace) for kind in _KINDS))
    )
    by_kind = {found.kind.name: found for found in listed}
    return HooksPage(
        frame=repositories.frame(visit, repository, "hooks", Crumb("hooks & policies", mono=False)),
        repository=repository,
        layers=(_refs(repository, by_kind), _admission(by_kind, Subject(namespace, repository.metadata.name, labels))),
        watches=tuple(
            Watch(found.kind, namespace if found.kind.namespaced else "", version=found.version)
            for found in listed
            if found.version
        ),
    )


async def _labels(client: Client, namespace: str) -> Mapping[str, str]:
    """Labels of the namespace, which selectors of policies look at; only its name where they may not be read."""
    if not await access.may_get(client, kinds.NAMESPACE, namespace, namespace):
        return {names.Label.NAMESPACE_NAME: namespace}
    found = await client.get(kinds.NAMESPACE, namespace)
    return found["metadata"].get("labels") or {}


def _refs(repository: models.Repository, listed: Mapping[str, _Listed]) -> Layer:
    protections = listed[kinds.BRANCH_PROTECTION.name]
    ref_policies = listed[kinds.REF_POLICY.name]
    rules = [
        policies.protection(found, repository.spec.default_branch)
        for found in map(models.BranchProtection.model_validate, protections.items)
        if policies.targets(repository, found.spec.repository_ref, found.spec.repository_selector)
    ]
    rules += [
        policies.ref_policy(found)
        for found in map(models.RefPolicy.model_validate, ref_policies.items)
        if policies.targets(repository, found.spec.repository_ref, found.spec.repository_selector)
    ]
    return Layer(
        id="layer-refs",
        title="Git refs",
        about="Judged in the receive path, before a push moves a ref, and again when a pull request merges.",
        rules=_sorted(rules),
        empty="Every Writer may push to every ref: no BranchProtection or RefPolicy selects this repository.",
        hidden=_hidden(protections, ref_policies),
    )


def _admission(listed: Mapping[str, _Listed], subject: Subject) -> Layer:
    cluster = listed[kinds.VALIDATING_POLICY.name]
    local = listed[kinds.NAMESPACED_VALIDATING_POLICY.name]
    native = listed[kinds.VALIDATING_ADMISSION_POLICY.name]
    bindings = listed[kinds.VALIDATING_ADMISSION_POLICY_BINDING.name]
    found = [
        rule
        for source in (cluster, local)
        for body in source.items
        if (rule := admission.validating(source.kind, body, subject))
    ]
    return Layer(
        id="layer-admission",
        title="Admission",
        about="Judged when a pull request, review, comment, check or this repository is written through the API.",
        rules=_sorted([*found, *admission.bound(native.items, bindings.items, subject)]),
        empty="No admission policy matches pull requests, reviews, comments or checks of this organisation.",
        hidden=_hidden(cluster, local, native, bindings),
    )


def _sorted(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    return tuple(sorted(rules, key=lambda rule: (rule.kind.name, rule.name, rule.binding)))


def _hidden(*found: _Listed) -> tuple[str, ...]:
    return tuple(entry.hidden for entry in found if entry.hidden)
