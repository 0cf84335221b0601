"""A brake: each address gets a number of requests per window."""

import time
from collections.abc import Callable


class RateLimit:
    """Counts requests per address in fixed windows."""

    def __init__(self, requests: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._requests = requests
        self._seconds = seconds
        self._clock = clock
        self._seen: dict[str, tuple[float, int]] = {}

    def allows(self, address: str) -> bool:
        now = self._clock()
        started, count = self._seen.get(address, (now, 0))
        if now - started >= self._seconds:
            started, count = now, 0
        self._seen[address] = (started, count + 1)
        return count < self._requests

    def wait(self, address: str) -> float:
        """Seconds until the address may try again."""
        started, _ = self._seen.get(address, (self._clock(), 0))
        return max(0.0, started + self._seconds - self._clock())
