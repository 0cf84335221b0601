"""Short-lived signed tokens (EdDSA JWTs): kubectl's bearer token, git's password, the UI's session.

A token says who and until when, nothing else: groups, suspension and existence are looked up at every use, so that
taking them away works at once. The signing key never leaves its file.
"""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from krate import names
from krate.clock import Clock
from krate_api.authn.certificates import write_private

ISSUER: Final = "https://kubernetes.default.svc"
"""Who issues tokens, and the audience of tokens that are meant for this server, as everywhere."""
_ALGORITHM: Final = "EdDSA"
_KUBERNETES: Final = "kubernetes.io"


@dataclass(frozen=True, slots=True)
class Minted:
    """A new token and when it stops working."""

    token: str
    expires: datetime.datetime


@dataclass(frozen=True, slots=True)
class Bound:
    """An object by name and uid: a token that names one lives and dies with it."""

    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says."""

    username: str
    uid: str
    audiences: tuple[str, ...]
    secret: Bound | None
    token_id: str


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
        """A token for `username` on this server; `uid` binds it to this very user or account."""
        return self._sign(username, seconds, {"uid": uid})

    def mint_account(
        self, namespace: str, account: Bound, *, seconds: int, audiences: Sequence[str], secret: Bound | None
    ) -> Minted:
        """A token for a ServiceAccount, with upstream's claims (KK/pkg/serviceaccount/claims.go).

        Args:
            namespace: of the account.
            account: the account.
            seconds: how long it is valid.
            audiences: whom it is meant for.
            secret: a Secret that it lives and dies with.
        """
        about = {"namespace": namespace, "serviceaccount": {"name": account.name, "uid": account.uid}}
        if secret is not None:
            about["secret"] = {"name": secret.name, "uid": secret.uid}
        username = names.service_account_user(namespace, account.name)
        return self._sign(username, seconds, {"uid": account.uid, "aud": list(audiences), _KUBERNETES: about})

    def _sign(self, username: str, seconds: int, more: Mapping[str, Any]) -> Minted:
        now = self._clock()
        expires = now + datetime.timedelta(seconds=seconds)
        claims = {
            "iss": ISSUER,
            "sub": username,
            "iat": int(now.timestamp()),
            "exp": int(expires.timestamp()),
            "jti": str(uuid.uuid4()),
            **more,
        }
        return Minted(jwt.encode(claims, self._key, algorithm=_ALGORITHM), expires)

    def verify(self, token: str) -> Claims | None:
        """What a valid token says; None for anything else."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._public,
                algorithms=[_ALGORITHM],
                issuer=ISSUER,
                options={
                    "require": ["exp", "sub", "iat"],
                    # Times are checked by the server's clock, audiences against those that are asked for.
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_aud": False,
                },
            )
        except jwt.InvalidTokenError:
            return None
        if claims["exp"] <= self._clock().timestamp():
            return None
        secret: dict[str, str] | None = claims.get(_KUBERNETES, {}).get("secret")
        return Claims(
            str(claims["sub"]),
            str(claims.get("uid", "")),
            tuple(claims.get("aud") or (ISSUER,)),
            Bound(secret["name"], secret["uid"]) if secret else None,
            str(claims.get("jti", "")),
        )
