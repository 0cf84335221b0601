"""What the Git room asks of the API server: the same authentication and the same access reviews as everything else."""

from krate.identity import Attributes, Caller, Decision
from krate_api.authn.authenticator import Authenticator
from krate_api.authz.authorizer import Authorizer


class ApiGatekeeper:
    """The `Gatekeeper` port of `krate_git`."""

    def __init__(self, authenticator: Authenticator, authorizer: Authorizer) -> None:
        self._authenticator = authenticator
        self._authorizer = authorizer

    async def basic(self, username: str, password: str) -> Caller | None:
        return await self._authenticator.basic(username, password)

    async def bearer(self, token: str) -> Caller | None:
        return await self._authenticator.bearer(token)

    async def review(self, caller: Caller, attributes: Attributes) -> Decision:
        return await self._authorizer.review(caller, attributes)
