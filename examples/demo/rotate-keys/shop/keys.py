"""The keys that sign sessions: the newest signs, the last few still verify."""

import hashlib
import hmac
import secrets
from collections import deque

KEPT = 3
"""Keys that still verify, the newest included."""


class Keys:
    """Holds the newest keys, newest first."""

    def __init__(self) -> None:
        self._keys = deque([secrets.token_bytes(32)], maxlen=KEPT)

    def sign(self, message: bytes) -> str:
        return self._signature(self._keys[0], message)

    def verify(self, message: bytes, signature: str) -> bool:
        return any(hmac.compare_digest(self._signature(key, message), signature) for key in self._keys)

    def rotate(self) -> None:
        """Sessions signed with one of the last keys stay valid."""
        self._keys.appendleft(secrets.token_bytes(32))

    @staticmethod
    def _signature(key: bytes, message: bytes) -> str:
        return hmac.new(key, message, hashlib.sha256).hexdigest()
