"""What is found at an address, and what is said where nothing is.

Of Kubernetes' own kinds there are paths for what they have; of custom resources any path is asked for, and not found
(AX/pkg/apiserver/customresource_handler.go).
"""

from typing import Final

import orjson

from krate import errors, kinds
from krate.names import Verb
from krate_api.http import NOSNIFF, Response
from krate_api.requestinfo import RequestInfo
from krate_api.resources import Resource, supports

_NATIVE: Final = frozenset(kind.group for kind in kinds.KINDS if kind.native)


def nothing(group: str | None) -> Response:
    """The answer where there is nothing: a Status below Kubernetes' own groups, text everywhere else.

    Args:
        group: of the path, None when it has none.
    """
    if group in _NATIVE:
        return Response(orjson.dumps(errors.NotFound(details={}).status()), errors.NotFound.code)
    return Response(b"404 page not found\n", 404, "text/plain; charset=utf-8", NOSNIFF)


def group_of(path: str) -> str | None:
    """The group that a path is below, as far as the answer to unknown ones is concerned."""
    match path.split("/"):
        case ["", "api" | "version", _, *_]:
            return ""
        case ["", "apis", group, _, *_]:
            return group
        case _:
            return None


def refusal(resource: Resource | None, info: RequestInfo) -> Response | None:
    """Why a request is not one for the resource; None when it is.

    Raises:
        NotFound: a subresource that the kind does not have.
        MethodNotAllowed: a verb that it does not have there.
        BadRequest: the name is missing.
    """
    if resource is None or not _addressed(resource, info):
        return nothing(info.group)
    kind = resource.kind
    if info.subresource and kind.subresource(info.subresource) is None:
        if kind.native:
            return nothing(kind.group)
        raise errors.NotFound.of(plural=kind.plural, group=kind.group, name=info.name)
    # Upstream passes over the name that a create has in its path.
    name = "" if info.verb == Verb.CREATE and not (kind.native or info.subresource) else info.name
    if supports(resource, info.verb, namespace=info.namespace, name=name, subresource=info.subresource):
        return None
    if kind.native:
        raise errors.MethodNotAllowed(details={})
    return _unsupported(resource, info)


def _addressed(resource: Resource, info: RequestInfo) -> bool:
    """Whether the path can lead to objects of the kind."""
    if info.parts or (info.namespace and not _in_namespace(resource, info)):
        return False
    named = info.name and info.verb not in {Verb.LIST, Verb.WATCH}
    return not (resource.kind.namespaced and named and not info.namespace)


def _in_namespace(resource: Resource, info: RequestInfo) -> bool:
    """Cluster-scoped kinds have no paths below namespaces, but a Namespace is its own."""
    return resource.kind.namespaced or (resource.kind is kinds.NAMESPACE and info.name == info.namespace)


def _unsupported(resource: Resource, info: RequestInfo) -> Response:
    """The answer to a verb that a custom resource does not have at an address."""
    kind = resource.kind
    if info.verb in {Verb.CREATE, Verb.DELETE_COLLECTION} and kind.namespaced and not (info.namespace or info.name):
        return nothing(kind.group)
    if info.verb in {Verb.UPDATE, Verb.PATCH} and not info.name and info.verb in kind.verbs:
        raise errors.BadRequest("name must be provided")
    verb = info.verb if info.verb in set(Verb) else ""
    raise errors.MethodNotAllowed(
        f"{verb} is not supported on resources of kind {errors.quoted(kind.resource)}",
        details={"group": kind.group, "kind": kind.plural},
    )
