"""Objects of CustomResourceDefinitions: versions, schemas that change, selectors, columns."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

import crd_rooms
from served_api import API, until

MERGE = {"content-type": "application/merge-patch+json"}
TABLE = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}


def spec_schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}


def redefine(admin: API, body: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    """Change a definition and wait until the change is served."""
    where = f"{crd_rooms.PATH}/{body['metadata']['name']}"
    answer = admin.patch(where, content=json.dumps({"spec": spec}).encode(), headers=MERGE)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def two(admin: API) -> dict[str, Any]:
    """A kind in a stored and a deprecated version."""
    versions = [
        crd_rooms.version("v1beta1", storage=False, deprecated=True),
        crd_rooms.version("v1"),
        crd_rooms.version("v2", storage=False, served=False),
    ]
    body = crd_rooms.definition(kind="Two", versions=versions)
    crd_rooms.established(admin, body)
    return body


def test_versions_show_the_same_objects(admin: API, namespace: str, two: dict[str, Any]) -> None:
    """An object written in one version is read, listed and changed in every served one under its word."""
    group = two["spec"]["group"]
    old, new = (crd_rooms.collection(two, namespace, version) for version in ("v1beta1", "v1"))
    created = admin.post(old, json=crd_rooms.thing(two, "a", "v1beta1", spec={"x": 1}))
    assert (created.status_code, created.json()["apiVersion"]) == (201, f"{group}/v1beta1")
    read = admin.get(f"{new}/a").json()
    assert read == {**created.json(), "apiVersion": f"{group}/v1"}
    changed = admin.patch(f"{new}/a", content=b'{"spec":{"x":2}}', headers=MERGE).json()
    assert admin.get(f"{old}/a").json() == {**changed, "apiVersion": f"{group}/v1beta1"}
    listed = admin.get(old).json()
    assert (listed["apiVersion"], listed["items"]) == (
        f"{group}/v1beta1",
        [{**changed, "apiVersion": f"{group}/v1beta1"}],
    )
    assert admin.get(crd_rooms.collection(two, namespace, "v2")).status_code == 404


def test_a_dry_create_shows_what_would_be(admin: API, namespace: str, two: dict[str, Any]) -> None:
    """A dry run answers the object in the version it was sent in, without a version in time, and stores nothing."""
    where = crd_rooms.collection(two, namespace, "v1beta1")
    answer = admin.post(f"{where}?dryRun=All", json=crd_rooms.thing(two, "dry", "v1beta1", spec={"x": 1}))
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert (shown["apiVersion"], "resourceVersion" in shown["metadata"]) == (f"{two['spec']['group']}/v1beta1", False)
    assert admin.get(f"{where}/dry").status_code == 404


def test_versions_watch_the_same_objects(admin: API, namespace: str, two: dict[str, Any]) -> None:
    """A watch shows objects in its own version, whichever they are written in."""
    old, new = (crd_rooms.collection(two, namespace, version) for version in ("v1beta1", "v1"))
    admin.post(new, json=crd_rooms.thing(two, "a", "v1")).raise_for_status()
    with admin.stream("GET", old, params={"watch": "true"}) as answer:
        frames = answer.iter_lines()
        admin.delete(f"{new}/a")
        events = [json.loads(next(frames)) for _ in range(2)]
    assert [(one["type"], one["object"]["apiVersion"]) for one in events] == [
        ("ADDED", f"{two['spec']['group']}/v1beta1"),
        ("DELETED", f"{two['spec']['group']}/v1beta1"),
    ]


def test_deprecated_versions_warn(admin: API, namespace: str, two: dict[str, Any]) -> None:
    """Every answer of a deprecated version says what to use instead; others say nothing."""
    group = two["spec"]["group"]
    old, new = (admin.get(crd_rooms.collection(two, namespace, version)) for version in ("v1beta1", "v1"))
    assert (old.headers.get_list("warning"), new.headers.get_list("warning")) == (
        [f'299 - "{group}/v1beta1 Two is deprecated; use {group}/v1 Two"'],
        [],
    )


def test_the_storage_version_can_change(admin: API, namespace: str, two: dict[str, Any]) -> None:
    """Objects of the old storage version are served in all versions; the definition remembers both."""
    where = crd_rooms.collection(two, namespace, "v1")
    admin.post(where, json=crd_rooms.thing(two, "a", "v1", spec={"x": 1})).raise_for_status()
    versions = [crd_rooms.version("v1", storage=False), crd_rooms.version("v2")]
    assert redefine(admin, two, versions=versions)["status"]["storedVersions"] == ["v1", "v2"]
    new = crd_rooms.collection(two, namespace, "v2")
    until(lambda: admin.get(new).status_code == 200)
    assert admin.get(f"{new}/a").json()["spec"] == {"x": 1}
    before = admin.get(f"{new}/a").json()
    renewed = admin.put(f"{new}/a", json=before).json()
    again = admin.put(f"{new}/a", json=renewed).json()
    versions_seen = [one["metadata"]["resourceVersion"] for one in (before, renewed, again)]
    assert (versions_seen[0] != versions_seen[1], versions_seen[1]) == (True, versions_seen[2])
    refused = admin.patch(
        f"{crd_rooms.PATH}/{two['metadata']['name']}",
        content=json.dumps({"spec": {"versions": versions[1:]}}).encode(),
        headers=MERGE,
    )
    assert (refused.status_code, [cause["field"] for cause in refused.json()["details"]["causes"]]) == (
        422,
        ["status.storedVersions[0]"],
    )


def test_a_changed_schema_speaks_of_stored_objects(admin: API, namespace: str) -> None:
    """What the schema of today does not know is not shown of older objects, and its defaults are."""
    body = crd_rooms.definition(kind="Moving", schema=spec_schema(old={"type": "string"}))
    crd_rooms.established(admin, body)
    where = crd_rooms.collection(body, namespace)
    admin.post(where, json=crd_rooms.thing(body, "a", spec={"old": "x"})).raise_for_status()
    new = {"type": "integer", "default": 3}
    redefine(admin, body, versions=[crd_rooms.version(schema=spec_schema(new=new))])
    until(lambda: admin.get(f"{where}/a").json()["spec"] == {"new": 3})
    assert [item["spec"] for item in admin.get(where).json()["items"]] == [{"new": 3}]
    dry = admin.post(where, json=crd_rooms.thing(body, "b"), params={"dryRun": "All"})
    assert (dry.status_code, "resourceVersion" in dry.json()["metadata"]) == (201, False)
    refused = admin.post(where, json=crd_rooms.thing(body, "b", spec={"new": "no"}))
    assert (refused.status_code, refused.json()["details"]["causes"][0]["reason"]) == (422, "FieldValueTypeInvalid")


def test_what_a_rule_forgives_is_told(admin: API, namespace: str) -> None:
    """A rule that an object breaks as it did before refuses nothing, and a warning says that it is broken."""
    body = crd_rooms.definition(kind="Forgiven", schema=spec_schema(a={"type": "string"}, b={"type": "string"}))
    crd_rooms.established(admin, body)
    where = crd_rooms.collection(body, namespace)
    admin.post(where, json=crd_rooms.thing(body, "x", spec={"a": "old"})).raise_for_status()
    rule = {"rule": "self == 'new'", "message": "must be new"}
    strict = spec_schema(a={"type": "string", "maxLength": 9, "x-kubernetes-validations": [rule]}, b={"type": "string"})
    redefine(admin, body, versions=[crd_rooms.version(schema=strict)])
    until(lambda: admin.post(where, json=crd_rooms.thing(body, "y", spec={"a": "old"})).status_code == 422)
    kept = admin.patch(f"{where}/x", content=b'{"spec":{"b":"1"}}', headers=MERGE)
    assert (kept.status_code, kept.headers.get_list("warning")) == (
        200,
        ['299 - "spec.a: Invalid value: \\"old\\": must be new"'],
    )


def test_selectable_fields(admin: API, namespace: str) -> None:
    """Declared fields select, in lists and of objects older than the declaration; others are refused."""
    schema = spec_schema(color={"type": "string"}, size={"type": "integer"})
    body = crd_rooms.definition(
        kind="Paint", versions=[crd_rooms.version(schema=schema, selectableFields=[{"jsonPath": ".spec.color"}])]
    )
    crd_rooms.established(admin, body)
    where = crd_rooms.collection(body, namespace)
    for name, color, size in (("a", "red", 1), ("b", "blue", 2)):
        admin.post(where, json=crd_rooms.thing(body, name, spec={"color": color, "size": size})).raise_for_status()

    def selected(selector: str) -> list[str]:
        found = admin.get(where, params={"fieldSelector": selector}).json()
        return [item["metadata"]["name"] for item in found.get("items", [])]

    assert selected("spec.color=red") == ["a"]
    assert admin.get(where, params={"fieldSelector": "spec.size=2"}).json()["message"] == (
        "field label not supported: spec.size"
    )
    both = [{"jsonPath": ".spec.color"}, {"jsonPath": ".spec.size"}]
    redefine(admin, body, versions=[crd_rooms.version(schema=schema, selectableFields=both)])
    until(lambda: selected("spec.size=2") == ["b"])


def test_columns(admin: API, namespace: str) -> None:
    """Columns are JSONPaths with types; what is absent or of another type is null."""
    columns = [
        {"name": "Ready", "type": "string", "jsonPath": '.spec.conditions[?(@.type=="Ready")].status'},
        {"name": "N", "type": "integer", "jsonPath": ".spec.n", "priority": 1, "description": "A number."},
        {"name": "On", "type": "boolean", "jsonPath": ".spec.on", "format": ""},
        {"name": "All", "type": "string", "jsonPath": ".spec.conditions"},
        {"name": "Odd", "type": "integer", "jsonPath": ".spec.text"},
    ]
    body = crd_rooms.definition(kind="Row", versions=[crd_rooms.version(additionalPrinterColumns=columns)])
    crd_rooms.established(admin, body)
    where = crd_rooms.collection(body, namespace)
    spec = {"conditions": [{"type": "Ready", "status": "True"}], "n": 5, "on": True, "text": "x"}
    admin.post(where, json=crd_rooms.thing(body, "a", spec=spec)).raise_for_status()
    admin.post(where, json=crd_rooms.thing(body, "b")).raise_for_status()
    table = admin.get(where, headers=TABLE).json()
    assert [(one["name"], one["type"], one["priority"]) for one in table["columnDefinitions"]] == [
        ("Name", "string", 0),
        ("Ready", "string", 0),
        ("N", "integer", 1),
        ("On", "boolean", 0),
        ("All", "string", 0),
        ("Odd", "integer", 0),
    ]
    assert [row["cells"] for row in table["rows"]] == [
        ["a", "True", 5, True, '[{"status":"True","type":"Ready"}]', None],
        ["b", None, None, None, None, None],
    ]


def test_watches_end_with_their_definition(admin: API, namespace: str) -> None:
    """A watch ends when the definition changes and when it goes; a new one says that the old versions are gone."""
    body = crd_rooms.definition(kind="Brief")
    crd_rooms.established(admin, body)
    where = crd_rooms.collection(body, namespace)
    created = admin.post(where, json=crd_rooms.thing(body, "a")).json()
    with admin.stream("GET", where, params={"watch": "true"}) as answer:
        frames = answer.iter_lines()
        next(frames)
        redefine(admin, body, names={"shortNames": ["br"]})
        assert list(frames) == []
    with admin.stream("GET", where, params={"watch": "true"}) as answer:
        frames = answer.iter_lines()
        next(frames)
        admin.delete(f"{crd_rooms.PATH}/{body['metadata']['name']}")
        assert [json.loads(frame)["type"] for frame in frames] == ["DELETED"]
    crd_rooms.gone(admin, body)
    crd_rooms.established(admin, body)
    version = created["metadata"]["resourceVersion"]
    with admin.stream("GET", where, params={"watch": "true", "resourceVersion": version}) as answer:
        event = json.loads(next(answer.iter_lines()))
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)


def test_replicas_are_a_number(admin: API, namespace: str) -> None:
    """What the scale subresource would show must be a number, whatever the schema says."""
    scale = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
    body = crd_rooms.definition(kind="Fleet", versions=[crd_rooms.version(subresources={"scale": scale, "status": {}})])
    crd_rooms.established(admin, body)
    refused = admin.post(
        crd_rooms.collection(body, namespace), json=crd_rooms.thing(body, "a", spec={"replicas": -1})
    ).json()
    assert refused["details"]["causes"] == [
        {
            "reason": "FieldValueInvalid",
            "message": "Invalid value: -1: should be a non-negative integer",
            "field": ".spec.replicas",
        }
    ]


def test_replicas_by_version(admin: API, namespace: str) -> None:
    """Each version has its own path to the replicas, of plain keys; their owners are those of the path."""

    def version(name: str, path: str, *, storage: bool) -> dict[str, Any]:
        scale = {"specReplicasPath": path, "statusReplicasPath": ".status.replicas"}
        return crd_rooms.version(name, storage=storage, subresources={"scale": scale})

    versions = [version("v1beta1", ".spec.replicas[0]", storage=True), version("v1", ".spec.replicas", storage=False)]
    body = crd_rooms.definition(kind="Squadron", versions=versions)
    crd_rooms.established(admin, body)
    made = crd_rooms.thing(body, "a", "v1beta1", spec={"replicas[0]": 3, "replicas": 4})
    admin.post(crd_rooms.collection(body, namespace, "v1beta1"), json=made).raise_for_status()
    places = [f"{crd_rooms.collection(body, namespace, name)}/a" for name in ("v1beta1", "v1")]
    assert [admin.get(f"{place}/scale").json()["spec"] for place in places] == [{"replicas": 3}, {"replicas": 4}]
    scaled = {"content": b'{"spec":{"replicas":5}}', "headers": MERGE, "params": {"fieldManager": "scaler"}}
    admin.patch(f"{places[1]}/scale", **scaled).raise_for_status()
    found = admin.get(places[1]).json()
    assert found["spec"] == {"replicas[0]": 3, "replicas": 5}
    owned = {one["manager"]: one["fieldsV1"]["f:spec"] for one in found["metadata"]["managedFields"]}
    assert owned["scaler"] == {"f:replicas": {}}


def test_what_changes_nothing_is_judged(admin: API, namespace: str) -> None:
    """An update that would write nothing is refused by what would refuse any other: apiVersion is never forgiven."""
    body = crd_rooms.definition(kind="Pinned")
    crd_rooms.established(admin, body)
    admin.post(crd_rooms.collection(body, namespace), json=crd_rooms.thing(body)).raise_for_status()
    pinned = {"type": "object", "properties": {"apiVersion": {"type": "string", "pattern": "^other/v1$"}}}
    redefine(admin, body, versions=[crd_rooms.version(schema=pinned)])
    where = f"{crd_rooms.collection(body, namespace)}/a"
    until(lambda: admin.patch(where, content=b"{}", headers=MERGE).status_code == 422)
    told = admin.patch(where, content=b"{}", headers=MERGE).json()["details"]["causes"]
    assert [(one["field"], one["reason"]) for one in told] == [("apiVersion", "FieldValueInvalid")]
