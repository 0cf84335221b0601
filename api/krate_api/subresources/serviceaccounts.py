"""`serviceaccounts/token`: a token for a ServiceAccount (KK/pkg/registry/core/serviceaccount/storage/token.go)."""

from functools import cache
from typing import Any, Final

from krate import clock, errors, kinds, schema
from krate.errors import Cause, CauseType
from krate.kinds import Kind
from krate.models.reviews import TokenRequest
from krate_api import bodies
from krate_api.admission.interface import Operation
from krate_api.apply.fieldmanager import FieldManager
from krate_api.authn.identities import Identities
from krate_api.authn.tokens import ISSUER, Bound
from krate_api.forge import objects
from krate_api.http import Response
from krate_api.protobuf import messages
from krate_api.registry import listing, updating
from krate_api.registry.call import write_options
from krate_api.registry.writing import Kit, Write
from krate_api.schemas.structural import StructuralSchema
from krate_api.subresources.interface import Handlers, Visit

_SUB: Final = kinds.TOKEN_REQUEST
_API_VERSION: Final = f"{_SUB.group}/{_SUB.version}"
_MEDIA: Final = (*bodies.ACCEPTED, messages.MEDIA)
_HOUR: Final = 3600
_LEAST: Final = 600
_MOST: Final = 1 << 32
_UNSERVED: Final = {"Pod": "pods", "Node": "nodes"}
"""What upstream can bind a token to and this server has none of."""


@cache
def _shape() -> StructuralSchema:
    return StructuralSchema(schema.structural(TokenRequest))


@cache
def _owners() -> FieldManager:
    return FieldManager(
        {_API_VERSION: schema.structural(TokenRequest)},
        api_version=_API_VERSION,
        kind=_SUB.kind,
        subresource=_SUB.name,
        nothing=schema.empty(TokenRequest),
    )


class ServiceAccounts:
    """The handler over the identities."""

    def __init__(self, kit: Kit, identities: Identities) -> None:
        self._kit = kit
        self._identities = identities

    def handlers(self) -> Handlers:
        return {(kinds.SERVICE_ACCOUNT, _SUB.name): self._token}

    async def _token(self, visit: Visit) -> Response:
        namespace, name = visit.info.namespace, visit.info.name
        options = write_options(visit.request, "CreateOptions")
        write = Write(self._kit, self._kit.catalog.of(kinds.SERVICE_ACCOUNT), visit.call, options)
        wanted = await _body(visit)
        given: dict[str, Any] = wanted.get("metadata") or {}
        _check_place(given, namespace, name)
        account = await self._found(kinds.SERVICE_ACCOUNT, namespace, name)
        if given.get("uid") not in {None, "", account.uid}:
            text = f"the UID in the token request ({given['uid']}) does not match the UID of the service account "
            raise errors.Conflict.of(plural=_SUB.kind, group=_SUB.group, name=name, message=f"{text}({account.uid})")
        spec: dict[str, Any] = wanted.get("spec") or {}
        seconds = spec.get("expirationSeconds", _HOUR)
        audiences = spec.get("audiences") or [ISSUER]
        _check_seconds(seconds)
        secret = (
            await self._bound(namespace, spec["boundObjectRef"]) if spec.get("boundObjectRef") is not None else None
        )
        request = _owned({**spec, "expirationSeconds": seconds}, visit, write)
        await write.admit(Operation.CREATE, obj=request, old=None, subresource=_SUB.name)
        minted = self._identities.mint_account(namespace, account, seconds=seconds, audiences=audiences, secret=secret)
        if not write.options.dry_run:
            command = f"kubectl create token {name} -n {namespace} --duration {seconds}s"
            await self._kit.store.commit(write.entry("create", obj=request, command=command, subresource=_SUB.name))
        answer = {
            **request,
            "metadata": {**request["metadata"], "uid": account.uid, "creationTimestamp": self._kit.now()},
            "spec": {
                "audiences": audiences,
                "expirationSeconds": seconds,
                "boundObjectRef": spec.get("boundObjectRef"),
            },
            "status": {"token": minted.token, "expirationTimestamp": clock.rfc3339(minted.expires)},
        }
        rendered = listing.render(answer, visit.wanted)
        return Response(rendered.body, 201, rendered.content_type)

    async def _bound(self, namespace: str, ref: dict[str, Any]) -> Bound:
        """The Secret that a token is to be bound to.

        Raises:
            BadRequest: tokens cannot be bound to this kind.
            NotFound: there is no such object.
            Conflict: it is another one of that name.
        """
        kind, name = ref.get("kind", ""), ref.get("name", "")
        group, _, version = ref.get("apiVersion", "").rpartition("/")
        if group or kind not in {kinds.SECRET.name, *_UNSERVED}:
            raise errors.BadRequest(f"cannot bind token to object of type {group}/{version}, Kind={kind}")
        if kind in _UNSERVED:
            raise errors.NotFound.of(plural=_UNSERVED[kind], group="", name=name)
        found = await self._found(kinds.SECRET, namespace, name)
        if ref.get("uid") not in {None, "", found.uid}:
            text = f"the UID in the bound object reference ({ref['uid']}) does not match the UID in record. "
            text += "The object might have been deleted and then recreated"
            raise errors.Conflict.of(plural=kind, group="", name=name, message=text)
        return found

    async def _found(self, kind: Kind, namespace: str, name: str) -> Bound:
        found = await objects.get(self._kit.store, kind, namespace, name)
        if found is None:
            raise errors.NotFound.of(plural=kind.plural, group=kind.group, name=name)
        return Bound(name, found["metadata"]["uid"])


async def _body(visit: Visit) -> dict[str, Any]:
    """The TokenRequest; an empty body or one without a kind is one with all defaults, as upstream.

    Raises:
        BadRequest: malformed, or of another kind.
        Invalid: a value has the wrong type.
    """
    data = await visit.request.body()
    if not data.strip():
        return {}
    media, assumed = bodies.check_media_type(visit.request, _MEDIA), {"kind": _SUB.kind, "apiVersion": _API_VERSION}
    obj = bodies.parse_object(data, media, kind=_SUB.kind, assumed=assumed)
    kind, version = obj["kind"], obj["apiVersion"]
    if (kind, version) != (_SUB.kind, _API_VERSION):
        text = f'{kind} in version "{version}" cannot be handled as a {_SUB.kind}'
        raise errors.BadRequest(f'{text}: no kind "{kind}" is registered for version "{version}"')
    metadata = obj.pop("metadata", None) or {}
    found = {key: value for key, value in obj.items() if value is not None}
    _shape().prune(found)
    causes = _shape().problems(found)
    if not isinstance(metadata, dict):
        causes = [*causes, Cause(CauseType.TYPE_INVALID, "Invalid value: must be an object", "metadata")]
    if causes:
        raise errors.Invalid.of(kind=_SUB.kind, group=_SUB.group, name=visit.info.name, causes=causes)
    return {**found, "metadata": metadata}


def _owned(spec: dict[str, Any], visit: Visit, write: Write) -> dict[str, Any]:
    """The request as admission sees it: what was asked, and who asked for which field of it."""
    found = {
        "kind": _SUB.kind,
        "apiVersion": _API_VERSION,
        "metadata": {"name": visit.info.name, "namespace": visit.info.namespace},
        "spec": spec,
    }
    _owners().update(None, found, manager=write.options.field_manager, now=write.kit.now())
    return found


def _check_place(given: dict[str, Any], namespace: str, name: str) -> None:
    """Whether the body speaks of the account in the URL.

    Raises:
        BadRequest: of another namespace.
        Invalid: of another name.
    """
    if given.get("namespace") not in {None, "", namespace}:
        raise updating.misplaced()
    if given.get("name") not in {None, "", name}:
        text = f"Invalid value: {errors.quoted(given['name'])}: must match the service account name if specified"
        cause = Cause(CauseType.INVALID, text, "metadata.name")
        raise errors.Invalid.of(kind=_SUB.kind, group=_SUB.group, name=name, causes=[cause])


def _check_seconds(seconds: int) -> None:
    """Whether a token may be valid for so long.

    Raises:
        Invalid: too short or too long.
    """
    text = ""
    if seconds < _LEAST:
        text = "may not specify a duration less than 10 minutes"
    elif seconds > _MOST:
        text = "may not specify a duration larger than 2^32 seconds"
    if text:
        cause = Cause(CauseType.INVALID, f"Invalid value: {seconds}: {text}", "spec.expirationSeconds")
        raise errors.Invalid.of(kind=_SUB.kind, group=_SUB.group, name="", causes=[cause])
