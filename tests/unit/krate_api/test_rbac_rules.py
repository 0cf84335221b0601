"""RBAC rules: what they allow, and which rules cover which."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krate.identity import Attributes, Caller
from krate_api.authz import rbac
from krate_api.authz.rbac import Binding, RoleRef, Rule, Rules

REPO = {"apiGroups": ["krate.a5c.ai"], "resources": ["repositories"]}
GET = {"verbs": ["get"], **REPO}


def asks(verb: str, resource: str = "repositories", *, sub: str = "", name: str = "web") -> Attributes:
    return Attributes(verb, "krate.a5c.ai", "v1alpha1", resource, sub, "acme", name)


ALLOWS: dict[str, tuple[dict[str, Any], Attributes, bool]] = {
    "the verb": (GET, asks("get"), True),
    "another verb": (GET, asks("list"), False),
    "every verb": ({**GET, "verbs": ["*"]}, asks("escalate"), True),
    "another group": ({**GET, "apiGroups": [""]}, asks("get"), False),
    "every group": ({**GET, "apiGroups": ["*"]}, asks("get"), True),
    "no group": ({**GET, "apiGroups": []}, asks("get"), False),
    "another resource": (GET, asks("get", "teams"), False),
    "every resource": ({**GET, "resources": ["*"]}, asks("get", sub="git"), True),
    "no subresource": (GET, asks("get", sub="git"), False),
    "the subresource": ({**GET, "resources": ["repositories/git"]}, asks("get", sub="git"), True),
    "the subresource only": ({**GET, "resources": ["repositories/git"]}, asks("get"), False),
    "a subresource of everything": ({**GET, "resources": ["*/git"]}, asks("get", sub="git"), True),
    "another subresource of everything": ({**GET, "resources": ["*/git"]}, asks("get", sub="status"), False),
    "every subresource is no notation": ({**GET, "resources": ["repositories/*"]}, asks("get", sub="git"), False),
    "the name": ({**GET, "resourceNames": ["web"]}, asks("get"), True),
    "another name": ({**GET, "resourceNames": ["api"]}, asks("get"), False),
    "no name": ({**GET, "resourceNames": ["web"]}, asks("get", name=""), False),
    "a path is no resource": ({"verbs": ["get"], "nonResourceURLs": ["*"]}, asks("get"), False),
    "a resource is no path": (GET, Attributes("get", path="/metrics"), False),
    "the path": ({"verbs": ["get"], "nonResourceURLs": ["/metrics"]}, Attributes("get", path="/metrics"), True),
    "below the path": (
        {"verbs": ["get"], "nonResourceURLs": ["/healthz"]},
        Attributes("get", path="/healthz/x"),
        False,
    ),
    "a prefix": ({"verbs": ["get"], "nonResourceURLs": ["/healthz*"]}, Attributes("get", path="/healthz/x"), True),
    "every path": ({"verbs": ["get"], "nonResourceURLs": ["*"]}, Attributes("get", path="/"), True),
    "nothing": ({}, asks("get"), False),
    "values of wrong types": ({"verbs": [1, None], "apiGroups": None, "resources": [{}]}, asks("get"), False),
}


@pytest.mark.parametrize("name", ALLOWS)
def test_allows(name: str) -> None:
    """A rule allows what it says and nothing else."""
    raw, attributes, want = ALLOWS[name]
    assert Rule.of(raw).allows(attributes) is want


PATHS = {"verbs": ["get"], "nonResourceURLs": ["/healthz/*"]}
CORE = {"verbs": ["list", "get"], "apiGroups": ["", "apps"], "resources": ["pods", "secrets"]}


def short(verbs: str, resource: str = "repositories", group: str = "krate.a5c.ai", name: str = "") -> str:
    """A permission that is missing, as kube-apiserver was recorded to say it."""
    listed = " ".join(f'"{verb}"' for verb in verbs.split())
    named = f', ResourceNames:["{name}"]' if name else ""
    return f'{{APIGroups:["{group}"], Resources:["{resource}"]{named}, Verbs:[{listed}]}}'


COVERS: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]] = {
    "itself": ([GET], [GET], []),
    "nothing owned": ([], [{**GET, "verbs": ["list", "get"]}], [short("list get")]),
    "in two rules": ([GET, {**GET, "verbs": ["list"]}], [{**GET, "verbs": ["get", "list"]}], []),
    "one verb short": ([GET], [{**GET, "verbs": ["get", "list"]}], [short("list")]),
    "every verb is more than each": ([{**GET, "verbs": ["get", "list"]}], [{**GET, "verbs": ["*"]}], [short("*")]),
    "every group": ([{**GET, "apiGroups": ["*"]}], [GET], []),
    "broken down, sorted, verbs together as they were written": (
        [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}],
        [CORE, {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, PATHS],
        [
            short("list", "pods", ""),
            short("list get", "secrets", ""),
            short("*", "*", "*"),
            short("list get", "pods", "apps"),
            short("list get", "secrets", "apps"),
            '{NonResourceURLs:["/healthz/*"], Verbs:["get"]}',
        ],
    ),
    "verbs of two rules": ([], [GET, {**GET, "verbs": ["list", "get"]}], [short("get list get")]),
    "half of two rules is not the whole": (
        [{**GET, "resources": ["a"]}, {**GET, "apiGroups": [""], "resources": ["b"]}],
        [{"verbs": ["get"], "apiGroups": ["krate.a5c.ai"], "resources": ["a", "b"]}],
        [short("get", "b")],
    ),
    "a subresource of everything": (
        [{**GET, "resources": ["*/git"]}],
        [{**GET, "resources": ["repositories/git"]}],
        [],
    ),
    "it is not owned by its resource": (
        [GET],
        [{**GET, "resources": ["repositories/git"]}],
        [short("get", "repositories/git")],
    ),
    "a name of all": ([GET], [{**GET, "resourceNames": ["web"]}], []),
    "all of a name": ([{**GET, "resourceNames": ["web"]}], [GET], [short("get")]),
    "one name short": (
        [{**GET, "resourceNames": ["web"]}],
        [{**GET, "resourceNames": ["web", "api"]}],
        [short("get", name="api")],
    ),
    "paths below": ([PATHS], [{**PATHS, "nonResourceURLs": ["/healthz/x", "/healthz/*"]}], []),
    "paths above": (
        [PATHS],
        [{**PATHS, "nonResourceURLs": ["/healthz*"]}],
        ['{NonResourceURLs:["/healthz*"], Verbs:["get"]}'],
    ),
    "nothing wanted": ([], [{}], []),
}  # fmt: skip


@pytest.mark.parametrize("name", COVERS)
def test_covers(name: str) -> None:
    """What is wanted is broken down, and each piece must be covered by one rule alone."""
    owned, wanted, missing = COVERS[name]
    assert rbac.covers([Rule.of(one) for one in owned], [Rule.of(one) for one in wanted]) == missing


def words(*choice: str) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(choice), max_size=2)


RULES = st.builds(
    Rule,
    words("get", "list", "*"),
    words("", "g", "*"),
    words("a", "b", "a/s", "*/s", "*"),
    words("x", "y"),
    st.lists(st.sampled_from(["/a", "/a/b", "/a*", "*"]), max_size=2).map(tuple),
)
REQUESTS = st.one_of(
    st.builds(Attributes, st.sampled_from(["get", "list"]), st.sampled_from(["", "g"]), st.just("v1"),
              st.sampled_from(["a", "b"]), st.sampled_from(["", "s"]), st.just("n"), st.sampled_from(["", "x", "y"])),
    st.builds(Attributes, st.sampled_from(["get", "list"]), path=st.sampled_from(["/a", "/a/b", "/ax", "/c"])),
)  # fmt: skip


@given(st.lists(RULES, max_size=4), RULES, REQUESTS)
def test_covered_rules_allow_nothing_new(owned: list[Rule], wanted: Rule, request: Attributes) -> None:
    """Whoever may grant a rule could do everything it allows: no escalation by any combination."""
    if not rbac.covers(owned, [wanted]) and wanted.allows(request):
        assert any(rule.allows(request) for rule in owned)


@given(RULES, RULES)
def test_containing_is_covering(owned: Rule, wanted: Rule) -> None:
    """A rule that contains another covers every piece of it."""
    if rbac.contains(owned, wanted):
        assert rbac.covers([owned], [wanted]) == []


@given(RULES)
def test_pieces_are_counted(wanted: Rule) -> None:
    """The number of pieces bounds what can be missed; verbs of one resource are told together."""
    pieces, told = rbac.pieces(wanted), len(rbac.covers([], [wanted]))
    assert told <= pieces
    assert bool(told) == bool(pieces)


ALICE = Caller("alice", ("crew", "system:authenticated"))


def binding(
    name: str, *subjects: dict[str, str], namespace: str = "", role: str = "r", kind: str = "ClusterRole"
) -> Any:
    meta = {"name": name, **({"namespace": namespace} if namespace else {})}
    return Binding.of({"metadata": meta, "roleRef": {"kind": kind, "name": role}, "subjects": list(subjects)})


USER, GROUP = {"kind": "User", "name": "alice"}, {"kind": "Group", "name": "crew"}
BINDINGS: dict[str, tuple[Any, str, bool]] = {
    "user in the cluster": (binding("b", USER), "acme", True),
    "group in the cluster": (binding("b", GROUP), "acme", True),
    "user in the namespace": (binding("b", USER, namespace="acme"), "acme", True),
    "user in another namespace": (binding("b", USER, namespace="globex"), "acme", False),
    "namespace asked for the cluster": (binding("b", USER, namespace="acme"), "", False),
    "another user": (binding("b", {"kind": "User", "name": "bob"}), "acme", False),
    "a group named like the user": (binding("b", {"kind": "Group", "name": "alice"}), "acme", False),
    "a user named like the group": (binding("b", {"kind": "User", "name": "crew"}), "acme", False),
    "the role of the namespace": (binding("b", USER, namespace="acme", kind="Role", role="own"), "acme", True),
    "the role of another namespace": (binding("b", USER, namespace="acme", kind="Role", role="r"), "acme", False),
    "a role that is missing": (binding("b", USER, role="gone"), "acme", False),
    "nobody": (binding("b"), "acme", False),
}


@pytest.mark.parametrize("name", BINDINGS)
def test_bindings(name: str) -> None:
    """A binding grants its role to its subjects, where it is, and nothing once it or the role is gone."""
    bound, namespace, want = BINDINGS[name]
    rules = Rules()
    rules.set_role("", "r", [GET])
    rules.set_role("acme", "own", [GET])
    rules.set_role("globex", "own", [])
    rules.set_binding(bound.namespace, bound.name, bound)
    attributes = Attributes("get", "krate.a5c.ai", "v1alpha1", "repositories", "", namespace, "web")
    assert bool(rules.why(ALICE, attributes)) == want
    rules.set_binding(bound.namespace, bound.name, None)
    assert rules.why(ALICE, attributes) == ""


def test_changes_of_a_binding_and_a_role() -> None:
    """A binding that changes its subjects and a role that changes its rules leave nothing behind."""
    rules = Rules()
    request = asks("get")
    rules.set_role("", "r", [GET])
    rules.set_binding("", "b", binding("b", USER, GROUP))
    rules.set_binding("", "b", binding("b", {"kind": "User", "name": "bob"}))
    assert rules.why(ALICE, request) == ""
    rules.set_binding("", "b", binding("b", GROUP))
    assert rules.why(ALICE, request) != ""
    rules.set_role("", "r", [{**GET, "verbs": ["list"]}])
    assert rules.why(ALICE, request) == ""
    rules.set_role("", "r", None)
    assert rules.role("", RoleRef("ClusterRole", "r")) is None


def test_service_accounts() -> None:
    """A ServiceAccount is a user of its namespace: its own, or that of the RoleBinding."""
    robot = Caller("system:serviceaccount:acme:robot")
    for subject, namespace in (
        ({"kind": "ServiceAccount", "name": "robot", "namespace": "acme"}, ""),
        ({"kind": "ServiceAccount", "name": "robot"}, "acme"),
        ({"kind": "User", "name": "system:serviceaccount:acme:robot"}, ""),
    ):
        rules = Rules()
        rules.set_role("", "r", [GET])
        rules.set_binding(namespace, "b", binding("b", subject, namespace=namespace))
        assert rules.why(robot, asks("get")) != ""
