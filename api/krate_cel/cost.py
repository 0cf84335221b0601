"""An upper bound on what evaluating an expression can cost.

The engine has one brake: 10,000 iterations of macros in one evaluation. It has no clock, and it holds the GIL, so that
a few nested `replace`s or an innocent loop over a large body would stop the whole server, event loop included; upstream
stops the like by its cost budget (AS/pkg/apis/cel/config.go), which cel-cpp does not count. So the checked tree is read
abstractly instead: every node gets the largest size its value can have for inputs of a given size. What cannot fit the
budget is not evaluated. One step is about 10 ns on the machine of 2026, measured over the engine's functions.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from krate_cel import syntax

ITERATIONS: Final = 10_000
"""What the engine allows in one evaluation (cel-cpp, RuntimeOptions.comprehension_max_iterations)."""
MAX_STEPS: Final = 1e7
"""About 0.1 s: upstream's limit per expression (PerCallLimit)."""
MAX_SIZE: Final = 32.0 * 1024 * 1024
"""Bytes of any value on the way."""

_NODE: Final = 8.0
"""Weight of one value besides its text, in bytes."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a value can be."""

    size: float = _NODE
    """Text in bytes, and 8 for every value in it."""
    longest: float = 0
    """Longest single text in it."""
    count: float = 0
    """Elements of its outermost collection."""
    inner: float = 0
    """Elements of the largest collection further in."""


SCALAR: Final = Extent()
LARGEST: Final = Extent(16.0 * 1024 * 1024, 3.0 * 1024 * 1024, ITERATIONS, ITERATIONS)
"""What a request can bring: bodies end at 3 MiB, and there are an old object and parameters."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Bounds of one evaluation."""

    steps: float
    size: float

    @property
    def affordable(self) -> bool:
        return self.steps <= MAX_STEPS and self.size <= MAX_SIZE


def of_json(size: int) -> Extent:
    """The largest extent of a value whose JSON has `size` bytes; every value takes at least two of them."""
    return Extent(size * (1 + _NODE / 2), size, size / 2, size / 2)


def measure(value: Any) -> Extent:
    """The extent of plain data."""
    size = longest = inner = 0.0
    pending: list[Any] = [value]
    while pending:
        item = pending.pop()
        size += _NODE
        if isinstance(item, str | bytes | bytearray):
            size += len(item) * 4 if isinstance(item, str) and not item.isascii() else len(item)
            longest = max(longest, len(item))
        elif isinstance(item, Mapping):
            inner = max(inner, len(item))
            pending.extend(item.keys())
            pending.extend(item.values())
        elif isinstance(item, Sequence):
            inner = max(inner, len(item))
            pending.extend(item)
    return Extent(size, longest, inner, inner)


def estimate(tree: syntax.Tree, inputs: Extent) -> Cost:
    """What evaluating `tree` costs at most when every variable is as large as `inputs`."""
    estimator = _Estimator(inputs)
    estimator.visit(tree.root, {}, 1)
    return Cost(estimator.steps, estimator.largest)


class _Estimator:
    """One pass over a tree."""

    def __init__(self, inputs: Extent) -> None:
        self._inputs = inputs
        self.steps = 0.0
        self.largest = 0.0

    def visit(self, node: syntax.Node, names: Mapping[str, Extent], repeat: float) -> Extent:
        """The extent of `node`, which is evaluated `repeat` times; adds up the steps."""
        self.steps += 5 * repeat
        match node:
            case syntax.Const():
                found = measure(node.value)
            case syntax.Ident():
                found = names.get(node.name, self._inputs)
            case syntax.Select():
                found = _part(self.visit(node.operand, names, repeat))
            case syntax.Group():
                found = _group([self.visit(element, names, repeat) for element in node.elements])
            case syntax.Call():
                arguments = [self.visit(argument, names, repeat) for argument in node.arguments]
                found = _result(node, arguments)
                self.steps += _steps(node, arguments, found) * repeat
            case syntax.Comprehension():
                found = self._comprehension(node, names, repeat)
        self.largest = max(self.largest, found.size)
        return found

    def _comprehension(self, node: syntax.Comprehension, names: Mapping[str, Extent], repeat: float) -> Extent:
        domain = self.visit(node.domain, names, repeat)
        value = self.visit(node.initial, names, repeat)
        rounds = min(domain.count, ITERATIONS)
        if rounds:
            # All loops of an evaluation share the engine's iterations: inside a loop of 5,000 an inner one has two.
            share = repeat * max(1.0, min(rounds, ITERATIONS / repeat))
            inside = {**names, **dict.fromkeys(node.names, _part(domain)), node.accumulator: Extent(0)}
            self.visit(node.condition, inside, share)
            step = self.visit(node.step, inside, share)
            value = Extent(
                value.size + rounds * step.size,
                max(value.longest, step.longest),
                value.count + rounds * step.count,
                max(value.inner, step.inner),
            )
        return self.visit(node.result, {**names, node.accumulator: value}, repeat)


def _part(whole: Extent) -> Extent:
    """Something inside `whole`: a member or an element."""
    return Extent(whole.size, whole.longest, whole.inner, whole.inner)


def _group(elements: Sequence[Extent]) -> Extent:
    return Extent(
        _NODE + sum(element.size for element in elements),
        max((element.longest for element in elements), default=0),
        len(elements),
        max((max(element.count, element.inner) for element in elements), default=0),
    )


def _widest(extents: Sequence[Extent]) -> Extent:
    """Either of several."""
    return Extent(
        max((extent.size for extent in extents), default=_NODE),
        max((extent.longest for extent in extents), default=0),
        max((extent.count for extent in extents), default=0),
        max((extent.inner for extent in extents), default=0),
    )


def _together(extents: Sequence[Extent]) -> Extent:
    """Texts or lists one after the other; the bound of whatever has no rule of its own."""
    return Extent(
        sum(extent.size for extent in extents),
        sum(extent.longest for extent in extents),
        sum(extent.count for extent in extents),
        max((extent.inner for extent in extents), default=0),
    )


def _text(longest: float) -> Extent:
    return Extent(_NODE + longest, longest)


_COMPARISONS: Final = frozenset({"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"})
"""They stop where the smaller value ends."""
_SMALL: Final = _COMPARISONS | {
    "@in", "!_", "_&&_", "_||_", "@not_strictly_false", "_-_", "_*_", "_/_", "_%_", "-_", "size", "contains",
    "startsWith", "endsWith", "matches", "indexOf", "lastIndexOf", "hasValue", "isSorted", "int", "uint", "double",
    "bool", "timestamp", "duration", "type", "sets.contains", "sets.intersects", "sets.equivalent",
}  # fmt: skip
"""Functions whose result is one small value."""
_EITHER: Final = frozenset({
    "_?_:_", "orValue", "or", "value", "optional.of", "optional.ofNonZeroValue", "dyn", "trim", "lowerAscii",
    "upperAscii", "reverse", "slice", "distinct", "sort", "first", "last", "substring",
})  # fmt: skip
"""Functions whose result is no larger than an argument."""
_PARTS: Final = frozenset({"_[_]", "_?._", "_[?_]", "min", "max", "sum"})
"""Functions that take something out of their first argument."""
PATTERNS: Final = frozenset({"matches", "find", "findAll", "regex.replace", "regex.extract", "regex.extractAll"})
"""Functions whose second argument is a pattern."""
_FREE: Final = frozenset({"_?_:_", "_&&_", "_||_", "_[_]", "_?._", "_[?_]", "orValue", "or", "value", "hasValue"})
"""Functions that hand a value on without looking at it."""
_IN_PYTHON: Final = frozenset({"find", "findAll", "sum", "min", "max", "isSorted", "indexOf", "lastIndexOf"})
"""Ours, or maybe ours: indexOf is the engine's for texts."""


def _result(call: syntax.Call, arguments: Sequence[Extent]) -> Extent:
    """The extent of a call's result."""
    if call.function in _SMALL:
        return SCALAR
    if call.function in _EITHER:
        return _widest(arguments)
    if call.function in _PARTS:
        return _part(arguments[0])
    return _grown(call, arguments) or _together(arguments)


def _grown(call: syntax.Call, arguments: Sequence[Extent]) -> Extent | None:
    """The extent of what functions make that can be larger than all they are given."""
    found: Extent | None = None
    match call.function, arguments:
        case "replace", [text, old, new, *_]:
            # Every byte of the text, and the gaps between them where the old text may be empty.
            places = (text.longest + 1) if _may_be_empty(call.arguments[1]) else text.longest / max(1, old.longest)
            found = _text(text.longest + places * new.longest)
        case "regex.replace", [text, _, new, *_]:
            # Groups in the replacement repeat disjoint pieces of the text.
            found = _text(text.longest + 2 * (text.longest + 1) * new.longest)
        case "join", [items, *separator]:
            found = _text(items.size + items.count * (separator[0].longest if separator else 0))
        case (("split" | "findAll" | "regex.extractAll"), [text, *_]):
            found = Extent(_NODE + text.longest * (1 + _NODE), text.longest, text.longest + 1)
        case "format", [text, items]:
            # A clause prints one argument; numbers have at most 1,000 digits behind the point.
            found = _text(text.longest * 512 + items.size * 6)
        case "flatten", [items, *_]:
            found = Extent(items.size, items.longest, items.size / _NODE, items.inner)
        case "lists.range", _:
            length = _number(call.arguments[0])
            found = Extent(_NODE * (1 + length), 0, length)
        case (("strings.quote" | "string" | "base64.encode" | "base64.decode" | "bytes"), [text]):
            found = _text(text.longest * 4 + 32)
        case _:
            pass
    return found


def _number(node: syntax.Node) -> float:
    """The value of a literal number; anything else may be infinite."""
    return float(node.value) if isinstance(node, syntax.Const) and isinstance(node.value, int) else math.inf


def _may_be_empty(node: syntax.Node) -> bool:
    return not (isinstance(node, syntax.Const) and node.value)


def _steps(call: syntax.Call, arguments: Sequence[Extent], result: Extent) -> float:
    """What the call itself costs: values are looked at once, and some functions look more often."""
    if call.function in _FREE:
        return 1
    if call.function in _COMPARISONS:
        return min(argument.size for argument in arguments) / 4
    read = sum(argument.size for argument in arguments)
    steps = (read + result.size) / _NODE
    if call.function in _IN_PYTHON:
        steps = 200 + read + result.size
    if call.function in PATTERNS and not isinstance(call.arguments[1], syntax.Const):
        # Compiled anew each time: 20 ms for a pattern of 1,000 characters with counted repetitions.
        steps += 200_000 + 2_000 * arguments[1].longest
    match call.function:
        case "sets.contains" | "sets.intersects" | "sets.equivalent":
            steps += 2.5 * arguments[0].count * arguments[1].count
        case "distinct":
            steps += 0.5 * arguments[0].count ** 2
        case "@sortByAssociatedKeys":
            steps += 1.5 * max(argument.count for argument in arguments) ** 2
        case "sort":
            steps += 50 * arguments[0].count
        case _:
            pass
    return steps
