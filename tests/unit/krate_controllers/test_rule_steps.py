"""The compiler and the status of protections and policies, as tables over whole values."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import pytest

import factories
from krate import conditions, errors, kinds
from krate.conditions import Condition, Reason, Type
from krate.models import BranchProtection, RefPolicy, Repository
from krate_controllers.deps import RuleDeps, Rules
from krate_controllers.outcomes import Done, Outcome, Stall, Wait
from krate_controllers.steps import compilation, protection
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
    repository: Repository, protections: tuple[BranchProtection, ...], policies: tuple[RefPolicy, ...]
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


async def test_first_document() -> None:
    """A repository without any rule gets its HostedRefPolicy too, owned by the Repository's object."""
    world = World(Rules(repositories=(repository(),)))
    assert await compilation.compile_document(repository(), world.deps()) == Done()
    document = '{"branches":[],"refs":[],"repository":"web","schema":1}'
    assert world.created == [
        {
            "apiVersion": "host.krate.a5c.ai/v1alpha1",
            "kind": "HostedRefPolicy",
            "metadata": {
                "name": "web",
                "namespace": "acme",
                "labels": {"app.kubernetes.io/managed-by": "krate", "krate.a5c.ai/repository": "web"},
                "ownerReferences": [
                    {
                        "apiVersion": "krate.a5c.ai/v1alpha1",
                        "kind": "Repository",
                        "name": "web",
                        "uid": "r1",
                        "controller": True,
                        "blockOwnerDeletion": True,
                    }
                ],
            },
            "spec": {
                "forProvider": {
                    "owner": "acme",
                    "repository": "web",
                    "digest": "sha256:" + hashlib.sha256(document.encode()).hexdigest(),
                    "document": document,
                    "sources": [],
                },
                "providerConfigRef": {"kind": "ProviderConfig", "name": "default"},
            },
        }
    ]


async def test_an_up_to_date_document_is_left_alone() -> None:
    """Nothing is written when the HostedRefPolicy says what it should."""
    world = World(Rules(protections=(guard(),)), hosted=hosted(repository(), guard()))
    assert await compilation.compile_document(repository(), world.deps()) == Done()
    assert (world.created, world.replaced) == ([], [])


@pytest.mark.parametrize(
    "change",
    [{"requiredApprovals": 2}, {"branches": ["main", "release/*"]}],
    ids=["rule", "branches"],
)
async def test_a_changed_rule_replaces_the_document(change: dict[str, Any]) -> None:
    """A changed rule changes digest, document and sources; what others set on the object stays."""
    before = hosted(repository(), guard())
    changed = guard(generation=3, **change)
    world = World(Rules(protections=(changed,)), hosted=before)
    assert await compilation.compile_document(repository(), world.deps()) == Done()
    ((old, new),) = world.replaced
    expected = hosted(repository(), changed)["spec"]["forProvider"]
    assert (old, new["spec"]["forProvider"]) == (before, expected)
    assert (new["metadata"]["resourceVersion"], new["spec"]["managementPolicies"]) == ("7", ["*"])


async def test_a_new_generation_without_a_new_rule() -> None:
    """An edit that changes no rule keeps the digest, and is told in the sources all the same."""
    world = World(Rules(protections=(guard(generation=3),)), hosted=hosted(repository(), guard()))
    await compilation.compile_document(repository(), world.deps())
    ((old, new),) = world.replaced
    assert new["spec"]["forProvider"]["digest"] == old["spec"]["forProvider"]["digest"]
    assert new["spec"]["forProvider"]["sources"] == [{"kind": "BranchProtection", "uid": "bp-main", "generation": 3}]


async def test_a_recreated_repository_takes_its_document_over() -> None:
    """The owner reference follows the Repository's new uid."""
    world = World(hosted=hosted(repository()))
    again = Repository.model_validate(factories.make_repository(metadata={"uid": "r9"}))
    await compilation.compile_document(again, world.deps())
    ((_, new),) = world.replaced
    assert [owner["uid"] for owner in new["metadata"]["ownerReferences"]] == ["r9"]


async def test_a_failed_compile_keeps_the_last_document() -> None:
    """When anything does not compile nothing is written, whether there was a document or not."""
    for before in (None, hosted(repository())):
        world = World(Rules(protections=(guard(),), policies=(broken(),)), hosted=before)
        said = await compilation.compile_document(repository(), world.deps())
        text = "RefPolicy/naming: spec.rules[0].expression: Syntax error: mismatched input"
        assert said == Stall(Reason.COMPILE_FAILED, f"The last document stays in force: {text}")
        assert (world.created, world.replaced) == ([], [])


async def test_a_terminating_namespace_takes_no_document() -> None:
    """In a namespace that is going nothing is created, and that is no failure."""
    refusal = errors.Forbidden("no", causes=[errors.Cause("NamespaceTerminating", "going")])
    said = await compilation.compile_document(repository(), World(refusal=refusal).deps())
    assert said == Stall(Reason.DELETING, "The namespace is being deleted.")
    with pytest.raises(errors.Forbidden):
        await compilation.compile_document(repository(), World(refusal=errors.Forbidden("rights")).deps())


COMPILED = conditions.true(Type.COMPILED, Reason.COMPILED)


@pytest.mark.parametrize("source", [guard(), naming()], ids=["protection", "policy"])
async def test_own_rules_compile(source: Any) -> None:
    """Compiled is True with the digest of the object's own fragment, which names no repository."""
    said = await protection.compile_rules(source, World().deps())
    assert isinstance(said, Done)
    assert (said.conditions, list(said.status), said.status["digest"][:7]) == ((COMPILED,), ["digest"], "sha256:")
    elsewhere = source.model_copy(
        update={"spec": source.spec.model_copy(update={"repository_selector": None, "repository_ref": None})}
    )
    assert await protection.compile_rules(elsewhere, World().deps()) == said


async def test_own_rules_do_not_compile() -> None:
    """Compiled is False and names object and field; Enforced says that the last document stays."""
    text = "RefPolicy/naming: spec.rules[0].expression: Syntax error: mismatched input"
    assert await protection.compile_rules(broken(), World().deps()) == Stall(
        Reason.COMPILE_FAILED,
        text,
        conditions=(
            conditions.false(Type.COMPILED, Reason.COMPILE_FAILED, f"{text}."),
            conditions.false(
                Type.ENFORCED, Reason.NOT_LOADED, "The rules do not compile: the last document stays in force."
            ),
        ),
    )


def not_loaded(message: str, matched: int) -> Wait:
    said: tuple[Condition, ...] = (conditions.false(Type.ENFORCED, Reason.NOT_LOADED, message),)
    return Wait(30.0, Reason.NOT_LOADED, message, status={"matchedRepositories": matched}, conditions=said)


def enforced(message: str, matched: int) -> Done:
    said = (conditions.true(Type.ENFORCED, Reason.LOADED, message),)
    return Done(status={"matchedRepositories": matched}, conditions=said)


NO_MATCH = Done(
    status={"matchedRepositories": 0},
    conditions=(
        conditions.false(
            Type.ENFORCED,
            Reason.NO_MATCH,
            "No repository matches: check repositoryRef or the labels that repositorySelector asks for.",
        ),
    ),
)
BOTH = (repository("web"), repository("api"))
BLOCKED = "RefPolicy/naming: spec.rules[0].expression: Syntax error: mismatched input"


@dataclass(frozen=True)
class Case:
    name: str
    rules: Rules
    want: Outcome
    view: Any = field(default_factory=guard)


CASES = [
    Case("no repository", Rules(), NO_MATCH),
    Case("other labels", Rules(repositories=BOTH), NO_MATCH,
         guard(repositorySelector={"matchLabels": {"tier": "one"}})),
    Case("loaded", Rules(BOTH, (guard(),), hosted=tuple(hosted(one, guard()) for one in BOTH)),
         enforced("Enforced on 2 repositories.", 2)),
    Case("one repository by name", Rules(BOTH, (guard(),), hosted=(hosted(BOTH[0], guard()),)),
         enforced("Enforced on 1 repository.", 1), guard(repositorySelector=None, repositoryRef={"name": "web"})),
    Case("no document yet", Rules(BOTH, (guard(),), hosted=(hosted(BOTH[0], guard()),)),
         not_loaded("Not loaded yet by api: wait until the Git host has them.", 2)),
    Case("document not loaded", Rules(BOTH[:1], (guard(),), hosted=(hosted(BOTH[0], guard(), loaded=False),)),
         not_loaded("Not loaded yet by web: wait until the Git host has them.", 1)),
    Case("document of an older generation", Rules(BOTH[:1], (guard(),), hosted=(hosted(BOTH[0], guard()),)),
         not_loaded("Not loaded yet by web: wait until the Git host has them.", 1), guard(generation=3)),
    Case("held up by another object",
         Rules(BOTH, (guard(generation=3),), (broken(),), hosted=tuple(hosted(one, guard()) for one in BOTH)),
         not_loaded(f"Not loaded by api, web: web keeps its last document, because {BLOCKED}.", 2),
         guard(generation=3)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_enforced(case: Case) -> None:
    """Enforced is True only when every matched repository has loaded this very generation."""
    assert await protection.check_enforced(case.view, World(case.rules).deps()) == case.want


def test_names_in_messages() -> None:
    """A message names three and counts the rest."""
    assert [protection.named(["a", "b", "c", "d", "e"][:count]) for count in (1, 3, 5)] == [
        "a",
        "a, b, c",
        "a, b, c and 2 more",
    ]


def test_what_the_compiler_listens_to() -> None:
    """Protections and policies concern every repository of their namespace, a HostedRefPolicy its own."""
    known = {("acme", "web"): None, ("acme", "api"): None, ("globex", "web"): None}
    found = {
        trigger.kind: sorted(trigger.keys(factories.make(trigger.kind, "web"), known))
        for trigger in compilation.CONTROLLER.triggers
    }
    everywhere = [("acme", "api"), ("acme", "web")]
    assert found == {
        kinds.BRANCH_PROTECTION: everywhere,
        kinds.REF_POLICY: everywhere,
        kinds.HOSTED_REF_POLICY: [("acme", "web")],
    }
