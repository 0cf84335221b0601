"""Activities: every mutation and every denial leaves one, with a line that repeats it, and no secret."""

import base64
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

import api_users
import factories
import served_api
from api_answers import created, repository
from api_users import NewUser, rule
from krate import kinds, logging, names
from served_api import API, ServedAPI

PLATFORM = "krate-system"


def activities(admin: API, namespace: str, **selected: str) -> list[dict[str, Any]]:
    """Status of the namespace's Activities, oldest first."""
    selector = ",".join(f"status.{field.replace('_', '.')}={value}" for field, value in selected.items())
    items = admin.list(kinds.ACTIVITY, namespace=namespace, fieldSelector=selector).json()["items"]
    return [item["status"] for item in items]


def wait(admin: API, namespace: str, count: int, **selected: str) -> list[dict[str, Any]]:
    served_api.until(lambda: len(activities(admin, namespace, **selected)) >= count)
    return activities(admin, namespace, **selected)


def about(kind: Any, namespace: str, name: str, subresource: str = "") -> dict[str, str]:
    return {
        "apiVersion": kind.api_version, "kind": kind.name, "namespace": namespace, "name": name,
        "subresource": subresource,
    }  # fmt: skip


def test_mutations(admin: API, namespace: str) -> None:
    """Create, update, status and delete leave one Activity each: who, what, with which command, under which id."""
    headers = {"X-Correlation-ID": "story-1"}
    body = repository()
    answer = admin.post(served_api.collection(kinds.REPOSITORY, namespace), json=body, headers=headers)
    assert answer.headers["x-correlation-id"] == answer.headers["audit-id"] == "story-1"
    admin.change(kinds.REPOSITORY, "web", {"spec": {"description": "it's new"}}, namespace=namespace)
    admin.change(kinds.REPOSITORY, "web", {"status": {"phase": "Ready"}}, namespace=namespace, subresource="status")
    admin.remove(kinds.REPOSITORY, "web", namespace=namespace)
    found = wait(admin, namespace, 4)
    assert [(one["verb"], one["object"]["subresource"]) for one in found] == [
        ("create", ""),
        ("update", ""),
        ("update", "status"),
        ("delete", ""),
    ]
    first = found[0]
    assert (first["actor"], first["groups"], first["decision"], first["count"], first["correlationID"]) == (
        "krate-admin",
        ["system:masters", "system:authenticated"],
        "Allowed",
        1,
        "story-1",
    )
    assert first["object"] == about(kinds.REPOSITORY, namespace, "web")
    assert found[1]["command"] == (
        f"kubectl patch repository/web -n {namespace} --type=merge -p "
        '\'{"spec":{"description":"it\'\\\'\'s new"}}\''
    )
    assert found[2]["command"].startswith(f"kubectl patch repository/web -n {namespace} --subresource=status ")
    assert found[3]["command"] == f"kubectl delete repository/web -n {namespace}"


def test_commands_repeat_what_was_done(admin: API, namespace: str) -> None:
    """The commands of an object's Activities, carried out elsewhere, make the same object."""
    kind = kinds.CONFIG_MAP
    body = factories.make_config_map("c", namespace=namespace, data={"a": "1", "b": "2"})
    created(admin, kind, body, namespace)
    admin.change(kind, "c", {"data": {"a": None, "c": "$(id) `id` 'q' \"q\" \\ \n"}}, namespace=namespace)
    admin.change(kind, "c", {"metadata": {"labels": {"x": "y"}, "annotations": {"n": "e"}}}, namespace=namespace)
    want = admin.read(kind, "c", namespace=namespace).json()
    commands = [one["command"] for one in wait(admin, namespace, 3)]
    admin.remove(kind, "c", namespace=namespace)
    for command in commands:
        if command.startswith("kubectl create"):
            text = command.removeprefix("kubectl create -f - <<'EOF'\n").removesuffix("\nEOF")
            assert admin.create(kind, json.loads(text), namespace=namespace).status_code == 201
            continue
        words = shlex.split(command)
        assert words[:5] == ["kubectl", "patch", "configmap/c", "-n", namespace]
        assert admin.change(kind, "c", json.loads(words[-1]), namespace=namespace).status_code == 200
    again = admin.read(kind, "c", namespace=namespace).json()
    for obj in (want, again):
        for member in ("uid", "resourceVersion", "creationTimestamp"):
            del obj["metadata"][member]
    assert again == want


def test_nothing_changed_leaves_nothing(admin: API, namespace: str) -> None:
    """A write that changes nothing, and a failed one that nobody denied, leave no Activity."""
    made = created(admin, kinds.CONFIG_MAP, factories.make_config_map("c", namespace=namespace), namespace)
    admin.update(kinds.CONFIG_MAP, made)
    admin.create(kinds.CONFIG_MAP, made, namespace=namespace)
    admin.change(kinds.CONFIG_MAP, "c", {"data": 5}, namespace=namespace)
    created(admin, kinds.CONFIG_MAP, factories.make_config_map("last", namespace=namespace), namespace)
    wait(admin, namespace, 1, object_name="last")
    assert [one["object"]["name"] for one in activities(admin, namespace)] == ["c", "last"]


def test_denials(admin: API, user: NewUser, namespace: str) -> None:
    """A refused request leaves an Activity with the reason; the same one within a minute counts up."""
    bob = user("bob")
    for _ in range(3):
        assert bob.read(kinds.SECRET, "x", namespace=namespace).status_code == 403
    assert bob.remove(kinds.SECRET, "x", namespace=namespace).status_code == 403

    def counts() -> dict[str, int]:
        found: dict[str, int] = {}
        for one in activities(admin, namespace, decision="Denied"):
            found[one["verb"]] = found.get(one["verb"], 0) + one["count"]
        return found

    served_api.until(lambda: counts() == {"get": 3, "delete": 1})
    (denied,) = activities(admin, namespace, decision="Denied", actor="bob")[-1:]
    assert denied["reason"].startswith('secrets "x" is forbidden: User "bob" cannot ')
    assert denied["object"]["kind"] == "Secret"


def test_admission_denials(admin: API, namespace: str) -> None:
    """What a guard or policy refuses is a denial too, the administrator's included."""
    created(admin, kinds.REPOSITORY, repository(metadata={"finalizers": ["krate.a5c.ai/repository"]}), namespace)
    policy = {
        **served_api.typed(kinds.NAMESPACED_VALIDATING_POLICY),
        "metadata": {"name": "no-red"},
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
                ]
            },
            "validations": [{"expression": "object.data.colour != 'red'", "message": "red is not allowed"}],
        },
    }
    created(admin, kinds.NAMESPACED_VALIDATING_POLICY, policy, namespace)
    red = factories.make_config_map("red", namespace=namespace, data={"colour": "red"})
    answer = admin.create(kinds.CONFIG_MAP, red, namespace=namespace)
    assert answer.status_code >= 400
    assert "red is not allowed" in answer.json()["message"]
    (denied,) = wait(admin, namespace, 1, decision="Denied")
    assert (denied["actor"], denied["verb"], denied["object"]["name"]) == ("krate-admin", "create", "")
    assert "red is not allowed" in denied["reason"]


def test_denials_stand_where_somebody_reads_them(admin: API, user: NewUser) -> None:
    """A refusal about a namespace that does not exist plants nothing there; it stands in the system's namespace."""
    eve = user("eve-elsewhere")
    long = "n" * 5000
    assert eve.read(kinds.CONFIG_MAP, long, namespace="not-yet").status_code == 403
    found = wait(admin, PLATFORM, 1, actor="eve-elsewhere")
    assert len(found[0]["object"]["name"]) == 253
    assert len(found[0]["reason"]) <= 4096
    assert admin.list(kinds.ACTIVITY, namespace="not-yet").json()["items"] == []


def test_reading_and_reviews_leave_nothing(admin: API, user: NewUser, namespace: str) -> None:
    """Reads, reviews of oneself and queries are no Activities."""
    bob = user("reader-bob", rules=[rule("get", "list", kind=kinds.CONFIG_MAP)], namespace=namespace)
    bob.list(kinds.CONFIG_MAP, namespace=namespace)
    review = {**served_api.typed(kinds.SELF_SUBJECT_REVIEW), "metadata": {}}
    bob.create(kinds.SELF_SUBJECT_REVIEW, review)
    query = {**served_api.typed(kinds.QUERY), "metadata": {}, "spec": {"targets": ["PullRequest"]}}
    assert bob.create(kinds.QUERY, query).status_code == 201
    assert bob.read(kinds.SECRET, "marker", namespace=namespace).status_code == 403
    wait(admin, namespace, 1, actor="reader-bob")
    told = activities(admin, namespace, actor="reader-bob") + activities(admin, PLATFORM, actor="reader-bob")
    assert [one["object"]["kind"] for one in told] == ["Secret"]


def test_activities_cannot_be_written(admin: API, namespace: str) -> None:
    """Nobody writes history."""
    created(admin, kinds.CONFIG_MAP, factories.make_config_map("c", namespace=namespace), namespace)
    wait(admin, namespace, 1)
    (item,) = admin.list(kinds.ACTIVITY, namespace=namespace).json()["items"]
    name = item["metadata"]["name"]
    for answer in (
        admin.create(kinds.ACTIVITY, item, namespace=namespace),
        admin.update(kinds.ACTIVITY, item),
        admin.change(kinds.ACTIVITY, name, {}, namespace=namespace),
        admin.remove(kinds.ACTIVITY, name, namespace=namespace),
    ):
        assert answer.status_code == 405


CANARY = "canary-4f1d"


def walk(admin: API, namespace: str) -> list[str]:
    """Every text the API shows in a namespace and in the cluster, except Secrets themselves."""
    texts: list[str] = []
    for kind in kinds.KINDS:
        if kind is kinds.SECRET or "list" not in kind.verbs:
            continue
        for where in (namespace, PLATFORM) if kind.namespaced else ("",):
            texts += [admin.list(kind, namespace=where).text]
            table = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
            texts += [admin.get(served_api.collection(kind, where), headers=table).text]
    return texts


def test_no_secret_leaves(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Secrets in objects, passwords, tokens and codes show in no other answer, no Activity, no metric and no log."""
    folder: Path = tmp_path_factory.mktemp("canary")
    log = folder / "log"
    with log.open("w") as stream:
        logging.configure(stream=stream, level="debug")
        with ServedAPI(folder) as served, served.admin() as admin:
            texts, secrets = _use_secrets(served, admin)
    written = log.read_text()
    for secret in secrets:
        assert [text for text in texts if secret in text] == [], secret
        assert secret not in written
    stored = b"".join(file.read_bytes() for file in (folder / "data").glob("krate.sqlite*"))
    assert f"{CANARY}-password".encode() not in stored


def _use_secrets(served: ServedAPI, admin: API) -> tuple[list[str], list[str]]:
    """Make, change, refuse and delete things that hold secrets; answers what was seen and what must not be in it."""
    namespace = served_api.new_namespace(admin)
    texts: list[str] = []
    plain = f"{CANARY}-data"
    encoded = base64.b64encode(plain.encode()).decode()
    applied = {"annotations": {str(names.Annotation.LAST_APPLIED): json.dumps({"stringData": {"k": plain}})}}
    secret = {**served_api.typed(kinds.SECRET), "metadata": {"name": "s", **applied}, "stringData": {"k": plain}}
    assert admin.create(kinds.SECRET, secret, namespace=namespace).status_code == 201
    admin.change(kinds.SECRET, "s", {"stringData": {"k": f"{CANARY}-more"}}, namespace=namespace)
    admin.change(kinds.SECRET, "s", {"data": {"k": encoded, "gone": encoded}}, namespace=namespace)
    texts.append(admin.change(kinds.SECRET, "s", {"data": {"k": f"{CANARY}-not-base64"}}, namespace=namespace).text)
    texts.append(admin.change(kinds.SECRET, "s", {"data": [plain]}, namespace=namespace).text)
    texts.append(admin.create(kinds.SECRET, {**secret, "data": [plain]}, namespace=namespace).text)
    token = api_users.token(admin, "alice")
    path = served_api.item(kinds.USER, "alice", subresource="password")
    body = {"apiVersion": kinds.USER.api_version, "kind": "UserPassword", "spec": {"password": f"{CANARY}-password"}}
    texts.append(admin.post(path, json=body).text)
    texts.append(admin.post(path, json={**body, "spec": {"password": [f"{CANARY}-password"]}}).text)
    ask = {"apiVersion": kinds.USER.api_version, "kind": "UserSignin"}
    link = admin.post(served_api.item(kinds.USER, "alice", subresource="signin"), json=ask).json()["status"]["url"]
    code = link.rpartition("/")[2]
    attempts = ({"username": "alice", "password": f"{CANARY}-wrong"}, {"code": f"{CANARY}-code"})
    texts += [admin.post("/-/session", content=json.dumps(attempt).encode()).text for attempt in attempts]
    with served.client(token=token) as alice:
        texts.append(alice.create(kinds.SECRET, secret, namespace=namespace).text)
        texts.append(alice.read(kinds.SECRET, "s", namespace=namespace).text)
    with served.client(token=f"{CANARY}-token") as stranger:
        texts.append(stranger.get("/version").text)
    admin.remove(kinds.SECRET, "s", namespace=namespace)
    wait(admin, namespace, 4)
    texts += walk(admin, namespace)
    texts += [admin.get(where).text for where in ("/metrics", "/readyz?verbose", "/openapi/v2")]
    return texts, [CANARY, encoded, base64.b64encode(f"{CANARY}-more".encode()).decode(), token, code]
