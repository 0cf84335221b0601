"""A mutation as a value: what a form would send, before it is sent.

The panel shows the intent, the submit button sends the very same one; there is no second way to build a request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from krate.kinds import Kind
from krate_kube.interface import Client, Object

FIELD_MANAGER = "krate-web"


@dataclass(frozen=True, slots=True)
class Create:
    """Create an object."""

    kind: Kind
    namespace: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Patch:
    """Change fields of an object, as a JSON merge patch."""

    kind: Kind
    namespace: str
    name: str
    patch: Mapping[str, Any]


Intent = Create | Patch


def create(kind: Kind, namespace: str, *, generate_name: str, spec: Mapping[str, Any]) -> Create:
    """A new object whose name the server completes."""
    metadata = {"generateName": generate_name, "namespace": namespace}
    body = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata, "spec": spec}
    return Create(kind, namespace, body)


async def send(client: Client, intent: Intent) -> Object:
    """Send it as the signed-in user.

    Raises:
        StatusError: the server refused it.
    """
    if isinstance(intent, Create):
        return await client.create(
            intent.kind, intent.body, namespace=intent.namespace, field_manager=FIELD_MANAGER, field_validation="Strict"
        )
    return await client.patch(
        intent.kind,
        intent.name,
        intent.patch,
        namespace=intent.namespace,
        field_manager=FIELD_MANAGER,
        field_validation="Strict",
    )


async def current(client: Client, intent: Intent) -> Object | None:
    """The object that a patch would change."""
    if isinstance(intent, Create):
        return None
    return await client.get(intent.kind, intent.name, namespace=intent.namespace)


def merged(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """`target` with a JSON merge patch laid on it (RFC 7396)."""
    found = dict(target)
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, Mapping):
            below = found.get(key)
            found[key] = merged(below if isinstance(below, Mapping) else {}, value)
        else:
            found[key] = value
    return found
