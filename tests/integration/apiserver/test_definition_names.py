"""Names of definitions: whom they belong to, and definitions of kinds that are built in."""

from typing import Any

import pytest
import yaml

import crd_rooms
import factories
import sources
from krate import kinds
from served_api import API, until

SHIPPED = sorted((sources.ROOT / "api" / "crds").glob("*.yaml"))


def accepted(admin: API, body: dict[str, Any]) -> dict[str, Any]:
    """The NamesAccepted condition, once it says something."""
    where = f"{crd_rooms.PATH}/{body['metadata']['name']}"
    until(lambda: bool(crd_rooms.condition(admin.get(where).json(), "NamesAccepted")))
    return crd_rooms.condition(admin.get(where).json(), "NamesAccepted")


@pytest.mark.parametrize(
    ("names", "reason", "message"),
    [
        ({"plural": "others", "kind": "Other", "singular": "first"}, "SingularConflict", '"first" is already in use'),
        ({"plural": "others", "kind": "First"}, "ListKindConflict", '"FirstList" is already in use'),
        ({"plural": "others", "kind": "Other", "listKind": "First"}, "ListKindConflict", '"First" is already in use'),
        (
            {"plural": "others", "kind": "Other", "shortNames": ["fi", "x", "firsts"]},
            "ShortNamesConflict",
            '["fi" is already in use, "firsts" is already in use]',
        ),
    ],
    ids=["singular", "kind", "list kind", "short names"],
)
def test_a_name_belongs_to_the_first(admin: API, names: dict[str, Any], reason: str, message: str) -> None:
    """A taken name is refused and nothing is served; when it is free again, whoever waits for it gets it."""
    first = crd_rooms.definition(kind="First", names={"plural": "firsts", "shortNames": ["fi"]})
    group = first["spec"]["group"]
    second = crd_rooms.definition(group=group, kind=names["kind"], names=names)
    crd_rooms.established(admin, first)
    assert admin.post(crd_rooms.PATH, json=second).status_code == 201
    found = accepted(admin, second)
    assert (found["status"], found["reason"], found["message"]) == ("False", reason, message)
    refused = admin.get(f"{crd_rooms.PATH}/{second['metadata']['name']}").json()
    assert crd_rooms.condition(refused, "Established")["reason"] == "NotAccepted"
    assert admin.get(crd_rooms.collection(second)).status_code == 404
    admin.delete(f"{crd_rooms.PATH}/{first['metadata']['name']}")
    crd_rooms.wait(admin, second)
    assert admin.get(crd_rooms.collection(second)).status_code == 200
    admin.delete(f"{crd_rooms.PATH}/{second['metadata']['name']}")
    crd_rooms.gone(admin, second)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_our_own_definitions_are_accepted_and_change_nothing(admin: API, path: Any) -> None:
    """`kubectl apply -f api/crds` is established, the row goes on serving, and deletion spares its objects."""
    body = yaml.safe_load(path.read_text())
    row = next(kind for kind in kinds.KINDS if kind.resource == body["metadata"]["name"])
    before = admin.get(row.base_path).json()
    crd_rooms.established(admin, body)
    assert admin.list(row).status_code == 200
    assert admin.get(row.base_path).json() == before
    admin.delete(f"{crd_rooms.PATH}/{body['metadata']['name']}")
    crd_rooms.gone(admin, body)
    assert admin.list(row).status_code == 200


def test_deleting_our_own_definition_spares_its_objects(admin: API, namespace: str) -> None:
    """Objects of a row are not a definition's to delete."""
    path = next(path for path in SHIPPED if path.stem.startswith(kinds.REF_POLICY.plural))
    body = yaml.safe_load(path.read_text())
    crd_rooms.established(admin, body)
    created = admin.create(
        kinds.REF_POLICY, factories.make_ref_policy("kept", metadata={"namespace": namespace}), namespace=namespace
    )
    assert created.status_code == 201, created.text
    admin.delete(f"{crd_rooms.PATH}/{body['metadata']['name']}")
    crd_rooms.gone(admin, body)
    assert admin.read(kinds.REF_POLICY, "kept", namespace=namespace).json() == created.json()


def test_a_foreign_definition_of_a_built_in_name_is_refused(admin: API) -> None:
    """A definition that says something else about a built-in kind conflicts with it."""
    row = kinds.REF_POLICY
    body = crd_rooms.definition(group=row.group, kind="Foreign", names={"plural": row.plural})
    assert admin.post(crd_rooms.PATH, json=body).status_code == 201
    found = accepted(admin, body)
    assert (found["reason"], found["message"]) == ("PluralConflict", f'"{row.plural}" is already in use')
    admin.delete(f"{crd_rooms.PATH}/{body['metadata']['name']}")
    crd_rooms.gone(admin, body)


def test_groups_of_kubernetes_are_protected(admin: API) -> None:
    """A definition in a group of the Kubernetes project names its approval, and says what it is worth."""
    body = crd_rooms.definition(group="gateway.k8s.io")
    annotation = "api-approved.kubernetes.io"
    body["metadata"]["annotations"] = {annotation: "unapproved, experimental"}
    found = crd_rooms.established(admin, body)
    condition = crd_rooms.condition(found, "KubernetesAPIApprovalPolicyConformant")
    assert (condition["status"], condition["reason"]) == ("False", "UnapprovedAnnotation")
    other = crd_rooms.definition(group="gateway.k8s.io", kind="Other")
    other["metadata"]["annotations"] = {annotation: "https://github.com/kubernetes/enhancements/pull/1111"}
    condition = crd_rooms.condition(crd_rooms.established(admin, other), "KubernetesAPIApprovalPolicyConformant")
    assert (condition["status"], condition["message"]) == (
        "True",
        "approved in https://github.com/kubernetes/enhancements/pull/1111",
    )
