"""Hostile and broken requests: whatever is sent, the answer is a refusal, never a failure of the server."""

import json
import os
import random
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yaml import safe_load

import api_watches
import factories
import served_api
from api_answers import created
from krate import kinds
from krate.kinds import Kind
from krate.schema import Schema, structural
from krate_api.resources import supports
from served_api import API, ServedAPI

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"

WRITABLE = [kind for kind in kinds.KINDS if "create" in kind.verbs]
JSON = {"content-type": "application/json"}
EXAMPLES = int(os.environ.get("KRATE_FUZZ_EXAMPLES", "150"))
fuzz = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def fine(answer: httpx2.Response) -> None:
    """No failure of the server, and a refusal is a Status."""
    assert answer.status_code < 500 or _known(answer), (answer.request, answer.text)
    if answer.status_code >= 400 and answer.content and answer.headers["content-type"] == "application/json":
        body = answer.json()
        assert (body["kind"], body["code"]) == ("Status", answer.status_code)


def _known(answer: httpx2.Response) -> bool:
    """The one 500 that upstream answers too, and a version that is not reached in time."""
    return answer.status_code == 504 or "resourceVersion should not be set" in answer.text


TYPES: tuple[Any, ...] = (None, 0, -1, 1.5, True, "", "x", [], [None], [[]], {}, {"a": None}, {"a": {}}, [{}], ["x"])


def mutations(schema: Schema, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every property of a schema with a value of every type."""
    for name, sub in schema.get("properties", {}).items():
        for value in TYPES:
            yield (*path, name), value
        yield from mutations(sub, (*path, name))


def placed(obj: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy of `obj` with `value` at `path`."""
    head, *rest = path
    inner = obj.get(head)
    found = value if not rest else placed(inner if isinstance(inner, dict) else {}, tuple(rest), value)
    return {**obj, head: found}


SAMPLES: dict[Kind, dict[str, Any]] = {
    kinds.ORGANIZATION: {"spec": {"displayName": "x"}},
    kinds.BRANCH_PROTECTION: {"spec": {"repositorySelector": {}, "branches": ["main"]}},
    kinds.REF_POLICY: {"spec": {"repositorySelector": {}, "rules": [{"name": "x", "refs": ["x"], "deny": True}]}},
    kinds.PULL_REQUEST: {
        "spec": {"repository": "web", "title": "x", "source": {"branch": "a"}, "target": {"branch": "main"}}
    },
    kinds.REVIEW: {"spec": {"pullRequest": "web-1", "decision": "Approve"}},
    kinds.COMMENT: {"spec": {"subject": {"kind": "PullRequest", "name": "web-1"}, "body": "x"}},
    kinds.CHECK: {"spec": {"repository": "web", "sha": "f" * 40, "context": "x", "state": "Success"}},
    kinds.USER: {"spec": {"username": "fuzz"}},
    kinds.QUERY: {"spec": {"targets": ["PullRequest"]}},
    kinds.ROLE_BINDING: {"roleRef": {"kind": "Role", "name": "x"}, "subjects": [{"kind": "User", "name": "x"}]},
    kinds.CLUSTER_ROLE_BINDING: {"roleRef": {"kind": "ClusterRole", "name": "x"}},
    kinds.SECRET: {"data": {"a": "eA=="}, "stringData": {"b": "c"}},
}


def sample(kind: Kind) -> dict[str, Any]:
    return {**served_api.typed(kind), "metadata": {"name": "fuzz"}, **SAMPLES.get(kind, {})}


def test_every_field_with_every_type(admin: API, namespace: str, any_kind: Kind) -> None:
    """A value of any type in any field of any kind is taken or refused; at creation, update, patch and status."""
    if "create" not in any_kind.verbs:
        return
    where = namespace if any_kind.namespaced else ""
    for path, value in mutations(structural(any_kind.model)):
        if path == ("metadata",) or path[0] in {"apiVersion", "kind"}:
            continue
        body = placed(sample(any_kind), path, value)
        fine(admin.create(any_kind, body, namespace=where, dryRun="All"))
    metadata = {"name", "generateName", "namespace", "labels", "annotations", "finalizers", "ownerReferences", "uid",
                "generation", "creationTimestamp", "deletionTimestamp", "resourceVersion", "managedFields"}  # fmt: skip
    for member in sorted(metadata):
        for value in TYPES:
            body = placed(sample(any_kind), ("metadata", member), value)
            fine(admin.create(any_kind, body, namespace=where, dryRun="All"))


PATCHED = (kinds.CONFIG_MAP, kinds.SECRET, kinds.SERVICE_ACCOUNT, kinds.ROLE, kinds.NAMESPACE, kinds.REPOSITORY)


@pytest.mark.parametrize("kind", PATCHED, ids=lambda kind: kind.name)
def test_every_field_patched_with_every_type(admin: API, namespace: str, kind: Kind) -> None:
    """The same by merge patch, strategic patch and JSON patch on stored objects."""
    where = namespace if kind.namespaced else ""
    created(admin, kind, sample(kind), where)
    fields = [path for path, value in mutations(structural(kind.model)) if value is None and len(path) < 4]
    fields += [("metadata", member) for member in ("finalizers", "ownerReferences", "labels", "name", "uid")]
    chosen = random.Random(7)
    for path in fields:
        for value in chosen.sample(TYPES, 5):
            for form in ("merge-patch", "strategic-merge-patch"):
                patch = placed({}, path, value)
                fine(admin.change(kind, "fuzz", patch, namespace=where, form=form, dryRun="All"))
            operation = [{"op": "add", "path": "/" + "/".join(path), "value": value}]
            fine(admin.change(kind, "fuzz", operation, namespace=where, form="json-patch", dryRun="All"))
    if kind is kinds.NAMESPACE:
        admin.remove(kind, "fuzz")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
WORDS = st.sampled_from(
    ["apiVersion", "kind", "metadata", "spec", "status", "data", "name", "labels", "rules", "subjects", "roleRef",
     "stringData", "finalizers", "ownerReferences", "$patch", "$retainKeys", "$setElementOrder/finalizers"]
)  # fmt: skip
OBJECTS = st.dictionaries(WORDS | st.text(max_size=4), VALUES, max_size=5)


@pytest.fixture(scope="module")
def place(admin: API) -> str:
    """One namespace for all examples, with one object of a few kinds."""
    namespace = served_api.new_namespace(admin, "fuzz")
    for kind in (kinds.CONFIG_MAP, kinds.SECRET, kinds.REPOSITORY):
        created(admin, kind, sample(kind), namespace)
    return namespace


@fuzz
@given(kind=st.sampled_from(WRITABLE), body=OBJECTS, typed=st.booleans())
def test_any_body(admin: API, place: str, kind: Kind, body: dict[str, Any], *, typed: bool) -> None:
    """Any JSON object to any collection."""
    whole = {**body, **served_api.typed(kind)} if typed else body
    where = place if kind.namespaced else ""
    content = json.dumps(whole).encode()
    fine(admin.post(served_api.collection(kind, where), content=content, headers=JSON, params={"dryRun": "All"}))
    one = served_api.item(kind, "fuzz", where)
    fine(admin.put(one, content=content, headers=JSON, params={"dryRun": "All"}))
    for form in ("merge-patch", "strategic-merge-patch"):
        headers = {"content-type": f"application/{form}+json"}
        fine(admin.patch(one, content=content, headers=headers, params={"dryRun": "All"}))


@fuzz
@given(
    data=st.binary(max_size=80), media=st.sampled_from(["json", "yaml", "vnd.kubernetes.protobuf", "json-patch+json"])
)
def test_any_bytes(admin: API, place: str, data: bytes, media: str) -> None:
    """Any bytes in any form to any method."""
    headers = {"content-type": f"application/{media}"}
    for method, path in (
        ("POST", served_api.collection(kinds.CONFIG_MAP, place)),
        ("PUT", served_api.item(kinds.CONFIG_MAP, "fuzz", place)),
        ("PATCH", served_api.item(kinds.CONFIG_MAP, "fuzz", place)),
        ("DELETE", served_api.item(kinds.CONFIG_MAP, "nothing", place)),
        ("POST", "/-/session"),
        ("POST", served_api.item(kinds.USER, "nobody", subresource="token")),
    ):
        fine(admin.request(method, path, content=data, headers=headers))


PARAMETERS = st.sampled_from(
    ["labelSelector", "fieldSelector", "limit", "continue", "resourceVersion", "resourceVersionMatch", "watch",
     "timeoutSeconds", "allowWatchBookmarks", "sendInitialEvents", "includeObject", "dryRun", "fieldManager",
     "fieldValidation", "propagationPolicy", "orphanDependents", "gracePeriodSeconds", "ref", "path", "hash", "force"]
)  # fmt: skip
PIECES = st.sampled_from(
    ["a", "=", "!", ",", "(", ")", "in ", "metadata.name", "0", "1", "-1", "All", "Exact", "NotOlderThan", "true",
     "false", "\\", "é", "\0", "%", "&", "9" * 40, "Strict", " "]
)  # fmt: skip
CLAUSES = st.sampled_from(
    ["application/json", "*/*", ";as=Table", ";v=v1", ";g=meta.k8s.io", ";q=0.5", ",", ";q=x", "text/html", ";", "=",
     "é", "application/yaml", ";as=PartialObjectMetadata", ";q=nan", ";q=-1"]
)  # fmt: skip
QUERIES = st.lists(st.tuples(PARAMETERS, st.lists(PIECES, max_size=4).map("".join)), max_size=4)


@fuzz
@given(kind=st.sampled_from(kinds.KINDS), query=QUERIES, named=st.booleans())
def test_any_query(admin: API, place: str, kind: Kind, query: list[tuple[str, str]], *, named: bool) -> None:
    """Any parameters with any values to lists, watches and objects."""
    where = place if kind.namespaced else ""
    path = served_api.item(kind, "fuzz", where) if named else served_api.collection(kind, where)
    # One timeout that ends a watch comes first: a server takes the first value of a parameter.
    params = [("timeoutSeconds", "-1"), *query] if ("timeoutSeconds", "x") not in query else query
    short = [(name, "1" if name == "resourceVersion" and value.isdigit() else value) for name, value in params]
    fine(admin.get(path, params=httpx2.QueryParams(short)))


SEGMENTS = st.sampled_from(
    ["api", "apis", "v1", "v1alpha1", "krate.a5c.ai", "forge.krate.a5c.ai", "namespaces", "default", "configmaps",
     "secrets", "repositories", "status", "watch", "finalize", "..", ".", "%2e%2e", "%2f", "%00", "%ff", "%c3%a9", "a",
     "", "users", "token", "openapi", "v3", "healthz", "-", "session", "%25", "x" * 300]
)  # fmt: skip


@fuzz
@given(
    segments=st.lists(SEGMENTS, max_size=9), method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
)
def test_any_path(served: ServedAPI, admin: API, nobody: API, segments: list[str], method: str) -> None:
    """Any path by any method, as everybody and nobody; nobody sees an object."""
    target = ("/" + "/".join(segments)).encode()
    for client in (admin, nobody):
        url = httpx2.URL(client.base_url).copy_with(raw_path=target + b"?timeoutSeconds=-1&dryRun=All")
        answer = client.request(method, url, content=b"", headers=JSON)
        assert not 300 <= answer.status_code < 400
        fine(answer)
        if client is nobody:
            assert answer.status_code in {200, 401, 403, 404, 400}
            assert b'"items"' not in answer.content


@fuzz
@given(accept=st.lists(CLAUSES, max_size=6).map("".join))
def test_any_accept(admin: API, place: str, accept: str) -> None:
    """Any Accept header to lists, objects, discovery and OpenAPI."""
    headers = [(b"accept", accept.encode("latin-1"))]
    for path in (
        served_api.collection(kinds.CONFIG_MAP, place),
        served_api.item(kinds.CONFIG_MAP, "fuzz", place),
        "/apis",
        "/openapi/v3",
        "/openapi/v2",
        "/version",
    ):
        fine(admin.get(path, headers=httpx2.Headers(headers)))


NAUGHTY: tuple[str, ...] = (
    "undefined", "null", "NaN", "../../etc/passwd", "$(touch /tmp/x)", "`id`", "'; DROP TABLE objects; --", "<script>",
    "%s%n", "{{7*7}}", "\u202eevil", "\ufeff", "\u0000", "\ufdfa", "\uff34\uff48\uff45", "👩‍👩‍👧",
    "a\u0300" * 50, "\r\n\r\nHTTP/1.1 200 OK",
    "😀" * 200,
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(NAUGHTY)))
def test_naughty_texts_are_kept_as_they_are(admin: API, namespace: str, number: int) -> None:
    """What somebody writes is stored and shown as written: in JSON, YAML, tables, watches and Activities."""
    text = NAUGHTY[number]
    body = factories.make_config_map("n", namespace=namespace, data={"k": text})
    made = created(admin, kinds.CONFIG_MAP, body, namespace)
    assert made["data"]["k"] == text
    path = served_api.item(kinds.CONFIG_MAP, "n", namespace)
    yaml = admin.get(path, headers={"accept": "application/yaml"})
    assert safe_load(yaml.content) == made
    posted = admin.put(path, content=yaml.content, headers={"content-type": "application/yaml"})
    assert (posted.status_code, posted.json()) == (200, made)
    (event, *_) = api_watches.history(admin, kinds.CONFIG_MAP, namespace)
    assert event["object"]["data"]["k"] == text
    for field in ("labelSelector", "fieldSelector", "continue", "resourceVersion", "fieldManager"):
        fine(admin.get(served_api.collection(kinds.CONFIG_MAP, namespace), params={field: text, "timeoutSeconds": "1"}))


def test_table_of_verbs_is_what_is_served(served: ServedAPI, admin: API, any_kind: Kind) -> None:
    """No address that the table does not name is served by any method."""
    methods = {"GET": "list", "POST": "create", "DELETE": "deletecollection", "PUT": "update", "PATCH": "patch"}
    for method, verb in methods.items():
        answer = admin.request(method, served_api.collection(any_kind), params={"dryRun": "All"}, content=b"")
        allowed = supports(served.running.kit.catalog.of(any_kind), verb, namespace="", name="", subresource="")
        # Of custom resources upstream finds nothing at some addresses, and misses a name at others.
        refused = answer.status_code == 405 or answer.text.startswith("404") or "name must be" in answer.text
        assert refused != allowed, (method, answer.text)
