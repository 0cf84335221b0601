"""The key that signs sessions."""

import hashlib
import hmac
import secrets


class Keys:
    """Holds one signing key."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def sign(self, message: bytes) -> str:
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()

    def verify(self, message: bytes, signature: str) -> bool:
        return hmac.compare_digest(self.sign(message), signature)

    def rotate(self) -> None:
        self._key = secrets.token_bytes(32)
