"""Short-lived signed tokens (EdDSA JWTs): kubectl's bearer token, git's password, the UI's session.

A token says who and until when, nothing else: groups, suspension and existence are looked up at every use, so that
taking them away works at once. The signing key never leaves its file.
"""

import datetime
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from krate.clock import Clock
from krate_api.authn.certificates import write_private

_ISSUER: Final = "https://krate.invalid"
_ALGORITHM: Final = "EdDSA"


@dataclass(frozen=True, slots=True)
class Minted:
    """A new token and when it stops working."""

    token: str
    expires: datetime.datetime


class TokenKeys:
    """Signs and verifies tokens with the key in a file, made on first use."""

    def __init__(self, file: Path, clock: Clock) -> None:
        if not file.exists():
            key = ed25519.Ed25519PrivateKey.generate()
            pem = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            write_private(file, pem)
        loaded = serialization.load_pem_private_key(file.read_bytes(), None)
        if not isinstance(loaded, ed25519.Ed25519PrivateKey):
            raise TypeError(f"{file} holds no Ed25519 key")
        self._key = loaded
        self._public = loaded.public_key()
        self._clock = clock

    def mint(self, username: str, *, uid: str, seconds: int) -> Minted:
        """A token for `username`; `uid` binds it to this very user or account."""
        now = self._clock()
        expires = now + datetime.timedelta(seconds=seconds)
        claims = {
            "iss": _ISSUER,
            "sub": username,
            "uid": uid,
            "iat": int(now.timestamp()),
            "exp": int(expires.timestamp()),
            "jti": secrets.token_hex(8),
        }
        return Minted(jwt.encode(claims, self._key, algorithm=_ALGORITHM), expires)

    def verify(self, token: str) -> tuple[str, str] | None:
        """User name and uid of a valid token; None for anything else."""
        try:
            claims = jwt.decode(
                token,
                self._public,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                options={"require": ["exp", "sub", "iat"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            return None
        if claims["exp"] <= self._clock().timestamp():
            return None
        return str(claims["sub"]), str(claims.get("uid", ""))
