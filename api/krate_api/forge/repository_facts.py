"""What comes and goes with a Repository and with a User, in their own transactions."""

import uuid
from collections.abc import Mapping
from typing import Any

from krate import clock, kinds
from krate.models.organization import DeletionPolicy
from krate_api.admission.interface import Operation
from krate_api.authn.identities import IDENTITIES, PASSWORDS, Identity
from krate_api.forge import objects
from krate_api.forge.source import Inquiry, Source
from krate_api.store.interface import ANY, Key, Record, Remove
from krate_api.strategies.interface import Facts


async def repository(source: Source, ask: Inquiry) -> Facts:
    """operations: RepositoryContent is created with a Repository unless an earlier one of that name left it."""
    obj = ask.obj
    namespace, name = obj["metadata"]["namespace"], obj["metadata"].get("name", "")
    content = await objects.get(source.store, kinds.REPOSITORY_CONTENT, namespace, name) if name else None
    if ask.operation is Operation.CREATE and name and content is None:
        now = clock.rfc3339(source.clock())
        fresh = {
            "apiVersion": kinds.REPOSITORY_CONTENT.api_version,
            "kind": kinds.REPOSITORY_CONTENT.name,
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": str(uuid.uuid4()),
                "creationTimestamp": now,
                "generation": 1,
            },
        }
        status = {"branches": 0, "tags": 0, "size": 0}
        return Facts({"operations": [objects.say(kinds.REPOSITORY_CONTENT, fresh, status, now)]})
    removed = ask.operation is not Operation.CREATE and _goes(obj)
    if removed and content is not None and obj["spec"].get("deletionPolicy") == DeletionPolicy.DELETE:
        key = Key(kinds.REPOSITORY_CONTENT.resource, namespace, name)
        return Facts({"operations": [Remove(key, objects.version(content))]})
    return Facts()


def _goes(obj: Mapping[str, Any]) -> bool:
    """Whether this write removes the object: it is being deleted and nothing keeps it."""
    return not obj["metadata"].get("finalizers") and bool(obj["metadata"].get("deletionTimestamp"))


async def user(source: Source, ask: Inquiry) -> Facts:
    """operations: the private identity row follows the User, and is gone from the moment its deletion begins."""
    obj = ask.obj
    username = obj["spec"]["username"]
    if ask.operation is Operation.DELETE or obj["metadata"].get("deletionTimestamp"):
        return Facts({"operations": [Record(IDENTITIES, username, None), Record(PASSWORDS, username, None)]})
    value = source.store.record(IDENTITIES, username)
    before = Identity.decode(value) if value is not None else None
    fresh = ask.operation is Operation.CREATE
    identity = Identity(
        obj["metadata"]["uid"],
        before.groups if before is not None and not fresh else (),
        bool(obj["spec"].get("suspended")),
    )
    return Facts({"operations": [Record(IDENTITIES, username, identity.encode(), ANY)]})
