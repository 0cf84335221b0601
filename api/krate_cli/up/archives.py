"""Links to archives, as the API's content view hands them out."""

from krate import clock
from krate_git.embedded.archive import Order, Signer
from krate_git.interface import RepositoryKey


class Links:
    """The `Archives` port of the API over the Git host's signer."""

    def __init__(self, signer: Signer, base: str) -> None:
        self._signer = signer
        self._base = base

    def link(self, key: RepositoryKey, rev: str, form: str) -> tuple[str, str]:
        path, expires = self._signer.link(Order(key, rev, form))
        return f"{self._base}{path}", clock.rfc3339(expires)
