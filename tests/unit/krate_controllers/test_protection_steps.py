"""What protections and policies say of themselves: whether they compile, and whether they are enforced."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from krate import conditions
from krate.conditions import Condition, Reason, Type
from krate_controllers.deps import Rules
from krate_controllers.outcomes import Done, Outcome, Stall, Wait
from krate_controllers.steps import protection
from rule_rooms import World, broken, guard, hosted, naming, repository

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
