"""Users that are deleted, and those made again under their name."""

import json

import api_users
import served_api
from krate import kinds
from served_api import API, ServedAPI


def test_deleted_user_stays_deleted(served: ServedAPI, admin: API) -> None:
    """A user whose deletion waited for a finalizer is gone with all that let them in: tokens, password, groups."""
    token = api_users.token(admin, "mallory")
    path = served_api.item(kinds.USER, "mallory", subresource="password")
    ask = {"apiVersion": kinds.USER.api_version, "kind": "UserPassword", "spec": {"password": "correct horse"}}
    assert admin.post(path, json=ask).status_code == 201
    review = {**served_api.typed(kinds.SELF_SUBJECT_REVIEW), "metadata": {}}
    with served.client(token=token) as mallory:
        assert mallory.create(kinds.SELF_SUBJECT_REVIEW, review).status_code == 201
        marked = admin.remove(kinds.USER, "mallory", propagationPolicy="Foreground").json()
        assert marked["metadata"]["finalizers"] == ["foregroundDeletion"]
        assert mallory.create(kinds.SELF_SUBJECT_REVIEW, review).status_code == 401
        assert admin.change(kinds.USER, "mallory", {"spec": {"displayName": "x"}}).status_code == 200
        assert mallory.create(kinds.SELF_SUBJECT_REVIEW, review).status_code == 401
        gone = admin.change(kinds.USER, "mallory", {"metadata": {"finalizers": None}})
        assert gone.status_code == 200
        assert admin.read(kinds.USER, "mallory").status_code == 404
        assert mallory.create(kinds.SELF_SUBJECT_REVIEW, review).status_code == 401
    signin = json.dumps({"username": "mallory", "password": "correct horse"}).encode()
    assert admin.post("/-/session", content=signin).status_code == 401


def test_user_made_again_is_another(served: ServedAPI, admin: API) -> None:
    """A token and a sign-in link of a deleted user do not open the account of a namesake."""
    token = api_users.token(admin, "trudy")
    kind = kinds.USER
    ask = {"apiVersion": kind.api_version, "kind": "UserSignin"}
    url = admin.post(served_api.item(kind, "trudy", subresource="signin"), json=ask).json()["status"]["url"]
    assert admin.remove(kind, "trudy").status_code == 200
    api_users.token(admin, "trudy")
    with served.client(token=token) as old:
        assert old.get("/version").status_code == 401
    code = {"code": url.rpartition("/")[2]}
    assert admin.post("/-/session", content=json.dumps(code).encode()).status_code == 401
