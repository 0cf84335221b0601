"""Which protections and policies judge a repository."""

import pytest

import factories
import web_rules
from krate import kinds, models
from krate_web import admission, policies
from krate_web.admission import Subject
from krate_web.standing import Tone

SUBJECT = Subject("acme", "web", {"tier": "gold"})
PULLS = {
    "apiGroups": ["forge.krate.a5c.ai"],
    "apiVersions": ["*"],
    "resources": ["pullrequests"],
    "operations": ["CREATE"],
}
MERGES = {**PULLS, "resources": ["pullrequests/merge"]}
MATCHING = {
    "pull requests": ({"resourceRules": [PULLS]}, ["create pullrequests"]),
    "merges": ({"resourceRules": [MERGES]}, ["create pullrequests/merge"]),
    "everything with subresources": (
        {"resourceRules": [{**PULLS, "resources": ["pullrequests", "pullrequests/*"]}]},
        ["create pullrequests", "create pullrequests/merge"],
    ),
    "another group": ({"resourceRules": [{**PULLS, "apiGroups": ["apps"]}]}, []),
    "excluded": ({"resourceRules": [PULLS], "excludeResourceRules": [PULLS]}, []),
    "namespace matches": (
        {"resourceRules": [PULLS], "namespaceSelector": {"matchLabels": {"tier": "gold"}}},
        ["create pullrequests"],
    ),
    "namespace does not": ({"resourceRules": [PULLS], "namespaceSelector": {"matchLabels": {"tier": "tin"}}}, []),
    "this repository": (
        {
            "resourceRules": [
                {
                    "apiGroups": ["*"],
                    "apiVersions": ["*"],
                    "resources": ["repositories"],
                    "operations": ["UPDATE"],
                    "resourceNames": ["web"],
                }
            ]
        },
        ["update repositories"],
    ),
    "another repository": (
        {
            "resourceRules": [
                {
                    "apiGroups": ["*"],
                    "apiVersions": ["*"],
                    "resources": ["repositories"],
                    "operations": ["UPDATE"],
                    "resourceNames": ["api"],
                }
            ]
        },
        [],
    ),
    "a selector that is none": (
        {"resourceRules": [PULLS], "namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}},
        [],
    ),
}


@pytest.mark.parametrize(("match", "want"), MATCHING.values(), ids=list(MATCHING))
def test_which_requests_a_policy_judges(match, want):
    """Match rules are evaluated as the server evaluates them."""
    assert [request.words for request in admission.judged(match, SUBJECT)] == want


def test_kyverno_policies_as_rows():
    """Mode, state and what is judged are those of the object; a policy that judges nothing here is no row."""
    body = web_rules.require_description()
    row = admission.validating(kinds.VALIDATING_POLICY, body, SUBJECT)
    assert (row.name, row.mode, row.tone, row.state, row.summary, row.details) == (
        "require-description",
        "Enforce",
        Tone.OK,
        "ready",
        "create, update pullrequests",
        ("say in the description why this change is needed",),
    )
    off = factories.merge(
        body, {"spec": {"validationActions": ["Audit", "Warn"], "evaluation": {"admission": {"enabled": False}}}}
    )
    row = admission.validating(kinds.VALIDATING_POLICY, off, SUBJECT)
    assert (row.mode, row.tone, row.state) == ("Audit + Warn", Tone.QUIET, "off: evaluation.admission.enabled is false")
    elsewhere = factories.merge(
        body, {"spec": {"matchConstraints": {"resourceRules": [{**PULLS, "apiGroups": ["apps"]}]}}}
    )
    assert admission.validating(kinds.VALIDATING_POLICY, elsewhere, SUBJECT) is None


def test_a_native_policy_acts_through_its_bindings():
    """Each binding is a row, limited by its own match; neither half alone is one."""
    policy = factories.make(
        kinds.VALIDATING_ADMISSION_POLICY, "p", spec={"matchConstraints": {"resourceRules": [PULLS, MERGES]}}
    )

    def binding(name, **spec):
        return factories.make(kinds.VALIDATING_ADMISSION_POLICY_BINDING, name, spec={"policyName": "p", **spec})

    bindings = [
        binding("all", validationActions=["Deny"]),
        binding("merges", matchResources={"resourceRules": [MERGES]}, validationActions=["Audit"]),
        binding("tin", matchResources={"namespaceSelector": {"matchLabels": {"tier": "tin"}}}),
        binding("lost", policyName="gone"),
    ]
    assert [(row.binding, row.mode, row.summary) for row in admission.bound([policy], bindings, SUBJECT)] == [
        ("all", "Enforce", "create pullrequests; create pullrequests/merge"),
        ("merges", "Audit", "create pullrequests/merge"),
    ]
    assert admission.bound([policy], [], SUBJECT) == ()


TARGETS = {
    "by name": ({"repositoryRef": {"name": "web"}}, True),
    "by another name": ({"repositoryRef": {"name": "api"}}, False),
    "all": ({"repositorySelector": {}}, True),
    "by label": ({"repositorySelector": {"matchLabels": {"tier": "gold"}}}, True),
    "by another label": ({"repositorySelector": {"matchLabels": {"tier": "tin"}}}, False),
    "none": ({}, False),
}


@pytest.mark.parametrize(("spec", "want"), TARGETS.values(), ids=list(TARGETS))
def test_which_protections_mean_a_repository(spec, want):
    """A protection means the repository it names or selects, and nothing when it says neither."""
    repository = models.Repository.model_validate(factories.make_repository(metadata={"labels": {"tier": "gold"}}))
    found = models.BranchProtection.model_validate(
        factories.make(kinds.BRANCH_PROTECTION, "p", spec={"branches": ["main"], **spec})
    )
    assert policies.targets(repository, found.spec.repository_ref, found.spec.repository_selector) is want
