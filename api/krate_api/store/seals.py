"""Encryption of what is kept secret: AES-256-GCM over everything of a stored body that stands behind its version.

The version stays readable, because commit writes it and deletion changes it; the ciphertext is bound to its resource,
namespace and name, so that no row can be passed off as another. Each row says which key sealed it: the newest key of
the list seals, every key of the list opens.
"""

import hashlib
import os
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from krate_api.store import encoding
from krate_api.store.interface import Key, Unavailable

KEY_BYTES: Final = 32
_MARK: Final = b'"\x00'
"""Begins a sealed tail; behind a version JSON goes on with a comma or a brace."""
_ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_ID_END: Final = len(_MARK) + _ID_BYTES
_NONCE_END: Final = _ID_END + _NONCE_BYTES


def _id(key: bytes) -> bytes:
    """What rows call a key: nothing of the key can be learnt from it."""
    return hashlib.sha256(b"krate seal\x00" + key).digest()[:_ID_BYTES]


def _about(key: Key) -> bytes:
    return f"{key.resource}\0{key.namespace}\0{key.name}".encode()


def _split(body: bytes) -> tuple[bytes, bytes]:
    """What stands before and behind the version's last digit."""
    _, end = encoding.slot(body)
    return body[:end], body[end:]


def sealed_by(body: bytes) -> bytes | None:
    """Id of the key that a stored body is sealed with; None for one that is not sealed."""
    _, tail = _split(body)
    return tail[len(_MARK) : _ID_END] if tail.startswith(_MARK) else None


class Seals:
    """Seals with the first of some keys (at least one, each of KEY_BYTES), opens with any."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {_id(key): AESGCM(key) for key in keys}
        self.newest = _id(keys[0])

    def knows(self, key_id: bytes) -> bool:
        return key_id in self._ciphers

    def tail(self, key: Key, tail: bytes) -> bytes:
        """What is stored behind a version instead of `tail`."""
        nonce = os.urandom(_NONCE_BYTES)
        return _MARK + self.newest + nonce + self._ciphers[self.newest].encrypt(nonce, tail, _about(key))

    def close(self, key: Key, body: bytes) -> bytes:
        """A body sealed with the newest key, whatever it was before."""
        head, tail = _split(self.open(key, body))
        return head + self.tail(key, tail)

    def open(self, key: Key, body: bytes) -> bytes:
        """The body as it was written; one that was never sealed is that already.

        Raises:
            Unavailable: no key opens it, or it is not what was sealed here.
        """
        head, tail = _split(body)
        if not tail.startswith(_MARK):
            return body
        cipher = self._ciphers.get(tail[len(_MARK) : _ID_END])
        if cipher is None:
            raise Unavailable("a stored object is encrypted with an unknown key")
        try:
            return head + cipher.decrypt(tail[_ID_END:_NONCE_END], tail[_NONCE_END:], _about(key))
        except InvalidTag:
            raise Unavailable("a stored object was changed behind the server's back") from None
