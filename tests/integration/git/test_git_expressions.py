"""CEL in ref policies, on the running path: the engine that process A wires, behind a real push."""

from pathlib import Path

import pytest

import git_rooms
from krate.models.refpolicy import FailurePolicy, Mode, RefOperation
from krate_cel import environment
from krate_git import expressions
from krate_git.cel import compile_expression
from krate_git.document import RefRule, RefRules, Source
from krate_git.interface import PolicyInvalid


def policy(expression: str, *, failure: FailurePolicy = FailurePolicy.FAIL) -> RefRules:
    rule = RefRule("rule", ("refs/heads/**",), tuple(RefOperation), expression=expression, message="Ask ops.")
    return RefRules(Source("RefPolicy", "cel"), Mode.ENFORCE, failure, (rule,))


def test_the_variables_are_those_of_the_engine():
    """What the receive path offers is what the engine declares."""
    assert set(expressions.VARIABLES) == environment.receive().declared


REFUSING = [
    'pusher != "alice"',
    'ref.startsWith("refs/heads/team/")',
    'operation != "Create"',
    'via == "merge"',
    'commits.all(c, c.message.startsWith("KEY-"))',
    'commits.all(c, c.author.email.endsWith("@acme.io"))',
    'files.all(f, f.path.startsWith("docs/"))',
    "files.all(f, f.size < 6)",
    "size(commits) > 1",
    "commits[0].parents.size() > 0",
]
PASSING = [
    'pusher == "alice" && via == "push" && operation == "Create"',
    'commits.exists(c, c.title == "first" && c.sha.size() == 40)',
    'files.all(f, !f.symlink && !f.submodule && !f.executable && f.change == "Added")',
]


@pytest.mark.parametrize(
    ("expression", "passes"), [*((text, False) for text in REFUSING), *((text, True) for text in PASSING)]
)
async def test_expressions_over_a_push(tmp_path: Path, expression: str, *, passes: bool):
    """Every variable has the values of the push; false refuses, with the rule's own words."""
    async with git_rooms.open_room(tmp_path, compile_expression=compile_expression) as room:
        await room.protect(refs=[policy(expression)])
        tree = await room.work_tree()
        outcome = await room.git("push", "origin", "main", cwd=tree, check=False)
        assert outcome.ok is passes, outcome.err
        assert ("Refused: refs/heads/main by RefPolicy/cel, rule rule:" in outcome.err) is not passes


async def test_expressions_that_cannot_be_evaluated(tmp_path: Path):
    """An error at run time refuses, unless the policy says that it should not."""
    async with git_rooms.open_room(tmp_path, compile_expression=compile_expression) as room:
        tree = await room.work_tree()
        await room.protect(refs=[policy("commits[5].message == ''")])
        refused = await room.git("push", "origin", "main", cwd=tree, check=False)
        assert "the rule could not be evaluated:" in refused.err
        await room.protect(refs=[policy("commits[5].message == ''", failure=FailurePolicy.IGNORE)])
        passed = await room.git("push", "origin", "main", cwd=tree)
        assert "Noted: refs/heads/main by RefPolicy/cel" in passed.err


@pytest.mark.parametrize("expression", ["ref ==", "nobody == 'x'", "size(commits)", "ref"])
async def test_expressions_that_do_not_compile(tmp_path: Path, expression: str):
    """The host refuses the document and keeps the one before."""
    async with git_rooms.open_room(tmp_path, compile_expression=compile_expression) as room:
        with pytest.raises(PolicyInvalid, match="RefPolicy/cel, rule rule: the expression does not compile"):
            await room.protect(refs=[policy(expression)])
        assert await room.host.find_ref_policy_digest(git_rooms.KEY) == git_rooms.policy().digest
