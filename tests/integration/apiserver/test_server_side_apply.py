"""Server-side apply over the API, row by row as kube-apiserver 1.36 was recorded; the algorithm has its own suites."""

import concurrent.futures
from collections.abc import Callable
from typing import Any

import pytest

import custom_kinds
import served_api
from api_answers import failure, repository, unmanaged
from api_users import NewUser
from conformance import definitions
from custom_kinds import apply, managers, pull
from krate import kinds
from served_api import API

GR = "pulls.ref.example.com"
FULL = {"title": "t", "reviewers": [{"name": "x", "ok": True}], "tags": ["q"]}
OWNED = {
    "f:spec": {
        "f:reviewers": {'k:{"name":"x"}': {".": {}, "f:name": {}, "f:ok": {}}},
        "f:tags": {'v:"q"': {}},
        "f:title": {},
    }
}


@pytest.fixture
def at(admin: API, namespace: str) -> Callable[[str], str]:
    """Paths of Pulls."""
    custom_kinds.define(admin, definitions.PULLS)
    return lambda name: f"{custom_kinds.pulls(namespace)}/{name}"


def test_created(admin: API, at: Callable[[str], str]) -> None:
    """Apply of what is not there: 201; defaults are nobody's. Again: 200, the same version, the same time."""
    made = apply(admin, at("a"), pull("a", FULL), "a")
    body = made.json()
    assert (made.status_code, body["spec"]) == (201, {**FULL, "state": "open"})
    assert managers(body) == [{"manager": "a", "operation": "Apply", "fieldsV1": OWNED}]
    assert body["metadata"]["generation"] == 1
    again = apply(admin, at("a"), pull("a", FULL), "a")
    assert (again.status_code, again.json()) == (200, body)


def test_conflicts(admin: API, at: Callable[[str], str]) -> None:
    """Another value of a field of somebody else's: 409 that names whose; nothing is written."""
    made = apply(admin, at("a"), pull("a", FULL), "a").json()
    one = apply(admin, at("a"), pull("a", {"title": "u"}), "b")
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "a"', "field": ".spec.title"}
    message = 'Apply failed with 1 conflict: conflict with "a": .spec.title'
    want = {"message": message, "reason": "Conflict", "details": {"causes": [cause]}}
    assert (one.status_code, failure(one)) == (409, want)
    two = apply(admin, at("a"), pull("a", {"title": "u", "reviewers": [{"name": "x", "ok": False}]}), "b")
    lines = '- .spec.title\n- .spec.reviewers[name="x"].ok'
    assert failure(two)["message"] == f'Apply failed with 2 conflicts: conflicts with "a":\n{lines}'
    assert admin.get(at("a")).json() == made


def test_shared_and_forced(admin: API, at: Callable[[str], str]) -> None:
    """The same value is shared and moves no generation; force takes a field; what nobody applies any more goes."""
    apply(admin, at("a"), pull("a", FULL), "a")
    shared = apply(admin, at("a"), pull("a"), "b").json()
    title = {"manager": "b", "operation": "Apply", "fieldsV1": {"f:spec": {"f:title": {}}}}
    assert (shared["metadata"]["generation"], title in managers(shared)) == (1, True)
    wanted = {"title": "u", "reviewers": [{"name": "y"}]}
    forced = apply(admin, at("a"), pull("a", wanted), "b", force="true").json()
    assert forced["spec"]["reviewers"] == [{"name": "x", "ok": True}, {"name": "y"}]
    assert (forced["spec"]["title"], forced["metadata"]["generation"]) == ("u", 2)
    assert apply(admin, at("a"), pull("a", wanted), "b", force="true").json() == forced
    less = apply(admin, at("a"), pull("a", {}), "a").json()
    assert less["spec"] == {"reviewers": [{"name": "y"}], "state": "open", "title": "u"}


def test_updates_are_tracked(admin: API, at: Callable[[str], str]) -> None:
    """A patch takes what it changes, under the name of its client; an apply then conflicts with that version."""
    apply(admin, at("a"), pull("a"), "a")
    headers = {"content-type": "application/merge-patch+json"}
    patched = admin.patch(at("a"), content=b'{"spec":{"title":"z"}}', headers=headers).json()
    entry = {"manager": "suite", "operation": "Update", "fieldsV1": {"f:spec": {"f:title": {}}}}
    assert managers(patched) == [entry]
    message = 'Apply failed with 1 conflict: conflict with "suite" using ref.example.com/v1: .spec.title'
    assert failure(apply(admin, at("a"), pull("a", {"title": "q"}), "a"))["message"] == message


def test_reset(admin: API, at: Callable[[str], str]) -> None:
    """A PUT with one empty entry forgets who manages what; the next apply finds what was there before it."""
    made = apply(admin, at("a"), pull("a"), "a").json()
    put = admin.put(at("a"), json={**made, "metadata": {**made["metadata"], "managedFields": [{}]}}).json()
    assert (unmanaged(put)["spec"], managers(put)) == (made["spec"], [])
    message = 'conflict with "before-first-apply" using ref.example.com/v1: .spec.title'
    assert failure(apply(admin, at("a"), pull("a", {"title": "w"}), "a"))["message"].endswith(message)


def test_status(admin: API, at: Callable[[str], str]) -> None:
    """Apply to /status takes only the status, under its own name; it creates nothing."""
    body = {**pull("a", {"title": "no"}, labels={"a": "b"}), "status": {"phase": "x"}}
    assert apply(admin, f"{at('a')}/status", body, "a").status_code == 404
    made = apply(admin, at("a"), pull("a"), "a").json()
    told = apply(admin, f"{at('a')}/status", body, "a").json()
    assert (told["spec"], told["status"], told["metadata"]["generation"]) == (made["spec"], {"phase": "x"}, 1)
    assert "labels" not in told["metadata"]
    entry = {"manager": "a", "operation": "Apply", "subresource": "status", "fieldsV1": {"f:status": {"f:phase": {}}}}
    assert managers(told) == [*managers(made), entry]


def test_dry_run(admin: API, at: Callable[[str], str]) -> None:
    """A dry run says what would be, 201 included, and writes nothing."""
    made = apply(admin, at("a"), pull("a"), "a", dryRun="All")
    assert (made.status_code, "resourceVersion" in made.json()["metadata"]) == (201, False)
    assert admin.get(at("a")).status_code == 404
    stored = apply(admin, at("a"), pull("a"), "a").json()
    other = apply(admin, at("a"), pull("a", {"title": "u"}), "a", dryRun="All").json()
    assert (other["spec"]["title"], other["metadata"]["generation"]) == ("u", 2)
    assert admin.get(at("a")).json() == stored


_OPTIONS = 'PatchOptions.meta.k8s.io "" is invalid: fieldManager'
_TYPED = "failed to create typed patch object (/r; ref.example.com/v1, Kind=Pull)"
_NAMELESS = "the name of the object (r based on URL) was undeterminable: name must be provided"
REFUSED: dict[str, tuple[Any, str, int, str]] = {
    "no manager": (pull("r"), "", 422, f"{_OPTIONS}: Required value: is required for apply patch"),
    "a long manager": (pull("r"), "m" * 200, 422, f"{_OPTIONS}: Too long: may not be more than 128 bytes"),
    "a uid of nothing": (
        pull("r", uid="1"), "a", 409,
        (f'Operation cannot be fulfilled on {GR} "r": uid mismatch: the provided object specified uid 1, and no '
         "existing object was found"),
    ),
    "managed fields": (pull("r", managedFields=[]), "a", 400, "metadata.managedFields must be nil"),
    "no type": ({"metadata": {"name": "r"}}, "a", 400, "invalid object type: /, Kind="),
    "another kind": ({**pull("r"), "kind": "Deck"}, "a", 400, "invalid object type: ref.example.com/v1, Kind=Deck"),
    "another name": (pull("x"), "a", 400, "the name of the object (x) does not match the name on the URL (r)"),
    "no name": ({**pull("r"), "metadata": {}}, "a", 400, _NAMELESS),
    "an unknown field": (pull("r", {"nope": 1}), "a", 400, f"{_TYPED}: .spec.nope: field not declared in schema"),
    "a key twice": (
        pull("r", {"reviewers": [{"name": "x"}, {"name": "x"}]}), "a", 400,
        f'{_TYPED}: .spec.reviewers: duplicate entries for key [name="x"]',
    ),
    "a wrong type": (
        pull("r", {"title": 5}), "a", 400,
        f"{_TYPED}: .spec.title: expected string, got &value.valueUnstructured{{Value:5}}",
    ),
    "an invalid value": (
        pull("r", {"title": "t", "n": 0}), "a", 422,
        ('Pull.ref.example.com "r" is invalid: spec.n: Invalid value: 0: spec.n in body should be greater than or '
         "equal to 1"),
    ),
    "broken YAML": (
        b"a: [", "a", 400,
        "error decoding YAML: error converting YAML to JSON: yaml: line 1: did not find expected node content",
    ),
    "a list": (
        b"[]", "a", 400,
        ("error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go "
         "value of type map[string]interface {}"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(admin: API, at: Callable[[str], str], name: str) -> None:
    """What cannot be applied is refused in upstream's words; where upstream has a 500 for it, a 400."""
    body, manager, code, message = REFUSED[name]
    answer = apply(admin, at("r"), body, manager)
    assert (answer.status_code, failure(answer)["message"]) == (code, message)
    assert admin.get(at("r")).status_code == 404


def test_duplicate_keys(admin: API, at: Callable[[str], str]) -> None:
    """A key that stands twice is told of by its line, and refused under Strict."""
    text = b"apiVersion: ref.example.com/v1\nkind: Pull\nmetadata: {name: r}\nspec:\n  title: a\n  title: b\n"
    line = 'line 6: key "title" already set in map'
    strict = apply(admin, at("r"), text, "a", fieldValidation="Strict")
    start = "error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:"
    assert (strict.status_code, failure(strict)["message"]) == (400, f"{start}\n  {line}")
    warned = apply(admin, at("r"), text, "a")
    said = line.replace('"', '\\"')
    assert (warned.status_code, warned.headers["warning"]) == (201, f'299 - "{said}"')


def test_stale_version(admin: API, at: Callable[[str], str]) -> None:
    """A version in the body is a lock; of what is not there yet it says nothing."""
    assert apply(admin, at("a"), pull("a", resourceVersion="1"), "a").status_code == 201
    assert apply(admin, at("a"), pull("a", {"title": "u"}, resourceVersion="1"), "a").status_code == 409


def test_creating_needs_the_right_to(admin: API, user: NewUser, namespace: str, at: Callable[[str], str]) -> None:
    """Whoever may patch but not create applies to what is there, and is refused where nothing is."""
    rules: list[dict[str, object]] = [{"apiGroups": ["ref.example.com"], "resources": ["pulls"], "verbs": ["patch"]}]
    bob = user("bob", rules=rules, namespace=namespace)
    refused = apply(bob, at("a"), pull("a"), "b")
    message = (
        f'{GR} "a" is forbidden: User "bob" cannot create resource "pulls" in API group "ref.example.com" in the '
        f'namespace "{namespace}"'
    )
    details = {"name": "a", "group": "ref.example.com", "kind": "pulls"}
    assert (refused.status_code, failure(refused)) == (
        403,
        {"message": message, "reason": "Forbidden", "details": details},
    )
    apply(admin, at("a"), pull("a"), "a")
    assert apply(bob, at("a"), pull("a", labels={"b": "c"}), "b").status_code == 200


def test_many_at_once(admin: API, at: Callable[[str], str]) -> None:
    """Managers that apply fields of their own at once all have them, the first one's creation included."""

    def one(number: int) -> int:
        return apply(admin, at("busy"), pull("busy", {"tags": [f"t{number}"], "title": "t"}), f"m{number}").status_code

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        codes = sorted(pool.map(one, range(12)))
    stored = admin.get(at("busy")).json()
    assert (codes, sorted(stored["spec"]["tags"])) == ([200] * 11 + [201], sorted(f"t{n}" for n in range(12)))
    assert len(managers(stored)) == 12


def test_our_kinds_and_built_ins(admin: API, namespace: str) -> None:
    """Every kind can be applied: ours with defaults that nobody owns, Kubernetes' own with their own 415."""
    made = apply(admin, served_api.item(kinds.REPOSITORY, "web", namespace), repository(), "a")
    assert (made.status_code, set(managers(made.json())[0]["fieldsV1"]["f:spec"])) == (201, {"f:access"})
    path = served_api.item(kinds.CONFIG_MAP, "c", namespace)
    body = {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"name": "c"}, "data": {"a": "b"}}
    assert managers(apply(admin, path, body, "a").json())[0]["fieldsV1"] == {"f:data": {"f:a": {}}}
    refused = admin.patch(path, content=b"{}", headers={"content-type": "application/apply-patch+cbor"})
    want = {"message": "415: Unsupported Media Type", "reason": "UnsupportedMediaType", "details": {}}
    assert (refused.status_code, failure(refused)) == (415, want)
