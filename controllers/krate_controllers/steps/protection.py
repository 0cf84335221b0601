"""BranchProtection and RefPolicy: what became of their rules, told on the objects themselves.

Compiled speaks of this object's own rules; Enforced is True only when the evaluator of every matched repository has
loaded a document that holds this object at its present generation.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

from krate import conditions, kinds
from krate.conditions import Reason, Type
from krate.models import BranchProtection, LabelSelector, RefPolicy, Repository
from krate.models.meta import Metadata
from krate.names import ServiceAccount
from krate_controllers import triggers
from krate_controllers.controller import Controller
from krate_controllers.deps import RuleDeps, Rules
from krate_controllers.outcomes import Done, Outcome, Stall, Wait
from krate_git import compiler
from krate_kube.interface import Object

Source = TypeVar("Source", BranchProtection, RefPolicy)

_ANY: Final = Repository(metadata=Metadata(name="any"))
_NAMED: Final = 3
"""How many names a message holds."""
_SAFETY_NET: Final = 30.0
"""Seconds after which loading is looked at again, should no event tell of it."""


async def compile_rules(view: Source, deps: RuleDeps) -> Outcome:
    """The object's own rules compile; which repositories it matches makes no difference to that."""
    alone = view.model_copy(
        update={
            "spec": view.spec.model_copy(update={"repository_ref": None, "repository_selector": LabelSelector()}),
        }
    )
    try:
        if isinstance(alone, BranchProtection):
            compiled = deps.compile(_ANY, (alone,), ())
        else:
            compiled = deps.compile(_ANY, (), (alone,))
    except compiler.CompileFailed as failed:
        wrong = conditions.false(Type.COMPILED, Reason.COMPILE_FAILED, f"{failed}.")
        unloaded = conditions.false(
            Type.ENFORCED, Reason.NOT_LOADED, "The rules do not compile: the last document stays in force."
        )
        return Stall(Reason.COMPILE_FAILED, str(failed), conditions=(wrong, unloaded))
    return Done(
        status={"digest": compiled.fragments[view.metadata.uid]},
        conditions=(conditions.true(Type.COMPILED, Reason.COMPILED),),
    )


async def check_enforced(view: Source, deps: RuleDeps) -> Outcome:
    """Every matched repository has loaded these rules."""
    rules = await deps.rules(view.metadata.namespace)
    matched = [found for found in rules.repositories if compiler.means(view.spec, found)]
    status = {"matchedRepositories": len(matched)}
    if not matched:
        text = "No repository matches: check repositoryRef or the labels that repositorySelector asks for."
        return Done(status=status, conditions=(conditions.false(Type.ENFORCED, Reason.NO_MATCH, text),))
    loaded = {found["metadata"]["name"] for found in rules.hosted if holds(found, view.metadata)}
    lagging = [found for found in matched if found.metadata.name not in loaded]
    if not lagging:
        text = f"Enforced on {_count(len(matched))}."
        return Done(status=status, conditions=(conditions.true(Type.ENFORCED, Reason.LOADED, text),))
    message = _why(lagging, rules, deps)
    said = (conditions.false(Type.ENFORCED, Reason.NOT_LOADED, message),)
    return Wait(_SAFETY_NET, Reason.NOT_LOADED, message, status=status, conditions=said)


def holds(hosted: Object, metadata: Metadata) -> bool:
    """Whether the evaluator has loaded a document that holds the object at this generation."""
    wanted = hosted["spec"]["forProvider"]
    loaded = ((hosted.get("status") or {}).get("atProvider") or {}).get("digest")
    return loaded == wanted["digest"] and any(
        source["uid"] == metadata.uid and source["generation"] == metadata.generation
        for source in wanted.get("sources") or []
    )


def _why(lagging: Sequence[Repository], rules: Rules, deps: RuleDeps) -> str:
    """Which repositories have not loaded the rules, and which other object keeps them from it."""
    names = named(sorted(found.metadata.name for found in lagging))
    for repository in lagging:
        try:
            deps.compile(repository, rules.protections, rules.policies)
        except compiler.CompileFailed as failed:
            return f"Not loaded by {names}: {repository.metadata.name} keeps its last document, because {failed}."
    return f"Not loaded yet by {names}: wait until the Git host has them."


def named(names: Sequence[str]) -> str:
    """`a, b, c and 4 more`."""
    more = len(names) - _NAMED
    text = ", ".join(names[:_NAMED])
    return f"{text} and {more} more" if more > 0 else text


def _count(number: int) -> str:
    return "1 repository" if number == 1 else f"{number} repositories"


_TRIGGERS: Final = triggers.on(by_namespace=(kinds.REPOSITORY, kinds.HOSTED_REF_POLICY))
_ANNOUNCES: Final = frozenset({Type.ENFORCED})

BRANCH_PROTECTIONS: Final[Controller[BranchProtection, RuleDeps]] = Controller(
    "branch-protections",
    kinds.BRANCH_PROTECTION,
    ServiceAccount.PROTECTIONS,
    steps=(compile_rules, check_enforced),
    triggers=_TRIGGERS,
    announces=_ANNOUNCES,
)
REF_POLICIES: Final[Controller[RefPolicy, RuleDeps]] = Controller(
    "ref-policies",
    kinds.REF_POLICY,
    ServiceAccount.PROTECTIONS,
    steps=(compile_rules, check_enforced),
    triggers=_TRIGGERS,
    announces=_ANNOUNCES,
)
