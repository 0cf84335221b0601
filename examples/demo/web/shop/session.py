"""Sessions: a user name and its signature, in one cookie."""

from shop.keys import Keys


class Sessions:
    """Issues and checks session cookies."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def issue(self, user: str) -> str:
        return f"{user}.{self._keys.sign(user.encode())}"

    def check(self, cookie: str) -> str | None:
        user, dot, signature = cookie.rpartition(".")
        if not dot or not self._keys.verify(user.encode(), signature):
            return None
        return user
