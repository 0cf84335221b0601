"""Both servers play the same scenarios; the recordings are laid side by side."""

import fnmatch
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.recording import Exchange, Session
from conformance.scenarios import (
    applies,
    builtins,
    commands,
    creates,
    definitions_of_kinds,
    deletes,
    documents,
    identities,
    oddities,
    reads,
    schemas,
    surroundings,
    updates,
    watches,
)
from conformance.targets import Target, ours, real

Scenario = Callable[[Session], None]
SCENARIOS: tuple[Scenario, ...] = (
    *creates.SCENARIOS,
    *oddities.SCENARIOS,
    *updates.SCENARIOS,
    *applies.SCENARIOS,
    *deletes.SCENARIOS,
    *reads.SCENARIOS,
    *watches.SCENARIOS,
    *schemas.SCENARIOS,
    *definitions_of_kinds.SCENARIOS,
    *surroundings.SCENARIOS,
    *documents.SCENARIOS,
    *builtins.SCENARIOS,
    *identities.SCENARIOS,
    *commands.SCENARIOS,
)
DIFFERENCES = Path(__file__).parents[2] / "docs" / "differences.md"
_ROW = re.compile(r"^\| `(?P<pattern>[^`]+)` \|")


def title(scenario: Scenario) -> str:
    """`creates.values`."""
    return f"{scenario.__module__.rpartition('.')[2]}.{scenario.__name__}"


@dataclass(frozen=True)
class Row:
    """One behaviour: the answer of the real server beside ours."""

    name: str
    real: Exchange | None
    ours: Exchange | None

    @property
    def same(self) -> bool:
        return self.real == self.ours


def play(target: Target, scenarios: Sequence[Scenario]) -> dict[str, Exchange]:
    """Every recorded exchange by `scenario / request`."""
    found: dict[str, Exchange] = {}
    for scenario in scenarios:
        for exchange in _recorded(target, scenario):
            name = f"{title(scenario)} / {exchange.name}"
            assert name not in found, f"two requests are called {name}"
            found[name] = exchange
    return found


def _recorded(target: Target, scenario: Scenario) -> list[Exchange]:
    session = target.session()
    try:
        scenario(session)
    except (KeyError, TypeError, AssertionError) as error:
        # An answer was not what the next request is made of; the rows so far say why.
        return [*session.finish(), Exchange("goes on", 0, {}, f"{type(error).__name__}: {error}")]
    return session.finish()


def compared(folder: Path, scenarios: Sequence[Scenario] = SCENARIOS) -> list[Row]:
    """Start both servers, one after the other, and play the scenarios to each."""
    recordings: list[dict[str, Exchange]] = []
    for number, start in enumerate((real, ours)):
        with start(folder / str(number)) as target:
            recordings.append(play(target, scenarios))
    return compare(*recordings)


def compare(real: dict[str, Exchange], ours: dict[str, Exchange]) -> list[Row]:
    """Rows in the order of the scenarios."""
    return [Row(name, real.get(name), ours.get(name)) for name in dict.fromkeys((*real, *ours))]


def listed(path: Path = DIFFERENCES) -> list[str]:
    """Patterns of the differences that are meant, from the tables of docs/differences.md."""
    return [match["pattern"] for line in path.read_text().splitlines() if (match := _ROW.match(line))]


def unlisted(rows: Sequence[Row], patterns: Sequence[str]) -> list[Row]:
    """Differences that nobody gave a reason for."""
    return [row for row in rows if not row.same and not any(fnmatch.fnmatchcase(row.name, one) for one in patterns)]


def idle(rows: Sequence[Row], patterns: Sequence[str]) -> list[str]:
    """Listed differences that are none any more: the list must not rot."""
    differing = [row.name for row in rows if not row.same]
    return [one for one in patterns if not fnmatch.filter(differing, one)]


def details(row: Row) -> Iterator[str]:
    """Where the two answers part."""
    if row.real is None or row.ours is None:
        yield f"only {'ours' if row.real is None else 'the real one'} was asked"
        return
    for member in ("status", "headers", "body"):
        yield from _parts(getattr(row.real, member), getattr(row.ours, member), member)


def _parts(real: object, ours: object, path: str) -> Iterator[str]:
    if real == ours:
        return
    if isinstance(real, dict) and isinstance(ours, dict):
        for key in sorted({*real, *ours}):
            yield from _parts(real.get(key, "-"), ours.get(key, "-"), f"{path}.{key}")
    elif isinstance(real, list) and isinstance(ours, list) and len(real) == len(ours):
        for number, (left, right) in enumerate(zip(real, ours, strict=True)):
            yield from _parts(left, right, f"{path}[{number}]")
    else:
        yield f"{path}\n      real: {str(real)[:600]}\n      ours: {str(ours)[:600]}"
