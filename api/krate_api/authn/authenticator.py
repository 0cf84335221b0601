"""The order of authentication: client certificate, bearer token, anonymous.

Invalid credentials are refused (401), never taken for absent ones.
"""

import base64
import binascii
from typing import Final

from krate import errors
from krate.identity import ANONYMOUS, Caller
from krate.names import GROUP_AUTHENTICATED
from krate_api.authn import certificates
from krate_api.authn.identities import Identities
from krate_api.http import Request

_IMPERSONATE: Final = "impersonate-"


class Authenticator:
    """Finds the caller of a request."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    async def authenticate(self, request: Request) -> Caller:
        """The caller, from the connection and the Authorization header alone.

        Raises:
            Unauthorized: credentials are present and not valid.
            Forbidden: the request wants to be somebody else's; acting as the real caller would be worse than refusing.
        """
        caller = await self._caller(request)
        wanted = request.starting_with(_IMPERSONATE)
        if wanted:
            text = "impersonation is not served here; ask as the user"
            raise errors.Forbidden.of(
                plural="users", group="", name=request.header(_IMPERSONATE + "user"), message=text
            )
        return caller

    async def _caller(self, request: Request) -> Caller:
        tls = request.scope.get("extensions", {}).get("tls") or {}
        certificate: bytes | None = tls.get("client_certificate")
        if certificate is not None:
            caller = certificates.caller_of(certificate)
            if caller is not None:
                return Caller(caller.username, (*caller.groups, GROUP_AUTHENTICATED))
        header = request.header("authorization")
        if not header:
            return ANONYMOUS
        scheme, _, value = header.partition(" ")
        caller = None
        if scheme.lower() == "bearer":
            caller = await self._identities.caller(value.strip())
        elif scheme.lower() == "basic":
            caller = await self.basic(*_decode_basic(value))
        if caller is None:
            raise errors.Unauthorized
        return caller

    async def basic(self, username: str, password: str) -> Caller | None:
        """Git's credentials: the user name and a token as password."""
        caller = await self._identities.caller(password)
        return caller if caller is not None and caller.username == username else None

    async def bearer(self, token: str) -> Caller | None:
        return await self._identities.caller(token)


def _decode_basic(value: str) -> tuple[str, str]:
    try:
        username, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return username, password
