"""What a request asks for, from its method and path alone (AS/pkg/endpoints/request/requestinfo.go)."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from krate import errors, names, selectors
from krate.identity import Attributes
from krate.names import Verb
from krate_api.http import Request

_VERBS: Final = {
    "GET": Verb.GET,
    "HEAD": Verb.GET,
    "POST": Verb.CREATE,
    "PUT": Verb.UPDATE,
    "PATCH": Verb.PATCH,
    "DELETE": Verb.DELETE,
}
_NAMESPACE_SUBRESOURCES: Final = frozenset({"status", "finalize"})
_GROUP_PARTS: Final = 3
_CORE_PARTS: Final = 2


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """A parsed request. For paths that are no resources only `path` and `verb` (the method) are set."""

    verb: str
    path: str
    is_resource: bool = False
    group: str = ""
    version: str = ""
    namespace: str = ""
    resource: str = ""
    name: str = ""
    subresource: str = ""
    parts: tuple[str, ...] = ()

    @property
    def attributes(self) -> Attributes:
        """The request as an access review sees it."""
        if not self.is_resource:
            return Attributes(self.verb, path=self.path)
        return Attributes(
            self.verb,
            self.group,
            self.version,
            self.resource,
            self.subresource,
            self.namespace,
            self.name,
        )


def segments(raw_path: bytes) -> tuple[str, ...] | None:
    """Decoded path segments; None when one is empty, dotted, or hides a slash (`%2f`): such a path names nothing."""
    path = raw_path.partition(b"?")[0].decode("latin-1")
    found = tuple(unquote(part, errors="strict") for part in path.strip("/").split("/"))
    if any(part in {"", ".", ".."} or "/" in part or "\0" in part for part in found):
        return None
    return found


def parse(request: Request) -> RequestInfo:
    """Parse a request. A path that is no resource path is answered as such, never guessed."""
    plain = RequestInfo(request.method.lower(), request.path)
    try:
        parts = segments(request.raw_path)
    except UnicodeDecodeError:
        return plain
    if parts is None or parts[0] not in {"api", "apis"}:
        return plain
    core = parts[0] == "api"
    head = _CORE_PARTS if core else _GROUP_PARTS
    if len(parts) <= head:
        return plain
    group, version = ("", parts[1]) if core else (parts[1], parts[2])
    rest = list(parts[head:])
    verb = _VERBS.get(request.method, request.method.lower())
    watching = False
    if rest[0] == "watch" and len(rest) > 1:  # legacy prefix
        if verb != Verb.GET:
            return plain
        watching, rest = True, rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _NAMESPACE_SUBRESOURCES:  # noqa: PLR2004 - /namespaces/NAME/RESOURCE
            rest = rest[2:]
    base = RequestInfo("", request.path, True, group, version, namespace)
    return _resource(request, verb, watching=watching, base=base, rest=rest)


def _resource(request: Request, verb: str, *, watching: bool, base: RequestInfo, rest: list[str]) -> RequestInfo:
    resource, name, subresource = (*rest, "", "")[:3]
    if watching and not subresource:
        verb = Verb.WATCH
    elif not name and verb == Verb.GET:
        verb = Verb.WATCH if is_watch(request) else Verb.LIST
        name = _named(request.param("fieldSelector"))
    elif not name and verb == Verb.DELETE:
        verb = Verb.DELETE_COLLECTION
    return RequestInfo(
        verb,
        base.path,
        True,
        base.group,
        base.version,
        base.namespace,
        resource,
        name,
        subresource,
        tuple(rest[3:]),
    )


def is_watch(request: Request) -> bool:
    """`watch=` is false only for 0 and false; an empty value is true."""
    value = request.query.get("watch")
    return value is not None and value[0].lower() not in {"0", "false"}


def _named(selector: str) -> str:
    """The name that `metadata.name=x` asks for, so that RBAC on one name can grant list and watch of it.

    The selector is parsed as the list itself parses it: two readings of one text would be a way around RBAC.
    """
    try:
        name = selectors.parse_fields(selector).exact("metadata.name") or ""
    except errors.BadRequest:
        return ""
    return "" if names.path_segment_problems(name) else name
