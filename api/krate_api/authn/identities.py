"""People of embedded mode: groups, suspension, password hashes and one-time sign-in codes, in private rows.

Passwords are argon2id hashes; codes are stored as digests, work once, and for ten minutes.
"""

import asyncio
import datetime
import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import argon2
import orjson

from krate import clock as clocks
from krate import errors, kinds, names
from krate.clock import Clock
from krate.identity import Caller
from krate.kinds import Kind
from krate_api.authn.tokens import ISSUER, Bound, Claims, Minted, TokenKeys
from krate_api.store import encoding
from krate_api.store.interface import ANY, Key, Record, Stale, Store

T = TypeVar("T")

IDENTITIES: Final = "identities"
PASSWORDS: Final = "passwords"
CODES: Final = "signin-codes"
CODE_MINUTES: Final = 10
HASHERS: Final = 2
"""Hashes at once: each takes 64 MiB and a processor, and the threads are everybody's."""
MAX_WAITING: Final = 64
_INVALID: Final = "invalid bearer token"


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of a user beside the User object."""

    uid: str
    groups: tuple[str, ...] = ()
    suspended: bool = False

    def encode(self) -> bytes:
        return orjson.dumps({"uid": self.uid, "groups": list(self.groups), "suspended": self.suspended})

    @classmethod
    def decode(cls, value: bytes) -> "Identity":
        raw: dict[str, Any] = orjson.loads(value)
        return cls(raw["uid"], tuple(raw["groups"]), bool(raw["suspended"]))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whose token it is; without a caller, why it is nobody's."""

    caller: Caller | None = None
    audiences: tuple[str, ...] = ()
    error: str = ""


class Identities:
    """Looks identities up, checks passwords and codes, mints tokens."""

    def __init__(self, store: Store, keys: TokenKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._hasher = argon2.PasswordHasher()
        self._turn = asyncio.Semaphore(HASHERS)
        self._waiting = 0
        self._decoy = ""

    def find(self, username: str) -> Identity | None:
        value = self._store.record(IDENTITIES, username)
        return Identity.decode(value) if value is not None else None

    async def caller(self, token: str) -> Caller | None:
        """The caller a token belongs to; None when it is not valid here or any more."""
        return (await self.verdict(token)).caller

    async def verdict(self, token: str, audiences: Sequence[str] = ()) -> "Verdict":
        """Whose token it is, and for which of the audiences; without any, for this server."""
        claims = self._keys.verify(token)
        caller = await self._holder(claims) if claims is not None else None
        if claims is None or caller is None:
            return Verdict(error=_INVALID)
        wanted = audiences or (ISSUER,)
        meant = tuple(one for one in claims.audiences if one in wanted)
        if not meant:
            has, asked = (f"[{' '.join(map(errors.quoted, some))}]" for some in (claims.audiences, wanted))
            return Verdict(error=f"[{_INVALID}, token audiences {has} is invalid for the target audiences {asked}]")
        return Verdict(replace(caller, extra={names.CREDENTIAL_ID: (f"JTI={claims.token_id}",)}), meant)

    async def _holder(self, claims: Claims) -> Caller | None:
        account = names.split_service_account(claims.username)
        if account is not None:
            return await self._service_account(*account, claims)
        identity = self.find(claims.username)
        if identity is None or identity.suspended or identity.uid != claims.uid:
            return None
        return Caller(claims.username, (*identity.groups, names.GROUP_AUTHENTICATED), claims.uid)

    async def _service_account(self, namespace: str, name: str, claims: Claims) -> Caller | None:
        """The account, if it and what the token is bound to are still the same."""
        if not await self._stands(kinds.SERVICE_ACCOUNT, namespace, Bound(name, claims.uid)):
            return None
        if claims.secret is not None and not await self._stands(kinds.SECRET, namespace, claims.secret):
            return None
        groups = (*names.service_account_groups(namespace), names.GROUP_AUTHENTICATED)
        return Caller(claims.username, groups, claims.uid)

    async def _stands(self, kind: Kind, namespace: str, bound: Bound) -> bool:
        """Whether an object is the same as when the token was made, and not going."""
        stored = await self._store.get(Key(kind.resource, namespace, bound.name))
        if stored is None:
            return False
        metadata = encoding.decode(stored.body)["metadata"]
        return metadata["uid"] == bound.uid and "deletionTimestamp" not in metadata

    def mint(self, username: str, seconds: int) -> Minted | None:
        """A token for an existing user who is not suspended."""
        identity = self.find(username)
        if identity is None or identity.suspended:
            return None
        return self._keys.mint(username, uid=identity.uid, seconds=seconds)

    async def mint_service_account(self, namespace: str, name: str, seconds: int) -> str | None:
        """A token of this server for an existing ServiceAccount."""
        stored = await self._store.get(Key(kinds.SERVICE_ACCOUNT.resource, namespace, name))
        if stored is None:
            return None
        account = Bound(name, encoding.decode(stored.body)["metadata"]["uid"])
        return self.mint_account(namespace, account, seconds=seconds).token

    def mint_account(
        self,
        namespace: str,
        account: Bound,
        *,
        seconds: int,
        audiences: Sequence[str] = (ISSUER,),
        secret: Bound | None = None,
    ) -> Minted:
        """A token for a ServiceAccount, as `TokenKeys.mint_account`."""
        return self._keys.mint_account(namespace, account, seconds=seconds, audiences=audiences, secret=secret)

    async def set_password(self, username: str, password: str | None, groups: Sequence[str] | None) -> bool:
        """Set password and groups, whichever is given; False when there is no such user."""
        while True:
            value = self._store.record(IDENTITIES, username)
            if value is None:
                return False
            identity = Identity.decode(value)
            kept = tuple(groups) if groups is not None else identity.groups
            batch = [Record(IDENTITIES, username, Identity(identity.uid, kept, identity.suspended).encode(), value)]
            if password is not None:
                hashed = await self._hashing(self._hasher.hash, password)
                batch.append(Record(PASSWORDS, username, hashed.encode(), ANY))
            try:
                await self._store.commit(batch)
            except Stale:
                continue
            return True

    async def check_password(self, username: str, password: str) -> bool:
        """Whether the password is right; takes the same time for users that do not exist.

        Raises:
            TooManyRequests: too many others are being checked.
        """
        if not self._decoy:
            # A hash of nothing anybody knows, so that unknown users cost as much as known ones.
            self._decoy = await self._hashing(self._hasher.hash, secrets.token_hex(16))
        value = self._store.record(PASSWORDS, username)
        expected = value.decode() if value is not None else self._decoy
        try:
            matches = await self._hashing(self._hasher.verify, expected, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
        return matches and value is not None

    async def _hashing(self, work: Callable[..., T], *arguments: str) -> T:
        """Hash in a thread, a few at a time."""
        if self._waiting >= MAX_WAITING:
            raise errors.TooManyRequests("too many passwords at once; try again later", retry_after=1)
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work, *arguments)
        finally:
            self._waiting -= 1

    async def new_code(self, username: str) -> tuple[str, datetime.datetime]:
        """A one-time sign-in code for an existing user, and when it stops working."""
        code = secrets.token_urlsafe(32)
        expires = self._clock() + datetime.timedelta(minutes=CODE_MINUTES)
        identity = self.find(username)
        uid = identity.uid if identity is not None else ""
        value = orjson.dumps({"username": username, "uid": uid, "expires": clocks.rfc3339(expires)})
        await self._store.commit([*await self._expired_codes(), Record(CODES, _digest(code), value, None)])
        return code, expires

    async def _expired_codes(self) -> list[Record]:
        """Operations that forget codes nobody can use any more."""
        now = self._clock()
        rows = [(key, orjson.loads(value)) for key, value in await self._store.records(CODES)]
        return [Record(CODES, key, None) for key, raw in rows if clocks.parse(raw["expires"]) <= now]

    async def redeem(self, code: str) -> str | None:
        """The user a code belongs to, once; None when it is unknown, used or too old."""
        key = _digest(code)
        value = self._store.record(CODES, key)
        if value is None:
            return None
        try:
            await self._store.commit([Record(CODES, key, None, value)])
        except Stale:
            return None
        raw = orjson.loads(value)
        identity = self.find(raw["username"])
        same = identity is not None and identity.uid == raw["uid"]
        return raw["username"] if same and clocks.parse(raw["expires"]) > self._clock() else None


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
