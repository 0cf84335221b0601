"""The order of authentication: client certificate, bearer token, anonymous.

Invalid credentials are refused (401), never taken for absent ones.
"""

import base64
import binascii
from dataclasses import replace

from krate import errors
from krate.identity import ANONYMOUS, Caller
from krate.names import GROUP_AUTHENTICATED
from krate_api.authn import certificates
from krate_api.authn.identities import Identities
from krate_api.http import Request


class Authenticator:
    """Finds the caller of a request."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    async def authenticate(self, request: Request) -> Caller:
        """The caller, from the connection and the Authorization header alone.

        Raises:
            Unauthorized: credentials are present and not valid.
        """
        tls = request.scope.get("extensions", {}).get("tls") or {}
        certificate: bytes | None = tls.get("client_certificate")
        if certificate is not None:
            caller = certificates.caller_of(certificate)
            if caller is not None:
                return replace(caller, groups=(*caller.groups, GROUP_AUTHENTICATED))
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
