"""Files of the repository in `web_story`: enough to read, to highlight and to compare."""

README = """# web

The front door of Acme: sessions, signing keys and the router behind them.

## Run it

```sh
make up
curl -s http://127.0.0.1:8080/healthz
```

| part | owner | pager |
|---|---|---|
| `auth/` | platform | yes |
| `router/` | net | no |

- Keys rotate **without downtime**, see [the design](docs/keys.md) and #42.
- Report trouble in `#web-oncall`.
"""

KEYS = '''"""Signing keys of sessions."""

import secrets
from datetime import datetime, timedelta


class KeyRing:
    """Holds the key that signs, and those that still verify."""

    def __init__(self, lifetime: timedelta) -> None:
        self._key = secrets.token_bytes(32)
        self._lifetime = lifetime

    def rotate(self) -> None:
        """Replace the key; sessions signed before are lost."""
        self._key = secrets.token_bytes(32)

    def verify(self, token: bytes) -> bool:
        return self._check(token, self._key)

    def _check(self, token: bytes, key: bytes) -> bool:
        return secrets.compare_digest(token[:32], key)
'''

KEYS_AFTER = '''"""Signing keys of sessions: the newest signs, older ones verify until their sessions are over."""

import secrets
from collections import deque
from datetime import UTC, datetime, timedelta


class KeyRing:
    """Holds the key that signs, and those that still verify."""

    def __init__(self, lifetime: timedelta, *, keep: int = 3) -> None:
        self._keys = deque([secrets.token_bytes(32)], maxlen=keep)
        self._lifetime = lifetime
        self._rotated = datetime.now(UTC)

    def rotate(self) -> None:
        """Push a new key; sessions signed before stay valid until their key leaves the ring."""
        self._keys.appendleft(secrets.token_bytes(32))
        self._rotated = datetime.now(UTC)

    @property
    def due(self) -> bool:
        return datetime.now(UTC) - self._rotated > self._lifetime

    def verify(self, token: bytes) -> bool:
        return any(self._check(token, key) for key in self._keys)

    def _check(self, token: bytes, key: bytes) -> bool:
        return secrets.compare_digest(token[:32], key)
'''

ROUTER = '''"""Routes by host and path."""

ROUTES = {
    "/healthz": "health",
    "/login": "auth.login",
}


def route(path: str) -> str:
    return ROUTES.get(path, "not_found")
'''

TEST = '''from auth.keys import KeyRing
from datetime import timedelta


def test_a_session_outlives_a_rotation():
    """A token signed before a rotation still verifies after it."""
    ring = KeyRing(timedelta(hours=1))
    token = ring._keys[0]
    ring.rotate()
    assert ring.verify(token)
'''

TOKENS = '''"""Session tokens."""


def cut(token: bytes) -> tuple[bytes, bytes]:
    return token[:32], token[32:]
'''

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
