"""Kinds of Kubernetes itself that embedded mode serves: what their clients are owed."""

from typing import Any

from conformance.recording import Session

CORE = "/api/v1"
RBAC = "/apis/rbac.authorization.k8s.io/v1"


def _object(kind: str, name: str, api_version: str = "v1", /, **members: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **members}


def _here(s: Session, plural: str) -> str:
    return f"{CORE}/namespaces/{s.namespace}/{plural}"


def _own(found: Any) -> Any:
    """A list without what a controller wrote."""
    return {**found, "items": [item for item in found["items"] if item["metadata"]["name"] != "kube-root-ca.crt"]}


def config_maps(s: Session) -> None:
    at = _here(s, "configmaps")
    s.post("create", at, _object("ConfigMap", "a", data={"k": "v"}, binaryData={"b": "AAEC"}))
    s.post("bad key", at, _object("ConfigMap", "b", data={"a b": "v"}))
    s.post("key in both", at, _object("ConfigMap", "b", data={"k": "v"}, binaryData={"k": "AAEC"}))
    s.post("bad base64", at, _object("ConfigMap", "b", binaryData={"k": "?"}))
    s.post("value of another type", at, _object("ConfigMap", "b", data={"k": 1}))
    s.post("unknown field", at, _object("ConfigMap", "b", nope=1), query={"fieldValidation": "Strict"})
    s.post("immutable", at, _object("ConfigMap", "i", data={"k": "v"}, immutable=True))
    s.merge("change of an immutable one", f"{at}/i", {"data": {"k": "w"}})
    s.merge("immutable no more", f"{at}/i", {"immutable": False})
    s.ask("strategic patch", "PATCH", f"{at}/a", {"data": {"k": "x"}}, media="application/strategic-merge-patch+json")
    s.put("unconditional update", f"{at}/a", _object("ConfigMap", "a", data={"k": "y"}))
    s.apply("apply", f"{at}/a", _object("ConfigMap", "a", data={"n": "z"}))
    s.apply("conflict", f"{at}/a", _object("ConfigMap", "a", data={"k": "z"}))
    s.put("create by update", f"{at}/new", _object("ConfigMap", "new"))
    s.get("table", at, accept="application/json;as=Table;v=v1;g=meta.k8s.io", query={"includeObject": "None"})
    s.delete("delete", f"{at}/a")
    s.delete("delete all", at, view=_own)


def types(s: Session) -> None:
    """Bodies that Go's decoder refuses."""
    at = _here(s, "configmaps")
    for name, members in (
        ("list for a map", {"data": []}),
        ("number for bytes", {"binaryData": {"a": 5}}),
        ("text for a boolean", {"immutable": "x"}),
        ("list for metadata", {"metadata": []}),
        ("number for a name", {"metadata": {"name": 1}}),
        ("number for a label", {"metadata": {"name": "b", "labels": {"a": 1}}}),
        ("fraction for an integer", {"metadata": {"name": "b", "generation": 1.5}}),
        ("number for a time", {"metadata": {"name": "b", "creationTimestamp": 5}}),
        ("no time", {"metadata": {"name": "b", "creationTimestamp": "x"}}),
        ("text for an owner", {"metadata": {"name": "b", "ownerReferences": ["x"]}}),
        ("text for a controller", {"metadata": {"name": "b", "ownerReferences": [{"controller": "x"}]}}),
        ("unqualified finalizer", {"metadata": {"name": "b", "finalizers": ["x", "a b"]}}),
        ("unknown version", {"apiVersion": "v2"}),
        ("unknown kind", {"kind": "Nope"}),
        ("another kind", {"kind": "Secret"}),
        ("empty members", {"data": {}, "binaryData": None, "immutable": False, "zz": 1, "aa": 2}),
    ):
        s.post(name, at, {**_object("ConfigMap", "b"), **members})
    s.merge("finalizer by a patch", f"{at}/b", {"metadata": {"finalizers": ["x"], "labels": {"a b": "c"}}})
    rules = f"{RBAC}/namespaces/{s.namespace}"
    s.post("number for a rule", f"{rules}/roles", _role("r", 5))
    s.post("text for verbs", f"{rules}/roles", _role("r", {**RULE, "verbs": "get"}))
    s.post("number in a reference", f"{rules}/rolebindings", _binding("b", roleRef={"name": 5}))
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{s.namespace}/leases"
    for name, spec in (
        ("large number", {"leaseDurationSeconds": 5_000_000_000}),
        ("whole seconds", {"renewTime": "2020-01-01T00:00:00Z"}),
        ("microseconds", {"renewTime": "2020-01-01T01:00:00.500000+01:00", "leaseTransitions": 0}),
    ):
        body = _object("Lease", "l", "coordination.k8s.io/v1", spec=spec)
        s.ask(name, "POST", leases, body, view=lambda found: found.get("spec", found))


EVENTS = "events.k8s.io/v1"


def _event(name: str, **members: Any) -> dict[str, Any]:
    return _object(
        "Event",
        name,
        EVENTS,
        **{
            "eventTime": "2020-01-01T00:00:00.123456Z",
            "reportingController": "e.com/c",
            "reportingInstance": "i",
            "action": "Acted",
            "reason": "Happened",
            "type": "Normal",
            "note": "it happened",
            **members,
        },
    )


def _said(found: Any) -> Any:
    """An object without its metadata and without the empty members that Go writes, or the refusal of one."""
    if found.get("kind") == "Status":
        return found
    return {key: value for key, value in found.items() if key != "metadata" and value not in (None, "", {})}


def events(s: Session) -> None:
    """Events of both groups are the same ones."""
    at, core = f"/apis/{EVENTS}/namespaces/{s.namespace}/events", _here(s, "events")
    about = {"kind": "Pull", "name": "p", "namespace": s.namespace}
    s.ask("create", "POST", at, _event("a", regarding=about), view=_said)
    s.ask("read", "GET", f"{at}/a", view=_said)
    s.ask("read in the core group", "GET", f"{core}/a", view=_said)
    old = _object("Event", "b", involvedObject=about, message="old", count=3, source={"component": "x"})
    s.ask("create in the core group", "POST", core, old, view=_said)
    s.ask("read from the core group", "GET", f"{at}/b", view=_said)
    for name, members in (
        ("no time", {"eventTime": None}),
        ("no controller", {"reportingController": ""}),
        ("no instance", {"reportingInstance": ""}),
        ("bad type", {"type": "Nope"}),
        ("no type", {"type": ""}),
        ("no action", {"action": ""}),
        ("no reason", {"reason": ""}),
        ("long note", {"note": "x" * 1025}),
        ("count", {"deprecatedCount": 1}),
        ("source", {"deprecatedSource": {"component": "x"}}),
        ("series of one", {"series": {"count": 1}}),
        ("no namespace", {"regarding": {"kind": "Pull", "name": "p"}}),
        ("core names", {"message": "x", "involvedObject": about}),
    ):
        s.ask(name, "POST", at, _event("c", **{"regarding": about, **members}), view=_said)
    s.ask("another note", "PATCH", f"{at}/a", {"note": "x"}, media="application/merge-patch+json", view=_said)
    series = {"series": {"count": 2, "lastObservedTime": "2020-01-01T00:00:01.000000Z"}}
    s.ask("a series", "PATCH", f"{at}/a", series, media="application/merge-patch+json", view=_said)
    s.ask("selected", "GET", at, query={"fieldSelector": "regarding.name=p,reportingController=e.com/c"}, view=_names)
    s.get("selected by a core name", at, query={"fieldSelector": "involvedObject.name=p"})
    s.ask("selected in the core group", "GET", core, query={"fieldSelector": "involvedObject.name=p"}, view=_names)
    s.post("again", at, _event("a", regarding=about))
    s.delete("delete", f"{at}/a")
    s.get("gone", f"{at}/a")
    s.get("gone in the core group", f"{core}/a")


def _names(found: Any) -> Any:
    return [item["metadata"]["name"] for item in found["items"]]


def secrets(s: Session) -> None:
    at = _here(s, "secrets")
    s.post("create", at, _object("Secret", "a", stringData={"k": "v"}))
    s.get("get", f"{at}/a")
    s.post("bad base64", at, _object("Secret", "b", data={"k": "?"}))
    s.post("bad key", at, _object("Secret", "b", data={"a b": "dg=="}))
    s.merge("text wins", f"{at}/a", {"stringData": {"k": "w"}})
    s.merge("type is immutable", f"{at}/a", {"type": "x"})
    s.post("basic auth without anything", at, _object("Secret", "c", type="kubernetes.io/basic-auth"))
    s.post("tls without keys", at, _object("Secret", "c", type="kubernetes.io/tls"))
    s.post("ssh without a key", at, _object("Secret", "c", type="kubernetes.io/ssh-auth"))
    s.post("docker config without it", at, _object("Secret", "c", type="kubernetes.io/dockerconfigjson"))
    s.post("immutable", at, _object("Secret", "i", immutable=True, data={"k": "dg=="}))
    s.merge("change of an immutable one", f"{at}/i", {"data": {"k": "dw=="}})
    s.get("table", at, accept="application/json;as=Table;v=v1;g=meta.k8s.io", query={"includeObject": "None"})


def namespaces(s: Session) -> None:
    at = f"{CORE}/namespaces"
    s.get("get", f"{at}/{s.namespace}")
    s.post("bad name", at, _object("Namespace", "A"))
    s.post("long name", at, _object("Namespace", "a" * 64))
    s.post("name with a dot", at, _object("Namespace", "a.b"))
    s.post("exists", at, _object("Namespace", s.namespace))
    s.delete("default", f"{at}/default", query={"dryRun": "All"})
    s.delete("kube-system", f"{at}/kube-system", query={"dryRun": "All"})
    s.merge("label of the name", f"{at}/{s.namespace}", {"metadata": {"labels": {"kubernetes.io/metadata.name": "x"}}})
    s.merge("label removed", f"{at}/{s.namespace}", {"metadata": {"labels": None}})
    s.delete("delete", f"{at}/{s.namespace}")
    s.post(
        "create meanwhile",
        s.pulls,
        {"apiVersion": "ref.example.com/v1", "kind": "Pull", "metadata": {"name": "x"}, "spec": {"title": "x"}},
    )
    s.delete("delete again", f"{at}/{s.namespace}")


RULE = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}
GROUP = "rbac.authorization.k8s.io"
SUBJECT = {"kind": "User", "name": "bob", "apiGroup": GROUP}


def _role(name: str, *rules: Any) -> dict[str, Any]:
    return _object("Role", name, f"{GROUP}/v1", rules=list(rules))


def _binding(name: str, **members: Any) -> dict[str, Any]:
    reference = {"apiGroup": GROUP, "kind": "Role", "name": "r"}
    return _object("RoleBinding", name, f"{GROUP}/v1", **{"roleRef": reference, "subjects": [SUBJECT], **members})


def roles(s: Session) -> None:
    at = f"{RBAC}/namespaces/{s.namespace}"
    s.post("role", f"{at}/roles", _role("r", RULE))
    s.post("no verbs", f"{at}/roles", _role("x", {**RULE, "verbs": []}))
    s.post("no resources", f"{at}/roles", _role("x", {**RULE, "resources": []}))
    s.post("no groups", f"{at}/roles", _role("x", {**RULE, "apiGroups": []}))
    s.post("a path in a role", f"{at}/roles", _role("x", {"nonResourceURLs": ["/x"], "verbs": ["get"]}))
    s.post("binding", f"{at}/rolebindings", _binding("b"))
    s.post("no role", f"{at}/rolebindings", _binding("x", roleRef={}))
    s.post(
        "role of another group",
        f"{at}/rolebindings",
        _binding("x", roleRef={"apiGroup": "x", "kind": "Role", "name": "r"}),
    )
    s.post("bad subject kind", f"{at}/rolebindings", _binding("x", subjects=[{"kind": "X", "name": "y"}]))
    s.post(
        "account without a namespace",
        f"{at}/rolebindings",
        _binding("x", subjects=[{"kind": "ServiceAccount", "name": "y"}]),
    )
    s.merge("another role", f"{at}/rolebindings/b", {"roleRef": {"name": "s"}})


def escalations(s: Session) -> None:
    at = f"{RBAC}/namespaces/{s.namespace}"
    nobody = {"impersonate-user": "carol"}
    admin = {"apiGroups": [GROUP], "resources": ["roles", "rolebindings"], "verbs": ["create", "get"]}
    s.quiet("POST", f"{at}/roles", _role("granter", admin))
    s.quiet(
        "POST",
        f"{at}/rolebindings",
        _binding(
            "granter",
            roleRef={"apiGroup": GROUP, "kind": "Role", "name": "granter"},
            subjects=[{**SUBJECT, "name": "carol"}],
        ),
    )
    s.post("escalation", f"{at}/roles", _role("e", {**RULE, "verbs": ["get", "delete"]}, RULE), headers=nobody)
    s.post("escalation by binding", f"{at}/rolebindings", _binding("e"), headers=nobody)
    s.post("what she holds", f"{at}/roles", _role("mine", admin), headers=nobody)
    s.post(
        "aggregated",
        f"{RBAC}/clusterroles",
        _object(
            "ClusterRole",
            f"agg-{s.namespace}",
            f"{GROUP}/v1",
            aggregationRule={"clusterRoleSelectors": []},
            rules=[RULE],
        ),
        query={"dryRun": "All"},
    )


def impersonation(s: Session) -> None:
    at = _here(s, "configmaps")
    s.get("as nobody", at, headers={"impersonate-user": "nobody"})
    s.get("a group alone", at, headers={"impersonate-group": "g"})
    master = {"impersonate-user": "x", "impersonate-group": "system:masters"}
    s.get("as a master", at, headers=master, view=_own)
    s.get("extra alone", at, headers={"impersonate-extra-x": "g"})
    s.get("as an account", at, headers={"impersonate-user": f"system:serviceaccount:{s.namespace}:a"})
    s.get("as a malformed account", at, headers={"impersonate-user": "system:serviceaccount:a"})
    s.get("anonymous", at, headers={"impersonate-user": "system:anonymous"})


SCENARIOS = (config_maps, types, events, secrets, roles, escalations, impersonation, namespaces)
