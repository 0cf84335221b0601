"""What the judgement of one object by rules may cost, and which of its values are as they were."""

from dataclasses import dataclass, field
from typing import Final

from krate.errors import Cause
from krate_api.schemas import causes
from krate_api.schemas.correlation import Pair

LIMIT: Final = 10_000_000
"""Cost of all rules for one object (AS/pkg/apis/cel/config.go, RuntimeCELCostBudget)."""
NO_BUDGET: Final = "validation failed due to running out of cost budget, no further validation rules will be run"


class Spent(Exception):
    """The budget is spent: no further rule is looked at."""


@dataclass(slots=True)
class Budget:
    """What may still be spent on an object, and what was found so far."""

    left: int = LIMIT
    found: list[Cause] = field(default_factory=list[Cause])
    forgiven: list[Cause] = field(default_factory=list[Cause])
    """Problems of what did not change: they are told as warnings."""

    def spend(self, cost: int, path: str, kind: str) -> None:
        if cost > self.left:
            self.stop(causes.invalid(path, kind, NO_BUDGET))
        self.left -= cost

    def stop(self, cause: Cause) -> None:
        """Tell a last problem, and end the walk."""
        self.found.append(cause)
        self.left = -1
        raise Spent


@dataclass(frozen=True, slots=True)
class Old:
    """A pair of values where they correlate, and the nearest pair around it."""

    pair: Pair | None = None
    around: Pair | None = None

    @property
    def unchanged(self) -> bool:
        nearest = self.pair or self.around
        return nearest is not None and nearest.unchanged

    def member(self, name: str) -> "Old":
        if self.pair is None:
            return self
        if self.around is None and name in {"apiVersion", "kind"}:
            return Old()
        return Old(self.pair.member(name), self.pair)

    def item(self, number: int) -> "Old":
        return self if self.pair is None else Old(self.pair.item(number), self.pair)
