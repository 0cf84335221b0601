"""Password, token and one-time sign-in of users: embedded mode only, never stored in objects, never logged."""

from typing import TypeVar

from krate import clock, errors, kinds
from krate.models.meta import Resource
from krate.models.user import SigninStatus, TokenStatus, UserPassword, UserSignin, UserToken
from krate_api.authn.identities import Identities
from krate_api.forge import objects
from krate_api.http import Response
from krate_api.registry import listing
from krate_api.store.interface import Store
from krate_api.subresources import reading
from krate_api.subresources.interface import Handlers, Visit

R = TypeVar("R", bound=Resource)


class Users:
    """Handlers over the identities."""

    def __init__(self, store: Store, identities: Identities, signin_url: str) -> None:
        """`signin_url` is the UI's address, to which a code is appended."""
        self._store = store
        self._identities = identities
        self._signin_url = signin_url

    def handlers(self) -> Handlers:
        return {
            (kinds.USER, "password"): self._password,
            (kinds.USER, "token"): self._token,
            (kinds.USER, "signin"): self._signin,
        }

    async def _username(self, visit: Visit) -> str:
        """The user name of the User in the URL.

        Raises:
            NotFound: there is none.
            Forbidden: they are suspended.
        """
        kind, name = kinds.USER, visit.info.name
        user = await objects.get(self._store, kind, "", name)
        if user is None:
            raise errors.NotFound.of(plural=kind.plural, group=kind.group, name=name)
        if user["spec"].get("suspended"):
            raise errors.Forbidden.of(plural=kind.plural, group=kind.group, name=name, message="the user is suspended")
        return user["spec"]["username"]

    async def _body(self, visit: Visit, model: type[R]) -> R:
        sub = visit.kind.subresource(visit.info.subresource)
        if sub is None:
            raise errors.NotFound
        return await reading.body(visit.request, visit.kind, sub, model)

    @staticmethod
    def _created(visit: Visit, answer: Resource) -> Response:
        rendered = listing.render(answer.dump(), visit.wanted)
        return Response(rendered.body, 201, rendered.content_type)

    async def _password(self, visit: Visit) -> Response:
        body = await self._body(visit, UserPassword)
        username = await self._username(visit)
        if not await self._identities.set_password(username, body.spec.password, body.spec.groups):
            raise errors.NotFound.of(plural=kinds.USER.plural, group=kinds.USER.group, name=visit.info.name)
        return self._created(visit, UserPassword(api_version=body.api_version, kind=body.kind))

    async def _token(self, visit: Visit) -> Response:
        body = await self._body(visit, UserToken)
        username = await self._username(visit)
        minted = self._identities.mint(username, body.spec.expiration_seconds)
        if minted is None:
            raise errors.NotFound.of(plural=kinds.USER.plural, group=kinds.USER.group, name=visit.info.name)
        status = TokenStatus(token=minted.token, expiration_timestamp=clock.rfc3339(minted.expires))
        return self._created(visit, body.model_copy(update={"status": status}))

    async def _signin(self, visit: Visit) -> Response:
        body = await self._body(visit, UserSignin)
        code, expires = await self._identities.new_code(await self._username(visit))
        status = SigninStatus(url=f"{self._signin_url}/signin/{code}", expiration_timestamp=clock.rfc3339(expires))
        return self._created(visit, body.model_copy(update={"status": status}))
