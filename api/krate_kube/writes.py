"""What a write does to an object before it is stored, as the API server's registry does it: values in, values out.

Numbers in comments are those of the design page on API behaviour.
"""

import random
from collections.abc import Mapping
from typing import Any, Final

import orjson

from krate import errors, names
from krate.errors import Cause, CauseType
from krate.kinds import Kind, NameRule
from krate_kube import schemas, selections, wire
from krate_kube.interface import Object, Propagation

_SUFFIX_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX_LENGTH: Final = 5
_PREFIX_LENGTH: Final = 58
_RESTORED: Final = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
_NAME_RULES: Final = {
    NameRule.SUBDOMAIN: names.subdomain_problems,
    NameRule.LABEL: names.label_problems,
    NameRule.PATH_SEGMENT: names.path_segment_problems,
}


def generated(prefix: str) -> str:
    """A name from a prefix (R2)."""
    suffix = "".join(random.choices(_SUFFIX_ALPHABET, k=_SUFFIX_LENGTH))  # noqa: S311 - unique, not secret
    return prefix[:_PREFIX_LENGTH] + suffix


def invalid(kind: Kind, name: str, *causes: Cause) -> errors.Invalid:
    return errors.Invalid.of(kind=kind.name, group=kind.group, name=name, causes=causes)


def decode(kind: Kind, body: Mapping[str, Any], *, namespace: str) -> Object:
    """A copy of `body` that is of this kind and in this namespace (R1).

    Raises:
        BadRequest, Invalid: it claims to be something else, or lives elsewhere.
    """
    found: Object = orjson.loads(wire.dumps(body))  # what is sent is JSON: enumerations become their words here too
    metadata = found.setdefault("metadata", {})
    if found.get("apiVersion") != kind.api_version:
        raise errors.BadRequest(
            f"the API version in the data ({found.get('apiVersion', '')}) does not match the expected API version "
            f"({kind.api_version})"
        )
    if found.get("kind") != kind.name and kind.native:
        said = f'{found.get("kind", "")} in version "{kind.version}"'
        raise errors.BadRequest(f"{said} cannot be handled as a {kind.name}")
    if found.get("kind") != kind.name:
        problem = f'Invalid value: "{found.get("kind", "")}": must be {kind.name}'
        raise invalid(kind, metadata.get("name", ""), Cause(CauseType.INVALID, problem, "kind"))
    if not kind.namespaced:
        metadata.pop("namespace", None)
    elif metadata.setdefault("namespace", namespace) != namespace:
        raise errors.BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    return found


def new(kind: Kind, body: Mapping[str, Any], *, namespace: str, now: str, uid: str) -> Object:
    """The object that a create stores."""
    found = decode(kind, body, namespace=namespace)
    metadata = found["metadata"]
    if metadata.get("resourceVersion"):
        raise errors.BadRequest("resourceVersion should not be set on objects to be created")
    for member in (*_RESTORED, "managedFields", "selfLink"):
        metadata.pop(member, None)
    if kind.has_status:
        found.pop("status", None)
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = generated(metadata["generateName"])
    _check_name(kind, str(metadata.get("name") or ""))
    metadata |= {"uid": uid, "creationTimestamp": now, "generation": 1}
    if kind.resource == "namespaces":
        metadata["labels"] = {**metadata.get("labels", {}), names.Label.NAMESPACE_NAME.value: metadata["name"]}
        found |= {"spec": {"finalizers": [names.Finalizer.NAMESPACE.value]}, "status": {"phase": "Active"}}
    found = schemas.conform(kind, found)
    schemas.validate(kind, found)
    return found


def _check_name(kind: Kind, name: str) -> None:
    if not name:
        raise invalid(
            kind, "", Cause(CauseType.REQUIRED, "Required value: name or generateName is required", "metadata.name")
        )
    problems = _NAME_RULES[kind.name_rule](name)
    if len(name) > kind.max_name and not problems:
        problems = (f"must be no more than {kind.max_name} characters",)
    if problems:
        text = f'Invalid value: "{name}": {problems[0]}'
        raise invalid(kind, name, Cause(CauseType.INVALID, text, "metadata.name"))


def changed(kind: Kind, old: Object, body: Mapping[str, Any], *, subresource: str) -> Object:
    """The object that an update stores: `body` where it may speak, `old` everywhere else (U2 to U4)."""
    found = decode(kind, body, namespace=old["metadata"].get("namespace", ""))
    _check_preconditions(kind, old, found["metadata"])
    if subresource == "status":
        found = {**old, "status": found.get("status", {})}
    elif subresource == "finalize":
        found = {**old, "spec": {**old.get("spec", {}), "finalizers": found.get("spec", {}).get("finalizers", [])}}
    else:
        found = _changed_main(kind, old, found)
    found = schemas.conform(kind, found)
    schemas.validate(kind, found)
    found["metadata"]["generation"] = old["metadata"]["generation"] + int(_desires_differ(kind, old, found))
    return found


def _changed_main(kind: Kind, old: Object, found: Object) -> Object:
    before, metadata = old["metadata"], found["metadata"]
    metadata |= {member: before[member] for member in (*_RESTORED, "resourceVersion") if member in before}
    if kind.has_status:
        found.pop("status", None)
        found |= {"status": old["status"]} if "status" in old else {}
    added = set(metadata.get("finalizers", [])) - set(before.get("finalizers", []))
    if before.get("deletionTimestamp") and added:
        problem = f"Forbidden: no new finalizers can be added if the object is being deleted, found new {sorted(added)}"
        raise invalid(kind, before["name"], Cause(CauseType.FORBIDDEN, problem, "metadata.finalizers"))
    for path in kind.immutable:
        was = selections.value_at(old, path)
        if was is not None and selections.value_at(found, path) != was:
            raise invalid(kind, before["name"], Cause(CauseType.INVALID, "field is immutable", path))
    return found


def _check_preconditions(kind: Kind, old: Object, metadata: Mapping[str, Any]) -> None:
    """A body's uid and resourceVersion must be those of the stored object (U1)."""
    name = old["metadata"]["name"]
    asked_uid, asked_version = metadata.get("uid"), metadata.get("resourceVersion")
    if asked_uid and asked_uid != old["metadata"]["uid"]:
        why = f"Precondition failed: UID in precondition: {asked_uid}, UID in object meta: {old['metadata']['uid']}"
        raise errors.Conflict.of(plural=kind.plural, group=kind.group, name=name, message=why)
    if asked_version and asked_version != old["metadata"]["resourceVersion"]:
        raise errors.Conflict.of(plural=kind.plural, group=kind.group, name=name)


def _desires_differ(kind: Kind, old: Object, found: Object) -> bool:
    """Whether anything outside metadata (and status, when it is a subresource) changed (U3)."""
    outside = {"metadata", "status"} if kind.has_status else {"metadata"}
    return {k: v for k, v in old.items() if k not in outside} != {k: v for k, v in found.items() if k not in outside}


def deleting(found: Object, *, now: str, propagation: Propagation | None) -> Object:
    """`found` as a delete leaves it: marked as going, with the finalizer its propagation asks for (X2)."""
    metadata = {**found["metadata"]}
    finalizers = [
        mark
        for mark in metadata.get("finalizers", [])
        if propagation is None or mark not in {names.Finalizer.FOREGROUND, names.Finalizer.ORPHAN}
    ]
    if propagation is Propagation.FOREGROUND:
        finalizers.append(names.Finalizer.FOREGROUND.value)
    if propagation is Propagation.ORPHAN:
        finalizers.append(names.Finalizer.ORPHAN.value)
    metadata["finalizers"] = finalizers
    if not finalizers:
        del metadata["finalizers"]
    if not metadata.get("deletionTimestamp"):
        metadata |= {
            "deletionTimestamp": now,
            "deletionGracePeriodSeconds": 0,
            "generation": metadata["generation"] + 1,
        }
    return {**found, "metadata": metadata}


def held(kind: Kind, found: Object) -> bool:
    """Whether finalizers keep a deleted object."""
    own = found.get("spec", {}).get("finalizers") if kind.resource == "namespaces" else None
    return bool(found["metadata"].get("finalizers") or own)


def deleted(kind: Kind, found: Object) -> Object:
    """The Status that answers an immediate deletion (X3)."""
    metadata = found["metadata"]
    details = {"name": metadata["name"], "group": kind.group, "kind": kind.plural, "uid": metadata["uid"]}
    return {
        "apiVersion": "v1",
        "kind": "Status",
        "metadata": {},
        "status": "Success",
        "details": {key: value for key, value in details.items() if value},
    }


def terminating(kind: Kind, found: Object) -> errors.Forbidden:
    """The refusal to create in a namespace that is going (K1)."""
    namespace, name = found["metadata"]["namespace"], found["metadata"]["name"]
    error = errors.Forbidden.of(
        plural=kind.plural,
        group=kind.group,
        name=name,
        message=f"unable to create new content in namespace {namespace} because it is being terminated",
    )
    why = f"namespace {namespace} is being terminated"
    error.causes = (Cause(CauseType.NAMESPACE_TERMINATING, why, "metadata.namespace"),)
    return error
