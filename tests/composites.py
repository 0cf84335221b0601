"""A platform for composers to compose for: options, and objects as their controllers would leave them."""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import factories
from krate import kinds
from krate.names import Annotation
from krate_functions import dispatch, options
from krate_functions.engine import naming

UID = "11111111-2222-4333-8444-555555555555"
SERVES = options.served(kinds.KINDS)
FOREIGN = (
    "AppProject.argoproj.io",
    "NetworkPolicy.networking.k8s.io",
    "PreviewEnvironment.krate.a5c.ai",
    "ResourceQuota",
    "RunnerPool.krate.a5c.ai",
)
"""What a cluster may serve besides our own kinds."""

CLONE_URL = "http://127.0.0.1:7080/acme/web.git"


def platform(*more: str, without: Iterable[str] = (), **settings: Any) -> options.Options:
    """Options of a platform that serves our kinds and `more`."""
    serves = [word for word in (*SERVES, *more) if word not in set(without)]
    return options.Options(serves=tuple(serves), **settings)


def compose_input(composer: str = "", *more: str, **settings: Any) -> dict[str, Any]:
    """Input of our function."""
    found = {"apiVersion": options.API_VERSION, "kind": options.KIND, "options": platform(*more, **settings).dump()}
    return {**found, "composer": composer} if composer else found


def existing(obj: Mapping[str, Any], *, uid: str = UID, **parts: Any) -> dict[str, Any]:
    """An object as a server holds it."""
    return factories.merge({**obj, "metadata": {**obj["metadata"], "uid": uid, "generation": 1}}, parts)


def conditions(**said: str) -> list[dict[str, Any]]:
    """`Ready="True"` as a list of conditions."""
    return [{"type": kind, "status": status, "reason": "Available"} for kind, status in said.items()]


def healthy(obj: Mapping[str, Any]) -> dict[str, Any]:
    """An object with the status that its controller writes when all is well."""
    found = copy.deepcopy(dict(obj))
    match found["kind"]:
        case "Namespace":
            found["status"] = {"phase": "Active"}
        case "BranchProtection":
            found["status"] = {"conditions": conditions(Compiled="True", Enforced="True")}
        case "HostedRepository":
            found["status"] = {
                "atProvider": {"clone_url": CLONE_URL},
                "conditions": conditions(Ready="True", Synced="True"),
                "observedGeneration": found["metadata"].get("generation", 1),
            }
        case "HostedOrganization" | "HostedTeam" | "HostedAccess":
            found["status"] = {"conditions": conditions(Ready="True", Synced="True"), "observedGeneration": 1}
        case _:
            pass
    return found


def observed(answer: dispatch.Answer, xr: Mapping[str, Any], *, status: bool = True) -> dict[str, dict[str, Any]]:
    """What an answer desires, as it stands once it was applied; with `status` all controllers have done their work."""
    found: dict[str, dict[str, Any]] = {}
    for name, composed in answer.desired.resources.items():
        obj = existing(composed.object, uid=f"uid-{name}")
        obj["metadata"]["annotations"] = {str(Annotation.COMPOSITION_RESOURCE_NAME): name}
        obj["metadata"]["ownerReferences"] = [naming.controller_reference(xr)]
        found[name] = healthy(obj) if status else obj
    return found


def namespace(name: str = factories.NAMESPACE, **parts: Any) -> dict[str, Any]:
    return healthy(factories.make(kinds.NAMESPACE, name, **parts))


def owners_binding(*people: str) -> dict[str, Any]:
    subjects = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name} for name in people]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "krate-repo-admin"}
    return factories.make(kinds.ROLE_BINDING, "krate-organization-owners", subjects=subjects, roleRef=role)


def loaded_policy(name: str = "web", *, digest: str = "sha256:1", loaded: str = "sha256:1") -> dict[str, Any]:
    spec = {"forProvider": {"owner": "acme", "repository": name, "digest": digest, "document": "{}"}}
    return factories.make(kinds.HOSTED_REF_POLICY, name, spec=spec, status={"atProvider": {"digest": loaded}})


def required_by_repository(**answers: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Answers to everything that a Repository asks for; by default one team, owners, and a loaded policy."""
    found = {
        "teams": [factories.make_team()],
        "owners": [owners_binding("robin")],
        "policy": [loaded_policy()],
        "namespace": [namespace()],
    }
    return {**found, **answers}
