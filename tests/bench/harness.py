"""What every row shares: a folder, rounds in turn, medians, one line of output."""

import json
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path("bench/results.json")
NAMESPACE = "acme"
"""Where rows that need an organisation have theirs."""


@dataclass(frozen=True)
class Row:
    """One measured row. `ours` and `peer` are medians in `unit`; `ratio` is the figure the goal speaks of."""

    id: str
    what: str
    ours: float
    peer: float | None
    unit: str
    ratio: float | None
    goal: str
    met: bool
    rounds: int
    note: str = ""

    def line(self) -> str:
        peer = f"{self.peer:.3f}" if self.peer is not None else "absent"
        ratio = f"{self.ratio:.2f}x" if self.ratio is not None else "-"
        verdict = "met" if self.met else "short"
        text = f"{self.id:<3} {self.what:<58} ours {self.ours:.3f} {self.unit}  peer {peer}  ratio {ratio}"
        return f"{text}  goal {self.goal}  {verdict}{'  (' + self.note + ')' if self.note else ''}"


@contextmanager
def folder() -> Generator[Path]:
    """A folder that is gone afterwards; KRATE_BENCH_DIR says on which disk."""
    path = Path(tempfile.mkdtemp(prefix="krate-bench-", dir=os.environ.get("KRATE_BENCH_DIR")))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def interleaved(rounds: int, *works: Callable[[int], object]) -> list[list[float]]:
    """Seconds of each work, one round of all of them after the other, after one round that does not count."""
    found: list[list[float]] = [[] for _ in works]
    for number in range(rounds + 1):
        for place, work in enumerate(works):
            seconds = timed(lambda work=work, number=number: work(number))
            if number:
                found[place].append(seconds)
    return found


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def faster(id_: str, what: str, ours: Sequence[float], peer: Sequence[float], *, goal: float) -> Row:
    """A row whose ratio says how many times faster we are, by medians of interleaved rounds in seconds."""
    seconds, other = median(ours), median(peer)
    ratio = other / seconds
    return Row(id_, what, seconds, other, "s", ratio, f">= {goal:g}x", ratio >= goal, len(ours))


def save(rows: Sequence[Row]) -> None:
    """Results as JSON, with the machine they were measured on."""
    RESULTS.parent.mkdir(exist_ok=True)
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    RESULTS.write_text(json.dumps({"machine": machine, "rows": [asdict(row) for row in rows]}, indent=2) + "\n")
