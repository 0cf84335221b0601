"""Least and most of a size or a cost: numbers of 64 bits that stay at their end instead of overflowing."""

import math
from dataclasses import dataclass
from typing import Final

MOST: Final = (1 << 64) - 1


def _cut(value: int) -> int:
    return min(value, MOST)


@dataclass(frozen=True, slots=True)
class Bounds:
    """From `least` to `most`."""

    least: int = 0
    most: int = 0

    def __add__(self, other: "Bounds") -> "Bounds":
        return Bounds(_cut(self.least + other.least), _cut(self.most + other.most))

    def __mul__(self, other: "Bounds") -> "Bounds":
        return Bounds(_cut(self.least * other.least), _cut(self.most * other.most))

    def __or__(self, other: "Bounds") -> "Bounds":
        """Either of two."""
        return Bounds(min(self.least, other.least), max(self.most, other.most))

    def times(self, factor: float) -> "Bounds":
        return Bounds(_factor(self.least, factor), _factor(self.most, factor))


def _factor(value: int, factor: float) -> int:
    return MOST if value == MOST and factor >= 1 else _cut(math.ceil(value * factor))


def fixed(value: int) -> Bounds:
    return Bounds(value, value)


UNKNOWN: Final = Bounds(0, MOST)
ONE: Final = fixed(1)
NOTHING: Final = Bounds()
