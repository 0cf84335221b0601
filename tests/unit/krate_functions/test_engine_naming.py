"""Names and metadata of composed objects, as Crossplane gives them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krate import names
from krate_functions.composition import Event, Severity
from krate_functions.engine import naming


def xr(**metadata: Any) -> dict[str, Any]:
    found = {"name": "web", "namespace": "acme", "uid": "u-1", **metadata}
    return {
        "apiVersion": "krate.a5c.ai/v1alpha1",
        "kind": "Repository",
        "metadata": {key: value for key, value in found.items() if value},
    }


OWNER = {
    "apiVersion": "krate.a5c.ai/v1alpha1",
    "blockOwnerDeletion": True,
    "controller": True,
    "kind": "Repository",
    "name": "web",
    "uid": "u-1",
}


def test_stable_uid() -> None:
    """A composite without UID gets the one that Crossplane's render gives it (recorded from core 2.4.0)."""
    assert naming.stable_uid("krate.a5c.ai/v1alpha1", "Organization", namespace="", name="acme") == (
        "feddd7c4-16b0-546c-9cb2-5daa8e39d01d"
    )
    assert naming.stable_uid("krate.a5c.ai/v1alpha1", "Repository", namespace="acme", name="web") == (
        "862ab035-f958-5e20-8ab5-9aca8444f953"
    )


@given(st.text("ab-", max_size=80), st.uuids(), st.text(min_size=1, max_size=20))
def test_child_names(prefix: str, uid: object, name: str) -> None:
    """A generated name ends in 12 hex digits after a hyphen, fits a label and depends on UID and name alone."""
    found = naming.child_name(prefix, str(uid), name)
    assert len(found) <= names.MAX_LABEL
    assert found[-12:] == naming.child_name("x", str(uid), name)[-12:]
    assert not prefix or found[-13] == "-"


def complete(wanted: dict[str, Any], composite: dict[str, Any] | None = None, observed: Any = None) -> naming.Completed:
    return naming.complete(
        wanted, xr=composite or xr(), name="one", observed=observed, scopes=lambda _, kind: kind != "Cluster"
    )


def test_a_generated_name() -> None:
    """Without a name the object is named after its composite; namespace, owner, label and annotation are set."""
    assert complete({"apiVersion": "v1", "kind": "ConfigMap"}).object == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "annotations": {"crossplane.io/composition-resource-name": "one"},
            "generateName": "web-",
            "labels": {"crossplane.io/composite": "web"},
            "name": naming.child_name("web-", "u-1", "one"),
            "namespace": "acme",
            "ownerReferences": [OWNER],
        },
    }


def test_below_another_composite_the_outermost_names() -> None:
    """A composite that is composed itself passes on the name of its root."""
    found = complete({"apiVersion": "v1", "kind": "ConfigMap"}, xr(labels={"crossplane.io/composite": "acme"})).object
    assert found["metadata"]["labels"] == {"crossplane.io/composite": "acme"}
    assert found["metadata"]["generateName"] == "acme-"


def test_an_observed_object_keeps_its_name() -> None:
    """Whatever a function says today, an object that exists is not renamed or moved."""
    have = {"metadata": {"name": "old", "namespace": "acme", "generateName": "o-"}}
    wanted = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new", "labels": {"a": "b"}}}
    found = complete(wanted, observed=have).object["metadata"]
    assert (found["name"], found["generateName"]) == ("old", "o-")
    assert found["labels"] == {"a": "b", "crossplane.io/composite": "web"}
    assert wanted["metadata"] == {"name": "new", "labels": {"a": "b"}}


def test_a_namespaced_composite_stays_at_home() -> None:
    """Another namespace is overridden, with a warning in upstream's words."""
    found = complete({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "other"}})
    text = 'cannot create composed resource "one" in namespace "other", using XR namespace "acme" instead'
    assert found.object["metadata"]["namespace"] == "acme"
    assert found.events == (Event(Severity.WARNING, "NamespaceOverridden", text),)


def test_a_cluster_scoped_composite_goes_anywhere() -> None:
    """An Organization composes cluster-scoped objects, and objects in any namespace."""
    top = xr(namespace="")
    assert "namespace" not in complete({"apiVersion": "v1", "kind": "Cluster"}, top).object["metadata"]
    there = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "other"}}
    assert complete(there, top).object["metadata"]["namespace"] == "other"


@pytest.mark.parametrize(
    ("wanted", "want"),
    [
        (
            {"apiVersion": "v1", "kind": "Cluster", "metadata": {"name": "c"}},
            (
                'cannot apply cluster scoped composed resource "one" (a Cluster named c) for a namespaced composite '
                "resource."
            ),
        ),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": ".krate"}},
            (
                'cannot apply composed resource "one" because it has an invalid name ".krate". '
                "Must be a valid RFC 1123 subdomain name."
            ),
        ),
        (
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"ownerReferences": [{"uid": "o", "controller": True}]},
            },
            'composed resource "one" has another controller',
        ),
    ],
    ids=["scope", "name", "controller"],
)
def test_uncomposable(wanted: dict[str, Any], want: str) -> None:
    """What Crossplane would refuse is refused, in its words."""
    with pytest.raises(naming.Uncomposable) as caught:
        complete(wanted)
    assert str(caught.value) == want


def test_rbac_names_may_hold_colons() -> None:
    """The rule of RBAC names is the only exception."""
    wanted = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "krate:reader"}}
    assert complete(wanted).object["metadata"]["name"] == "krate:reader"
    with pytest.raises(naming.Uncomposable):
        complete({**wanted, "apiVersion": "v1", "kind": "ConfigMap"})
