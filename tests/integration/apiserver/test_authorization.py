"""RBAC: nothing without a role, nothing more than a role says, and nobody grants what they do not hold."""

import pytest

import api_answers
import api_users
import factories
import served_api
from api_answers import failure
from api_users import NewUser, rule
from krate import kinds
from krate.kinds import Kind
from krate.names import Verb
from served_api import API, ServedAPI

PLACE = "acme"


def attempt(client: API, kind: Kind, verb: Verb, namespace: str) -> int:
    """The code of one request of the verb."""
    where = namespace if kind.namespaced else ""
    body = {**served_api.typed(kind), "metadata": {"name": "x"}}
    path, one = served_api.collection(kind, where), served_api.item(kind, "x", where)
    merge = {"content-type": "application/merge-patch+json"}
    requests = {
        Verb.GET: lambda: client.get(one),
        Verb.LIST: lambda: client.get(path),
        Verb.WATCH: lambda: client.get(path, params={"watch": "true", "timeoutSeconds": "1"}),
        Verb.CREATE: lambda: client.post(path, json=body),
        Verb.UPDATE: lambda: client.put(one, json=body),
        Verb.PATCH: lambda: client.patch(one, content=b"{}", headers=merge),
        Verb.DELETE: lambda: client.request("DELETE", one),
        Verb.DELETE_COLLECTION: lambda: client.request("DELETE", path),
    }
    return requests[verb]().status_code


OPEN_TO_ALL_USERS = {
    (kinds.SELF_SUBJECT_ACCESS_REVIEW, Verb.CREATE),
    (kinds.SELF_SUBJECT_REVIEW, Verb.CREATE),
    (kinds.SELF_SUBJECT_RULES_REVIEW, Verb.CREATE),
    (kinds.QUERY, Verb.CREATE),
    *((kind, verb) for kind in (kinds.VALIDATING_ADMISSION_POLICY, kinds.VALIDATING_ADMISSION_POLICY_BINDING,
                                kinds.VALIDATING_POLICY, kinds.NAMESPACED_VALIDATING_POLICY)
      for verb in (Verb.GET, Verb.LIST, Verb.WATCH)),
}  # fmt: skip
"""What every signed-in user may do: ask about themselves, query (which asks again), and read the policies that judge
them."""


def test_nothing_without_a_role(user: NewUser, namespace: str, any_kind: Kind) -> None:
    """A user without roles is refused every verb of every kind, and of every subresource."""
    nina = user("nina")
    for verb in Verb:
        code = attempt(nina, any_kind, verb, namespace)
        if (any_kind, verb) in OPEN_TO_ALL_USERS:
            assert code != 403, verb
        else:
            assert code == 403, verb
    where = namespace if any_kind.namespaced else ""
    for sub in any_kind.subresources:
        path = served_api.item(any_kind, "x", where, sub.name)
        codes = {
            nina.request(method, path, json={}).status_code for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        }
        assert codes == {403}, sub.name


def test_nothing_for_nobody(nobody: API, namespace: str, any_kind: Kind) -> None:
    """Without credentials every verb of every kind is refused, as the anonymous user."""
    for verb in Verb:
        assert attempt(nobody, any_kind, verb, namespace) == 403, verb


def test_sentence(user: NewUser, nobody: API, namespace: str) -> None:
    """A refusal names who, what and where."""
    bob = user("bob")
    place = f'in the namespace "{namespace}"'
    cases = {
        served_api.collection(kinds.REPOSITORY, namespace): (
            f'repositories.krate.a5c.ai is forbidden: User "bob" cannot list resource "repositories" in API group '
            f'"krate.a5c.ai" {place}'
        ),
        served_api.item(kinds.CONFIG_MAP, "a", namespace): (
            f'configmaps "a" is forbidden: User "bob" cannot get resource "configmaps" in API group "" {place}'
        ),
        served_api.item(kinds.ORGANIZATION, "a", subresource="status"): (
            'organizations.krate.a5c.ai "a" is forbidden: User "bob" cannot get resource "organizations/status" in API '
            'group "krate.a5c.ai" at the cluster scope'
        ),
        "/metrics": 'forbidden: User "bob" cannot get path "/metrics"',
        "/unknown": 'forbidden: User "bob" cannot get path "/unknown"',
    }
    for path, message in cases.items():
        answer = bob.get(path)
        assert (answer.status_code, failure(answer)["message"]) == (403, message)
    anonymous = nobody.get(served_api.item(kinds.CONFIG_MAP, "a", namespace))
    assert (anonymous.status_code, failure(anonymous)["message"]) == (
        403,
        'configmaps "a" is forbidden: User "system:anonymous" cannot get resource "configmaps" in API group "" '
        + place,
    )


def test_details(user: NewUser, namespace: str) -> None:
    """Details of a refusal are about the resource."""
    answer = user("bob").get(served_api.collection(kinds.REPOSITORY, namespace))
    assert failure(answer)["details"] == {"group": "krate.a5c.ai", "kind": "repositories"}


def test_role_in_its_namespace(admin: API, user: NewUser, namespace: str) -> None:
    """A Role gives its verbs on its resources in its namespace, at once and nothing else."""
    bob = user("bob", rules=[rule("create", "get", kind=kinds.CONFIG_MAP)], namespace=namespace)
    elsewhere = served_api.new_namespace(admin)
    body = {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"name": "x"}}
    assert bob.create(kinds.CONFIG_MAP, body, namespace=namespace).status_code == 201
    assert bob.read(kinds.CONFIG_MAP, "x", namespace=namespace).status_code == 200
    assert bob.list(kinds.CONFIG_MAP, namespace=namespace).status_code == 403
    assert bob.remove(kinds.CONFIG_MAP, "x", namespace=namespace).status_code == 403
    assert bob.read(kinds.SECRET, "x", namespace=namespace).status_code == 403
    assert bob.create(kinds.CONFIG_MAP, body, namespace=elsewhere).status_code == 403
    assert bob.list(kinds.CONFIG_MAP).status_code == 403


def test_subresources_are_resources(admin: API, user: NewUser, namespace: str) -> None:
    """A right on an object is none on its status, and the other way round."""
    api_answers.created(admin, kinds.REPOSITORY, api_answers.repository(), namespace)
    main = user("main", rules=[rule("get", "patch", kind=kinds.REPOSITORY)], namespace=namespace)
    status = user("status", rules=[rule("get", "patch", kind=kinds.REPOSITORY, sub="status")], namespace=namespace)
    for client, sub, code in ((main, "", 200), (main, "status", 403), (status, "", 403), (status, "status", 200)):
        assert client.get(served_api.item(kinds.REPOSITORY, "web", namespace, sub)).status_code == code
        patched = client.change(kinds.REPOSITORY, "web", {}, namespace=namespace, subresource=sub)
        assert patched.status_code == code


def test_names(admin: API, user: NewUser, namespace: str) -> None:
    """A rule with names gives those names, and no creation, list or collection."""
    verbs = ("get", "patch", "delete", "create", "list", "watch", "deletecollection")
    bob = user("bob", rules=[rule(*verbs, kind=kinds.CONFIG_MAP, names=["mine"])], namespace=namespace)
    for name in ("mine", "other"):
        body = {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"name": name}}
        api_answers.created(admin, kinds.CONFIG_MAP, body, namespace)
    assert bob.read(kinds.CONFIG_MAP, "mine", namespace=namespace).status_code == 200
    assert bob.read(kinds.CONFIG_MAP, "other", namespace=namespace).status_code == 403
    assert bob.list(kinds.CONFIG_MAP, namespace=namespace).status_code == 403
    path = served_api.collection(kinds.CONFIG_MAP, namespace)
    only = {"fieldSelector": "metadata.name=mine"}
    assert [one["metadata"]["name"] for one in bob.get(path, params=only).json()["items"]] == ["mine"]
    assert bob.request("DELETE", path, params=only).status_code == 403
    made = {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"name": "mine"}}
    assert bob.create(kinds.CONFIG_MAP, made, namespace=namespace).status_code == 403


def test_groups_and_service_accounts(served: ServedAPI, admin: API, namespace: str) -> None:
    """Subjects are users, groups and service accounts, each by its own name."""
    account = {**served_api.typed(kinds.SERVICE_ACCOUNT), "metadata": {"name": "robot"}}
    api_answers.created(admin, kinds.SERVICE_ACCOUNT, account, namespace)
    role = {**served_api.typed(kinds.ROLE), "metadata": {"name": "r"}, "rules": [rule("list", kind=kinds.CONFIG_MAP)]}
    api_answers.created(admin, kinds.ROLE, role, namespace)
    subjects = {
        "robot": {"kind": "ServiceAccount", "name": "robot", "namespace": namespace},
        "accounts": {"kind": "Group", "name": f"system:serviceaccounts:{namespace}"},
        "group": {"kind": "Group", "name": "crew"},
    }
    token = served.run(lambda: served.core.identities.mint_service_account(namespace, "robot", 600))
    assert token
    person = api_users.token(admin, "carol")
    password = {"apiVersion": kinds.USER.api_version, "kind": "UserPassword", "spec": {"groups": ["crew"]}}
    assert admin.post(served_api.item(kinds.USER, "carol", subresource="password"), json=password).status_code == 201
    with served.client(token=token) as robot, served.client(token=person) as carol:
        for name, allowed in (("robot", robot), ("accounts", robot), ("group", carol)):
            assert allowed.list(kinds.CONFIG_MAP, namespace=namespace).status_code == 403
            binding = {
                **served_api.typed(kinds.ROLE_BINDING),
                "metadata": {"name": name},
                "roleRef": {"kind": "Role", "name": "r"},
                "subjects": [subjects[name]],
            }
            api_answers.created(admin, kinds.ROLE_BINDING, binding, namespace)
            assert allowed.list(kinds.CONFIG_MAP, namespace=namespace).status_code == 200
            admin.remove(kinds.ROLE_BINDING, name, namespace=namespace)
            assert allowed.list(kinds.CONFIG_MAP, namespace=namespace).status_code == 403


METHODS = ("OPTIONS", "TRACE", "CONNECT", "PROPFIND", "MKCOL", "LINK", "PURGE")


@pytest.mark.parametrize("method", [method for method in METHODS if method != "CONNECT"])
def test_other_methods(admin: API, nobody: API, namespace: str, method: str) -> None:
    """Methods that mean nothing here: 403 without rights, 405 with all of them, 404 where there is nothing."""
    path = served_api.collection(kinds.CONFIG_MAP, namespace)
    assert nobody.request(method, path).status_code == 403
    answer = admin.request(method, path)
    assert (answer.status_code, failure(answer)["reason"]) == (405, "MethodNotAllowed")
    assert admin.request(method, "/version").status_code == 405
    assert admin.request(method, "/nothing").status_code == 404


ADDRESSES: dict[str, tuple[str, str]] = {
    "create in all namespaces": ("POST", "/api/v1/configmaps"),
    "create with a name": ("POST", "/api/v1/namespaces/default/configmaps/x"),
    "update without a name": ("PUT", "/api/v1/namespaces/default/configmaps"),
    "patch without a name": ("PATCH", "/api/v1/namespaces/default/configmaps"),
    "delete everywhere": ("DELETE", "/api/v1/configmaps"),
    "create what is only read": ("POST", "/apis/forge.krate.a5c.ai/v1alpha1/namespaces/default/activities"),
    "list what is only created": ("GET", "/apis/forge.krate.a5c.ai/v1alpha1/queries"),
    "post to a status": ("POST", "/apis/krate.a5c.ai/v1alpha1/organizations/x/status"),
    "get of an action": ("GET", "/apis/forge.krate.a5c.ai/v1alpha1/users/x/token"),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_verbs_at_the_wrong_address(admin: API, name: str) -> None:
    """A verb that an address does not have: 405, whoever asks."""
    method, path = ADDRESSES[name]
    answer = admin.request(method, path, json=factories.make_config_map("x"))
    assert (answer.status_code, failure(answer)["reason"]) == (405, "MethodNotAllowed")


def test_default_roles(admin: API) -> None:
    """The roles that every Kubernetes has are there, with the labels that aggregate them."""
    found = {one["metadata"]["name"]: one for one in admin.list(kinds.CLUSTER_ROLE).json()["items"]}
    group = kinds.CLUSTER_ROLE.group
    for name in ("admin", "edit", "view"):
        (selector,) = found[name]["aggregationRule"]["clusterRoleSelectors"]
        assert selector == {"matchLabels": {f"{group}/aggregate-to-{name}": "true"}}
    defaults = {
        name: one for name, one in found.items() if "kubernetes.io/bootstrapping" in one["metadata"].get("labels", {})
    }
    assert set(defaults) == {
        "admin", "cluster-admin", "edit", "system:aggregate-to-admin", "system:aggregate-to-edit",
        "system:aggregate-to-view", "system:auth-delegator", "system:basic-user", "system:discovery",
        "system:monitoring", "system:public-info-viewer", "view",
    }  # fmt: skip
    for one in defaults.values():
        assert one["metadata"]["annotations"] == {"rbac.authorization.kubernetes.io/autoupdate": "true"}


def test_a_right_to_one_name_creates_nothing(admin: API, user: NewUser, namespace: str) -> None:
    """The name in the path of a create is passed over, as upstream does, so that it alone grants nothing."""
    nina = user("nina")
    kind = kinds.REPOSITORY
    body = {**served_api.typed(kind), "metadata": {"name": "other"}, "spec": {}}
    path = served_api.item(kind, "mine", namespace)
    api_users.grant(admin, "nina", [rule("create", kind=kind, names=["mine"])], namespace=namespace)
    assert nina.post(path, json=body).status_code == 403
    assert (answer := admin.post(path, json=body)).status_code == 201
    assert answer.json()["metadata"]["name"] == "other"
