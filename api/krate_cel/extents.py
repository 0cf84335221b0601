"""How large a value is, or can be: what `krate_cel.cost` reckons with."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

ITERATIONS: Final = 10_000
"""What the engine allows in one evaluation (cel-cpp, RuntimeOptions.comprehension_max_iterations)."""

NODE: Final = 8.0
"""Weight of one value besides its text, in bytes."""


class Unknown:
    """What is not known before it is evaluated."""


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a value can be."""

    size: float = NODE
    """Text in bytes, and 8 for every value in it."""
    longest: float = 0
    """Longest single text in it."""
    count: float = 0
    """Elements of its outermost collection."""
    inner: float = 0
    """Elements of the largest collection further in."""
    element: float = math.inf
    """Size of the largest element, where less is known than that it is in here."""
    known: Any = field(default=UNKNOWN, compare=False, repr=False)
    """The value itself, where it is there."""


SCALAR: Final = Extent()
LARGEST: Final = Extent(16.0 * 1024 * 1024, 3.0 * 1024 * 1024, ITERATIONS, ITERATIONS)
"""What a request can bring: bodies end at 3 MiB, and there are an old object and parameters."""


def of_json(size: int) -> Extent:
    """The largest extent of a value whose JSON has `size` bytes; every value takes at least two of them."""
    return Extent(size * (1 + NODE / 2), size, size / 2, size / 2)


def measure(value: Any) -> Extent:
    """The extent of plain data."""
    size = longest = inner = 0.0
    pending: list[Any] = [value]
    while pending:
        item = pending.pop()
        size += NODE
        if isinstance(item, str | bytes | bytearray):
            length = len(item) * 4 if isinstance(item, str) and not item.isascii() else len(item)
            size += length
            longest = max(longest, length)
        elif isinstance(item, Mapping):
            inner = max(inner, len(item))
            pending.extend(item.keys())
            pending.extend(item.values())
        elif isinstance(item, Sequence):
            inner = max(inner, len(item))
            pending.extend(item)
    return Extent(size, longest, inner, inner, known=value)


def part(whole: Extent) -> Extent:
    """Something inside `whole`: a member or an element."""
    return Extent(min(whole.size, whole.element), whole.longest, whole.inner, whole.inner)


def group(elements: Sequence[Extent]) -> Extent:
    return Extent(
        NODE + sum(element.size for element in elements),
        max((element.longest for element in elements), default=0),
        len(elements),
        max((max(element.count, element.inner) for element in elements), default=0),
        max((element.size for element in elements), default=0),
    )


def widest(extents: Sequence[Extent]) -> Extent:
    """Either of several."""
    return Extent(
        max((extent.size for extent in extents), default=NODE),
        max((extent.longest for extent in extents), default=0),
        max((extent.count for extent in extents), default=0),
        max((extent.inner for extent in extents), default=0),
        largest_element(extents),
    )


def largest_element(extents: Sequence[Extent]) -> float:
    """Size of the largest element of any of these collections."""
    return max((extent.element for extent in extents if extent.count), default=0)


def together(extents: Sequence[Extent]) -> Extent:
    """Texts or lists one after the other; the bound of whatever has no rule of its own."""
    return Extent(
        sum(extent.size for extent in extents),
        sum(extent.longest for extent in extents),
        sum(extent.count for extent in extents),
        max((extent.inner for extent in extents), default=0),
        largest_element(extents),
    )


def text(longest: float) -> Extent:
    return Extent(NODE + longest, longest)
