"""What the parent tells us on standard input: where the API is, whom to trust, and a token for every identity.

Each line is JSON: `{"server": ..., "web": ..., "ca": ..., "tokens": {"krate-hosted": "..."}}`; later lines bring fresh
tokens. The end of the input means that the parent is gone. Tokens are kept in memory and nowhere else: no file,
argument or variable ever holds one.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from krate.names import ServiceAccount
from krate_kube.connections import Connection, TokenSource

LINE_LIMIT = 1024 * 1024
"""Bytes of a line; a reader needs this limit."""


class BriefingInvalid(Exception):
    """the briefing cannot be used."""


class Briefing:
    """The latest of what was told."""

    def __init__(self, *, server: str, web: str, ca: str, tokens: Mapping[str, str]) -> None:
        self.server = server
        """Address of the API server, where the Git host's own API is too."""
        self.web = web
        """Address of the UI, from which people clone."""
        self.ca = ca
        """Certificates to trust, PEM."""
        self.tokens = dict(tokens)
        """By name of the ServiceAccount."""

    @classmethod
    def parse(cls, line: bytes) -> "Briefing":
        """Read one line.

        Raises:
            BriefingInvalid: it is no briefing; the text holds nothing of the line, which holds secrets.
        """
        try:
            found: Any = json.loads(line)
        except ValueError:
            raise BriefingInvalid("the briefing is not JSON") from None
        members = {"server": str, "web": str, "ca": str, "tokens": dict}
        if not isinstance(found, Mapping) or not all(isinstance(found.get(key), kind) for key, kind in members.items()):
            raise BriefingInvalid(f"a briefing has {', '.join(members)}")
        return cls(server=found["server"], web=found["web"], ca=found["ca"], tokens=found["tokens"])

    def token(self, account: ServiceAccount) -> TokenSource:
        """Answers the account's token as it is at the time of each request.

        Raises:
            BriefingInvalid: there is none for this account.
        """
        if account not in self.tokens:
            raise BriefingInvalid(f"the briefing holds no token for {account}")
        return lambda: self.tokens[account]

    def connection(self, account: ServiceAccount) -> Connection:
        """The API as one identity."""
        return Connection(self.server, ca=self.ca, token=self.token(account))

    async def follow(self, reader: asyncio.StreamReader) -> None:
        """Take in fresh tokens until the input ends."""
        while line := await reader.readline():
            self.tokens |= Briefing.parse(line).tokens
