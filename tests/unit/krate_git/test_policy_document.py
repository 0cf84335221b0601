"""The compiled document and what a branch demands of it."""

import json

import pytest

from krate.models.refpolicy import FailurePolicy, Mode, RefOperation
from krate_git import demands, document
from krate_git.demands import Demand, Demands
from krate_git.document import BranchRules, CheckRule, Document, RefRule, RefRules, Requirement, Source
from krate_git.interface import PolicyInvalid

FULL = Document(
    "web",
    (
        BranchRules(
            Source("BranchProtection", "main"),
            ("main",),
            require_pull_request=True,
            required_approvals=2,
            require_distinct_teams=True,
            dismiss_stale_approvals=True,
            required_checks=(CheckRule("build", "ci-bot"), CheckRule("lint")),
            require_up_to_date=True,
            require_linear_history=True,
            allow_force_push=True,
            allow_deletion=True,
            pushers=("robot",),
            bypass=("root",),
        ),
    ),
    (
        RefRules(
            Source("RefPolicy", "commits"),
            Mode.AUDIT,
            FailurePolicy.IGNORE,
            (
                RefRule(
                    "tickets",
                    ("refs/heads/**",),
                    (RefOperation.CREATE, RefOperation.UPDATE),
                    require=Requirement(
                        linear_history=True,
                        message="^KEY-",
                        author_email="@acme",
                        max_file_size=10,
                        max_files=3,
                        no_submodules=True,
                        no_symlinks=True,
                    ),
                    expression="ref != 'ü'",
                    message="name a ticket",
                ),
                RefRule("no", ("refs/internal/**",), (RefOperation.DELETE,), deny=True),
            ),
        ),
    ),
)


def test_documents_survive_their_text():
    """Every field comes back from canonical JSON as it was."""
    assert document.decode(document.encode(FULL)) == FULL


def test_the_text_is_canonical():
    """Keys are sorted, nothing is spaced, text stays text: equal documents have equal bytes and digests."""
    text = document.encode(FULL)
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert "ref != 'ü'" in text
    assert document.digest("") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_field_that_an_older_program_did_not_write_asks_for_nothing():
    """A document with fewer fields loads with the defaults."""
    found = document.decode('{"repository":"web","branches":[{"source":{"kind":"BranchProtection","name":"x"}}]}')
    assert found == Document("web", (BranchRules(Source("BranchProtection", "x")),))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Invalid JSON"),
        ("[]", "Input should be"),
        ("{}", "repository: Field required"),
        ('{"repository":"web","rules":[]}', "rules: Unexpected keyword argument"),
        ('{"repository":"web","branches":[{"source":{"kind":"a","name":"b"},"sign":true}]}', "sign: Unexpected"),
        ('{"repository":"web","refs":[{"mode":"Maybe"}]}', "refs.0"),
        ('{"repository":"web","schema":2}', "schema 2"),
    ],
    ids=["empty", "list", "no repository", "unknown rule", "unknown branch rule", "unknown mode", "newer"],
)
def test_documents_that_cannot_be_enforced_are_refused(text: str, why: str):
    """What this program does not know is an error that names it, because it would be a rule nobody enforces."""
    with pytest.raises(PolicyInvalid, match=why):
        document.decode(text)


def rules(name: str, *branches: str, **over: object) -> BranchRules:
    return BranchRules(Source("BranchProtection", name), branches, **over)


MERGED = Document(
    "web",
    (
        rules("base", require_pull_request=True, required_approvals=1, required_checks=(CheckRule("build"),)),
        rules(
            "strict",
            "ma*",
            required_approvals=2,
            require_distinct_teams=True,
            required_checks=(CheckRule("build", "bot"), CheckRule("build")),
            require_up_to_date=True,
            allow_force_push=True,
            bypass=("root",),
        ),
        rules("other", "release/**", require_linear_history=True),
    ),
)

BASE, STRICT = "BranchProtection/base", "BranchProtection/strict"


def test_the_strictest_source_wins_each_rule():
    """Merged rules name, for each rule, the objects that ask for it."""
    assert demands.merged(MERGED, "main", default_branch="main") == Demands(
        "main",
        (BASE, STRICT),
        pull_request=Demand(value=True, sources=(BASE,)),
        approvals=Demand(2, (STRICT,)),
        distinct_teams=Demand(value=True, sources=(STRICT,)),
        checks=(Demand(CheckRule("build"), (BASE, STRICT)), Demand(CheckRule("build", "bot"), (STRICT,))),
        up_to_date=Demand(value=True, sources=(STRICT,)),
        no_force_push=Demand(value=True, sources=(BASE,)),
        no_deletion=Demand(value=True, sources=(BASE, STRICT)),
    )


def test_an_unprotected_branch_demands_nothing():
    """No protection, no demand, no source."""
    assert demands.merged(MERGED, "topic", default_branch="main") == Demands("topic")


def test_protections_without_branches_follow_the_default_branch():
    """Another default branch is protected by the same object."""
    assert demands.merged(MERGED, "trunk", default_branch="trunk").sources == (BASE,)
    assert demands.merged(MERGED, "main", default_branch="trunk").sources == (STRICT,)


def test_who_bypasses_a_protection_is_not_bound_by_it():
    """Only that protection is left out, and only for that user."""
    assert demands.merged(MERGED, "main", default_branch="main", user="root").sources == (BASE,)
    assert demands.merged(MERGED, "main", default_branch="main", user="alice").sources == (BASE, STRICT)
