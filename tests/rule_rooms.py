"""A namespace with its protections and policies, for tests of the steps that compile and watch them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import factories
from krate.models import BranchProtection, RefPolicy, Repository
from krate_controllers.deps import RuleDeps, Rules
from krate_controllers.steps import compilation
from krate_git import compiler
from krate_git.expressions import ExpressionError
from krate_kube.interface import Object

UID = {"web": "r1", "api": "r2"}


def repository(name: str = "web", **metadata: Any) -> Repository:
    return Repository.model_validate(factories.make_repository(name, metadata={"uid": UID[name], **metadata}))


def guard(name: str = "main", *, generation: int = 2, **spec: Any) -> BranchProtection:
    found = factories.make_branch_protection(name, metadata={"uid": f"bp-{name}", "generation": generation}, spec=spec)
    return BranchProtection.model_validate(found)


def naming(expression: str = "", **spec: Any) -> RefPolicy:
    rules = [{"name": "r", "refs": ["refs/heads/**"], "expression": expression or "true"}]
    found = factories.make_ref_policy(
        "naming", metadata={"uid": "rp-naming", "generation": 5}, spec={"rules": rules, **spec}
    )
    return RefPolicy.model_validate(found)


def broken() -> RefPolicy:
    return naming("((")


def compile_(
    repository: Repository, protections: Sequence[BranchProtection], policies: Sequence[RefPolicy]
) -> compiler.Compiled:
    """The real compiler, with an engine that objects to one expression."""

    def expression(text: str) -> Any:
        if text == "((":
            raise ExpressionError("Syntax error: mismatched input")
        return lambda _values: True

    return compiler.compile_policies(repository, protections, policies, compile_expression=expression)


@dataclass
class World:
    """What a namespace holds, and what the steps did to it."""

    rules: Rules = field(default_factory=Rules)
    hosted: Object | None = None
    created: list[Object] = field(default_factory=list)
    replaced: list[tuple[Object, Object]] = field(default_factory=list)
    refusal: Exception | None = None

    def deps(self) -> RuleDeps:
        async def rules(_namespace: str) -> Rules:
            return self.rules

        async def find(_namespace: str, _name: str) -> Object | None:
            return self.hosted

        async def create(found: Object) -> None:
            if self.refusal:
                raise self.refusal
            self.created.append(found)

        async def replace(before: Object, after: Object) -> None:
            self.replaced.append((before, after))

        return RuleDeps(rules, compile_, find, create, replace)


def hosted(
    found: Repository, *protections: BranchProtection, policies: tuple[RefPolicy, ...] = (), loaded: bool = True
) -> Object:
    """The HostedRefPolicy as the server would hold it."""
    want = compilation.hosted(found, compile_(found, protections, policies))
    digest = want["spec"]["forProvider"]["digest"]
    want["metadata"]["resourceVersion"] = "7"
    want["spec"]["managementPolicies"] = ["*"]
    return {**want, "status": {"atProvider": {"digest": digest}}} if loaded else want
