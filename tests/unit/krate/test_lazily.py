"""Attributes that are computed when they are first asked for."""

import threading
from concurrent.futures import ThreadPoolExecutor

from krate.lazily import lazy


class Schema:
    """One attribute that may wait."""

    def __init__(self, gate: threading.Event | None = None) -> None:
        self.computed = 0
        self._gate = gate

    @lazy
    def shape(self) -> str:
        """Compiled."""
        if self._gate is not None:
            self._gate.wait()
        self.computed += 1
        return "compiled"


def test_once() -> None:
    """It is computed when it is asked for, and once."""
    found = Schema()
    assert found.computed == 0
    assert (found.shape, found.shape, found.computed) == ("compiled", "compiled", 1)
    assert Schema.shape.__doc__ == "Compiled."


def test_nobody_waits_for_another_object() -> None:
    """While one object computes, others of its class do not wait."""
    gate = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(lambda: Schema(gate).shape)
        assert Schema().shape == "compiled"
        gate.set()
        assert slow.result() == "compiled"
