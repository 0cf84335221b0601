"""What policies see of a request is what kube-apiserver shows them."""

import factories
from admission_rooms import ALICE, request
from krate import kinds
from krate.identity import Caller
from krate.matching import Target
from krate_api.admission.interface import Operation
from krate_api.admission.policies import inputs

PULL = factories.make_pull_request()


def test_the_whole_request():
    """Every field of an AdmissionRequest is there under its own name."""
    asked = request(
        {**PULL, "kind": "PullRequestMerge"},
        operation=Operation.UPDATE,
        subresource="merge",
        dry_run=True,
        options={"kind": "UpdateOptions", "fieldManager": "kubectl"},
    )
    kind = {"group": "forge.krate.a5c.ai", "version": "v1alpha1", "kind": "PullRequestMerge"}
    resource = {"group": "forge.krate.a5c.ai", "version": "v1alpha1", "resource": "pullrequests"}
    assert inputs.request_variable(asked) == {
        "uid": "req-1",
        "kind": kind,
        "resource": resource,
        "subResource": "merge",
        "requestKind": kind,
        "requestResource": resource,
        "requestSubResource": "merge",
        "name": "web-1",
        "namespace": "acme",
        "operation": "UPDATE",
        "userInfo": {
            "username": "alice",
            "uid": "u-1",
            "groups": ["dev", "system:authenticated"],
            "extra": {"team": ["platform"]},
        },
        "dryRun": True,
        "options": {"kind": "UpdateOptions", "fieldManager": "kubectl"},
    }


def test_empty_fields_are_absent():
    """What is empty is not there, except what the API always writes."""
    found = inputs.request_variable(
        request(factories.make_organization(), kind=kinds.ORGANIZATION, caller=Caller("bob"))
    )
    always = "uid kind resource requestKind requestResource name operation userInfo dryRun"
    assert set(found) == set(always.split())
    assert found["userInfo"] == {"username": "bob"}
    assert found["dryRun"] is False


def test_values_are_plain():
    """Nothing in it is a subclass that the engine would not know."""
    found = inputs.request_variable(request(PULL, caller=ALICE), with_objects=True)
    assert {type(value) for value in found.values()} == {str, dict, bool, type(None)}
    assert type(found["operation"]) is str
    assert type(found["userInfo"]["groups"]) is list
    assert found["object"] is PULL


def test_namespaces_have_their_own_name_as_namespace():
    """As upstream: a request about a Namespace says its name twice."""
    acme = factories.make(kinds.NAMESPACE, "acme")
    asked = request(acme, kind=kinds.NAMESPACE)
    assert inputs.request_variable(asked)["namespace"] == "acme"
    assert inputs.target(asked) == Target("CREATE", "", "v1", "namespaces", namespace="acme", name="acme")


def test_a_name_to_come_is_not_known():
    """Rules with names cannot be decided before the name is; only a creation has no name yet."""
    assert inputs.target(request(PULL, name="")).name is None
    assert inputs.target(request(PULL, name="", operation=Operation.DELETE)).name == ""
    assert inputs.target(request(PULL)).name == "web-1"


def test_policies_see_a_part_of_the_namespace():
    """Managed fields and owners stay hidden; spec and status are shown."""
    namespace = factories.make(
        kinds.NAMESPACE,
        "acme",
        metadata={"labels": {"a": "b"}, "managedFields": [{}], "ownerReferences": [{}], "uid": "u"},
        spec={"finalizers": ["kubernetes"]},
        status={"phase": "Active"},
    )
    assert inputs.namespace_variable(namespace) == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "acme", "labels": {"a": "b"}, "uid": "u"},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }
    assert inputs.namespace_variable(None) is None
