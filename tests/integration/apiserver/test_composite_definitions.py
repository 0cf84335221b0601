"""CompositeResourceDefinitions as objects: two versions of one kind, with Crossplane's defaults, rules and columns."""

from typing import Any

import pytest

import served_api
from api_answers import failure
from krate import crossplane, kinds
from krate_api.definitions import composites
from served_api import API

NAME = f"{crossplane.PLURAL}.{crossplane.GROUP}"
NAMES = {"kind": "Cart", "plural": "carts"}
CLAIMS = {"kind": "Trolley", "plural": "trolleys"}
VERSIONS = [{"name": "v1", "served": True, "referenceable": True, "schema": {"openAPIV3Schema": {"type": "object"}}}]


def path(version: str, name: str = "") -> str:
    return f"/apis/{crossplane.GROUP}/{version}/{crossplane.PLURAL}{'/' if name else ''}{name}"


def xrd(version: str, name: str, **spec: Any) -> dict[str, Any]:
    members = {"group": "shop.example.com", "names": NAMES, "versions": VERSIONS, **spec}
    head = {"apiVersion": f"{crossplane.GROUP}/{version}", "kind": crossplane.KIND, "metadata": {"name": name}}
    return {**head, "spec": {key: value for key, value in members.items() if value is not None}}


@pytest.mark.parametrize(("version", "scope"), [("v1", "LegacyCluster"), ("v2", "Namespaced")])
def test_defaults(admin: API, version: str, scope: str) -> None:
    """Each version has defaults of its own, beside those of version 1, which is stored; both read the same object."""
    made = admin.post(path(version), json=xrd(version, f"defaults-{version}"))
    stored = {"defaultCompositeDeletePolicy": "Background", "defaultCompositionUpdatePolicy": "Automatic"}
    want = {**xrd(version, "")["spec"], **stored, "scope": scope}
    assert (made.status_code, made.json()["spec"]) == (201, want)
    other = {"v1": "v2", "v2": "v1"}[version]
    assert admin.get(path(other, f"defaults-{version}")).json()["spec"] == want


UNCHECKED = (
    "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the "
    "existing errors to complete validation"
)
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "claims of version 2": (
        "v2",
        {"claimNames": CLAIMS},
        "spec: Invalid value: Claims aren't supported in apiextensions.crossplane.io/v2",
    ),
    "claims of what is namespaced": (
        "v1",
        {"claimNames": CLAIMS, "scope": "Cluster"},
        "spec: Invalid value: Only LegacyCluster composite resources can offer claims",
    ),
    "secrets of version 2": (
        "v2",
        {"connectionSecretKeys": ["a"]},
        "spec: Invalid value: XR connection secrets aren't supported in apiextensions.crossplane.io/v2",
    ),
    "a plural in capitals": (
        "v2",
        {"names": {"kind": "Cart", "plural": "Carts"}},
        "spec.names: Invalid value: Plural name must be lowercase",
    ),
    "no group": ("v2", {"group": None}, f"[spec.group: Required value, {UNCHECKED}]"),
    "another scope": (
        "v2",
        {"scope": "LegacyCluster"},
        f'[spec.scope: Unsupported value: "LegacyCluster": supported values: "Namespaced", "Cluster", {UNCHECKED}]',
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(admin: API, name: str) -> None:
    """What Crossplane's rules refuse is refused, in their words."""
    version, spec, text = REFUSED[name]
    answer = admin.post(path(version), json=xrd(version, "refused", **spec))
    message = f'{crossplane.KIND}.{crossplane.GROUP} "refused" is invalid: {text}'
    assert (answer.status_code, failure(answer)["message"]) == (422, message)


def test_what_is_fixed(admin: API) -> None:
    """Group, names and scope stay as they were."""
    assert admin.post(path("v2"), json=xrd("v2", "fixed")).status_code == 201
    patch = {"spec": {"group": "other.example.com", "scope": "Cluster"}}
    headers = {"content-type": "application/merge-patch+json"}
    answer = admin.patch(path("v2", "fixed"), json=patch, headers=headers)
    causes = {one["field"]: one["message"] for one in failure(answer)["details"]["causes"]}
    want = {
        "spec.group": 'Invalid value: "other.example.com": Value is immutable',
        "spec.scope": 'Invalid value: "Cluster": Value is immutable',
    }
    assert (answer.status_code, causes) == (422, want)


def test_deprecated(admin: API) -> None:
    """Version 1 warns, in Crossplane's words; version 2 is preferred by nobody but does not."""
    text = "CompositeResourceDefinition v1 is deprecated and will be removed in a future release; "
    assert admin.get(path("v1")).headers["warning"] == f'299 - "{text}consider migrating to v2"'
    assert "warning" not in admin.get(path("v2")).headers


def test_at_once(admin: API) -> None:
    """The kind is there with the server, as the rows of the table are: no definition of it is listed."""
    group = admin.get(f"/apis/{crossplane.GROUP}").json()
    assert [one["version"] for one in group["versions"]] == ["v2", "v1"]
    assert admin.list(kinds.CUSTOM_RESOURCE_DEFINITION).json()["items"] == []
    (found,) = (one for one in admin.get(path("v2").rpartition("/")[0]).json()["resources"] if "/" not in one["name"])
    assert (found["shortNames"], found["categories"]) == (["xrd", "xrds"], ["crossplane"])


def test_adopted(admin: API) -> None:
    """Crossplane's own definition is accepted and ours goes on serving; when it is deleted, the XRDs stay."""
    made = admin.post(path("v2"), json=xrd("v2", "kept")).json()
    theirs = composites.definition()
    first = theirs["spec"]["versions"][0]
    gone = {"deprecated", "deprecationWarning"}
    theirs["spec"]["versions"] = [{key: value for key, value in first.items() if key not in gone}]
    del theirs["metadata"]["uid"]
    assert admin.create(kinds.CUSTOM_RESOURCE_DEFINITION, theirs).status_code == 201

    def said() -> dict[str, str]:
        found = admin.read(kinds.CUSTOM_RESOURCE_DEFINITION, NAME).json()
        return {one["type"]: one["status"] for one in found["status"]["conditions"] or ()}

    served_api.until(lambda: said().get("Established") == "True")
    assert admin.get(path("v2", "kept")).json() == made
    admin.remove(kinds.CUSTOM_RESOURCE_DEFINITION, NAME)
    served_api.until(lambda: admin.read(kinds.CUSTOM_RESOURCE_DEFINITION, NAME).status_code == 404)
    assert admin.get(path("v2", "kept")).json() == made
