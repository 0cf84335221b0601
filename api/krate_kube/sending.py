"""One request, sent until it is answered or hopeless: the rules of when repeating is safe, in one place.

- 429 and 503 with Retry-After: the server did not act and says when to come back, so any verb is repeated
  (client-go: rest/with_retry.go).
- No connection: nothing was sent, so any verb is repeated.
- A connection that broke under way: the server may have acted, so only reads are repeated.
"""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx2

from krate import correlation
from krate_kube import answers
from krate_kube.connections import Connection, Retries
from krate_kube.interface import Unreachable

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_NOT_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_COME_BACK: Final = frozenset({429, 503})

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Call:
    """One request, before identity and trace are added."""

    method: str
    path: str
    params: Mapping[str, str] | None = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def backoff(attempt: int, retries: Retries) -> float:
    """Seconds before the next attempt after `attempt` failed: doubled each time, half of it random."""
    full = min(retries.base * 2 ** (attempt - 1), retries.ceiling)
    return full * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, hides nothing


def headers(connection: Connection, extra: Mapping[str, str]) -> dict[str, str]:
    """Identity and trace of a request, then what the caller adds."""
    found = {"Accept": "application/json"}
    if connection.token is not None:
        found["Authorization"] = f"Bearer {connection.token()}"
    if trace := correlation.current():
        found[correlation.HEADER] = trace
    return {**found, **extra}


class Sender:
    """Sends calls over one pool of connections."""

    def __init__(self, connection: Connection, http: httpx2.AsyncClient, *, sleep: Sleep = asyncio.sleep) -> None:
        self._connection = connection
        self._http = http
        self._sleep = sleep

    async def send(self, call: Call) -> httpx2.Response:
        """The answer, whatever its code, after at most `retries.attempts` attempts.

        Raises:
            Unreachable: no answer came.
        """
        retries = self._connection.retries
        for attempt in itertools.count(1):
            final = attempt >= retries.attempts
            try:
                answer = await self._once(call)
            except httpx2.TransportError as failure:
                if final or not (isinstance(failure, _NOT_SENT) or call.method in _READS):
                    raise Unreachable(self._explain(failure)) from failure
                await self._sleep(backoff(attempt, retries))
                continue
            pause = self._asked_pause(answer)
            if final or pause is None:
                return answer
            await self._sleep(max(pause, backoff(attempt, retries)))
        raise AssertionError  # pragma: no cover - counting does not end

    async def _once(self, call: Call) -> httpx2.Response:
        return await self._http.request(
            call.method,
            self._connection.server.rstrip("/") + call.path,
            params=call.params or None,
            content=call.body or None,
            headers=headers(self._connection, call.headers),
        )

    def _asked_pause(self, answer: httpx2.Response) -> float | None:
        """Seconds the server asks to wait before the same request again; None when it does not ask, or for too long."""
        if answer.status_code not in _COME_BACK:
            return None
        asked = answers.refusal(
            answer.status_code, answer.content, retry_after=answer.headers.get("Retry-After", "")
        ).retry_after
        return float(asked) if asked is not None and asked <= self._connection.retries.ceiling else None

    def _explain(self, failure: Exception) -> str:
        return explain(self._connection.server, failure)


def explain(server: str, failure: Exception) -> str:
    """Why the server cannot be reached, with its address and what to check."""
    what = str(failure) or type(failure).__name__
    if isinstance(failure, httpx2.TimeoutException):
        return f"{server} does not answer in time ({type(failure).__name__})"
    if isinstance(failure, httpx2.ConnectError):
        return f"cannot connect to {server}: {what}"
    return f"the connection to {server} broke: {what}"
