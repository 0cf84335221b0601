"""Rules of admission mean what they mean upstream (AS/pkg/admission/plugin/webhook/predicates)."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from krate import errors, matching
from krate.matching import Target

PULL = Target("CREATE", "forge.krate.a5c.ai", "v1alpha1", "pullrequests", namespace="acme", name="web-1")
MERGE = replace(PULL, subresource="merge")
NODE = Target("UPDATE", "example.com", "v1", "clusters", name="c")
CORE = Target("CREATE", "", "v1", "configmaps", namespace="acme", name="settings")
NAMESPACE = Target("UPDATE", "", "v1", "namespaces", namespace="acme", name="acme")
RULE = {
    "apiGroups": ["forge.krate.a5c.ai"],
    "apiVersions": ["v1alpha1"],
    "operations": ["CREATE"],
    "resources": ["pullrequests"],
}

RULES = [
    ("exact", {}, PULL, True),
    ("other operation", {}, replace(PULL, operation="UPDATE"), False),
    ("any operation", {"operations": ["*"]}, replace(PULL, operation="CONNECT"), True),
    ("one of several operations", {"operations": ["UPDATE", "CREATE"]}, PULL, True),
    ("no operation", {"operations": []}, PULL, False),
    ("other group", {"apiGroups": ["apps"]}, PULL, False),
    ("any group", {"apiGroups": ["*"]}, PULL, True),
    (
        "core group is the empty text",
        {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]},
        CORE,
        True,
    ),
    ("core group is not any group", {"apiGroups": [""]}, PULL, False),
    ("other version", {"apiVersions": ["v1"]}, PULL, False),
    ("any version", {"apiVersions": ["*"]}, PULL, True),
    ("other resource", {"resources": ["reviews"]}, PULL, False),
    ("singular is no resource", {"resources": ["pullrequest"]}, PULL, False),
    ("any resource", {"resources": ["*"]}, PULL, True),
    ("any resource leaves subresources out", {"resources": ["*"]}, MERGE, False),
    ("resource leaves subresources out", {}, MERGE, False),
    ("subresource", {"resources": ["pullrequests/merge"]}, MERGE, True),
    ("subresource leaves the resource out", {"resources": ["pullrequests/merge"]}, PULL, False),
    ("other subresource", {"resources": ["pullrequests/status"]}, MERGE, False),
    ("all subresources of one", {"resources": ["pullrequests/*"]}, MERGE, True),
    ("all subresources of one include itself", {"resources": ["pullrequests/*"]}, PULL, True),
    ("all subresources of another", {"resources": ["reviews/*"]}, MERGE, False),
    ("one subresource of all", {"resources": ["*/merge"]}, MERGE, True),
    ("everything", {"resources": ["*/*"]}, MERGE, True),
    ("everything includes resources", {"resources": ["*/*"]}, PULL, True),
    ("one of several resources", {"resources": ["reviews", "pullrequests"]}, PULL, True),
    ("no resource", {"resources": []}, PULL, False),
    ("name", {"resourceNames": ["web-1"]}, PULL, True),
    ("other name", {"resourceNames": ["web-2"]}, PULL, False),
    ("no names means all", {"resourceNames": []}, PULL, True),
    ("name that is not known yet", {"resourceNames": ["web-2"]}, replace(PULL, name=None), True),
    ("empty name", {"resourceNames": ["web-2"]}, replace(PULL, name=""), False),
    ("any scope", {"scope": "*"}, PULL, True),
    ("namespaced", {"scope": "Namespaced"}, PULL, True),
    ("namespaced object, cluster scope", {"scope": "Cluster"}, PULL, False),
    ("unknown scope", {"scope": "Galaxy"}, PULL, False),
]


@pytest.mark.parametrize(("change", "target", "meant"), [row[1:] for row in RULES], ids=[row[0] for row in RULES])
def test_rules(change, target, meant):
    """A rule means a request exactly when operation, group, version, resource, name and scope do."""
    assert meant is matching.parse({"resourceRules": [{**RULE, **change}]}).matches_rules(target)


EVERYTHING = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]}


@pytest.mark.parametrize(
    ("scope", "target", "meant"),
    [
        ("Cluster", NODE, True),
        ("Namespaced", NODE, False),
        ("Cluster", NAMESPACE, True),
        ("Namespaced", NAMESPACE, False),
        ("Namespaced", CORE, True),
    ],
    ids=["cluster", "not-namespaced", "namespace-is-cluster", "namespace-is-not-namespaced", "namespaced"],
)
def test_scopes(scope, target, meant):
    """A Namespace is cluster-scoped although its request carries its own name as namespace."""
    assert meant is matching.parse({"resourceRules": [{**EVERYTHING, "scope": scope}]}).matches_rules(target)


@pytest.mark.parametrize(
    ("resources", "target", "meant"),
    [
        ({}, PULL, True),
        ({"resourceRules": [RULE, EVERYTHING]}, NODE, True),
        ({"resourceRules": [EVERYTHING], "excludeResourceRules": [RULE]}, PULL, False),
        ({"resourceRules": [EVERYTHING], "excludeResourceRules": [RULE]}, NODE, True),
        ({"excludeResourceRules": [RULE]}, NODE, True),
        ({"excludeResourceRules": [RULE]}, PULL, False),
        ({"resourceRules": [EVERYTHING], "excludeResourceRules": [{**RULE, "resourceNames": ["web-2"]}]}, PULL, True),
        (
            {"resourceRules": [EVERYTHING], "excludeResourceRules": [{**RULE, "resourceNames": ["web-1"]}]},
            replace(PULL, name=None),
            True,
        ),
    ],
    ids=[
        "none",
        "any-of-two",
        "excluded",
        "not-excluded",
        "only-exclusions",
        "only-exclusions-hit",
        "other-name",
        "name-unknown",
    ],
)
def test_exclusions(resources, target, meant):
    """Exclusions win; without rules everything else is meant; a name to come is not excluded by name."""
    assert meant is matching.parse(resources).matches_rules(target)


def labelled(**labels: str) -> dict:
    return {"metadata": {"labels": labels}}


SELECTOR = {"matchLabels": {"tier": "gold"}}


@pytest.mark.parametrize(
    ("new", "old", "meant"),
    [
        (labelled(tier="gold"), None, True),
        (labelled(tier="gold"), labelled(), True),
        (labelled(), labelled(tier="gold"), True),
        (labelled(tier="tin"), labelled(), False),
        (None, labelled(tier="gold"), True),
        (None, labelled(), False),
        ({"metadata": {}}, None, False),
        ({}, None, False),
        (None, None, False),
    ],
    ids=["new", "both", "old", "neither", "deleted", "deleted-other", "no-labels", "no-metadata", "nothing"],
)
def test_object_selectors(new, old, meant):
    """Labels of the object decide, before or after the change."""
    assert meant is matching.parse({"objectSelector": SELECTOR}).matches_objects(new, old)


def test_the_empty_object_selector_means_even_no_object():
    """A selector that selects everything is not asked about labels."""
    for resources in ({}, {"objectSelector": {}}, {"objectSelector": None}):
        assert matching.parse(resources).matches_objects(None, None) is True


@pytest.mark.parametrize(
    ("target", "labels", "new", "old", "meant"),
    [
        (PULL, {"tier": "gold"}, None, None, True),
        (PULL, {"tier": "tin"}, None, None, False),
        (PULL, None, None, None, False),
        (NODE, None, None, None, True),
        (NAMESPACE, {"tier": "tin"}, labelled(tier="gold"), labelled(), True),
        (NAMESPACE, {"tier": "gold"}, labelled(), labelled(tier="gold"), False),
        (replace(NAMESPACE, operation="CREATE"), None, labelled(tier="gold"), None, True),
        (replace(NAMESPACE, operation="DELETE"), None, None, labelled(tier="gold"), True),
        (replace(NAMESPACE, subresource="finalize"), None, labelled(), labelled(tier="gold"), True),
    ],
    ids=[
        "labels", "other-labels", "no-namespace-found", "cluster-scoped", "namespace-by-its-new-labels",
        "namespace-not-by-its-old-ones", "namespace-created", "namespace-deleted", "namespace-subresource",
    ],
)  # fmt: skip
def test_namespace_selectors(target, labels, new, old, meant):
    """Labels of the namespace decide; a Namespace goes by its own, and what stands in none is always meant."""
    found = matching.parse({"namespaceSelector": SELECTOR})
    assert meant is found.matches_namespace(target, labels, new=new, old=old)


@pytest.mark.parametrize(
    ("resources", "target", "needed"),
    [
        ({"namespaceSelector": SELECTOR}, PULL, True),
        ({"namespaceSelector": SELECTOR}, NODE, False),
        ({"namespaceSelector": SELECTOR}, NAMESPACE, False),
        ({"namespaceSelector": {}}, PULL, False),
        ({}, PULL, False),
    ],
    ids=["selector", "cluster-scoped", "namespace", "empty", "absent"],
)
def test_namespaces_are_looked_up_only_where_they_matter(resources, target, needed):
    """Nothing is fetched for a policy that does not ask."""
    assert needed is matching.parse(resources).needs_namespace(target)


@pytest.mark.parametrize("member", ["namespaceSelector", "objectSelector"])
def test_broken_selectors_are_refused(member):
    """An operator that does not exist is a bad request, as upstream words it."""
    with pytest.raises(errors.BadRequest, match='"Like" is not a valid label selector operator'):
        matching.parse({member: {"matchExpressions": [{"key": "a", "operator": "Like"}]}})


WORDS = st.sampled_from(["*", "a", "b", "c"])
RULE_PARTS = st.lists(WORDS, max_size=3)


@settings(deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(("apiGroups", "apiVersions", "operations", "resources"), RULE_PARTS)))
def test_rules_against_their_definition(rule):
    """For any rule, the answer is that of upstream's predicates, written out."""
    target = Target(operation="a", group="b", version="c", resource="a", namespace="n", name="x")
    asked = {"operations": "a", "apiGroups": "b", "apiVersions": "c", "resources": "a"}
    expected = all("*" in rule[part] or value in rule[part] for part, value in asked.items())
    assert expected is matching.parse({"resourceRules": [rule]}).matches_rules(target)
