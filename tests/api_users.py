"""Users of the API server under test, and what they are allowed to do."""

import itertools
from collections.abc import Callable, Sequence

from krate import kinds, names
from krate.kinds import Kind
from served_api import API, item, typed

NewUser = Callable[..., API]
_NUMBERS = itertools.count(1)


def token(admin: API, username: str, *, seconds: int = 3600) -> str:
    """A token of a user, who is made when missing."""
    kind, name = kinds.USER, names.user_object_name(username)
    body = {**typed(kind), "metadata": {"name": name}, "spec": {"username": username}}
    assert admin.create(kind, body).status_code in {201, 409}
    ask = {"apiVersion": kind.api_version, "kind": "UserToken", "spec": {"expirationSeconds": seconds}}
    answer = admin.post(item(kind, name, subresource="token"), json=ask)
    assert answer.status_code == 201, answer.text
    return answer.json()["status"]["token"]


def grant(admin: API, username: str, rules: list[dict[str, object]], *, namespace: str = "") -> str:
    """A role with these rules, bound to the user; in the whole cluster when no namespace is given. Answers its name."""
    name = f"{names.user_object_name(username)}-{next(_NUMBERS)}"
    role, binding = (kinds.ROLE, kinds.ROLE_BINDING) if namespace else (kinds.CLUSTER_ROLE, kinds.CLUSTER_ROLE_BINDING)
    meta = {"metadata": {"name": name}}
    subject = {"kind": "User", "name": username}
    bound = {"roleRef": {"kind": role.name, "name": name}, "subjects": [subject]}
    for kind, body in ((role, {"rules": rules}), (binding, bound)):
        answer = admin.create(kind, {**typed(kind), **meta, **body}, namespace=namespace)
        assert answer.status_code == 201, answer.text
    return name


def revoke(admin: API, granted: str, *, namespace: str = "") -> None:
    """Take away what `grant` gave."""
    binding, role = (kinds.ROLE_BINDING, kinds.ROLE) if namespace else (kinds.CLUSTER_ROLE_BINDING, kinds.CLUSTER_ROLE)
    for kind in (binding, role):
        admin.remove(kind, granted, namespace=namespace)


def rule(*verbs: str, kind: Kind, sub: str = "", names: Sequence[str] = ()) -> dict[str, object]:
    """One PolicyRule about a kind."""
    resource = f"{kind.plural}/{sub}" if sub else kind.plural
    found: dict[str, object] = {"verbs": list(verbs), "apiGroups": [kind.group], "resources": [resource]}
    return {**found, "resourceNames": list(names)} if names else found
